using DocTuneLab.Corpus;
using DocTuneLab.Tokenization;

namespace DocTuneLab.Tests;

public sealed class TokenizationTests : IDisposable
{
    private static readonly string[] s_special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];
    private readonly string _folder = Directory.CreateTempSubdirectory("tokenizer-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Merges_are_learnt_most_frequent_first()
    {
        var (vocabulary, merges) = BpeTrainer.Train(["ab ab ab abc abc x"], 260, []);
        Assert.Equal(("a", "b"), merges[0]);
        Assert.Equal(256, vocabulary["ab"]);
        Assert.Equal(("Ġ", "ab"), merges[1]);
    }

    [Theory]
    [InlineData("public static int Count(Tank tank)\n{\n    return tank.Valves;\n}")]
    [InlineData("水箱的水位是 42 厘米 🙂 e\u0301")]
    [InlineData("  leading,\ttabs\r\nand trailing  ")]
    [InlineData("<|im_start|>not special when not asked for")]
    public void Any_text_comes_back(string text)
    {
        var tokenizer = Make();
        Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
        Assert.Equal(tokenizer.Encode(text).Count, tokenizer.Count(text));
    }

    [Fact]
    public void Special_tokens_are_single_ids_only_where_asked_for()
    {
        var tokenizer = Make();
        var ids = tokenizer.Encode("<|im_start|>user\nhi<|im_end|>", specialTokens: true);
        Assert.Equal(tokenizer.SpecialTokens["<|im_start|>"], ids[0]);
        Assert.Equal(tokenizer.SpecialTokens["<|im_end|>"], ids[^1]);
        Assert.Equal("user\nhi", tokenizer.Decode(ids));
        Assert.DoesNotContain(tokenizer.SpecialTokens["<|im_start|>"], tokenizer.Encode("<|im_start|>"));
    }

    [Fact]
    public void A_conversation_is_rendered_as_chatml_and_other_templates_are_refused()
    {
        var path = Path.Combine(_folder, "tokenizer_config.json");
        File.WriteAllText(path, System.Text.Json.JsonSerializer.Serialize(new { chat_template = ChatTemplate.ChatMl }));
        Assert.Equal("<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n", ChatTemplate.Load(path).Render([Message.User("hi")], addGenerationPrompt: true));
        File.WriteAllText(path, """{ "chat_template": "[INST] {{ x }} [/INST]" }""");
        Assert.Contains("not ChatML", Assert.Throws<LabException>(() => ChatTemplate.Load(path)).Message);
        File.WriteAllText(path, "{}");
        Assert.Contains("chat_template is missing", Assert.Throws<LabException>(() => ChatTemplate.Load(path)).Message);
    }

    private HuggingFaceTokenizer Make()
    {
        var (vocabulary, merges) = BpeTrainer.Train(["public static int Count(Tank tank) return tank.Valves; and more words and words", "水箱的水位"], 320, s_special);
        var path = Path.Combine(_folder, "tokenizer.json");
        HuggingFaceTokenizer.Write(path, vocabulary, merges, s_special);
        return HuggingFaceTokenizer.Load(path);
    }
}

using DocTuneLab.Conversations;
using DocTuneLab.Tokenization;

namespace DocTuneLab.Tests.Tokenization;

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
    public void A_conversation_is_rendered_by_its_template_and_what_is_not_supported_is_refused_with_its_line()
    {
        var path = Path.Combine(_folder, "tokenizer_config.json");
        File.WriteAllText(path, System.Text.Json.JsonSerializer.Serialize(new { chat_template = ChatTemplate.ChatMl }));
        Assert.Equal("<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n",
            ChatTemplate.Load(path).Render([Message.User("hi")], addGenerationPrompt: true));
        File.WriteAllText(path,
            """{ "chat_template": "{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content | trim }} [/INST]{% else %} {{ """
                + """m.content }}{{ eos_token }}{% endif %}{% endfor %}", "eos_token": { "content": "</s>" } }""");
        Assert.Equal(("[INST] hi [/INST]", " yes</s>"), ChatTemplate.Load(path).Split([Message.User(" hi "), Message.Assistant("yes")]));
        Assert.Equal("</s>", ChatTemplate.Load(path).EndOfTurn);
        foreach (var (template, says) in ((string, string)[])
        [
            ("a\n{% include 'x' %}", "line 2: the statement 'include' is not supported"),
            ("{{ messages | pprint }}", "the filter 'pprint' is not supported"), ("{% if x %}", "'endif' is missing"),
            ("{{ 'a }}", "a string is not closed"), ("{{ 1 + }}", "is not expected")
        ])
        {
            File.WriteAllText(path, System.Text.Json.JsonSerializer.Serialize(new { chat_template = template.Replace("\\n", "\n") }));
            var message = Assert.Throws<LabException>(() => ChatTemplate.Load(path)).Message;
            Assert.Contains(says, message);
            Assert.Contains(path, message);
        }
        File.WriteAllText(path, "{}");
        Assert.Contains("chat_template is missing", Assert.Throws<LabException>(() => ChatTemplate.Load(path)).Message);
    }

    [Fact]
    public void A_name_is_the_same_pieces_after_a_bracket_or_a_dot_and_digits_stand_alone()
    {
        var (vocabulary, merges) = BpeTrainer.Train(
            [string.Concat(Enumerable.Repeat("Fill(tank); my.tank; tank 1250 12 12 12\n        return", 20))], 330, []);
        var path = Path.Combine(_folder, "names.json");
        HuggingFaceTokenizer.Write(path, vocabulary, merges, []);
        var tokenizer = HuggingFaceTokenizer.Load(path);
        Assert.Single(tokenizer.Encode("tank"));
        Assert.Equal(tokenizer.Encode("tank"), tokenizer.Encode("(tank").Skip(1));
        Assert.Equal(tokenizer.Encode("tank"), tokenizer.Encode(".tank").Skip(1));
        Assert.Equal([vocabulary["1"], vocabulary["2"], vocabulary["5"], vocabulary["0"]], tokenizer.Encode("1250"));
        Assert.Single(tokenizer.Encode("\n       "));
    }

    [Theory]
    [InlineData("e\u0301", "é")]
    [InlineData("a\u0323\u0302", "ậ")]
    [InlineData("\u1100\u1161\u11A8", "각")]
    [InlineData("\u212B \u0344", "Å \u0308\u0301")]
    [InlineData("a\u0315\u0300\u05AE", "à\u05AE\u0315")]
    [InlineData("plain, 水箱 🙂", "plain, 水箱 🙂")]
    public void Text_is_brought_to_form_c_without_the_systems_help(string text, string expected)
    {
        var path = Path.Combine(_folder, "nfc.json");
        var (vocabulary, merges) = BpeTrainer.Train(["a"], 256, []);
        HuggingFaceTokenizer.Write(path, vocabulary, merges, []);
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"normalizer\": null", "\"normalizer\": {\"type\": \"NFC\"}"));
        var tokenizer = HuggingFaceTokenizer.Load(path);
        Assert.Equal(expected, tokenizer.Decode(tokenizer.Encode(text)));
    }

    [Fact]
    public void A_character_comes_out_of_a_stream_once_its_last_byte_is_there()
    {
        var tokenizer = Make();
        var stream = tokenizer.Stream();
        var ids = tokenizer.Encode("🙂");
        Assert.Equal(4, ids.Count);
        Assert.Equal(["", "", "", "🙂"], ids.Select(stream.Add));
        Assert.Equal("", stream.Add(ids[0]));
        Assert.Equal("\uFFFD", stream.End());
    }

    [Fact]
    public void Sentencepiece_vocabularies_put_a_space_first_and_write_unknown_characters_as_bytes()
    {
        var path = Path.Combine(_folder, "sp.json");
        var pieces = new[] { "<unk>", "<s>", "</s>" }.Concat(Enumerable.Range(0, 256).Select(b => $"<0x{b:X2}>"))
            .Concat(["▁", "a", "b", "c", "ab", "▁ab", "▁a"])
            .ToArray();
        File.WriteAllText(path, System.Text.Json.JsonSerializer.Serialize(new
        {
            added_tokens = new[] { "<unk>", "<s>", "</s>" }.Select((t, i) => new { id = i, content = t, special = true }),
            normalizer = new
            {
                type = "Sequence",
                normalizers = new object[]
                {
                    new { type = "Prepend", prepend = "▁" }, new { type = "Replace", pattern = new { String = " " }, content = "▁" }
                }
            },
            post_processor = new
            {
                type = "TemplateProcessing",
                single = new object[] { new { SpecialToken = new { id = "<s>" } }, new { Sequence = new { id = "A" } } },
                special_tokens = new Dictionary<string, object> { ["<s>"] = new { ids = new[] { 1 } } }
            },
            decoder = new
            {
                type = "Sequence",
                decoders = new object[]
                {
                    new { type = "Replace", pattern = new { String = "▁" }, content = " " }, new { type = "ByteFallback" },
                    new { type = "Fuse" }, new { type = "Strip", content = " ", start = 1, stop = 0 }
                }
            },
            model = new
            {
                type = "BPE",
                byte_fallback = true,
                unk_token = "<unk>",
                fuse_unk = true,
                vocab = pieces.Select((p, i) => (p, i)).ToDictionary(p => p.p, p => p.i),
                merges = new[] { "a b", "▁ ab", "▁ a" }
            },
        }));
        var tokenizer = HuggingFaceTokenizer.Load(path);
        int Id(string piece) => Array.IndexOf(pieces, piece);
        Assert.Equal([Id("▁ab"), Id("c"), Id("▁a"), Id("<0xC3>"), Id("<0xA9>")], tokenizer.Encode("abc aé"));
        Assert.Equal([1, Id("▁ab")], tokenizer.EncodeDocument("ab"));
        Assert.Equal("abc  aé", tokenizer.Decode(tokenizer.Encode("abc  aé")));
    }

    private HuggingFaceTokenizer Make()
    {
        var (vocabulary, merges) = BpeTrainer.Train(
            ["public static int Count(Tank tank) return tank.Valves; and more words and words", "水箱的水位"], 320, s_special);
        var path = Path.Combine(_folder, "tokenizer.json");
        HuggingFaceTokenizer.Write(path, vocabulary, merges, s_special);
        return HuggingFaceTokenizer.Load(path);
    }
}

using System.Text.Json.Nodes;

namespace DocTuneLab.Cli.Tests;

/// <summary>The tokens of a text, as <c>doctune tokenize</c> shows them.</summary>
public sealed class TokenizeTests : IDisposable
{
    private static readonly string s_nano = Path.Combine(Doctune.Root, "data/models/nano");
    private readonly Doctune _doctune = new();

    public void Dispose() => _doctune.Dispose();

    [Fact]
    public void Ids_pieces_and_places_of_a_text_are_shown()
    {
        var result = _doctune.Run("tokenize", s_nano, "public 🙂<|im_end|>", "--json");
        Assert.True(result.Code == 0, result.Error);
        var tokens = JsonNode.Parse(result.Out)!.AsArray();
        Assert.Equal(("public", 0, 6), ((string)tokens[0]!["piece"]!, (int)tokens[0]!["start"]!, (int)tokens[0]!["end"]!));
        Assert.Equal("<|im_end|>", (string)tokens[^1]!["text"]!);
        Assert.All(tokens.Skip(2).SkipLast(1), t => Assert.Equal("🙂", (string)t!["text"]!));

        var plain = _doctune.Run("tokenize", Path.Combine(s_nano, "tokenizer.json"), "<|im_end|>", "--no-special");
        Assert.Equal(0, plain.Code);
        Assert.DoesNotContain("<|im_end|>", plain.Out);
        Assert.EndsWith("tokens, 10 characters\n", plain.Out);
    }

    [Fact]
    public void Passages_are_counted_by_the_tokenizer_of_a_gguf_file()
    {
        var (file, page) = (Path.Combine(_doctune.Folder, "nano.gguf"), "# Tank\n\nUse `Tank.Fill` to raise the level of the tank by 3.");
        Assert.Equal(0, _doctune.Run("export", "--base", s_nano, "--format", "gguf", "--type", "q8_0", "--out", file).Code);
        Directory.CreateDirectory(Path.Combine(_doctune.Folder, "docs"));
        _doctune.Write("docs/tank.md", page);
        int Tokens(string tokenizer, string lab)
        {
            var result = _doctune.Run("parse", "docs", "--lab", lab, "--tokenizer", tokenizer, "--json");
            Assert.True(result.Code == 0, result.Error);
            return (int)JsonNode.Parse(result.Out)!["tokens"]!;
        }
        Assert.Equal(Tokens(s_nano, "one"), Tokens(file, "other"));
        // The second time nothing is parsed.
        Assert.Contains("Nothing changed", _doctune.Run("parse", "docs", "--lab", "other", "--tokenizer", file).Out);
        Assert.Contains("no tokenizer.json in it", _doctune.Run("parse", "docs", "--lab", "other", "--tokenizer", "docs").Error);
    }

    [Fact]
    public void A_tokenizer_that_is_not_there_or_not_understood_is_named()
    {
        var path = _doctune.Write("tokenizer.json",
            """{ "model": { "type": "BPE", "dropout": 0.1, "vocab": { "a": 0 }, "merges": [] } }""");
        var result = _doctune.Run("tokenize", path, "a");
        Assert.Equal((1, $"doctune: {path}: model.dropout is 0.1, which is not supported\n"), (result.Code, result.Error));
        Directory.CreateDirectory(Path.Combine(_doctune.Folder, "empty"));
        Assert.Contains("a model folder needs a tokenizer.json", _doctune.Run("tokenize", "empty", "a").Error);
    }
}

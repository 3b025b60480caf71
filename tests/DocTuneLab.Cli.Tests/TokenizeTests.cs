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

using System.Text.Json.Nodes;
using DocTuneLab.Tokenization;

namespace DocTuneLab.Tests.Tokenization;

/// <summary>Layouts of tokenizer.json that others make, against what Hugging Face's tokenizers make of them.</summary>
public sealed class GoldenTokenizerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("golden-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>Those of the folder that DOCTUNE_GOLDEN names; one empty name where it names none.</summary>
    public static TheoryData<string> All =>
        Folder is { } folder ? [.. Directory.GetDirectories(folder).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)] : [""];

    public static TheoryData<string> Kept =>
        [.. Directory.GetFiles(KeptFolder, "*.json").Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal)];

    private static string? Folder =>
        Environment.GetEnvironmentVariable("DOCTUNE_GOLDEN") is { Length: > 0 } folder ? Path.Combine(folder, "tokenizers") : null;

    private static string KeptFolder => Path.Combine(AppContext.BaseDirectory, "Tokenization", "Golden");

    [Theory]
    [MemberData(nameof(All))]
    public void Every_layout_gives_the_ids_places_and_text_of_the_reference(string kind)
    {
        Assert.SkipUnless(kind.Length > 0, "DOCTUNE_GOLDEN is not set; it names the folder of golden values");
        var folder = Path.Combine(Folder!, kind);
        var path = Path.Combine(folder, "tokenizer.json");
        if (!File.Exists(path))
        {
            Assert.Contains("tokenizer.model (SentencePiece) beside it is not supported",
                Assert.Throws<LabException>(() => HuggingFaceTokenizer.Load(path)).Message);
            return;
        }
        var differences = GoldenTokenizer.Differences(path, Rows("expected.jsonl"), Rows("decode.jsonl"));
        Assert.True(differences.Count == 0, string.Join('\n', differences));
        if (JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "kind.json")))!["chat"] is { } chat)
            Assert.Equal(GoldenTokenizer.Numbers(chat["ids"]!),
                HuggingFaceTokenizer.Load(path).Encode((string)chat["rendered"]!, specialTokens: true));

        IEnumerable<JsonNode> Rows(string name) => File.ReadLines(Path.Combine(folder, name)).Select(line => JsonNode.Parse(line)!);
    }

    [Theory]
    [MemberData(nameof(Kept))]
    public void Some_layouts_of_each_kind_are_kept_here(string kind)
    {
        var golden = JsonNode.Parse(File.ReadAllText(Path.Combine(KeptFolder, kind + ".json")))!;
        var path = Path.Combine(_folder, "tokenizer.json");
        File.WriteAllText(path, golden["tokenizer"]!.ToJsonString());
        var differences = GoldenTokenizer.Differences(path, golden["texts"]!.AsArray()!, golden["decode"]!.AsArray()!);
        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }
}

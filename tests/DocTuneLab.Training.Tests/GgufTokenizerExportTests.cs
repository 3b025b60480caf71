using System.Text.Json.Nodes;
using DocTuneLab.Tokenization;
using DocTuneLab.Training.Checkpoints.Gguf;
using DocTuneLab.Training.Export;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Training.Tests;

/// <summary>Tokenizers of each layout, exported: refused, or written with a warning, or the same in real llama.cpp.</summary>
public sealed class GgufTokenizerExportTests
{
    // A line feed at the end of a text that is a NUL, and such, are not what this is about.
    private static bool IsText(string text) => !text.Contains('\0', StringComparison.Ordinal);

    public static TheoryData<string> Kinds => Golden is { } folder
        ? [.. Directory.GetDirectories(folder).Where(f => File.Exists(Path.Combine(f, "tokenizer.json")))
            .Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)]
        : [""];

    private static string? Golden =>
        Environment.GetEnvironmentVariable("DOCTUNE_GOLDEN") is { Length: > 0 } folder ? Path.Combine(folder, "tokenizers") : null;

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_is_exported_without_a_warning_has_the_same_tokens_in_llama_cpp(string kind)
    {
        Assert.SkipUnless(kind.Length > 0, "DOCTUNE_GOLDEN is not set; it names the folder of golden values");
        NodePeer.Require();
        var source = Path.Combine(Golden!, kind);
        var tokenizer = HuggingFaceTokenizer.Load(Path.Combine(source, "tokenizer.json"));
        using var tiny = new TinyModel(change: c => c with { VocabularySize = Math.Max(320, tokenizer.VocabularySize) });
        File.Copy(Path.Combine(source, "tokenizer.json"), Path.Combine(tiny.Directory, "tokenizer.json"), overwrite: true);
        File.Delete(Path.Combine(tiny.Directory, "tokenizer_config.json"));
        var path = Path.Combine(tiny.Directory, "model.gguf");
        IReadOnlyList<string> notes;
        try
        {
            notes = GgufExporter.Write(tiny.Directory, path, GgufType.F16).Notes;
        }
        catch (LabException e)
        {
            Assert.Contains("llama.cpp", e.Message);
            Assert.False(File.Exists(path));
            return;
        }
        using var peer = new NodePeer("llama.mjs");
        peer.Ask(new { load = path });
        var different = File.ReadLines(Path.Combine(source, "expected.jsonl")).Select(line => JsonNode.Parse(line)!)
            .Where(row => IsText((string)row["text"]!))
            .Where(row => !row["plain"]!.AsArray().Select(n => (int)n!)
                .SequenceEqual(peer.Ask(new { tokenize = (string)row["text"]!, special = true })["ids"]!.AsArray().Select(n => (int)n!)))
            .Select(row => (string)row["text"]!).ToArray();
        // What llama.cpp's own expressions leave out of a rule that it has by name is no business of a file.
        Assert.True(different.Length <= 1 || notes.Count > 0,
            $"{kind}: {different.Length} texts differ, such as '{string.Join("', '", different.Take(3))}'");
    }

    [Theory]
    [InlineData("gpt-2"), InlineData("smollm"), InlineData("llama-bpe"), InlineData("qwen2"), InlineData("qwen35"), InlineData("tekken")]
    [InlineData("gpt-4o"), InlineData("deepseek-coder"), InlineData("deepseek-v3"), InlineData("seed-coder"), InlineData("bailingmoe")]
    [InlineData("dbrx")]
    public void A_rule_is_known_by_its_expressions_and_written_under_its_name(string name)
    {
        var rules = PreTokenizerRules.Find(name)!;
        Assert.Equal(name, PreTokenizerRules.Of(rules.Patterns, rules.IgnoresMerges)!.Name);
        Assert.Contains(name, PreTokenizerRules.Names);
        using var tiny = new TinyModel();
        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(tiny.Directory, "tokenizer.json")))!;
        json["pre_tokenizer"] = rules.Steps(adapted: false);
        json["normalizer"] = rules.Composes ? new JsonObject { ["type"] = "NFC" } : null;
        json["model"]!["ignore_merges"] = rules.IgnoresMerges;
        File.WriteAllText(Path.Combine(tiny.Directory, "tokenizer.json"), json.ToJsonString());
        var path = Path.Combine(tiny.Directory, "model.gguf");
        GgufExporter.Write(tiny.Directory, path, GgufType.F16);
        using (var file = GgufModel.Open(path)) Assert.Equal(name, file.Text("tokenizer.ggml.pre"));
        var (ours, read) = (ModelFiles.LoadTokenizer(tiny.Directory), ModelFiles.LoadTokenizer(path));
        foreach (var text in (string[])["Don't count 12345 valves, CamelCase ÉTÉ\n\n  x", "水箱的水位是多少？", "a//b\r\n\t- c"])
            Assert.Equal(ours.Encode(text), read.Encode(text));
    }
}

using DocTuneLab.Documents;
using DocTuneLab.Documents.Model;
using DocTuneLab.Storage;

namespace DocTuneLab.Extension.Tests;

/// <summary>Samples that show passages before the request.</summary>
public sealed class ReadingSamplesTests
{
    private const int Line = 40;

    [Fact]
    public async Task No_passage_in_a_sample_comes_from_a_held_out_page()
    {
        const string Docs = "data/private-library/docs";
        using var lab = new LabFolder();
        var path = Path.Combine(lab.Path, "lab");
        var (_, error) = await lab.RunAsync([$"#!lab --path {path}",
            $"#!docs {Docs} --assembly data/private-library/bin/Fenmark.dll", "#!suite data/private-library/tasks",
            "#!corpus generate --count 150 --general-share 0 --retrieved-share 1"]);
        Assert.Null(error);
        var pages = DocumentSet.Load(Path.Combine(lab.Root, Docs)).Documents;
        var trained = pages.Where(d => d.Split == Split.Train).ToList();
        var train = Lines(trained).ToHashSet(StringComparer.Ordinal);
        // A line may also stand within a longer one of a page for training: a link in a list of links.
        var held = Lines(pages.Where(d => d.Split != Split.Train))
            .Where(l => !trained.Exists(d => d.Text.Contains(l, StringComparison.Ordinal))).ToList();
        Assert.True(held.Count > 20, $"{held.Count} lines are in held-out pages alone");
        using var storage = Lab.Open(path);
        var prompts = storage.Samples.List(acceptedOnly: false).Select(s => s.Messages[^2].Content).ToList();
        Assert.True(prompts.Count(p => train.Any(l => p.Contains(l, StringComparison.Ordinal))) > 30, "few samples show passages");
        Assert.DoesNotContain(prompts, p => held.Exists(l => p.Contains(l, StringComparison.Ordinal)));
    }

    private static IEnumerable<string> Lines(IEnumerable<Document> pages) =>
        pages.SelectMany(p => p.Text.Split('\n')).Select(l => l.Trim()).Where(l => l.Length >= Line);
}

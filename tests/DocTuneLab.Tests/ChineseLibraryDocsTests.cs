using DocTuneLab.Audit;
using DocTuneLab.Documents;
using DocTuneLab.Documents.Model;
using DocTuneLab.Library;

namespace DocTuneLab.Tests;

/// <summary>The second sample library's guide, in Chinese, is complete and true by the project's own audit.</summary>
public class ChineseLibraryDocsTests
{
    private static readonly string s_data = Path.Combine(Root(), "data", "private-library-zh");

    [Fact]
    public void The_audit_has_nothing_to_say_and_every_member_is_on_a_page()
    {
        var docs = DocumentSet.Load(Path.Combine(s_data, "docs"));
        var report = DocsAudit.Run([docs], ReferenceSet.Load(Path.Combine(s_data, "bin", "Mingpu.dll")),
            new AuditOptions { BaseDirectory = s_data });
        Assert.True(report.Findings.Count == 0,
            string.Join('\n', report.Findings.Select(f => $"{f.File}:{f.Line}: {f.Rule.Id} {f.Message}")));
        Assert.True(report.Counts.CodeBlocks >= 60, $"Only {report.Counts.CodeBlocks} blocks.");
    }

    [Fact]
    public void All_pages_are_Chinese_and_some_are_held_out()
    {
        var docs = DocumentSet.Load(Path.Combine(s_data, "docs"));
        Assert.True(docs.Documents.Count >= 24);
        // No page declares its language: it is detected, however many names of types stand between.
        Assert.DoesNotContain(docs.Documents, d => d.FrontMatter.ContainsKey("lang"));
        Assert.Empty(docs.Documents.Where(d => d.Language != "zh").Select(d => d.Path));
        Assert.Equal((2, 6), (docs.Documents.Count(d => d.Split == Split.Dev), docs.Documents.Count(d => d.Split == Split.Test)));
        Assert.All(docs.Documents.Where(d => d.Split != Split.Train), d => Assert.StartsWith("recipes/", d.Path, StringComparison.Ordinal));
    }

    private static string Root()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "DocTuneLab.sln"))) return at.FullName;
        throw new DirectoryNotFoundException($"DocTuneLab.sln was not found above {AppContext.BaseDirectory}.");
    }
}

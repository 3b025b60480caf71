using DocTuneLab.Documents.Chunking;
using DocTuneLab.Documents.Linking;
using DocTuneLab.Documents.Model;
using DocTuneLab.Documents.Parsing;
using DocTuneLab.Tests.Library;

namespace DocTuneLab.Tests.Documents;

public sealed class SymbolLinkTests(FlowLibrary library) : IClassFixture<FlowLibrary>
{
    private IReadOnlyList<(string Id, SymbolLinkKind Kind, double Confidence, string Text)> Links(string text)
    {
        var page = MarkdownParser.Parse("p.md", text);
        var chunk = Assert.Single(new Chunker(ChunkerSpecTests.Words, 100, new SymbolLinker(library.Api, library.Judge)).Chunk(page));
        Assert.Equal(chunk.SymbolLinks.Select(l => l.SymbolId).Order(StringComparer.Ordinal), chunk.Symbols);
        return [.. chunk.SymbolLinks.Select(l => (l.SymbolId, l.Kind, l.Confidence, page.Text.Substring(l.Span.Start, l.Span.Length)))];
    }

    [Fact]
    public void Compiled_code_names_the_overload_that_it_calls() => Assert.Equal(
        [
            ("T:Acme.Flow.Tank", SymbolLinkKind.BoundCode, 1.0, "Tank"),
            ("M:Acme.Flow.Tank.Fill(System.Double)", SymbolLinkKind.BoundCode, 1.0, "Fill")
        ],
        Links("```csharp\nvar tank = new Tank(3);\ntank.Fill(2);\n```").Where(l => !l.Id.Contains("#ctor")));

    [Fact]
    public void Code_that_does_not_compile_is_bound_as_far_as_it_goes()
    {
        var links = Links("```csharp\nvar tank = new Tank(3);\ntank.Fill(2);\ntank.Nowhere();\n```");
        Assert.Contains(("M:Acme.Flow.Tank.Fill(System.Double)", SymbolLinkKind.BoundCode, 0.9, "Fill"), links);
    }

    [Theory]
    [InlineData("See <xref:Acme.Flow.Tank>.", "T:Acme.Flow.Tank", SymbolLinkKind.Xref, 1.0)]
    [InlineData("See @Acme.Flow.Tank.", "T:Acme.Flow.Tank", SymbolLinkKind.Xref, 1.0)]
    [InlineData("Use `Tank.Capacity`.", "P:Acme.Flow.Tank.Capacity", SymbolLinkKind.CodeName, 0.9)]
    [InlineData("Use `OnFilled`.", "M:Acme.Flow.Tank.OnFilled", SymbolLinkKind.CodeName, 0.5)]
    [InlineData("The FlowOptions say so.", "T:Acme.Flow.FlowOptions", SymbolLinkKind.Prose, 0.5)]
    [InlineData("Set Tank.Capacity first.", "P:Acme.Flow.Tank.Capacity", SymbolLinkKind.Prose, 0.7)]
    public void Each_way_of_mentioning_has_its_kind_and_confidence(string text, string id, SymbolLinkKind kind, double confidence) =>
        Assert.Contains(Links(text), l => (l.Id, l.Kind, l.Confidence) == (id, kind, confidence));

    [Fact]
    public void The_end_of_a_sentence_is_no_member_access() => Assert.Empty(Links("Fill the Tank. Capacity is another matter."));

    [Fact]
    public void Pages_that_nearly_repeat_another_are_found()
    {
        string Page(string word) => string.Join(' ', Enumerable.Range(0, 80).Select(i => $"word{i} and {word}{i / 60}"));
        var pages = new[]
        {
            ("a.md", Page("a")), ("b.md", "# Entirely other\n\n" + string.Join(' ', Enumerable.Range(0, 90).Select(i => $"other{i * 7}"))),
            ("c.md", Page("a") + " one more")
        };
        Assert.Equal([("c.md", "a.md")],
            DuplicatePage.Find(pages.Select(p => MarkdownParser.Parse(p.Item1, p.Item2))).Select(d => (d.Page, d.Original)));
    }
}

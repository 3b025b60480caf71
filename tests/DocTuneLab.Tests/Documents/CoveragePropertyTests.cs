using DocTuneLab.Documents.Chunking;
using DocTuneLab.Documents.Model;
using DocTuneLab.Documents.Parsing;
using FsCheck;
using FsCheck.Fluent;

namespace DocTuneLab.Tests.Documents;

/// <summary>Properties over generated Markdown: fragments of every syntax, cut and nested at random.</summary>
public sealed class CoveragePropertyTests
{
    private static readonly string[] s_fragments =
    [
        "# ", "## ", "###### ", "\n", "\n\n", "    ", "  ", "\t", "- ", "1. ", "> ", "```", "```csharp\n", "~~~", "| a | b |\n|---|---|\n",
        "| c |", "---\n", "===\n", "***", "`", "``", "$$\n", "$x$", "[^1]", "[^1]: ", "[a](b.md)",
        "[ref]: x\n", "[!NOTE]", "> [!TIP]\n", "!!! note\n", "=== \"Tab\"\n", "??? x\n", ":::note\n", ":::\n", "Term\n:   ", "<div>\n",
        "</div>\n", "<!--", "-->", "- [ ] ", "--8<-- \"x\"\n", "[!INCLUDE [a](b.md)]", "import x from 'y'\n", "word ",
        "long sentence here. ", "储罐。", "😀", "\u200D",
        "\u0301", "\uD83D", "\r\n", "\r", "\u2028", "\0", "\\", "&amp;", "http://x.y", "@", ":", "：", "{#id}", "::: zone\n", "\u00A0",
        "\u3000",
    ];

    private static readonly Arbitrary<string> s_markdown = Arb.From(Gen.Elements(s_fragments).ListOf().Select(f => string.Concat(f)),
        text =>
        // Shrinks by halves, then by single characters: enough to read a counterexample.
        Enumerable.Range(1, 8).Select(k => text.Length >> k).Where(n => n > 0).Distinct().SelectMany(n =>
            Enumerable.Range(0, text.Length / n).Select(i => text.Remove(i * n, n))));

    [Fact]
    public void Every_non_blank_character_is_covered_exactly_once_within_the_budget() =>
        Prop.ForAll(s_markdown, Gen.Choose(1, 40).ToArbitrary(),
            (text, budget) => BadInputTests.Covered(MarkdownParser.Parse("p.md", text, problems: []), budget))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(1500).WithEndSize(120));

    [Fact]
    public void Everything_found_lies_inside_the_page_and_in_order() => Prop.ForAll(s_markdown, text =>
    {
        var page = MarkdownParser.Parse("p.md", text, problems: []);
        foreach (var spans in new[]
        {
            page.Links.Select(l => l.Span), page.Elements.Select(e => e.Span), page.CodeBlocks.Select(b => b.Span)
        })
        {
            var last = 0;
            foreach (var span in spans)
            {
                if (span.Start < last || span.Length < 0 || span.End > page.Text.Length) return false;
                last = span.Start;
            }
        }
        return Sections(page.Root);
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(1500).WithEndSize(120));

    [Fact]
    public void Overlap_and_headers_change_no_passage() => Prop.ForAll(s_markdown, text =>
    {
        var page = MarkdownParser.Parse("p.md", text, problems: []);
        var plain = new Chunker(ChunkerSpecTests.Words, 12).Chunk(page);
        var overlapped = new Chunker(ChunkerSpecTests.Words, 16, overlapTokens: 4).Chunk(page);
        return plain.Select(c => (c.Id, c.Span)).SequenceEqual(overlapped.Select(c => (c.Id, c.Span)))
            && overlapped.All(c => ChunkerSpecTests.Words(c.Context) <= 16 && ChunkerSpecTests.Words(c.Context) + c.TokenCount <= 16);
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000).WithEndSize(120));

    private static bool Sections(Section section) =>
        section.Children.All(c =>
            c.Span.Start >= section.Span.Start && c.Span.End <= section.Span.End && c.Level > section.Level && Sections(c));
}

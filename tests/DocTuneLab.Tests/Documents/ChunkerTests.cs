using System.Text;
using DocTuneLab.Documents.Chunking;
using DocTuneLab.Documents.Linking;
using DocTuneLab.Documents.Parsing;
using DocTuneLab.Tests.Library;

namespace DocTuneLab.Tests.Documents;

public sealed class ChunkerTests(FlowLibrary library) : IClassFixture<FlowLibrary>
{
    /// <summary>Random Markdown from a seed: every block kind, nested, with odd indentation and unclosed fences.</summary>
    private static string RandomMarkdown(int seed)
    {
        var random = new Random(seed);
        var text = new StringBuilder();
        if (random.Next(4) == 0) text.Append("---\ntitle: T\ntags: [a]\n---\n");
        for (var i = random.Next(1, 25); i > 0; i--)
        {
            var indent = new string(' ', random.Next(6) == 0 ? random.Next(5) : 0);
            switch (random.Next(13))
            {
                case 0: text.Append($"{indent}{new string('#', random.Next(1, 7))} {Sentence()}\n"); break;
                case 1: text.Append($"{Sentence()}\n{(random.Next(2) == 0 ? "===" : "---")}\n"); break;
                case 2:
                    text.Append($"{indent}```{(random.Next(2) == 0 ? "csharp" : "")}\n# {Sentence()}\n\n  {Sentence()}\n"
                        + $"{(random.Next(8) == 0 ? "" : indent + "```\n")}");
                    break;
                case 3:
                    for (var k = random.Next(1, 6); k > 0; k--)
                        text.Append($"{indent}- {Sentence()}\n{(random.Next(3) == 0 ? $"  - {Sentence()}\n\n    {Sentence()}\n" : "")}");
                    break;
                case 4:
                    text.Append($"| a | b |\n|---|---|\n");
                    for (var k = random.Next(6); k > 0; k--) text.Append($"| {Sentence()} | `x` |\n");
                    break;
                case 5: text.Append($"> {Sentence()}\n> - {Sentence()}\n>\n> {Sentence()}\n"); break;
                case 6: text.Append($"[^1]: {Sentence()}\n\n[ref]: https://example.com/{random.Next(9)}\n"); break;
                case 7: text.Append($"<div>\n{Sentence()}\n</div>\n"); break;
                case 8: text.Append($"    {Sentence()}\n\n    {Sentence()}\n"); break;
                case 9: text.Append($"{Sentence()}:\n"); break;
                case 10: text.Append($"Term\n:   {Sentence()}\n"); break;
                case 11: text.Append("\n\n \t\n"); break;
                default:
                    for (var k = random.Next(1, 9); k > 0; k--) text.Append(Sentence()).Append(random.Next(3) == 0 ? "\n" : " ");
                    text.Append('\n');
                    break;
            }
            if (random.Next(3) > 0) text.Append('\n');
        }
        return text.ToString();

        string Sentence() => string.Join(' ', Enumerable.Range(0, random.Next(1, 9)).Select(_ => random.Next(12) switch
        {
            0 => "储罐。",
            1 => "`Fill`",
            2 => "😀",
            3 => "[a](b.md)",
            4 => "end.",
            5 => "text[^1]",
            _ => new string((char)('a' + random.Next(26)), random.Next(1, 9))
        }));
    }

    [Fact]
    public void Chunks_cover_every_non_blank_character_exactly_once_within_the_budget()
    {
        for (var seed = 0; seed < 400; seed++)
        {
            var document = MarkdownParser.Parse("page.md", RandomMarkdown(seed));
            var budget = 3 + (seed % 40);
            var covered = new int[document.Text.Length];
            foreach (var chunk in new Chunker(ChunkerSpecTests.Words, budget).Chunk(document))
            {
                Assert.Equal(document.Text.Substring(chunk.Span.Start, chunk.Span.Length), chunk.Text);
                Assert.True(chunk.TokenCount <= budget, $"seed {seed}: {chunk.TokenCount} > {budget}\n{chunk.Text}");
                for (var i = chunk.Span.Start; i < chunk.Span.End; i++) covered[i]++;
            }
            for (var i = 0; i < covered.Length; i++)
                Assert.True(char.IsWhiteSpace(document.Text[i]) ? covered[i] <= 1 : covered[i] == 1,
                    $"seed {seed}: character {i} '{document.Text[i]}' covered {covered[i]} times");
        }
    }

    [Fact]
    public void Code_blocks_are_whole_where_they_fit()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var document = MarkdownParser.Parse("page.md", RandomMarkdown(seed));
            var chunks = new Chunker(ChunkerSpecTests.Words, 25).Chunk(document);
            foreach (var block in document.CodeBlocks.Where(b =>
                ChunkerSpecTests.Words(document.Text.Substring(b.Span.Start, b.Span.Length)) <= 20))
                Assert.True(chunks.Count(c => c.CodeBlocks.Contains(block)) == 1,
                    $"seed {seed}: block at {block.Span} is cut in\n{string.Join("\n----\n", chunks.Select(c => $"{c.Span} {c.Text}"))}");
        }
    }

    [Fact]
    public void A_character_count_smaller_than_any_word_still_ends() =>
        Assert.Equal(["a", "b", "😀"], new Chunker(t => t.Length, 1).Chunk(MarkdownParser.Parse("p.md", "ab 😀")).Select(c => c.Text));

    [Fact]
    public void Ids_do_not_depend_on_the_path_but_on_content()
    {
        var chunker = new Chunker(ChunkerSpecTests.Words);
        string Id(string path, string text) => Assert.Single(chunker.Chunk(MarkdownParser.Parse(path, text))).Id;
        Assert.Equal(Id("a.md", "# T\n\nx"), Id("b/c.md", "# T\n\nx\n"));
        Assert.NotEqual(Id("a.md", "# T\n\nx"), Id("a.md", "# T\n\ny"));
    }

    [Theory]
    [InlineData("Use `Tank.Drain` or `Tank.Fill`.",
        "M:Acme.Flow.Extensions.TankExtensions.Drain(Acme.Flow.Tank)|M:Acme.Flow.Tank.Fill(System.Double)|"
            + "M:Acme.Flow.Tank.Fill(System.Double,System.TimeSpan)|T:Acme.Flow.Tank")]
    [InlineData("The Tank is FlowOptions here.", "T:Acme.Flow.FlowOptions")]
    [InlineData("Call Tank.Capacity now.", "P:Acme.Flow.Tank.Capacity|T:Acme.Flow.Tank")]
    [InlineData("```csharp\nvar x = new Pipe<Reading>();\nx.Map(r => r);\n```",
        "M:Acme.Flow.Pipe`1.Map``1(System.Func{`0,``0})|T:Acme.Flow.Pipe`1|T:Acme.Flow.Reading")]
    [InlineData("See [this](xref:Acme.Flow.Tank.Fill(System.Double)) and <xref:Acme.Flow.Mode>.",
        "M:Acme.Flow.Tank.Fill(System.Double)|T:Acme.Flow.Mode")]
    [InlineData("See <xref:Acme.Flow.Tank.Fill*>.",
        "M:Acme.Flow.Tank.Fill(System.Double)|M:Acme.Flow.Tank.Fill(System.Double,System.TimeSpan)")]
    [InlineData("# Tank\n\nIts `Label` may be null; `ToString()` too. A label.", "P:Acme.Flow.Tank.Label")]
    [InlineData("Nothing to see, fill it in.", "")]
    public void Mentions_are_linked(string text, string expected)
    {
        var chunk = Assert.Single(
            new Chunker(ChunkerSpecTests.Words, 100, new SymbolLinker(library.Api)).Chunk(MarkdownParser.Parse("p.md", text)));
        Assert.Equal(expected, string.Join('|', chunk.Symbols.Where(s => text.StartsWith("# Tank") ? s[0] == 'P' : true)));
    }
}

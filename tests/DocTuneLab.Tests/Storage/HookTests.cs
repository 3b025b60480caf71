using DocTuneLab.Documents.Chunking;
using DocTuneLab.Documents.Dialects;
using DocTuneLab.Documents.Model;
using DocTuneLab.Documents.Parsing;
using DocTuneLab.Documents.Sources;
using DocTuneLab.Storage;
using DocTuneLab.Tests.Library;
using Markdig.Syntax;

namespace DocTuneLab.Tests.Storage;

/// <summary>A chunker and a dialect that a program gives to what parses into a lab.</summary>
public sealed class HookTests(FlowLibrary library) : IClassFixture<FlowLibrary>, IDisposable
{
    private readonly LabFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private ParseOptions Options => new() { Sources = [_folder.Docs], Assemblies = [library.AssemblyPath] };

    /// <summary>A chunk for each line that is not blank, or for each few of them.</summary>
    private sealed class LineChunker(ChunkingContext context, int lines) : IChunker
    {
        public string Settings => $"{lines} lines";

        public IReadOnlyList<Chunk> Chunk(Document document)
        {
            var (chunks, start, seen) = (new List<Chunk>(), 0, 0);
            for (var at = 0; at < document.Text.Length; at++)
            {
                if (document.Text[at] != '\n' && at + 1 < document.Text.Length) continue;
                if (++seen % lines != 0 && at + 1 < document.Text.Length) continue;
                if (!string.IsNullOrWhiteSpace(document.Text[start..(at + 1)]))
                    chunks.Add(context.ChunkOf(document, start, at + 1, [document.Title]));
                start = at + 1;
            }
            return chunks;
        }
    }

    /// <summary>Headings that say what is to be done are none.</summary>
    private sealed class ToDoDialect : Dialect
    {
        public override string Name => "to-do";

        public override NamedElement? ElementOf(Block block, string text) =>
            block is HeadingBlock heading && text.AsSpan(heading.Span.Start, heading.Span.Length).Contains("TODO", StringComparison.Ordinal)
                ? new NamedElement(ElementKind.Admonition, "to-do")
                : null;
    }

    [Fact]
    public void A_chunker_of_a_program_s_own_cuts_the_lab_s_pages()
    {
        _folder.Write("a.md", "# Tank\nUse `Tank.Fill`.\nThen stop.");
        using var lab = Lab.Open(_folder.Lab);
        var options = Options with { Chunker = context => new LineChunker(context, 1) };
        var report = lab.Documents.Parse(options);
        var chunks = lab.Documents.Chunks();
        Assert.Equal(["# Tank\n", "Use `Tank.Fill`.\n", "Then stop."], chunks.Select(c => c.Text));
        // Tokens and library members are found as for the chunker that ships.
        Assert.Equal([2, 5, 3], chunks.Select(c => c.TokenCount));
        Assert.Contains(chunks[1].Symbols, s => s.StartsWith("M:Acme.Flow.Tank.Fill", StringComparison.Ordinal));
        Assert.True(report.LinkedSymbols > 0);
        Assert.Single(lab.Documents.Search("stop"));
    }

    [Fact]
    public void Another_chunker_or_another_setting_of_it_cuts_all_pages_anew()
    {
        _folder.Write("a.md", "# Tank\nwords\nmore words\n");
        using var lab = Lab.Open(_folder.Lab);
        lab.Documents.Parse(Options);
        Assert.Single(lab.Documents.Chunks());
        var byLine = Options with { Chunker = context => new LineChunker(context, 1) };
        Assert.Equal((false, new DocumentChanges(0, 1, 0, 0)), Parse(byLine));
        Assert.Equal(3, lab.Documents.Chunks().Count);
        Assert.Equal((true, new DocumentChanges(0, 0, 1, 0)), Parse(byLine));
        Assert.Equal((false, new DocumentChanges(0, 1, 0, 0)), Parse(Options with { Chunker = c => new LineChunker(c, 2) }));
        Assert.Equal(2, lab.Documents.Chunks().Count);
        Assert.Equal((false, new DocumentChanges(0, 1, 0, 0)), Parse(Options with { Chunker = c => new Chunker(c, overlapTokens: 8) }));

        (bool, DocumentChanges) Parse(ParseOptions options) =>
            lab.Documents.Parse(options) is var report ? (report.FromScan, report.Changes) : default;
    }

    [Fact]
    public void A_dialect_of_a_program_s_own_counts_for_the_lab_s_pages()
    {
        _folder.Write("a.md", "# Tank\n\nwords\n\n## TODO\n\nmore words\n");
        using var lab = Lab.Open(_folder.Lab);
        lab.Documents.Parse(Options);
        Assert.Equal(["TODO"], lab.Documents.Pages().Single().Root.Children.Single().Children.Select(s => s.Heading));
        var options = Options with { Reading = new DocumentOptions { Dialects = [.. BuiltInDialects.All, new ToDoDialect()] } };
        Assert.Equal(new DocumentChanges(0, 1, 0, 0), lab.Documents.Parse(options).Changes);
        Assert.Empty(lab.Documents.Pages().Single().Root.Children.Single().Children);
        Assert.True(lab.Documents.Parse(options).FromScan);
    }

    [Fact]
    public void A_reopened_lab_finds_elements_by_the_dialects_of_the_session()
    {
        _folder.Write("a.md", "# Tank\n\n## TODO\n\nwords\n");
        IReadOnlyList<Dialect> dialects = [.. BuiltInDialects.All, new ToDoDialect()];
        using (var lab = Lab.Open(_folder.Lab))
            lab.Documents.Parse(Options with { Reading = new DocumentOptions { Dialects = dialects } });
        using var again = Lab.Open(_folder.Lab);
        Assert.Equal((ElementKind.Admonition, "to-do"),
            Assert.Single(again.Documents.Pages(dialects).Single().Elements) is var found ? (found.Kind, found.Name) : default);
        Assert.Empty(again.Documents.Pages().Single().Elements);
    }

    [Theory]
    [InlineData(-1, 3)]
    [InlineData(2, 2)]
    [InlineData(0, 9)]
    public void A_chunk_lies_in_its_page_and_is_not_empty(int start, int end)
    {
        var page = MarkdownParser.Parse("a.md", "# Tank");
        var context = new ChunkingContext(t => t.Length, 10);
        Assert.Throws<ArgumentOutOfRangeException>(() => context.ChunkOf(page, start, end, ["Tank"]));
        Assert.Equal((6, ""), context.ChunkOf(page, 0, 6, ["Tank"]) is var chunk ? (chunk.TokenCount, chunk.Context) : default);
    }
}

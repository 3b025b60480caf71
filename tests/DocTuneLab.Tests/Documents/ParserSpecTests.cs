using DocTuneLab.Documents.Model;
using DocTuneLab.Documents.Parsing;
using Markdig;
using Markdig.Syntax;
using SourceSpan = DocTuneLab.Documents.Model.SourceSpan;

namespace DocTuneLab.Tests.Documents;

/// <summary>Runs the examples of <c>Specs/Parsing/*.spec.md</c>: a page and what is found in it, one thing a line, with first
/// and last line.</summary>
public sealed class ParserSpecTests
{
    public static IEnumerable<TheoryDataRow<string, string, string, string>> Examples()
    {
        foreach (var file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Documents", "Specs", "Parsing"), "*.spec.md")
            .Order(StringComparer.Ordinal))
        {
            var (name, input) = ("", "");
            var text = File.ReadAllText(file).ReplaceLineEndings("\n");
            foreach (var block in Markdown.Parse(text))
            {
                if (block is HeadingBlock { Level: 2 }) name = text.Substring(block.Span.Start, block.Span.Length).TrimStart('#', ' ');
                else if (block is FencedCodeBlock { Info: "input" } page) input = page.Lines + "\n";
                else if (block is FencedCodeBlock { Info: "elements" or "links" or "sections" or "code" or "problems" } expected)
                    yield return new(name, expected.Info!, input, expected.Lines.ToString())
                    {
                        TestDisplayName = $"{name}: {expected.Info}"
                    };
            }
        }
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public void Page_is_read_as_specified(string name, string what, string input, string expected)
    {
        Assert.NotEmpty(name);
        var problems = new List<DocumentProblem>();
        var page = MarkdownParser.Parse("page.md", input, problems: problems);
        var lines = what switch
        {
            "elements" => page.Elements.Select(e => $"{Lines(e.Span)} {e.Kind} {e.Name}".TrimEnd()),
            "links" => page.Links.Select(l => $"{Line(l.Span.Start)} {l.Kind} {l.Target}"),
            "sections" => Sections(page.Root.Children, 0),
            "code" => page.CodeBlocks.Select(b => $"{Lines(b.Span)} {b.Language} {b.Info}".TrimEnd()),
            _ => problems.Select(p => $"{p.Line} {p.Kind}"),
        };
        Assert.Equal(expected, string.Join('\n', lines));

        int Line(int position) => 1 + input.AsSpan(0, position).Count('\n');
        string Lines(SourceSpan span) =>
            Line(span.Start) == Line(span.End - 1) ? $"{Line(span.Start)}" : $"{Line(span.Start)}-{Line(span.End - 1)}";
        IEnumerable<string> Sections(IEnumerable<Section> sections, int depth) =>
            sections.SelectMany(s => Sections(s.Children, depth + 1).Prepend($"{new string(' ', 2 * depth)}{s.Heading}"));
    }
}

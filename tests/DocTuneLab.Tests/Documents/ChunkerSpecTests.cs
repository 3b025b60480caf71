using DocTuneLab.Documents;
using Markdig;
using Markdig.Syntax;

namespace DocTuneLab.Tests.Documents;

/// <summary>Runs the examples of <c>Specs/*.spec.md</c>; tokens are words.</summary>
public sealed class ChunkerSpecTests
{
    public static int Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;

    public static IEnumerable<TheoryDataRow<string, int, string, string>> Examples()
    {
        foreach (var file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Documents", "Specs"), "*.spec.md").Order(StringComparer.Ordinal))
        {
            var (name, budget, input, chunks) = ("", 0, (string?)null, new List<string>());
            var text = File.ReadAllText(file).ReplaceLineEndings("\n");
            foreach (var block in Markdown.Parse(text).Append(new HeadingBlock(null!) { Level = 2 }))
            {
                var source = block.Span.IsEmpty ? "" : text.Substring(block.Span.Start, block.Span.Length);
                if (block is HeadingBlock { Level: 2 })
                {
                    if (input is not null) yield return new(name, budget, input, string.Join("\n----\n", chunks));
                    (name, input, chunks) = (source.TrimStart('#', ' '), null, []);
                }
                else if (block is FencedCodeBlock { Info: "input" } page) input = page.Lines + "\n";
                else if (block is FencedCodeBlock { Info: "chunk" } chunk) chunks.Add($"[{chunk.Arguments}]\n{chunk.Lines}");
                else if (source.StartsWith("Budget: ")) budget = int.Parse(source[8..]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public void Page_is_cut_as_specified(string name, int budget, string input, string expected)
    {
        Assert.NotEmpty(name);
        var chunks = new Chunker(Words, budget).Chunk(MarkdownParser.Parse("page.md", input));
        Assert.Equal(expected, string.Join("\n----\n", chunks.Select(c => $"[{string.Join(" > ", c.HeadingPath)}]\n{c.Text}")));
    }
}

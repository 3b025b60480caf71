using DocTuneLab.Documents.Chunking;
using DocTuneLab.Documents.Parsing;
using Markdig;
using Markdig.Syntax;

namespace DocTuneLab.Tests.Documents;

/// <summary>Runs the examples of <c>Specs/*.spec.md</c>; tokens are words. A <c>context</c> block belongs to the chunk after it.</summary>
public sealed class ChunkerSpecTests
{
    public static int Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;

    public static IEnumerable<TheoryDataRow<string, int, int, string, string>> Examples()
    {
        foreach (var file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Documents", "Specs"), "*.spec.md")
            .Order(StringComparer.Ordinal))
        {
            var (name, budget, overlap, input, context, chunks) = ("", 0, 0, (string?)null, "", new List<string>());
            var text = File.ReadAllText(file).ReplaceLineEndings("\n");
            foreach (var block in Markdown.Parse(text).Append(new HeadingBlock(null!) { Level = 2 }))
            {
                var source = block.Span.IsEmpty ? "" : text.Substring(block.Span.Start, block.Span.Length);
                if (block is HeadingBlock { Level: 2 })
                {
                    if (input is not null) yield return new(name, budget, overlap, input, string.Join("\n----\n", chunks));
                    (name, overlap, input, chunks) = (source.TrimStart('#', ' '), 0, null, []);
                }
                else if (block is FencedCodeBlock { Info: "input" } page) input = page.Lines + "\n";
                else if (block is FencedCodeBlock { Info: "context" } before) context = $"<<\n{before.Lines}\n>>\n";
                else if (block is FencedCodeBlock { Info: "chunk" } chunk)
                    (_, context) = (Add($"[{chunk.Arguments}]\n{context}{chunk.Lines}"), "");
                else if (source.StartsWith("Budget: ")) budget = int.Parse(source[8..]);
                else if (source.StartsWith("Overlap: ")) overlap = int.Parse(source[9..]);

                int Add(string text) { chunks.Add(text); return chunks.Count; }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public void Page_is_cut_as_specified(string name, int budget, int overlap, string input, string expected)
    {
        Assert.NotEmpty(name);
        var chunks = new Chunker(Words, budget, overlapTokens: overlap).Chunk(MarkdownParser.Parse("page.md", input));
        Assert.Equal(expected, string.Join("\n----\n",
            chunks.Select(c =>
                $"[{string.Join(" > ", c.HeadingPath)}]\n{(c.Context.Length == 0 ? "" : $"<<\n{c.Context.TrimEnd()}\n>>\n")}{c.Text}")));
    }
}

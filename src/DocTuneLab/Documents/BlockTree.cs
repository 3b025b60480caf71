using Markdig.Extensions.Footnotes;
using Markdig.Extensions.Tables;
using Markdig.Extensions.Yaml;
using Markdig.Syntax;

namespace DocTuneLab.Documents;

/// <summary>
/// Where a page may be cut: the starts of its blocks, each at a line start, strictly increasing. A block reaches to the
/// start of the next one, so blocks partition the text by construction.
/// </summary>
internal static class BlockTree
{
    public enum Kind { Other, Heading, Paragraph, List, Table, Code }

    public sealed record Node(int Start, Kind Kind, IReadOnlyList<Node> Children)
    {
        /// <summary>Whether this stays with the next block: a heading does, and a paragraph that ends in a colon or stands right before a list, table or code.</summary>
        public bool Introduces(Node next, string text)
        {
            if (Kind == Kind.Heading) return true;
            if (Kind != Kind.Paragraph) return false;
            if (text.AsSpan(Start, next.Start - Start).TrimEnd() is [.., ':' or '：']) return true;
            return next.Kind is Kind.List or Kind.Table && !text.AsSpan(Start, next.Start - Start).Contains("\n\n", StringComparison.Ordinal);
        }
    }

    public static IReadOnlyList<Node> Build(string text, MarkdownDocument tree) => Nodes(text, tree, -1);

    private static List<Node> Nodes(string text, IEnumerable<Block> blocks, int after)
    {
        var list = new List<Node>();
        foreach (var block in blocks.SelectMany(Expand).OrderBy(b => b.Span.Start))
        {
            var start = MarkdownSource.LineStart(text, block.Span.Start);
            // Two blocks that begin on one line cannot be cut apart.
            if (start <= after || block.Span.IsEmpty) continue;
            after = start;
            list.Add(new(start, KindOf(block), block switch
            {
                // The delimiter row has no block of its own: it follows the header, and no cut lies between them and the first row.
                Table table => Nodes(text, table.OfType<TableRow>().Where((_, i) => i != 1), start - 1),
                LeafBlock => [],
                ContainerBlock container => Nodes(text, container, start - 1),
                _ => [],
            }));
        }
        return list;
    }

    /// <summary>Footnotes and link definitions are gathered at the end of the tree, yet stand where they stand.</summary>
    private static IEnumerable<Block> Expand(Block block) =>
        block is FootnoteGroup or LinkReferenceDefinitionGroup ? ((ContainerBlock)block).SelectMany(Expand) : [block];

    private static Kind KindOf(Block block) => block switch
    {
        // Front matter is about the page as its title is, and goes with it.
        HeadingBlock or YamlFrontMatterBlock => Kind.Heading,
        ParagraphBlock => Kind.Paragraph,
        ListBlock => Kind.List,
        Table => Kind.Table,
        Markdig.Syntax.CodeBlock => Kind.Code,
        _ => Kind.Other,
    };
}

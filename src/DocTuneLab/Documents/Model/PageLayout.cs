namespace DocTuneLab.Documents.Model;

/// <summary>What one parse finds out about a page, without the tree: where it may be cut, its code, links, elements and anchors.</summary>
/// <param name="Blocks">See <see cref="BlockTree"/>.</param>
/// <param name="CodeSpans">Inline code, in order.</param>
/// <param name="Links">Links in order.</param>
/// <param name="Elements">Elements in order.</param>
/// <param name="Anchors">Fragments that lead to a heading.</param>
/// <param name="Tables">Tables in order.</param>
internal sealed record PageLayout(
    IReadOnlyList<BlockTree.Node> Blocks,
    IReadOnlyList<SourceSpan> CodeSpans,
    IReadOnlyList<PageLink> Links,
    IReadOnlyList<PageElement> Elements,
    IReadOnlySet<string> Anchors,
    IReadOnlyList<TableSpan> Tables)
{
    /// <summary>The layout of a page without text.</summary>
    public static PageLayout Empty { get; } = new([], [], [], [], new HashSet<string>(), []);
}

/// <summary>A table: its start, where its first row of data begins, and its end.</summary>
internal readonly record struct TableSpan(int Start, int Body, int End);

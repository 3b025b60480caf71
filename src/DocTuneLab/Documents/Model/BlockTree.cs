namespace DocTuneLab.Documents.Model;

/// <summary>
/// Where a page may be cut: the starts of its blocks, each at a line start, strictly increasing. A block reaches to the
/// start of the next one, so blocks partition the text by construction.
/// </summary>
internal static class BlockTree
{
    public enum Kind { Other, Heading, Paragraph, List, Table, Code }

    public sealed record Node(int Start, Kind Kind, IReadOnlyList<Node> Children)
    {
        /// <summary>Whether this stays with the next block: a heading does, and a paragraph that ends in a colon or stands right before a
        /// list, table or code.</summary>
        public bool Introduces(Node next, string text)
        {
            if (Kind == Kind.Heading) return true;
            if (Kind != Kind.Paragraph) return false;
            if (text.AsSpan(Start, next.Start - Start).TrimEnd() is [.., ':' or '：']) return true;
            return next.Kind is Kind.List or Kind.Table
                && !text.AsSpan(Start, next.Start - Start).Contains("\n\n", StringComparison.Ordinal);
        }
    }
}

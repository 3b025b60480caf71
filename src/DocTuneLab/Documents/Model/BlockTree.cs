using System.Text.RegularExpressions;

namespace DocTuneLab.Documents.Model;

/// <summary>
/// Where a page may be cut: the starts of its blocks, each at a line start, strictly increasing. A block reaches to the
/// start of the next one, so blocks partition the text by construction.
/// </summary>
internal static partial class BlockTree
{
    public enum Kind { Other, Heading, Paragraph, List, Table, Code }

    public sealed record Node(int Start, Kind Kind, IReadOnlyList<Node> Children)
    {
        /// <summary>Whether this stays with the next block: a heading does, a label (a line of bold text or code alone, an anchor, a
        /// comment), and a paragraph that ends in a colon or stands right before a list, table or code.</summary>
        public bool Introduces(Node next, string text)
        {
            if (Kind == Kind.Heading) return true;
            if (Kind is not (Kind.Paragraph or Kind.Other)) return false;
            var own = text.AsSpan(Start, next.Start - Start);
            if (IsLabel(own.Trim())) return true;
            if (Kind != Kind.Paragraph) return false;
            if (own.TrimEnd() is [.., ':' or '：']) return true;
            return next.Kind is Kind.List or Kind.Table && !own.Contains("\n\n", StringComparison.Ordinal);
        }
    }

    private static bool IsLabel(ReadOnlySpan<char> line) =>
        line.Length is > 0 and <= 200 && !line.Contains('\n') && Label().IsMatch(line);

    // A comment that ends something, as `<!-- endSnippet -->`, stands behind what it is about.
    [GeneratedRegex("""
        ^(?: \*\*[^*]+\*\*:? | __[^_]+__:? | (?:`[^`]+`[\s,;/|]*)+
           | <a\s[^>]*> \s* (?:</a>)? | <!--(?!\s*(?:end|/)).*--> )$
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.IgnoreCase)]
    private static partial Regex Label();
}

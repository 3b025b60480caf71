using System.Text;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using SourceSpan = DocTuneLab.Documents.Model.SourceSpan;

namespace DocTuneLab.Documents.Dialects;

/// <summary>Places and plain text of what stands in a page's syntax tree.</summary>
internal static class MarkdownText
{
    /// <summary>Where a node stands, within the text.</summary>
    public static SourceSpan SpanOf(MarkdownObject node, string text)
    {
        var start = Math.Clamp(node.Span.Start, 0, text.Length);
        return new(start, Math.Clamp(node.Span.End + 1 - start, 0, text.Length - start));
    }

    /// <summary>Offset of the first character of a position's line.</summary>
    public static int LineStart(string text, int position) => position <= 0 ? 0 : text.LastIndexOf('\n', position - 1) + 1;

    /// <summary>Offset of the line end that follows a position, or the text's end.</summary>
    public static int LineEnd(string text, int position) => text.IndexOf('\n', position) is var end and >= 0 ? end : text.Length;

    /// <summary>One-based line of a position.</summary>
    public static int LineNumber(string text, int position) => 1 + text.AsSpan(0, Math.Clamp(position, 0, text.Length)).Count('\n');

    /// <summary>Name of the first tag of a piece of HTML, as written; empty where it begins with none.</summary>
    public static string Tag(ReadOnlySpan<char> html)
    {
        var text = html.TrimStart().TrimStart('<').TrimStart('/');
        var length = 0;
        while (length < text.Length && (char.IsAsciiLetterOrDigit(text[length]) || text[length] is '.' or '-')) length++;
        return text[..length].ToString();
    }

    /// <summary>The text of inline nodes without their markup.</summary>
    public static string PlainText(ContainerInline? inline)
    {
        if (inline is null) return "";
        if (inline.FirstChild is LiteralInline { NextSibling: null } only) return only.Content.AsSpan().Trim().ToString();
        var text = new StringBuilder();
        foreach (var node in inline.Descendants())
        {
            if (node is LiteralInline literal) text.Append(literal.Content.AsSpan());
            else if (node is CodeInline code) text.Append(code.Content);
            else if (node is LineBreakInline) text.Append(' ');
            else if (node is HtmlEntityInline entity) text.Append(entity.Transcoded.AsSpan());
        }
        return text.ToString().Trim();
    }
}

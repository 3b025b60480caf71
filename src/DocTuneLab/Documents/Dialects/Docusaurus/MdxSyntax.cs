using System.Text.RegularExpressions;
using DocTuneLab.Documents.Model;

namespace DocTuneLab.Documents.Dialects.Docusaurus;

/// <summary>What MDX adds to Markdown, told apart by its looks: it is kept as text and never run.</summary>
internal static partial class MdxSyntax
{
    /// <summary>Whether a paragraph is an ECMAScript <c>import</c> or <c>export</c>.</summary>
    public static bool IsModuleLine(ReadOnlySpan<char> text)
    {
        if (!text.StartsWith("import ") && !text.StartsWith("export ")) return false;
        var end = text.IndexOf('\n');
        return Module().IsMatch(end < 0 ? text : text[..end]);
    }

    /// <summary>A component (<c>&lt;Tabs&gt;</c>, <c>{/* … */}</c>) or a tab of one, with its tag or title;
    /// null where it is plain HTML.</summary>
    public static NamedElement? Component(ReadOnlySpan<char> html)
    {
        var tag = MarkdownText.Tag(html);
        if (tag.Length == 0 || !char.IsAsciiLetterUpper(tag[0]) || html.StartsWith("<!")) return null;
        if (tag != "TabItem" || html.TrimStart().StartsWith("</")) return new(ElementKind.Mdx, tag);
        var open = html.ToString();
        var title = Label().Match(open) is { Success: true } label ? label : Value().Match(open);
        return new(ElementKind.Tab, title.Groups[1].Value);
    }

    [GeneratedRegex("""^(import\s+(.*\sfrom\s+)?['"]|export\s+(const|let|var|default|function|async|class|\{|\*))""")]
    private static partial Regex Module();

    [GeneratedRegex("""\blabel=["']([^"']*)["']""")]
    private static partial Regex Label();

    [GeneratedRegex("""\bvalue=["']([^"']*)["']""")]
    private static partial Regex Value();
}

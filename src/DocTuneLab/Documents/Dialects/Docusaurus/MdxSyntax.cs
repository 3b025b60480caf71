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

    /// <summary>What a block of HTML is: a component (<c>&lt;Tabs&gt;</c>, <c>{/* … */}</c>), a tab of one, or HTML; with its tag or title.</summary>
    public static (ElementKind Kind, string Name) Tag(ReadOnlySpan<char> html)
    {
        var text = html.TrimStart().TrimStart('<').TrimStart('/');
        var length = 0;
        while (length < text.Length && (char.IsAsciiLetterOrDigit(text[length]) || text[length] is '.' or '-')) length++;
        var tag = text[..length].ToString();
        if (tag.Length == 0 || !char.IsAsciiLetterUpper(tag[0]) || html.StartsWith("<!")) return (ElementKind.Html, tag.ToLowerInvariant());
        if (tag != "TabItem" || html.TrimStart().StartsWith("</")) return (ElementKind.Mdx, tag);
        var open = html.ToString();
        var title = Label().Match(open) is { Success: true } label ? label : Value().Match(open);
        return (ElementKind.Tab, title.Groups[1].Value);
    }

    [GeneratedRegex("""^(import\s+(.*\sfrom\s+)?['"]|export\s+(const|let|var|default|function|async|class|\{|\*))""")]
    private static partial Regex Module();

    [GeneratedRegex("""\blabel=["']([^"']*)["']""")]
    private static partial Regex Label();

    [GeneratedRegex("""\bvalue=["']([^"']*)["']""")]
    private static partial Regex Value();
}

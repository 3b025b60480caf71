using System.Text;
using System.Xml.Linq;

namespace DocTuneLab.Library;

/// <summary>Documentation elements as plain text: references by simple name, blanks collapsed, paragraphs and items on lines
/// of their own.</summary>
internal static class XmlDocText
{
    /// <summary>Plain text of an element, or null if there is none.</summary>
    /// <param name="element">Such as <c>summary</c>.</param>
    /// <param name="homeType">Documentation id body of the type it is written in; its own members are named without it.</param>
    public static string? Render(XElement? element, string homeType)
    {
        if (element is null) return null;
        var text = new StringBuilder();
        Append(text, element, homeType);
        var lines =
            text.ToString().Split('\n').Select(l => l.StartsWith('\u0001') ? l[1..].TrimEnd() : Collapse(l)).Where(l => l.Length > 0);
        var result = string.Join('\n', lines);
        return result.Length == 0 ? null : result;
    }

    /// <summary>Code of all <c>code</c> elements, without their common indentation.</summary>
    public static IReadOnlyList<string> Examples(XElement member) =>
        [.. member.Descendants("code").Select(c => Dedent(c.Value)).Where(c => c.Length > 0)];

    /// <summary>Simple name of a documentation id: <c>Type</c>, <c>Member</c> of the home type, else <c>Type.Member</c>.</summary>
    public static string SimpleName(string cref, string homeType)
    {
        var kind = cref.Length > 1 && cref[1] == ':' ? cref[0] : '?';
        var body = kind == '?' ? cref : cref[2..];
        var paren = body.IndexOf('(');
        if (paren >= 0) body = body[..paren];
        var conversion = body.IndexOf('~');
        if (conversion >= 0) body = body[..conversion];
        var parts = body.Split('.', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length == 0) return cref;
        if (kind is 'T' or 'N' or '?' or '!') return kind == 'N' ? body : Generic(parts[^1]);
        var type = parts.Length > 1 ? Generic(parts[^2]) : "";
        if (parts[^1] is "#ctor") return type;
        var member = Generic(parts[^1]);
        return type.Length == 0 || string.Join('.', parts[..^1]) == homeType ? member : $"{type}.{member}";
    }

    private static string Generic(string name)
    {
        var tick = name.IndexOf('`');
        if (tick < 0) return name;
        var arity = int.TryParse(name[tick..].Trim('`'), out var n) ? n : 1;
        return name[..tick] + (arity == 1 ? "<T>" : $"<{string.Join(", ", Enumerable.Range(1, arity).Select(i => $"T{i}"))}>");
    }

    private static void Append(StringBuilder text, XElement element, string home)
    {
        foreach (var node in element.Nodes())
        {
            if (node is XText plain) text.Append(plain.Value.Replace('\n', ' ').Replace('\r', ' '));
            if (node is not XElement child) continue;
            switch (child.Name.LocalName)
            {
                case "see" or "seealso":
                    if (!child.IsEmpty && child.Value.Trim().Length > 0) Append(text, child, home);
                    else if ((string?)child.Attribute("cref") is { } cref) text.Append(SimpleName(cref, home));
                    else text.Append((string?)child.Attribute("langword") ?? (string?)child.Attribute("href"));
                    break;
                case "paramref" or "typeparamref":
                    text.Append((string?)child.Attribute("name"));
                    break;
                case "code":
                    text.Append('\n');
                    foreach (var line in Dedent(child.Value).Split('\n')) text.Append('\u0001').Append(line).Append('\n');
                    break;
                case "br":
                    text.Append('\n');
                    break;
                case "item" or "listheader":
                    text.Append("\n- ");
                    var (term, description) = (child.Element("term"), child.Element("description"));
                    if (term is null && description is null) Append(text, child, home);
                    if (term is not null) Append(text, term, home);
                    if (term is not null && description is not null) text.Append(": ");
                    if (description is not null) Append(text, description, home);
                    text.Append('\n');
                    break;
                case "para" or "p" or "list" or "ul" or "ol" or "li" or "example":
                    text.Append('\n');
                    if (child.Name.LocalName == "li") text.Append("- ");
                    Append(text, child, home);
                    text.Append('\n');
                    break;
                default:
                    Append(text, child, home);
                    break;
            }
        }
    }

    private static string Collapse(string line) => string.Join(' ', line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static string Dedent(string code)
    {
        var lines = code.Replace("\r\n", "\n").Replace("\t", "    ").Split('\n').Select(l => l.TrimEnd()).ToList();
        while (lines.Count > 0 && lines[0].Length == 0) lines.RemoveAt(0);
        while (lines.Count > 0 && lines[^1].Length == 0) lines.RemoveAt(lines.Count - 1);
        var indent = lines.Where(l => l.Length > 0).Select(l => l.Length - l.TrimStart().Length).DefaultIfEmpty(0).Min();
        return string.Join('\n', lines.Select(l => l.Length >= indent ? l[indent..] : l));
    }
}

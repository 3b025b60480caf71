using Markdig.Helpers;

namespace DocTuneLab.Documents.Dialects.Markdown;

/// <summary>Info string and content of code blocks.</summary>
internal static class FenceInfo
{
    /// <summary>Language and attributes, from <c>csharp title="x"</c>, <c>csharp{1,3}</c>, <c>{.csharp .numbers}</c>,
    /// <c>csharp-interactive</c>.</summary>
    public static (string Language, string Info) Read(string? info, string? arguments)
    {
        var (language, rest) = (info?.Trim() ?? "", arguments?.Trim() ?? "");
        if (language.StartsWith('{'))
        {
            var all = $"{language} {rest}".Trim().TrimStart('{').TrimEnd('}').Trim();
            var parts = all.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            return parts.Length > 0 && parts[0].StartsWith('.')
                ? (parts[0][1..].ToLowerInvariant(), parts.Length > 1 ? parts[1] : "")
                : ("", all);
        }
        var brace = language.IndexOf('{');
        if (brace > 0) (language, rest) = (language[..brace], $"{language[brace..]} {rest}".Trim());
        return (language.ToLowerInvariant(), rest);
    }

    /// <summary>The lines without their common indentation and without blank lines at the end.</summary>
    public static string Dedent(StringLineGroup lines)
    {
        var (indent, last) = (int.MaxValue, -1);
        for (var i = 0; i < lines.Count; i++)
        {
            var line = lines.Lines[i].Slice.AsSpan();
            if (line.IsWhiteSpace()) continue;
            indent = Math.Min(indent, line.Length - line.TrimStart(' ').Length);
            last = i;
        }
        if (last < 0) return "";
        var length = last;
        for (var i = 0; i <= last; i++) length += Math.Max(0, lines.Lines[i].Slice.Length - indent);
        return string.Create(length, (lines, indent, last), static (text, all) =>
        {
            for (var i = 0; i <= all.last; i++)
            {
                if (i > 0)
                {
                    text[0] = '\n';
                    text = text[1..];
                }
                var line = all.lines.Lines[i].Slice.AsSpan();
                if (line.Length <= all.indent) continue;
                line[all.indent..].CopyTo(text);
                text = text[(line.Length - all.indent)..];
            }
        }).TrimEnd();
    }
}

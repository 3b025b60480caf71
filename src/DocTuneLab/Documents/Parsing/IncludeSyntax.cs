using System.Text.RegularExpressions;
using DocTuneLab.Documents.Model;

namespace DocTuneLab.Documents.Parsing;

/// <summary>The ways in which sites put one file's text into another's.</summary>
internal static partial class IncludeSyntax
{
    /// <summary>Whether a link at a position is DocFX's <c>[!INCLUDE [title](file)]</c> or <c>[!code-csharp[title](file#region)]</c>.</summary>
    public static bool IsBefore(string text, int position)
    {
        var start = Math.Max(0, position - 32);
        var before = text.AsSpan(start, position - start);
        var open = before.LastIndexOf("[!");
        return open >= 0 && Marker().IsMatch(before[open..]);
    }

    /// <summary>Files of <c>--8&lt;-- "file"</c> and of the block form, inside fences too: the site replaces the lines before it reads Markdown.</summary>
    public static IEnumerable<(string File, SourceSpan Span)> Snippets(string text)
    {
        if (!text.Contains("--8<--", StringComparison.Ordinal)) yield break;
        var inBlock = false;
        for (var start = 0; start < text.Length;)
        {
            var end = text.IndexOf('\n', start);
            if (end < 0) end = text.Length;
            var line = text[start..end];
            var match = Snippet().Match(line);
            if (match.Success)
            {
                var file = match.Groups[1];
                if (!file.Success) inBlock = !inBlock;
                else yield return (WithoutSection(file.Value), new(start + match.Index, match.Length));
            }
            else if (inBlock && line.Trim() is { Length: > 0 } name && name[0] is not (';' or '#'))
            {
                yield return (WithoutSection(name), new(start + line.IndexOf(name, StringComparison.Ordinal), name.Length));
            }
            start = end + 1;
        }
    }

    /// <summary><c>file:section</c> and <c>file:1:3</c> name a part of a file.</summary>
    private static string WithoutSection(string file)
    {
        var colon = file.IndexOf(':', file.Contains("://", StringComparison.Ordinal) ? file.IndexOf("://", StringComparison.Ordinal) + 3 : 0);
        return colon > 0 ? file[..colon] : file;
    }

    [GeneratedRegex(@"^\[!(include|code(-[\w+#.-]+)?)[-+]?\s*$", RegexOptions.IgnoreCase)]
    private static partial Regex Marker();

    [GeneratedRegex("""^\s*(?<!;)-{1,}8<-{1,}(?:\s+["']([^"']+)["'])?\s*$""")]
    private static partial Regex Snippet();
}

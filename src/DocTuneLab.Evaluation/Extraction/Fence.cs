using System.Text.RegularExpressions;

namespace DocTuneLab.Evaluation.Extraction;

/// <summary>A fenced block of an answer.</summary>
/// <param name="Language">The first word behind the mark, in small letters; empty where there is none.</param>
/// <param name="Code">What stands in it, without the indentation of a list and the marks of a quotation around it.</param>
internal sealed partial record Fence(string Language, string Code)
{
    private static readonly HashSet<string> s_csharp =
        ["csharp", "cs", "c#", "csx", "c-sharp", "c_sharp", "dotnet", "net", "csharp-interactive"];

    // A word behind the mark of a fence in one line may be its language or the beginning of the code.
    private static readonly HashSet<string> s_others =
    [
        "bash", "sh", "shell", "console", "powershell", "json", "xml", "yaml", "text", "txt", "plaintext", "diff", "patch", "code", "output"
    ];

    /// <summary>Whether it says that it is C#.</summary>
    public bool IsCSharp => s_csharp.Contains(Language);

    /// <summary>Whether it may be C#: it says so, says nothing, or shows changes.</summary>
    public bool MayBeCSharp => IsCSharp || Language is "" or "code" or "diff" or "patch";

    /// <summary>
    /// The fences of an answer. One that is not closed ends with the answer, or where the next one of C# begins; one may stand in one line,
    /// behind words on its first line, or end on the last line of its code.
    /// </summary>
    public static List<Fence> Read(string text)
    {
        List<Fence> fences = [];
        (string Mark, string Language, Match Start)? open = null;
        List<string> code = [];
        foreach (var line in text.Split('\n'))
        {
            if (open is { } fence)
            {
                var inner = Unwrap(line, fence.Start.Groups["prefix"].Value);
                var trimmed = inner.Trim();
                if (trimmed.Length >= fence.Mark.Length && trimmed.All(c => c == fence.Mark[0]))
                {
                    Close(fence.Language);
                    continue;
                }
                if (Opening().Match(inner) is { Success: true } next
                    && next.Groups["mark"].Value.StartsWith(fence.Mark, StringComparison.Ordinal)
                    && s_csharp.Contains(LanguageOf(next)))
                {
                    Close(fence.Language);
                    open = (next.Groups["mark"].Value, LanguageOf(next), next);
                    continue;
                }
                if (fence.Mark[0] == '`' && trimmed.EndsWith(fence.Mark, StringComparison.Ordinal)
                    && trimmed.IndexOf('`') == trimmed.TrimEnd('`').Length)
                {
                    code.Add(inner.TrimEnd().TrimEnd('`'));
                    Close(fence.Language);
                    continue;
                }
                code.Add(inner);
            }
            else if (InOneLine().Match(line) is { Success: true } whole)
            {
                var word = whole.Groups["word"].Value;
                var isLanguage = s_csharp.Contains(word.ToLowerInvariant()) || s_others.Contains(word.ToLowerInvariant());
                fences.Add(Of(isLanguage ? word.ToLowerInvariant() : "", (isLanguage ? "" : word + " ") + whole.Groups["code"].Value));
            }
            else if (Opening().Match(line) is { Success: true } start)
            {
                open = (start.Groups["mark"].Value, LanguageOf(start), start);
            }
            else if (BehindWords().Match(line) is { Success: true } late && s_csharp.Contains(LanguageOf(late)))
            {
                open = (late.Groups["mark"].Value, LanguageOf(late), late);
            }
        }
        if (open is { } last) Close(last.Language);
        return fences;

        void Close(string language)
        {
            fences.Add(Of(language, string.Join('\n', code)));
            code.Clear();
            open = null;
        }
    }

    /// <summary>
    /// The code before a first fence that says nothing, with what follows that fence: the prompt had opened a fence, and the answer closes
    /// it. Null where the answer begins otherwise.
    /// </summary>
    public static (string Code, string After)? Continued(string text)
    {
        var at = 0;
        foreach (var line in text.Split('\n'))
        {
            if (line.Contains("```", StringComparison.Ordinal) || line.Contains("~~~", StringComparison.Ordinal))
            {
                var code = text[..at];
                var bare = line.Trim() is { Length: >= 3 } mark && mark.All(c => c == mark[0]);
                return bare && !string.IsNullOrWhiteSpace(code) ? (code, text[Math.Min(text.Length, at + line.Length + 1)..]) : null;
            }
            at += line.Length + 1;
        }
        return null;
    }

    private static Fence Of(string language, string code) =>
        new(language, language is "diff" or "patch" ? Changed(code) : code);

    /// <summary>What the code is after the changes.</summary>
    private static string Changed(string diff) => string.Join('\n', diff.Split('\n')
        .Where(l => !(l.StartsWith('-') || l.StartsWith("+++", StringComparison.Ordinal) || l.StartsWith("@@", StringComparison.Ordinal)
            || l.StartsWith("diff ", StringComparison.Ordinal) || l.StartsWith("index ", StringComparison.Ordinal) || l.StartsWith('\\')))
        .Select(l => l.StartsWith('+') || l.StartsWith(' ') ? l[1..] : l));

    private static string LanguageOf(Match opening)
    {
        var language = opening.Groups["language"].Value.ToLowerInvariant();
        return language.StartsWith("language-", StringComparison.Ordinal) ? language["language-".Length..] : language;
    }

    private static string Unwrap(string line, string prefix)
    {
        var quotes = prefix.Count(c => c == '>');
        for (var i = 0; i < quotes && line.TrimStart().StartsWith('>'); i++)
        {
            line = line.TrimStart()[1..];
            if (line.StartsWith(' ')) line = line[1..];
        }
        var indent = quotes > 0 ? prefix.Length - prefix.LastIndexOf('>') - 1 : prefix.Length;
        var blanks = line.Length - line.TrimStart().Length;
        return line[Math.Min(indent, blanks)..];
    }

    [GeneratedRegex(@"^(?<prefix>\s*(?:(?:>|[-*+](?=\s)|\d{1,3}[.)](?=\s))\s*)*)"
        + @"(?<mark>`{3,}|~{3,})\s*\{?\.?(?<language>[^\s`{},:=]*)[^`]*$")]
    private static partial Regex Opening();

    [GeneratedRegex(@"^(?<prefix>)[^`]*\s(?<mark>`{3,})\s*(?<language>[^\s`{},:=]+)\s*$")]
    private static partial Regex BehindWords();

    [GeneratedRegex(@"^\s*(?:(?:>|[-*+](?=\s)|\d{1,3}[.)](?=\s))\s*)*"
        + @"(?<mark>`{3,})(?:\s*(?<word>[\w#+.-]+)\s)?\s*(?<code>[^`]+?)\s*\k<mark>\s*$")]
    private static partial Regex InOneLine();
}

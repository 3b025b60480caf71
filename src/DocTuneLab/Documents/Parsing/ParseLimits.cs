using DocTuneLab.Documents.Dialects;
using DocTuneLab.Documents.Model;

namespace DocTuneLab.Documents.Parsing;

/// <summary>
/// What is refused before the parser sees it: text on which any Markdown parser is quadratic or worse. Such a page is
/// kept as plain text, so nothing of it is lost.
/// </summary>
internal static class ParseLimits
{
    /// <summary>Longest line, in characters. Minified or generated text has longer ones; prose has not.</summary>
    public const int MaxLine = 1 << 20;

    /// <summary>Most opening brackets in one paragraph or table: each may begin a link, and a parser looks ahead from each.</summary>
    public const int MaxBrackets = 8_000;

    /// <summary>Deepest quote or list marker nesting on one line.</summary>
    private const int MaxMarkers = 128;

    public static DocumentProblem? Problem(string path, string text)
    {
        // Most pages have few brackets in all, and then only their long lines need be looked at.
        var isBracketed = text.AsSpan().Count('[') > MaxBrackets;
        var brackets = 0;
        for (var start = 0; start < text.Length;)
        {
            if (!isBracketed && text.AsSpan(start, Math.Min(MaxMarkers, text.Length - start)).LastIndexOf('\n') is >= 0 and var last)
            {
                start += last + 1;
                continue;
            }
            var length = text.AsSpan(start).IndexOf('\n');
            if (length < 0) length = text.Length - start;
            var span = text.AsSpan(start, length);
            if (length > MaxLine)
                return Problem(ProblemKind.TooLarge,
                    $"a line of {length:N0} characters; kept as plain text. Expected lines of at most {MaxLine:N0}: "
                        + "generated data does not belong among the pages.");
            if (isBracketed) brackets = span.IsWhiteSpace() ? 0 : brackets + span.Count('[');
            if (brackets > MaxBrackets)
                return Problem(ProblemKind.TooDeep,
                    $"more than {MaxBrackets:N0} opening brackets in one paragraph or table; kept as plain text. "
                        + "Break it up with blank lines.");
            if (length > MaxMarkers && Markers(span) > MaxMarkers)
                return Problem(ProblemKind.TooDeep,
                    $"quotes or lists nested more than {MaxMarkers} levels deep; kept as plain text. "
                        + "Expected nesting as a person writes it.");
            start += length + 1;

            DocumentProblem Problem(ProblemKind kind, string message) => new(path, MarkdownText.LineNumber(text, start), kind, message);
        }
        return null;
    }

    /// <summary>List and quote markers at the start of a line, and the levels that its indentation stands for.</summary>
    private static int Markers(ReadOnlySpan<char> line)
    {
        var (count, blanks) = (0, 0);
        for (var i = 0; i < line.Length; i++)
        {
            if (line[i] == '>' || (line[i] is '-' or '*' or '+' && i + 1 < line.Length && line[i + 1] is ' ' or '\t')) count++;
            else if (line[i] is ' ' or '\t') blanks += line[i] == '\t' ? 4 : 1;
            else break;
        }
        return count == 0 ? 0 : Math.Max(count, blanks / 2);
    }
}

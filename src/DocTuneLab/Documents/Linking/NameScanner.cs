using DocTuneLab.Documents.Model;

namespace DocTuneLab.Documents.Linking;

/// <summary>Finds dotted names, such as <c>Pipe&lt;T&gt;.Map</c>, with the position of each part.</summary>
internal static class NameScanner
{
    private const int LongestTypeArguments = 200;

    /// <summary>Names in a range; type arguments are left out of the name that they stand in and read as names themselves.</summary>
    /// <param name="text">The text.</param>
    /// <param name="start">Start of the range.</param>
    /// <param name="end">End of the range.</param>
    /// <param name="isCode">Whether blanks may stand around the dots: in prose, a dot and a blank end a sentence.</param>
    public static IEnumerable<IReadOnlyList<SourceSpan>> Scan(string text, int start, int end, bool isCode)
    {
        var inner = new Queue<SourceSpan>();
        var parts = new List<SourceSpan>();
        inner.Enqueue(new(start, end - start));
        while (inner.TryDequeue(out var range))
        {
            var i = range.Start;
            while (i < range.End)
            {
                if (!IsFirst(text[i]))
                {
                    // A digit begins a number with its suffix, which is no name.
                    if (char.IsDigit(text[i])) while (i < range.End && IsPart(text[i])) i++;
                    else i++;
                    continue;
                }
                parts.Clear();
                while (true)
                {
                    var from = i;
                    while (i < range.End && IsPart(text[i])) i++;
                    parts.Add(new(from, i - from));
                    if (i < range.End && text[i] is '?' or '!') i++;
                    if (i < range.End && text[i] == '<' && TypeArgumentsEnd(text, i, range.End) is var close and > 0)
                    {
                        inner.Enqueue(new(i + 1, close - i - 1));
                        i = close + 1;
                        if (i < range.End && text[i] is '?' or '!') i++;
                    }
                    var dot = isCode ? Skip(text, i, range.End) : i;
                    if (dot >= range.End || text[dot] != '.') break;
                    var next = isCode ? Skip(text, dot + 1, range.End) : dot + 1;
                    if (next >= range.End || !IsFirst(text[next])) break;
                    i = next;
                }
                yield return parts;
            }
        }
    }

    private static bool IsFirst(char c) => char.IsAsciiLetter(c) || c == '_';

    private static bool IsPart(char c) =>
        char.IsAsciiLetterOrDigit(c) || c == '_' || (c > '\u007F' && char.IsLetterOrDigit(c) && c is < '\u3000' or > '\u9FFF');

    private static int Skip(string text, int at, int end)
    {
        while (at < end && char.IsWhiteSpace(text[at])) at++;
        return at;
    }

    private static int TypeArgumentsEnd(string text, int open, int end)
    {
        var depth = 0;
        for (var i = open; i < Math.Min(end, open + LongestTypeArguments); i++)
        {
            if (text[i] == '<') depth++;
            else if (text[i] == '>' && --depth == 0) return i;
            else if (text[i] is not ('>' or ' ' or ',' or '.' or '?' or '[' or ']' or '(' or ')') && !IsPart(text[i])) return -1;
        }
        return -1;
    }
}

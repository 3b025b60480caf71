namespace DocTuneLab.Library;

/// <summary>
/// How deep strings stand in the holes of strings, by the text alone: the compiler looks at what is within several times for each of
/// them, so that of many it must not be asked.
/// </summary>
internal static class InterpolationDepth
{
    /// <summary>Interpolated strings within each other that code never has.</summary>
    public const int Most = 8;

    /// <summary>Whether there are more than <see cref="Most"/>.</summary>
    public static bool IsTooDeep(ReadOnlySpan<char> code)
    {
        if (code.Count('$') <= Most) return false;
        // Of each string that is open: whether it is verbatim, and the braces open in its hole; -1 where its text goes on.
        var open = new Stack<(bool IsVerbatim, int Braces)>();
        for (var at = 0; at < code.Length; at++)
        {
            var rest = code[at..];
            var isWithin = open.TryPeek(out var last);
            if (isWithin && last.Braces < 0)
            {
                if (rest is ['{', '{', ..] || (last.IsVerbatim ? rest is ['"', '"', ..] : rest[0] == '\\')) at++;
                else if (rest[0] == '"' || (rest[0] == '\n' && !last.IsVerbatim)) open.Pop();
                else if (rest[0] == '{') Set(open, 0);
            }
            else if (rest is ['$', '"', not '"', ..] or ['$', '"'] or ['$', '@', '"', ..] or ['@', '$', '"', ..])
            {
                open.Push((rest[1] != '"', -1));
                if (open.Count > Most) return true;
                at += rest[1] == '"' ? 1 : 2;
            }
            else if (isWithin && rest[0] is '{' or '}') Set(open, last.Braces + (rest[0] == '{' ? 1 : -1));
            else at += Math.Max(0, Literal(rest) - 1);
        }
        return false;
    }

    private static void Set(Stack<(bool IsVerbatim, int Braces)> open, int braces) => open.Push((open.Pop().IsVerbatim, braces));

    /// <summary>Length of the comment or the literal without holes that begins here; 0 where none does.</summary>
    private static int Literal(ReadOnlySpan<char> rest)
    {
        if (rest is ['/', '/', ..]) return Until(rest, 2, "\n", false);
        if (rest is ['/', '*', ..]) return Until(rest, 2, "*/", false);
        if (rest is ['"', '"', '"', ..]) return Until(rest, 3, "\"\"\"", false);
        if (rest is ['@', '"', ..]) return Until(rest, 2, "\"", false);
        return rest[0] is '"' or '\'' ? Until(rest, 1, rest[..1], true) : 0;
    }

    private static int Until(ReadOnlySpan<char> rest, int at, ReadOnlySpan<char> end, bool isLine)
    {
        for (; at < rest.Length; at++)
        {
            if (rest[at..].StartsWith(end)) return at + end.Length;
            if (isLine && rest[at] == '\n') return at;
            if (isLine && rest[at] == '\\') at++;
        }
        return rest.Length;
    }
}

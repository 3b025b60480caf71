using System.Text;

namespace DocTuneLab.Prompts;

/// <summary>Objects in a text as models write them: where each begins and ends, and Python's way of writing one as JSON.</summary>
internal static class LooseJson
{
    /// <summary>Every outermost <c>{…}</c> of a text, its strings respected, in order.</summary>
    public static IEnumerable<string> Objects(string text)
    {
        for (var from = text.IndexOf('{', StringComparison.Ordinal); from >= 0; from = text.IndexOf('{', from))
        {
            var end = End(text, from);
            if (end < 0)
            {
                from++;
                continue;
            }
            yield return text[from..end];
            from = end;
            if (from >= text.Length) yield break;
        }
    }

    /// <summary>The same object with double quotes around names and texts, and <c>true</c>, <c>false</c>, <c>null</c> for Python's
    /// words.</summary>
    public static string Quoted(string text)
    {
        var json = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c is not ('"' or '\''))
            {
                var word = ((string, string)[])[("True", "true"), ("False", "false"), ("None", "null")];
                if (char.IsLetter(c) && (i == 0 || !char.IsLetterOrDigit(text[i - 1]))
                    && word.FirstOrDefault(w => text.AsSpan(i).StartsWith(w.Item1)) is { Item1: { } python } found)
                {
                    json.Append(found.Item2);
                    i += python.Length - 1;
                }
                else json.Append(c);
                continue;
            }
            json.Append('"');
            for (i++; i < text.Length && text[i] != c; i++)
            {
                if (text[i] == '\\' && i + 1 < text.Length)
                {
                    i++;
                    if (text[i] == '\'') json.Append('\'');
                    else json.Append('\\').Append(text[i]);
                }
                else if (text[i] == '"') json.Append("\\\"");
                else json.Append(text[i]);
            }
            json.Append('"');
        }
        return json.ToString();
    }

    // A quote in single quotes counts only where a name or value may begin: apostrophes stand in words outside of strings too.
    private static int End(string text, int from)
    {
        var depth = 0;
        for (var i = from; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '{' or '[': depth++; break;
                case '}' or ']':
                    if (--depth == 0) return i + 1;
                    break;
                case '"':
                    i = Close(text, i);
                    break;
                case '\'' when text[..i].TrimEnd() is [.., '{' or '[' or ',' or ':']:
                    i = Close(text, i);
                    break;
            }
        }
        return -1;
    }

    private static int Close(string text, int open)
    {
        for (var i = open + 1; i < text.Length; i++)
        {
            if (text[i] == '\\') i++;
            else if (text[i] == text[open]) return i;
        }
        return text.Length;
    }
}

using System.Text;

namespace DocTuneLab.Storage;

/// <summary>Text as the full-text index sees it: CJK characters one by one, identifiers whole and by their words.</summary>
internal static class SearchText
{
    public static string Index(string text) => string.Join(' ', Terms(text));

    /// <summary>An FTS5 expression that matches any of the query's terms; empty if it has none.</summary>
    public static string Query(string query) => string.Join(" OR ", Terms(query).Distinct(StringComparer.OrdinalIgnoreCase).Select(t => $"\"{t}\""));

    private static IEnumerable<string> Terms(string text)
    {
        var word = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            var ideograph = rune.Value is (>= 0x3040 and <= 0x30FF) or (>= 0x3400 and <= 0x9FFF) or (>= 0xAC00 and <= 0xD7AF) or (>= 0x20000 and <= 0x2FFFF);
            if (!ideograph && (Rune.IsLetterOrDigit(rune) || (rune.Value == '_' && word.Length > 0)))
            {
                word.Append(rune);
                continue;
            }
            foreach (var term in Words(word)) yield return term;
            if (ideograph) yield return rune.ToString();
        }
        foreach (var term in Words(word)) yield return term;
    }

    private static List<string> Words(StringBuilder word)
    {
        if (word.Length == 0) return [];
        var whole = word.ToString();
        word.Clear();
        var terms = new List<string> { whole };
        var start = 0;
        for (var i = 1; i <= whole.Length; i++)
        {
            if (i < whole.Length && whole[i] != '_' && !(char.IsUpper(whole[i]) && (!char.IsUpper(whole[i - 1]) || (i + 1 < whole.Length && char.IsLower(whole[i + 1]))))) continue;
            var part = whole[start..i].Trim('_');
            if (part.Length > 0 && part.Length < whole.Length) terms.Add(part);
            start = i;
        }
        return terms;
    }
}

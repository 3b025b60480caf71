using System.Text;

namespace DocTuneLab.Storage;

/// <summary>Text as the full-text index sees it: CJK characters one by one, identifiers whole and by their words.</summary>
internal static class SearchText
{
    /// <summary>A part of a query: a word, or two neighbouring CJK characters, which count only side by side.</summary>
    /// <param name="Words">One or two words of the index, lower case.</param>
    public readonly record struct Term(IReadOnlyList<string> Words)
    {
        /// <summary>As FTS5 takes it.</summary>
        public override string ToString() => $"\"{string.Join(' ', Words)}\"";
    }

    public static string Index(string text)
    {
        var index = new StringBuilder(text.Length + (text.Length / 4));
        foreach (var (word, _) in Words(text)) index.Append(index.Length == 0 ? "" : " ").Append(word);
        return index.ToString();
    }

    /// <summary>The distinct terms of a query; empty if it has none.</summary>
    public static IReadOnlyList<Term> Query(string query)
    {
        var words = Words(query).Select(w => (Word: w.Word.ToLowerInvariant(), w.Ideograph)).ToList();
        var terms = new List<Term>();
        for (var i = 0; i < words.Count; i++)
        {
            if (!words[i].Ideograph) terms.Add(new([words[i].Word]));
            else if (i + 1 < words.Count && words[i + 1].Ideograph) terms.Add(new([words[i].Word, words[i + 1].Word]));
            else if (i == 0 || !words[i - 1].Ideograph) terms.Add(new([words[i].Word]));
        }
        return [.. terms.DistinctBy(t => t.ToString(), StringComparer.Ordinal)];
    }

    private static IEnumerable<(string Word, bool Ideograph)> Words(string text)
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
            foreach (var term in Parts(word)) yield return (term, false);
            if (ideograph) yield return (rune.ToString(), true);
        }
        foreach (var term in Parts(word)) yield return (term, false);
    }

    private static List<string> Parts(StringBuilder word)
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

namespace DocTuneLab.Text;

/// <summary>Words and signs of a text as hashed n-grams: what near-duplicate search and decontamination compare.</summary>
internal static class TokenGrams
{
    /// <summary>Lower-case words, numbers and signs; Chinese characters one by one; blanks and fences fall away.</summary>
    public static List<string> Tokens(string text)
    {
        var tokens = new List<string>();
        for (var i = 0; i < text.Length;)
        {
            var c = text[i];
            if (char.IsWhiteSpace(c) || c == '`') { i++; continue; }
            if (!char.IsLetterOrDigit(c) && c != '_' || c is >= '\u4e00' and <= '\u9fff') { tokens.Add(c.ToString()); i++; continue; }
            var start = i;
            while (i < text.Length && (char.IsLetterOrDigit(text[i]) || text[i] == '_') && text[i] is not (>= '\u4e00' and <= '\u9fff'))
                i++;
            tokens.Add(text[start..i].ToLowerInvariant());
        }
        return tokens;
    }

    /// <summary>Hashes of all n-grams; of the whole text where it is shorter.</summary>
    public static HashSet<ulong> Of(IReadOnlyList<string> tokens, int n)
    {
        var grams = new HashSet<ulong>();
        for (var i = 0; i < Math.Max(1, tokens.Count - n + 1); i++)
        {
            var hash = 14695981039346656037UL;
            for (var j = i; j < Math.Min(i + n, tokens.Count); j++)
            {
                foreach (var c in tokens[j]) hash = (hash ^ c) * 1099511628211UL;
                hash = (hash ^ 0x1F) * 1099511628211UL;
            }
            grams.Add(hash);
        }
        return grams;
    }
}

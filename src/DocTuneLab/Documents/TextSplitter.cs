namespace DocTuneLab.Documents;

/// <summary>The last resort: cuts a block that alone exceeds the budget at lines, else sentences, else blanks, else characters.</summary>
internal static class TextSplitter
{
    public static List<(int Start, int End)> Split(string text, int start, int end, Func<string, int, int, bool> fits)
    {
        var ranges = new List<(int Start, int End)>();
        while (start < end)
        {
            if (fits(text, start, end))
            {
                ranges.Add((start, end));
                break;
            }
            var cut = Last(start, end, p => text[p - 1] == '\n')
                ?? Last(start, end, p => text[p - 1] is '。' or '！' or '？' || (text[p - 1] is ' ' && p - 2 >= start && text[p - 2] is '.' or '!' or '?'))
                ?? Last(start, end, p => text[p - 1] is ' ' or '\t')
                ?? Last(start, end, p => !char.IsLowSurrogate(text[p]))
                // Not even one character fits: the budget is smaller than a token can be.
                ?? start + (start + 1 < end && char.IsHighSurrogate(text[start]) ? 2 : 1);
            ranges.Add((start, cut));
            start = cut;
        }
        return ranges;

        // The longest prefix that fits and ends at an allowed cut; prefixes grow, so a binary search over the cuts finds it.
        int? Last(int from, int to, Func<int, bool> allowed)
        {
            var cuts = new List<int>();
            for (var p = from + 1; p < to; p++)
                if (allowed(p) && text.AsSpan(from, p - from).ContainsAnyExcept(" \t\n")) cuts.Add(p);
            var (low, high) = (0, cuts.Count);
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (fits(text, from, cuts[middle])) low = middle + 1;
                else high = middle;
            }
            return low > 0 ? cuts[low - 1] : null;
        }
    }
}

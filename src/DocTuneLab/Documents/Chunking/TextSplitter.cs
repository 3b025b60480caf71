namespace DocTuneLab.Documents.Chunking;

/// <summary>The last resort: cuts a block that alone exceeds the budget at lines, else sentences, else blanks, else characters.</summary>
internal static class TextSplitter
{
    private const int FirstWindow = 2048;

    public static List<(int Start, int End)> Split(string text, int start, int end, Func<int, int, bool> fits)
    {
        var ranges = new List<(int Start, int End)>();
        var window = FirstWindow;
        while (start < end)
        {
            // Only as far as a passage can reach: looking at all that is left each time would be quadratic.
            while (start + window < end && fits(start, start + window)) window *= 2;
            var to = Math.Min(end, start + window);
            if (to == end && fits(start, end))
            {
                ranges.Add((start, end));
                break;
            }
            var first = start;
            while (first < to && text[first] is ' ' or '\t' or '\n') first++;
            var cut = Last(start, first, to, p => text[p - 1] == '\n')
                ?? Last(start, first, to, p => text[p - 1] is '。' or '！' or '？'
                    || (text[p - 1] is ' ' && p - 2 >= start && text[p - 2] is '.' or '!' or '?'))
                ?? Last(start, first, to, p => text[p - 1] is ' ' or '\t')
                ?? Last(start, first, to, p => !char.IsLowSurrogate(text[p]))
                // The indentation alone exceeds the budget: what stands behind it goes without.
                ?? (first > start ? (int?)first : null)
                // Not even one character fits: the budget is smaller than a token can be.
                ?? start + (start + 1 < end && char.IsHighSurrogate(text[start]) ? 2 : 1);
            ranges.Add((start, cut));
            window = Math.Max(64, 2 * (cut - start));
            start = cut;
        }
        return ranges;

        // The longest prefix that fits and ends at an allowed cut; prefixes grow, so a binary search over the cuts finds it.
        int? Last(int from, int first, int to, Func<int, bool> allowed)
        {
            var cuts = new List<int>();
            for (var p = first + 1; p < to; p++)
                if (allowed(p)) cuts.Add(p);
            var (low, high) = (0, cuts.Count);
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (fits(from, cuts[middle])) low = middle + 1;
                else high = middle;
            }
            return low > 0 ? cuts[low - 1] : null;
        }
    }
}

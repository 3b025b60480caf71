namespace DocTuneLab.Jupyter;

/// <summary>Jupyter counts code points where .NET counts UTF-16 units.</summary>
internal static class CodePoints
{
    /// <summary>Index of the code point with number <paramref name="count"/>; the end of the text if there are fewer.</summary>
    public static int ToIndex(string text, int count)
    {
        var index = 0;
        while (count-- > 0 && index < text.Length)
            index += char.IsSurrogatePair(text, index) ? 2 : 1;
        return index;
    }

    /// <summary>Number of code points before <paramref name="index"/>.</summary>
    public static int FromIndex(string text, int index) => text.AsSpan(0, index).EnumerateRunes().Count();

    private static int Count(this System.Text.SpanRuneEnumerator runes)
    {
        var count = 0;
        foreach (var _ in runes)
            count++;
        return count;
    }
}

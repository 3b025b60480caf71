using System.Text;

namespace DocTuneLab.Conversations.Jinja.Values;

/// <summary>Texts as sequences of code points, as Python counts them.</summary>
internal static class Strings
{
    /// <summary>Characters that a text may have.</summary>
    public const int MaxLength = 1 << 24;

    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\u001C' and <= '\u001F';

    public static int Length(string text) => text.Length - text.Count(char.IsLowSurrogate);

    /// <summary>Order by code points (UTF-16 puts some above U+FFFF before U+E000).</summary>
    public static int Compare(string a, string b)
    {
        var (x, y) = (a.EnumerateRunes(), b.EnumerateRunes());
        while (x.MoveNext())
        {
            if (!y.MoveNext()) return 1;
            if (x.Current != y.Current) return x.Current.CompareTo(y.Current);
        }
        return y.MoveNext() ? -1 : 0;
    }

    /// <summary>Without white space, or any of <paramref name="characters"/>, at the ends.</summary>
    public static string Strip(string text, string? characters, bool left, bool right)
    {
        var runes = text.EnumerateRunes().ToList();
        bool Cut(Rune r) => characters is null ? r.IsBmp && IsSpace((char)r.Value) : characters.EnumerateRunes().Contains(r);
        var (from, to) = (0, runes.Count);
        while (left && from < to && Cut(runes[from])) from++;
        while (right && from < to && Cut(runes[to - 1])) to--;
        return string.Concat(runes[from..to]);
    }

    /// <summary>Words between white space, at most <paramref name="limit"/> cuts (none where negative), from one end.</summary>
    public static List<string> Words(string text, long limit, bool fromRight)
    {
        var words = new List<string>();
        var rest = Strip(text, null, left: !fromRight, right: fromRight);
        while (rest.Length > 0)
        {
            var at = limit >= 0 && words.Count == limit ? -1 : fromRight ? LastSpace(rest) : FirstSpace(rest);
            words.Add(at < 0 ? rest : fromRight ? rest[(at + 1)..] : rest[..at]);
            rest = at < 0 ? "" : fromRight ? Strip(rest[..at], null, false, true) : Strip(rest[at..], null, true, false);
        }
        if (fromRight) words.Reverse();
        return words;
    }

    /// <summary>Parts between <paramref name="separator"/>, at most <paramref name="limit"/> cuts, from one end.</summary>
    public static List<string> Split(string text, string separator, long limit, bool fromRight)
    {
        if (separator.Length == 0) throw Refusal.Of("a separator is empty");
        if (limit < 0) return [.. text.Split(separator)];
        var parts = new List<string>();
        while (parts.Count < limit)
        {
            var at = fromRight ? text.LastIndexOf(separator, StringComparison.Ordinal) : text.IndexOf(separator, StringComparison.Ordinal);
            if (at < 0) break;
            parts.Add(fromRight ? text[(at + separator.Length)..] : text[..at]);
            text = fromRight ? text[..at] : text[(at + separator.Length)..];
        }
        parts.Add(text);
        if (fromRight) parts.Reverse();
        return parts;
    }

    /// <summary>Lines, cut where Python cuts them; a last line break opens no other.</summary>
    public static List<string> Lines(string text, bool keepEnds)
    {
        var lines = new List<string>();
        for (var at = 0; at < text.Length;)
        {
            var end = at;
            while (end < text.Length && !IsLineEnd(text[end])) end++;
            var next = end + (end + 1 < text.Length && text[end] == '\r' && text[end + 1] == '\n' ? 2 : end < text.Length ? 1 : 0);
            lines.Add(text[at..(keepEnds ? next : end)]);
            at = next;
        }
        return lines;
    }

    /// <summary>With the first <paramref name="limit"/> occurrences (all where negative) of <paramref name="old"/> put otherwise.</summary>
    public static string Replace(string text, string old, string with, long limit)
    {
        if (limit < 0 && old.Length > 0) return Within(text.Replace(old, with, StringComparison.Ordinal));
        if (old.Length > 0) return Within(string.Join(with, Split(text, old, limit, fromRight: false)));
        var result = new StringBuilder();
        var at = 0;
        foreach (var rune in text.EnumerateRunes()) result.Append(limit < 0 || at++ < limit ? with : "").Append(rune.ToString());
        return Within(result.Append(limit < 0 || at < limit ? with : "").ToString());
    }

    /// <summary>Filled up to a width in code points.</summary>
    public static string Pad(string text, long width, string fill, long left)
    {
        if (Length(fill) != 1) throw Refusal.Of("a fill is one character");
        if (width > MaxLength) throw Refusal.Of($"a width of {width} is too large");
        var missing = width - Length(text);
        if (missing <= 0) return text;
        left = Math.Min(left, missing);
        return string.Concat(Enumerable.Repeat(fill, (int)left)) + text + string.Concat(Enumerable.Repeat(fill, (int)(missing - left)));
    }

    /// <summary>In the middle of a width; where the margins differ, Python's rule.</summary>
    public static string Center(string text, long width, string fill)
    {
        var missing = width - Length(text);
        return Pad(text, width, fill, missing / 2 + (missing & width & 1));
    }

    public static string Within(string text) =>
        text.Length <= MaxLength ? text : throw Refusal.Of($"a text has more than {MaxLength} characters");

    private static int FirstSpace(string text)
    {
        for (var i = 0; i < text.Length; i++)
            if (IsSpace(text[i])) return i;
        return -1;
    }

    private static int LastSpace(string text)
    {
        for (var i = text.Length - 1; i >= 0; i--)
            if (IsSpace(text[i])) return i;
        return -1;
    }

    private static bool IsLineEnd(char c) =>
        c is >= '\n' and <= '\r' or >= '\u001C' and <= '\u001E' or '\u0085' or '\u2028' or '\u2029';
}

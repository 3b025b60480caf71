using System.Globalization;

namespace DocTuneLab.Tokenization.Unicode;

/// <summary>
/// The normalisation forms of Unicode (Standard Annex 15). The runtime's own need ICU, which is absent in invariant
/// globalisation; there it returns its input as it is, and a tokenizer would give other ids for combining marks.
/// </summary>
internal static class UnicodeNormalizer
{
    private const int HangulBase = 0xAC00, LBase = 0x1100, VBase = 0x1161, TBase = 0x11A7, LCount = 19, VCount = 21, TCount = 28;
    private static readonly Lazy<Data> s_data = new(Read);

    private sealed record Data(Dictionary<int, int[]> Canonical, Dictionary<int, int[]> Compatible,
        Dictionary<(int, int), int> Pairs, Dictionary<int, byte> Classes);

    /// <summary>The text's code points in a form, each with how many more characters of the text it used up than one (0: one, 1: it was
    /// added, −1: two); null where the text cannot differ.</summary>
    public static List<(int Point, int Change)>? Normalize(string text, bool compose, bool compatible)
    {
        // Nothing below U+0300 combines with what stands before it, and nothing below U+00A0 comes apart.
        if (!text.AsSpan().ContainsAnyInRange(compose && !compatible ? '\u0300' : '\u00A0', '\uFFFF')) return null;
        var data = s_data.Value;
        var points = new List<(int Point, int Change)>(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var point = char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])
                ? char.ConvertToUtf32(text[i], text[++i])
                : text[i];
            var first = points.Count;
            Decompose(point, points, data, compatible);
            points[first] = (points[first].Point, 0);
        }
        Reorder(points, data.Classes);
        return compose ? Recompose(points, data) : points;
    }

    private static void Decompose(int point, List<(int, int)> target, Data data, bool compatible)
    {
        if (point is >= HangulBase and < HangulBase + LCount * VCount * TCount)
        {
            var index = point - HangulBase;
            target.Add((LBase + index / (VCount * TCount), 1));
            target.Add((VBase + index % (VCount * TCount) / TCount, 1));
            if (index % TCount != 0) target.Add((TBase + index % TCount, 1));
        }
        else if (data.Canonical.TryGetValue(point, out var parts) || compatible && data.Compatible.TryGetValue(point, out parts))
        {
            foreach (var part in parts) Decompose(part, target, data, compatible);
        }
        else
        {
            target.Add((point, 1));
        }
    }

    private static void Reorder(List<(int Point, int)> points, Dictionary<int, byte> classes)
    {
        for (var i = 1; i < points.Count; i++)
        {
            var own = classes.GetValueOrDefault(points[i].Point);
            for (var j = i; own != 0 && j > 0 && classes.GetValueOrDefault(points[j - 1].Point) > own; j--)
                (points[j - 1], points[j]) = (points[j], points[j - 1]);
        }
    }

    private static List<(int, int)> Recompose(List<(int Point, int Change)> points, Data data)
    {
        var result = new List<(int Point, int Change)>(points.Count);
        var (starter, last) = (-1, 0);
        foreach (var (point, change) in points)
        {
            var own = data.Classes.GetValueOrDefault(point);
            // A mark is blocked from its starter by one of the same or a higher class between them.
            if (starter >= 0
                && (last < own || last == 0 && starter == result.Count - 1)
                && Pair(result[starter].Point, point, data) is { } whole)
            {
                result[starter] = (whole, result[starter].Change + change - 1);
                continue;
            }
            if (own == 0) starter = result.Count;
            last = own;
            result.Add((point, change));
        }
        return result;
    }

    private static int? Pair(int first, int second, Data data)
    {
        if (first is >= LBase and < LBase + LCount && second is >= VBase and < VBase + VCount)
            return HangulBase + ((first - LBase) * VCount + second - VBase) * TCount;
        if (first is >= HangulBase and < HangulBase + LCount * VCount * TCount
            && (first - HangulBase) % TCount == 0
            && second is > TBase and < TBase + TCount)
            return first + second - TBase;
        return data.Pairs.TryGetValue((first, second), out var whole) ? whole : null;
    }

    private static Data Read()
    {
        var data = new Data([], [], [], []);
        foreach (var fields in UnicodeData.Lines("decompositions.txt").Select(line => line.Split(' ')))
        {
            if (fields[0] == "C")
            {
                foreach (var (from, to) in fields.Skip(2).Select(UnicodeData.Range))
                    for (var point = from; point <= to; point++)
                        data.Classes[point] = byte.Parse(fields[1], CultureInfo.InvariantCulture);
                continue;
            }
            foreach (var field in fields.Skip(1))
            {
                var sides = field.TrimStart('!').Split('=');
                var (whole, parts) = (UnicodeData.Hex(sides[0]), sides[1].Split('+').Select(UnicodeData.Hex).ToArray());
                (fields[0] == "D" ? data.Canonical : data.Compatible)[whole] = parts;
                if (fields[0] == "D" && field[0] != '!' && parts.Length == 2) data.Pairs[(parts[0], parts[1])] = whole;
            }
        }
        return data;
    }
}

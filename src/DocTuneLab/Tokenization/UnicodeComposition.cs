using System.Globalization;
using System.Text;

namespace DocTuneLab.Tokenization;

/// <summary>
/// Unicode normalisation form C (Unicode Standard Annex 15). The runtime's own needs ICU, which is absent in invariant
/// globalisation; there it returns its input as it is, and a tokenizer would give other ids for combining marks.
/// </summary>
internal static class UnicodeComposition
{
    private const int HangulBase = 0xAC00, LBase = 0x1100, VBase = 0x1161, TBase = 0x11A7, LCount = 19, VCount = 21, TCount = 28;
    private static readonly Lazy<Data> s_data = new(Read);

    private sealed record Data(Dictionary<int, int[]> Parts, Dictionary<(int, int), int> Pairs, Dictionary<int, byte> Classes);

    /// <summary>The text in form C. Unpaired surrogates stay as they are.</summary>
    public static string Compose(string text)
    {
        // Nothing below U+0300 combines with what stands before it.
        if (!text.AsSpan().ContainsAnyInRange('\u0300', '\uFFFF')) return text;
        var data = s_data.Value;
        var points = new List<int>(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var point = char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])
                ? char.ConvertToUtf32(text[i], text[++i])
                : text[i];
            Decompose(point, points, data);
        }
        Reorder(points, data.Classes);
        var result = new StringBuilder(text.Length);
        foreach (var point in Recompose(points, data))
        {
            if (point < 0x10000) result.Append((char)point);
            else result.Append(char.ConvertFromUtf32(point));
        }
        return result.ToString();
    }

    private static void Decompose(int point, List<int> target, Data data)
    {
        if (point is >= HangulBase and < HangulBase + LCount * VCount * TCount)
        {
            var index = point - HangulBase;
            target.Add(LBase + index / (VCount * TCount));
            target.Add(VBase + index % (VCount * TCount) / TCount);
            if (index % TCount != 0) target.Add(TBase + index % TCount);
        }
        else if (data.Parts.TryGetValue(point, out var parts))
        {
            foreach (var part in parts) Decompose(part, target, data);
        }
        else
        {
            target.Add(point);
        }
    }

    private static void Reorder(List<int> points, Dictionary<int, byte> classes)
    {
        for (var i = 1; i < points.Count; i++)
        {
            var own = classes.GetValueOrDefault(points[i]);
            for (var j = i; own != 0 && j > 0 && classes.GetValueOrDefault(points[j - 1]) > own; j--)
                (points[j - 1], points[j]) = (points[j], points[j - 1]);
        }
    }

    private static List<int> Recompose(List<int> points, Data data)
    {
        var result = new List<int>(points.Count);
        var (starter, last) = (-1, 0);
        foreach (var point in points)
        {
            var own = data.Classes.GetValueOrDefault(point);
            // A mark is blocked from its starter by one of the same or a higher class between them.
            if (starter >= 0 && (last < own || last == 0 && starter == result.Count - 1) && Pair(result[starter], point, data) is { } whole)
            {
                result[starter] = whole;
                continue;
            }
            if (own == 0) starter = result.Count;
            last = own;
            result.Add(point);
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
        using var reader = new StreamReader(
            typeof(UnicodeComposition).Assembly.GetManifestResourceStream("DocTuneLab.Tokenization.composition.txt")!);
        var data = new Data([], [], []);
        while (reader.ReadLine() is { } line)
        {
            var fields = line.Split(' ');
            if (fields[0] == "D")
            {
                foreach (var field in fields.Skip(1))
                {
                    var sides = field.TrimStart('!').Split('=');
                    var (whole, parts) = (Hex(sides[0]), sides[1].Split('+').Select(Hex).ToArray());
                    data.Parts[whole] = parts;
                    if (field[0] != '!' && parts.Length == 2) data.Pairs[(parts[0], parts[1])] = whole;
                }
            }
            else if (fields[0] == "C")
            {
                foreach (var range in fields.Skip(2).Select(f => f.Split('-').Select(Hex).ToArray()))
                    for (var point = range[0]; point <= range[^1]; point++)
                        data.Classes[point] = byte.Parse(fields[1], CultureInfo.InvariantCulture);
            }
        }
        return data;

        static int Hex(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}

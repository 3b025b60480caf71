using System.Globalization;
using System.Text.RegularExpressions;

namespace DocTuneLab.Evaluation.Judging;

/// <summary>A number in a text, with its unit where it has one.</summary>
/// <param name="Index">Where it stands.</param>
/// <param name="Length">How long it is, its unit included.</param>
/// <param name="Number">The number as written.</param>
/// <param name="Value">The number in the base unit of its dimension.</param>
/// <param name="Unit">Name of the unit's dimension; null for a bare number.</param>
internal sealed partial record Quantity(int Index, int Length, decimal Number, decimal Value, string? Unit)
{
    private static readonly string[] s_words =
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

    private static readonly Dictionary<string, (string Dimension, decimal Factor)> s_known = Units();

    /// <summary>Every number of a text; hours, minutes and seconds beside each other are one.</summary>
    public static IReadOnlyList<Quantity> In(string text)
    {
        List<Quantity> found = [];
        foreach (Match m in Numeral().Matches(text))
        {
            if (Read(m) is not { } next) continue;
            if (found is [.., { Unit: "time" } last] && next.Unit == "time"
                && Joint().IsMatch(text[(last.Index + last.Length)..next.Index]) && next.Value < last.Value)
                found[^1] = last with { Length = next.Index + next.Length - last.Index, Value = last.Value + next.Value };
            else found.Add(next);
        }
        return found;

        Quantity? Read(Match m)
        {
            var end = m.Index + m.Length;
            if (m.Groups["clock"].Success)
            {
                var parts = m.Value.Split(':').Select(p => decimal.Parse(p, CultureInfo.InvariantCulture)).ToArray();
                var seconds = (parts[0] * 3600) + (parts[1] * 60) + (parts.Length > 2 ? parts[2] : 0);
                return new(m.Index, m.Length, seconds, seconds, "time");
            }
            var unit = UnitAt(text, end);
            var whole = m.Index == 0 && end + (unit?.Length ?? 0) >= text.Length;
            decimal value;
            if (m.Groups["word"].Success)
            {
                if (!whole && unit is null) return null;
                value = Array.FindIndex(s_words, w => string.Equals(w, m.Value, StringComparison.OrdinalIgnoreCase));
            }
            else if (m.Groups["chinese"].Success)
            {
                // "The third", "one of them": not how many.
                if ((!whole && unit is null) || (m.Index > 0 && text[m.Index - 1] == '第') || (!whole && m.Value == "一")) return null;
                if (Chinese(m.Value) is not { } number) return null;
                value = number;
            }
            else if (!decimal.TryParse(m.Value.Replace("_", "", StringComparison.Ordinal).Replace('−', '-'), NumberStyles.Number,
                CultureInfo.InvariantCulture, out value))
            {
                return null;
            }
            // "1e3", "3D".
            if (unit is null && end < text.Length && char.IsAsciiLetter(text[end])) return null;
            return unit is null ? new(m.Index, m.Length, value, value, null)
                : new(m.Index, m.Length + unit.Value.Length, value, value * unit.Value.Factor, unit.Value.Dimension);
        }
    }

    /// <summary>The number that a text is, and nothing else; null where it is none.</summary>
    public static Quantity? Of(string text) => In(text) is [var only] && only.Index == 0 && only.Length == text.Length ? only : null;

    /// <summary>The unit that a text names and nothing else, so that two names of one compare; null where it names none.</summary>
    public static string? UnitOf(string text) =>
        UnitAt(text, 0) is { } unit && unit.Length == text.Length ? Name(unit.Dimension, unit.Factor) : null;

    /// <summary>Every unit that a text names, on its own or behind a number.</summary>
    public static IEnumerable<(int Index, int Length, string Unit)> UnitsIn(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (i > 0 && (IsWord(text[i - 1]) || text[i - 1] is '/' or '-') && IsWord(text[i])) continue;
            if (UnitAt(text, i) is not { } unit) continue;
            yield return (i, unit.Length, Name(unit.Dimension, unit.Factor));
            i += unit.Length - 1;
        }
    }

    private static string Name(string dimension, decimal factor) =>
        string.Create(CultureInfo.InvariantCulture, $"{factor:0.####} {dimension}");

    private static (int Length, string Dimension, decimal Factor)? UnitAt(string text, int at)
    {
        var start = at;
        while (start < text.Length && text[start] is ' ' or '\u00A0') start++;
        if (Whole().Match(text, start) is { Success: true } whole && whole.Index == start) start += whole.Length;
        for (var length = Math.Min(24, text.Length - start); length > 0; length--)
        {
            var name = text.Substring(start, length);
            // Small and capital letters differ in symbols, not in words.
            if (!s_known.TryGetValue(name, out var unit)
                && (length < 4 || !s_known.TryGetValue(name.ToLowerInvariant(), out unit))) continue;
            var next = start + length;
            if (next < text.Length && IsWord(text[next - 1]) && (IsWord(text[next]) || text[next] is '/' or '²' or '³')) continue;
            return (next - at, unit.Dimension, unit.Factor);
        }
        return null;
    }

    private static bool IsWord(char c) => c < '\u3000' && (char.IsLetterOrDigit(c) || c == '_');

    private static decimal? Chinese(string text)
    {
        if (text.Length == 1 && "零〇一二三四五六七八九".IndexOf(text[0]) is >= 0 and var single) return Math.Max(0, single - 1);
        decimal total = 0, section = 0, digit = 0;
        foreach (var c in text)
        {
            if ("零〇".Contains(c)) continue;
            var value = "一二三四五六七八九".IndexOf(c);
            if (value >= 0 || c == '两') digit = c == '两' ? 2 : value + 1;
            else if (c == '万') (total, section, digit) = (total + ((section + digit) * 10_000), 0, 0);
            else (section, digit) = (section + (Math.Max(1, digit) * (c switch { '十' => 10, '百' => 100, _ => 1000 })), 0);
        }
        return total + section + digit;
    }

    private static Dictionary<string, (string, decimal)> Units()
    {
        Dictionary<string, (string, decimal)> units = new(StringComparer.Ordinal);
        void Add(string dimension, decimal factor, string names)
        {
            foreach (var name in names.Split('|')) units[name] = (dimension, factor);
        }
        Add("time", 0.001m, "ms|millisecond|milliseconds|毫秒");
        Add("time", 1, "s|sec|secs|second|seconds|秒|秒钟");
        Add("time", 60, "min|mins|minute|minutes|分钟");
        Add("time", 3600, "h|hr|hrs|hour|hours|小时");
        Add("time", 86400, "d|day|days|天");
        Add("length", 0.001m, "mm|millimetre|millimetres|millimeter|millimeters|毫米");
        Add("length", 0.01m, "cm|centimetre|centimetres|centimeter|centimeters|厘米");
        Add("length", 1, "m|metre|metres|meter|meters|米");
        Add("length", 1000, "km|kilometre|kilometres|kilometer|kilometers|公里|千米");
        Add("mass", 0.001m, "mg|milligram|milligrams|毫克");
        Add("mass", 1, "g|gram|grams|gramme|grammes|克");
        Add("mass", 1000, "kg|kilogram|kilograms|千克|公斤");
        Add("volume", 0.001m, "ml|mL|millilitre|millilitres|milliliter|milliliters|毫升");
        Add("volume", 1, "l|L|litre|litres|liter|liters|升");
        Add("volume", 1000, "m³|m3|cubic metre|cubic metres|cubic meter|cubic meters|立方米");
        Add("area", 1, "m²|m2|square metre|square metres|square meter|square meters|平方米");
        Add("flow", 1, "L/s|l/s|litres per second|liters per second|litre per second|liter per second|升每秒|升/秒");
        Add("speed", 1, "m/s|metres per second|meters per second|米每秒");
        Add("share", 0.01m, "%|percent|per cent");
        Add("degree", 1, "°C|°|degrees Celsius|degrees|degree|度|摄氏度");
        foreach (var counted in "个|位|味|分|次|版|泡|条|字|项|步|件|种|行".Split('|')) units[counted] = ("count", 1);
        return units;
    }

    [GeneratedRegex(@"(?<![\p{L}\p{N}_.])(?<clock>\d{1,2}:\d{2}(?::\d{2})?)(?![\d:])"
        + @"|(?:(?<![\p{L}\p{N}_.)\]])[-−+])?(?:(?<=\b[vV])|(?<![A-Za-z\p{N}_.]))"
        + @"(?:\d{1,3}(?:,\d{3})+|\d[\d_]*)(?:\.\d+)?(?!\.?\d)"
        + @"|(?<chinese>[零〇一二两三四五六七八九十百千万]+)"
        + @"|\b(?<word>zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Numeral();

    [GeneratedRegex(@"^[\s,]*(?:and\s+)?$")]
    private static partial Regex Joint();

    [GeneratedRegex(@"\Gwhole\s+", RegexOptions.IgnoreCase)]
    private static partial Regex Whole();
}

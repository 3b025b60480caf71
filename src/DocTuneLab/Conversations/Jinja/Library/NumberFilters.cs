using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;
using DocTuneLab.Conversations.Jinja.Values;

namespace DocTuneLab.Conversations.Jinja.Library;

/// <summary>Filters that make numbers.</summary>
internal static partial class NumberFilters
{
    public static IReadOnlyDictionary<string, Operation> Table { get; } = new Dictionary<string, Operation>
    {
        ["abs"] = new("", (value, _) =>
            Numbers.IsWhole(value) ? Numbers.Whole(BigInteger.Abs(Numbers.Big(value))) : Math.Abs(Numbers.Real(value))),
        ["int"] = new("default? base?", (value, a) => Whole(value, a.Integer(1, 10)) ?? a.Or(0, 0L)),
        ["float"] = new("default?", (value, a) => Real(value) ?? a.Or(0, 0.0)),
        ["round"] = new("precision? method?", Round),
        ["length"] = new("", (value, _) => Kinds.Count(value)),
        ["count"] = new("", (value, _) => Kinds.Count(value)),
    };

    [GeneratedRegex(@"\A[+-]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:[eE][+-]?\d+(?:_\d+)*)?\z")]
    private static partial Regex Decimal();

    [GeneratedRegex(@"\A([+-]?)(0[xX]|0[oO]|0[bB])?_?([0-9a-zA-Z]+(?:_[0-9a-zA-Z]+)*)\z")]
    private static partial Regex Digits();

    private static object? Whole(object? value, long radix)
    {
        if (Kinds.IsText(value) && Parse(Strings.Strip(PythonText.Of(value), null, true, true), radix) is { } parsed)
            return Numbers.Whole(parsed);
        if (Numbers.IsWhole(value)) return Numbers.Whole(Numbers.Big(value));
        return Real(value) is { } real && double.IsFinite(real) ? Numbers.Whole(new BigInteger(real)) : null;
    }

    private static BigInteger? Parse(string text, long radix)
    {
        var match = Digits().Match(text);
        if (!match.Success) return null;
        var (prefix, digits) = (match.Groups[2].Value.ToLowerInvariant(), match.Groups[3].Value.Replace("_", "", StringComparison.Ordinal));
        // '0b1' in base 16 is digits alone.
        var named = prefix switch { "0x" => 16, "0o" => 8, "0b" => 2, _ => 0 };
        if (radix != 0 && named != 0 && named != radix) (digits, named) = (prefix + digits, 0);
        if (radix == 0) radix = named != 0 ? named : digits.TrimStart('0').Length > 0 && digits[0] == '0' ? -1 : 10;
        if (radix is < 2 or > 36) return null;
        var sum = BigInteger.Zero;
        foreach (var c in digits)
        {
            var digit = char.IsAsciiDigit(c) ? c - '0' : char.ToLowerInvariant(c) - 'a' + 10;
            if (digit >= radix) return null;
            sum = sum * radix + digit;
        }
        return match.Groups[1].Value == "-" ? -sum : sum;
    }

    private static double? Real(object? value)
    {
        if (Numbers.IsNumber(value)) return Numbers.Real(value);
        if (value is Undefined) throw Refusal.Of($"{Kinds.Of(value)} is no number");
        if (!Kinds.IsText(value)) return null;
        var text = Strings.Strip(PythonText.Of(value), null, true, true);
        if (Decimal().IsMatch(text)) return double.Parse(text.Replace("_", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
        return text.ToLowerInvariant().TrimStart('+') switch
        {
            "inf" or "infinity" => double.PositiveInfinity,
            "-inf" or "-infinity" => double.NegativeInfinity,
            "nan" or "-nan" => double.NaN,
            _ => null,
        };
    }

    private static object Round(object? value, Arguments a)
    {
        var (places, method) = (a.Integer(0), a.Text(1, "common"));
        if (method == "common") return Numbers.Round(value, places);
        if (method is not ("ceil" or "floor")) throw Refusal.Of($"the filter 'round' has no method '{method}'");
        var unit = Math.Pow(10, places);
        var scaled = Numbers.Real(value) * unit;
        return (method == "ceil" ? Math.Ceiling(scaled) : Math.Floor(scaled)) / unit;
    }
}

using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.RegularExpressions;
using DocTuneLab.Conversations.Jinja.Values;

namespace DocTuneLab.Conversations.Jinja.Library;

/// <summary>Python's <c>'…' % values</c> (its library reference, "printf-style String Formatting").</summary>
internal sealed partial class PercentFormat
{
    private readonly object? _values;
    private readonly IReadOnlyList<object?> _sequence;
    private int _next;

    private PercentFormat(object? values) => (_values, _sequence) = (values, values is JinjaTuple several ? several : [values]);

    [GeneratedRegex(@"%(?:\(([^()]*)\))?([-+ #0]*)(\*|\d{1,7})?(?:\.(\*|\d{0,3}))?[hlL]?(.)?", RegexOptions.Singleline)]
    private static partial Regex Conversion();

    public static string Write(string format, object? values)
    {
        var writer = new PercentFormat(values);
        var text = Conversion().Replace(format, writer.Write);
        if (writer._next < writer._sequence.Count && values is not (JinjaMap or List<object?> or JinjaRange))
            throw Refusal.Of($"'%' is given more values than '{format}' takes");
        return Strings.Within(text);
    }

    private string Write(Match match)
    {
        var (key, flags, type) = (match.Groups[1], match.Groups[2].Value, match.Groups[5].Value);
        if (type == "%" && match.Length == 2) return "%";
        var width = match.Groups[3].Value == "*" ? Numbers.Integer(Next())
            : match.Groups[3].Length > 0 ? long.Parse(match.Groups[3].Value, CultureInfo.InvariantCulture) : 0;
        var precision = !match.Groups[4].Success ? -1 : match.Groups[4].Value == "*" ? (int)Numbers.Integer(Next())
            : match.Groups[4].Length > 0 ? int.Parse(match.Groups[4].Value, CultureInfo.InvariantCulture) : 0;
        if (precision > 400) throw Refusal.Of($"a precision of {precision} is not supported");
        var value = !key.Success ? Next() : _values is JinjaMap map && map.TryGet(key.Value, out var field) ? field
            : throw Refusal.Of($"'%' has no field '{key.Value}'");
        var alternate = flags.Contains('#', StringComparison.Ordinal);
        var (sign, body) = type switch
        {
            "s" => ("", Cut(PythonText.Of(value), precision)),
            "r" => ("", Cut(PythonText.Representation(value), precision)),
            "c" => ("", Character(value)),
            "d" or "i" or "u" => Whole(
                value is double d && double.IsFinite(d) ? new BigInteger(d) : Numbers.Big(value), "", flags, precision),
            "x" or "X" or "o" => Whole(Numbers.Big(value), type, flags, precision),
            "e" or "E" or "f" or "F" or "g" or "G" => Real(Numbers.Real(value), type, flags, precision < 0 ? 6 : precision, alternate),
            _ => throw Refusal.Of($"the format '%{type}' is not supported"),
        };
        if (width < 0) (width, flags) = (-width, flags + "-");
        if (flags.Contains('-', StringComparison.Ordinal)) return Strings.Pad(sign + body, width, " ", 0);
        var zeros = flags.Contains('0', StringComparison.Ordinal) && type is not ("s" or "r" or "c");
        return zeros ? sign + Strings.Pad(body, width - sign.Length, "0", long.MaxValue)
            : Strings.Pad(sign + body, width, " ", long.MaxValue);
    }

    private object? Next() => _next < _sequence.Count ? _sequence[_next++] : throw Refusal.Of("'%' is given too few values");

    private static (string Sign, string Body) Whole(BigInteger value, string type, string flags, int precision)
    {
        var form = type.Length > 0 && flags.Contains('#', StringComparison.Ordinal) ? "#" + type : type;
        var digits = FormatSpecification.Write(Numbers.Whole(BigInteger.Abs(value)), form.Length > 0 ? form : "d");
        var prefix = form.StartsWith('#') ? digits[..2] : "";
        return (Sign(value.Sign < 0, flags) + prefix, Strings.Pad(digits[prefix.Length..], precision, "0", long.MaxValue));
    }

    private static (string Sign, string Body) Real(double value, string type, string flags, int precision, bool alternate)
    {
        var text = FormatSpecification.Digits(value, char.ToLowerInvariant(type[0]), precision, alternate);
        return (Sign(double.IsNegative(value), flags), char.IsUpper(type[0]) ? text.ToUpperInvariant() : text);
    }

    private static string Sign(bool negative, string flags) => negative ? "-"
        : flags.Contains('+', StringComparison.Ordinal) ? "+" : flags.Contains(' ', StringComparison.Ordinal) ? " " : "";

    private static string Cut(string text, int precision) => precision < 0 ? text : string.Concat(text.EnumerateRunes().Take(precision));

    private static string Character(object? value) => value switch
    {
        string s when Strings.Length(s) == 1 => s,
        bool or long when Numbers.Integer(value) is >= 0 and <= 0x10FFFF and not (>= 0xD800 and <= 0xDFFF) =>
            new Rune((int)Numbers.Integer(value)).ToString(),
        _ => throw Refusal.Of("'%c' takes one character"),
    };
}

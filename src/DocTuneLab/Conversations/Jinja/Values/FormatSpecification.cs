using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace DocTuneLab.Conversations.Jinja.Values;

/// <summary>Python's format specifications (<c>{:&gt;8.2f}</c>; its library reference, "Format Specification Mini-Language").</summary>
internal sealed partial class FormatSpecification
{
    private string _fill = " ", _grouping = "", _type = "";
    private char _align, _sign = '-';
    private bool _alternate;
    private int _width, _precision = -1;

    [GeneratedRegex(
        @"\A(?:(.{1,2})?([<>=^]))?([+\- ])?(#)?(0)?(\d{1,7})?([_,])?(?:\.(\d{1,3}))?([bcdeEfFgGosxX%])?\z", RegexOptions.Singleline)]
    private static partial Regex Pattern();

    /// <summary>The value as the specification writes it.</summary>
    /// <exception cref="LabException">Python has no such form for the value, or it is not supported.</exception>
    public static string Write(object? value, string specification)
    {
        if (specification.Length == 0) return PythonText.Of(value);
        var match = Pattern().Match(specification);
        if (!match.Success || Strings.Length(match.Groups[1].Value) > 1)
            throw Refusal.Of($"the format '{specification}' is not supported");
        string Part(int group) => match.Groups[group].Value;
        var zeros = Part(5).Length > 0;
        var form = new FormatSpecification
        {
            _fill = Part(1).Length > 0 ? Part(1) : zeros ? "0" : " ",
            _align = Part(2).Length > 0 ? Part(2)[0] : zeros && !Kinds.IsText(value) ? '=' : '\0',
            _sign = Part(3).Length > 0 ? Part(3)[0] : '-',
            _alternate = Part(4).Length > 0,
            _width = Part(6).Length > 0 ? int.Parse(Part(6), CultureInfo.InvariantCulture) : 0,
            _grouping = Part(7),
            _precision = Part(8).Length > 0 ? int.Parse(Part(8), CultureInfo.InvariantCulture) : -1,
            _type = Part(9),
        };
        return form.Write(value) ?? throw Refusal.Of($"{Kinds.Of(value)} cannot be written in the format '{specification}'");
    }

    /// <summary>A number without sign: <paramref name="type"/> is e, f, g or, for the shortest form, empty.</summary>
    public static string Digits(double value, char type, int precision, bool alternate)
    {
        value = Math.Abs(value);
        if (!double.IsFinite(value)) return double.IsNaN(value) ? "nan" : "inf";
        if (type == 'f') return Fixed(value, precision) + (alternate && precision == 0 ? "." : "");
        if (type == 'e' && alternate && precision == 0) throw Refusal.Of("a format with '#', 'e' and no digits is not supported");
        if (type == 'e') return Scientific(value, precision, out _);
        precision = Math.Max(precision, 1);
        var scientific = Scientific(value, precision - 1, out var exponent);
        var cut = scientific.IndexOf('e', StringComparison.Ordinal);
        var (mantissa, tail) = exponent < -4 || exponent >= precision ? (scientific[..cut], scientific[cut..])
            : (Fixed(value, precision - 1 - exponent), "");
        return (alternate || !mantissa.Contains('.', StringComparison.Ordinal) ? mantissa : mantissa.TrimEnd('0').TrimEnd('.')) + tail;
    }

    private string? Write(object? value)
    {
        if (Kinds.IsText(value))
        {
            if (_type is not ("" or "s") || _sign != '-' || _alternate || _grouping.Length > 0 || _align == '=') return null;
            var text = PythonText.Of(value);
            return Padded("", _precision >= 0 ? string.Concat(text.EnumerateRunes().Take(_precision)) : text, '<');
        }
        if (!Numbers.IsNumber(value)) return null;
        var real = value is double || _type is "e" or "E" or "f" or "F" or "g" or "G" or "%";
        var number = real ? Real(Numbers.Real(value)) : Whole(Numbers.Big(value));
        if (number is null) return null;
        var negative = value is double d ? double.IsNegative(d) && !double.IsNaN(d) : Numbers.Big(value).Sign < 0;
        var sign = negative ? "-" : _sign == '-' ? "" : _sign.ToString();
        var prefix = _alternate && !real && _type is "b" or "o" or "x" or "X" && _alternate ? "0" + _type : "";
        return Padded(sign + prefix, number, '>');
    }

    private string? Whole(BigInteger value)
    {
        if (_precision >= 0) return null;
        value = BigInteger.Abs(value);
        return _type switch
        {
            "" or "d" => Grouped(value.ToString(CultureInfo.InvariantCulture), 3),
            "b" when _grouping != "," => Grouped(InBase(value, 2), 4),
            "o" when _grouping != "," => Grouped(InBase(value, 8), 4),
            "x" when _grouping != "," => Grouped(InBase(value, 16), 4),
            "X" when _grouping != "," => Grouped(InBase(value, 16).ToUpperInvariant(), 4),
            "c" when _sign == '-' && value <= 0x10FFFF && (int)value is < 0xD800 or > 0xDFFF => char.ConvertFromUtf32((int)value),
            _ => null,
        };
    }

    private string? Real(double value)
    {
        var precision = _precision < 0 ? 6 : _precision;
        var text = _type switch
        {
            "f" or "F" => Digits(value, 'f', precision, _alternate),
            "e" or "E" => Digits(value, 'e', precision, _alternate),
            "g" or "G" => Digits(value, 'g', precision, _alternate),
            "%" => Digits(value * 100, 'f', precision, _alternate) + "%",
            "" when _precision < 0 && !_alternate => PythonText.Real(Math.Abs(value)),
            "" when !_alternate => Short(value),
            _ => null,
        };
        if (_type is "E" or "F" or "G") text = text?.ToUpperInvariant();
        if (text is null || !double.IsFinite(value)) return text;
        var whole = text.TakeWhile(char.IsAsciiDigit).Count();
        return Grouped(text[..whole], 3, text[whole..]);
    }

    // Like 'g', but with a digit after the point.
    private string Short(double value)
    {
        var text = Digits(value, 'g', _precision, alternate: false);
        if (text.Contains('e', StringComparison.Ordinal) || text.Contains('.', StringComparison.Ordinal)) return text;
        return text.Length >= Math.Max(_precision, 1) ? Digits(value, 'e', Math.Max(_precision, 1) - 1, false) : text + ".0";
    }

    private string Grouped(string digits, int size, string tail = "")
    {
        if (_grouping.Length == 0) return digits + tail;
        if (_align == '=' && _fill == "0" && _width > digits.Length + tail.Length)
            throw Refusal.Of("a format with both leading zeros and groups is not supported");
        for (var at = digits.Length - size; at > 0; at -= size) digits = digits.Insert(at, _grouping);
        return digits + tail;
    }

    private string Padded(string sign, string body, char usual) => (_align == '\0' ? usual : _align) switch
    {
        '=' => sign + Strings.Pad(body, _width - sign.Length, _fill, long.MaxValue),
        '<' => Strings.Pad(sign + body, _width, _fill, 0),
        '^' => Strings.Pad(sign + body, _width, _fill, (_width - Strings.Length(sign + body)) / 2),
        _ => Strings.Pad(sign + body, _width, _fill, long.MaxValue),
    };

    private static string Fixed(double value, int precision)
    {
        var digits = Numbers.Scaled(value, precision).ToString(CultureInfo.InvariantCulture).PadLeft(precision + 1, '0');
        return precision == 0 ? digits : digits[..^precision] + "." + digits[^precision..];
    }

    private static string Scientific(double value, int precision, out int exponent)
    {
        exponent = value == 0 ? 0 : (int)Math.Floor(Math.Log10(value));
        var digits = Numbers.Scaled(value, precision - exponent).ToString(CultureInfo.InvariantCulture);
        // The logarithm may be off by one, and rounding may carry.
        if (digits.Length != precision + 1 && value != 0)
        {
            exponent += digits.Length > precision + 1 ? 1 : -1;
            digits = Numbers.Scaled(value, precision - exponent).ToString(CultureInfo.InvariantCulture);
        }
        digits = digits.PadRight(precision + 1, '0');
        var fraction = precision > 0 ? "." + digits[1..(precision + 1)] : "";
        return $"{digits[..1]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
    }

    private static string InBase(BigInteger value, int radix)
    {
        var digits = new Stack<char>();
        do
        {
            digits.Push("0123456789abcdef"[(int)(value % radix)]);
            value /= radix;
        }
        while (!value.IsZero);
        return string.Concat(digits);
    }
}

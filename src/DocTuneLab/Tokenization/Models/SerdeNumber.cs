using System.Globalization;

namespace DocTuneLab.Tokenization.Models;

/// <summary>
/// Fractions as serde_json reads them, which tokenizers' scores are read with: digits as a whole number, divided once by a power of ten.
/// The result may be the neighbour of the nearest double, which decides between paths that are as likely but for rounding.
/// </summary>
internal static class SerdeNumber
{
    public static double Parse(string text)
    {
        var digits = text.AsSpan().TrimStart('-');
        var mark = digits.IndexOfAny('e', 'E');
        var exponent = mark < 0 ? 0 : int.Parse(digits[(mark + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var (number, point, full) = (0UL, false, false);
        foreach (var c in mark < 0 ? digits : digits[..mark])
        {
            if (c == '.')
            {
                point = true;
                continue;
            }
            // What is too long for 64 bits is cut off.
            full |= number > (ulong.MaxValue - (ulong)(c - '0')) / 10;
            if (!full) number = number * 10 + (ulong)(c - '0');
            if (point != full) exponent += full ? 1 : -1;
        }
        var value = exponent >= 0 ? number * Power(exponent) : number / Power(-exponent);
        return text.StartsWith('-') ? -value : value;
    }

    // Math.Pow is not the nearest double everywhere.
    private static double Power(int exponent) => double.Parse("1e" + exponent, CultureInfo.InvariantCulture);
}

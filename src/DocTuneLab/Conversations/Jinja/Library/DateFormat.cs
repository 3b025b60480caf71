using System.Globalization;
using System.Text;
using DocTuneLab.Conversations.Jinja.Values;

namespace DocTuneLab.Conversations.Jinja.Library;

/// <summary><c>strftime</c> of the C locale, with glibc's flags <c>-</c>, <c>_</c>, <c>0</c>, <c>^</c>.</summary>
internal static class DateFormat
{
    public static string Write(DateTime time, string format)
    {
        var result = new StringBuilder();
        for (var at = 0; at < format.Length; at++)
        {
            if (format[at] != '%')
            {
                result.Append(format[at]);
                continue;
            }
            var flag = at + 2 < format.Length && format[at + 1] is '-' or '_' or '0' or '^' && at + 2 < format.Length ? format[++at] : '\0';
            if (++at >= format.Length) throw Refusal.Of("a date format ends in '%'");
            var text = Part(time, format[at]) ?? throw Refusal.Of($"the date format '%{format[at]}' is not supported");
            var (digits, number) = (text.TrimStart('0', ' '), text.All(c => char.IsAsciiDigit(c) || c == ' ') && text.Trim().Length > 0);
            if (flag is '-' or '_' or '0' && !number) throw Refusal.Of($"the date format '%{flag}{format[at]}' is not supported");
            if (digits.Length == 0) digits = "0";
            result.Append(flag switch
            {
                '-' => digits,
                '_' => digits.PadLeft(text.Length),
                '0' => digits.PadLeft(text.Length, '0'),
                '^' => text.ToUpperInvariant(),
                _ => text,
            });
        }
        return result.ToString();
    }

    private static string? Part(DateTime time, char part) => part switch
    {
        'a' => Of(time, "ddd"),
        'A' => Of(time, "dddd"),
        'b' or 'h' => Of(time, "MMM"),
        'B' => Of(time, "MMMM"),
        'c' => Write(time, "%a %b %e %H:%M:%S %Y"),
        'C' => Number(time.Year / 100, 2),
        'd' => Of(time, "dd"),
        'D' or 'x' => Of(time, "MM'/'dd'/'yy"),
        'e' => Number(time.Day, 2, ' '),
        'f' => Of(time, "ffffff"),
        'F' => Of(time, "yyyy'-'MM'-'dd"),
        'g' => Number(ISOWeek.GetYear(time) % 100, 2),
        'G' => Number(ISOWeek.GetYear(time), 4),
        'H' => Of(time, "HH"),
        'I' => Of(time, "hh"),
        'j' => Number(time.DayOfYear, 3),
        'k' => Number(time.Hour, 2, ' '),
        'l' => Number((time.Hour + 11) % 12 + 1, 2, ' '),
        'm' => Of(time, "MM"),
        'M' => Of(time, "mm"),
        'n' => "\n",
        'p' => time.Hour < 12 ? "AM" : "PM",
        'P' => time.Hour < 12 ? "am" : "pm",
        'r' => Write(time, "%I:%M:%S %p"),
        'R' => Of(time, "HH':'mm"),
        'S' => Of(time, "ss"),
        't' => "\t",
        'T' or 'X' => Of(time, "HH':'mm':'ss"),
        'u' => Number(((int)time.DayOfWeek + 6) % 7 + 1, 1),
        'U' => Number((time.DayOfYear + 6 - (int)time.DayOfWeek) / 7, 2),
        'V' => Number(ISOWeek.GetWeekOfYear(time), 2),
        'w' => Number((int)time.DayOfWeek, 1),
        'W' => Number((time.DayOfYear + 6 - ((int)time.DayOfWeek + 6) % 7) / 7, 2),
        'y' => Of(time, "yy"),
        'Y' => Of(time, "yyyy"),
        // The time has no zone.
        'z' or 'Z' => "",
        '%' => "%",
        _ => null,
    };

    private static string Of(DateTime time, string format) =>
        time.ToString(format.Length == 1 ? "%" + format : format, CultureInfo.InvariantCulture);

    private static string Number(int value, int width, char fill = '0') =>
        value.ToString(CultureInfo.InvariantCulture).PadLeft(width, fill);
}

using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;

namespace DocTuneLab.Conversations.Jinja.Values;

/// <summary>Values as Python prints them: <c>str()</c> and <c>repr()</c>.</summary>
internal static class PythonText
{
    /// <summary>The value as it is printed.</summary>
    /// <exception cref="LabException">Python would print an address.</exception>
    public static string Of(object? value) => value switch
    {
        string s => s,
        Markup m => m.Text,
        Undefined => "",
        _ => Representation(value),
    };

    /// <summary>The value as it is printed within a list.</summary>
    public static string Representation(object? value)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return value switch
        {
            null => "None",
            bool b => b ? "True" : "False",
            long i => i.ToString(CultureInfo.InvariantCulture),
            BigInteger i => i.ToString(CultureInfo.InvariantCulture),
            double d => Real(d),
            string s => Quoted(s),
            Markup m => $"Markup({Quoted(m.Text)})",
            Undefined => "Undefined",
            List<object?> list => $"[{Joined(list)}]",
            JinjaTuple tuple => tuple.Count == 1 ? $"({Representation(tuple[0])},)" : $"({Joined(tuple)})",
            JinjaMap map => Mapping(map),
            MapView view => $"{view.Kind}([{Joined(view.Items)}])",
            JinjaRange { Step: 1 } range => $"range({range.Start}, {range.Stop})",
            JinjaRange range => $"range({range.Start}, {range.Stop}, {range.Step})",
            Namespace space => $"<Namespace {Mapping(space.Fields)}>",
            JinjaFunction { Text: { } text } => text,
            IJinjaObject { Text: { } text } => text,
            _ => throw Refusal.Of($"{Kinds.Of(value)} has no text"),
        };
    }

    /// <summary>The shortest decimal that reads back as the same number.</summary>
    public static string Real(double value)
    {
        if (!double.IsFinite(value)) return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        var parts = value.ToString("E16", CultureInfo.InvariantCulture).Split('E');
        var exponent = int.Parse(parts[1], CultureInfo.InvariantCulture);
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        var digits = string.Concat(text.Split('E')[0].Where(char.IsAsciiDigit)).TrimStart('0').TrimEnd('0');
        if (digits.Length == 0) return double.IsNegative(value) ? "-0.0" : "0.0";
        // 'E16' rounds 9.9999999999999999e22 up to 1e23; the shortest form has the exponent of its own digits.
        if (text.Contains('E', StringComparison.Ordinal)) exponent = int.Parse(text.Split('E')[1], CultureInfo.InvariantCulture);
        var sign = value < 0 ? "-" : "";
        if (exponent is < -4 or >= 16)
            return $"{sign}{digits[..1]}{(digits.Length > 1 ? "." + digits[1..] : "")}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        if (exponent < 0) return $"{sign}0.{new string('0', -exponent - 1)}{digits}";
        digits = digits.PadRight(exponent + 1, '0');
        return $"{sign}{digits[..(exponent + 1)]}.{(digits.Length > exponent + 1 ? digits[(exponent + 1)..] : "0")}";
    }

    /// <summary>Whether Python shows the character as it is.</summary>
    public static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control
        or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);

    private static string Joined(IEnumerable<object?> items) => Strings.Within(string.Join(", ", items.Select(Representation)));

    private static string Mapping(JinjaMap map) =>
        "{" + string.Join(", ", map.Pairs.Select(p => Representation(p.Key) + ": " + Representation(p.Value))) + "}";

    private static string Quoted(string text)
    {
        var quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        var result = new StringBuilder().Append(quote);
        foreach (var rune in text.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '\n' => result.Append("\\n"),
                '\r' => result.Append("\\r"),
                '\t' => result.Append("\\t"),
                _ when rune.Value == quote || rune.Value == '\\' => result.Append('\\').Append(rune.ToString()),
                _ when IsPrintable(rune) => result.Append(rune.ToString()),
                < 0x100 => result.Append(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}"),
                < 0x10000 => result.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}"),
                _ => result.Append(CultureInfo.InvariantCulture, $"\\U{rune.Value:x8}"),
            };
        }
        return result.Append(quote).ToString();
    }
}

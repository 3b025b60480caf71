using System.Globalization;
using System.Text.RegularExpressions;

namespace DocTuneLab.Corpus.Code;

/// <summary>What a number may be, both ends included; null for an end that nothing says.</summary>
internal readonly partial record struct ValueRange(double? Min, double? Max)
{
    private static readonly string[] s_numbers = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

    public static ValueRange Any => default;

    public bool Contains(double value) => !(value < Min) && !(value > Max);

    /// <summary>Whether nothing lies in it: then it was misread.</summary>
    public bool IsEmpty => Min > Max;

    /// <summary>What lies in both; what was misread in one of them counts as unsaid.</summary>
    public ValueRange And(ValueRange other) => new ValueRange(
        Min is { } a && other.Min is { } b ? Math.Max(a, b) : Min ?? other.Min,
        Max is { } c && other.Max is { } d ? Math.Min(c, d) : Max ?? other.Max) is { IsEmpty: false } both ? both : this;

    /// <summary>What a parameter's documentation says: "1 to 999", "zero or more", "at least two".</summary>
    public static ValueRange Documented(string? text)
    {
        if (text is null) return Any;
        if (Between().Match(text) is { Success: true } both) return Ordered(Number(both, 1), Number(both, 2));
        var (min, max) = ((double?)null, (double?)null);
        if (AtLeast().Match(text) is { Success: true } least) min = Number(least, 1) ?? Number(least, 2);
        if (AtMost().Match(text) is { Success: true } most) max = Number(most, 1);
        if (Above().Match(text) is { Success: true } above) min = Number(above, 1) + 1;
        if (NotNegative().IsMatch(text)) min ??= 0;
        if (Positive().IsMatch(text)) min ??= 1;
        return new(min, max);
    }

    /// <summary>What the condition of a documented exception leaves: "is negative", "is not 1 to 999", "is less than one".</summary>
    public static ValueRange Excepted(string condition)
    {
        // "is not more than zero" leaves what is more than zero.
        if (Negated().Match(condition) is { Success: true } not) return Documented(condition[(not.Index + not.Length)..]);
        if (Between().Match(condition) is { Success: true } both) return Ordered(Number(both, 1), Number(both, 2));
        var (min, max) = ((double?)null, (double?)null);
        if (Below().Match(condition) is { Success: true } below) min = Number(below, 1);
        if (Over().Match(condition) is { Success: true } over) max = Number(over, 1);
        if (NotPositive().IsMatch(condition)) min ??= 1;
        else if (Negative().IsMatch(condition)) min ??= 0;
        return new(min, max);
    }

    private static ValueRange Ordered(double? a, double? b) => a <= b ? new(a, b) : Any;

    private static double? Number(Match match, int group)
    {
        var text = match.Groups[group].Value.ToLowerInvariant();
        if (text.Length == 0) return null;
        return Array.IndexOf(s_numbers, text) is >= 0 and var word
            ? word
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    private const string N = @"(-?\d+(?:\.\d+)?|zero|one|two|three|four|five|six|seven|eight|nine|ten)";

    [GeneratedRegex(@"\b(?:from |between )?" + N + @"(?: to | and | through |\.\.\.?)" + N + @"\b(?! letters| characters| digits)",
        RegexOptions.IgnoreCase)]
    private static partial Regex Between();
    [GeneratedRegex(@"\bat least " + N + @"\b|(?<![\w.])" + N + " or (?:more|greater|above)", RegexOptions.IgnoreCase)]
    private static partial Regex AtLeast();
    [GeneratedRegex(@"\b(?:at most|no more than|up to) " + N + @"\b", RegexOptions.IgnoreCase)]
    private static partial Regex AtMost();
    [GeneratedRegex(@"\b(?:greater than|more than|above|over) " + N + @"\b", RegexOptions.IgnoreCase)]
    private static partial Regex Above();
    [GeneratedRegex(@"\b(?:not|never|non-?) ?negative\b", RegexOptions.IgnoreCase)]
    private static partial Regex NotNegative();
    [GeneratedRegex(@"(?<!not )(?<!non-)\bpositive\b", RegexOptions.IgnoreCase)]
    private static partial Regex Positive();
    [GeneratedRegex(@"\bis (?:not|neither)\b(?! positive)", RegexOptions.IgnoreCase)]
    private static partial Regex Negated();
    [GeneratedRegex(@"\b(?:less than|below|smaller than|under) " + N + @"\b", RegexOptions.IgnoreCase)]
    private static partial Regex Below();
    [GeneratedRegex(@"\b(?:greater than|more than|above|over) " + N + @"\b", RegexOptions.IgnoreCase)]
    private static partial Regex Over();
    [GeneratedRegex(@"\b(?:not positive|zero or (?:less|negative)|negative or zero|zero or below)\b", RegexOptions.IgnoreCase)]
    private static partial Regex NotPositive();
    [GeneratedRegex(@"(?<!not )\bnegative\b", RegexOptions.IgnoreCase)]
    private static partial Regex Negative();
}

using System.Globalization;

namespace DocTuneLab.Tokenization.Unicode;

/// <summary>Scripts of Unicode (Standard Annex 24), which the runtime does not know.</summary>
internal static class UnicodeScripts
{
    private static readonly Lazy<Dictionary<string, (int From, int To)[]>> s_ranges = new(Read);

    /// <summary>Code points of a script, case, spaces and underscores in its name aside; null for a name that there is not.</summary>
    public static (int From, int To)[]? Ranges(string name) => s_ranges.Value.GetValueOrDefault(Key(name));

    public static bool Contains((int From, int To)[] ranges, int point)
    {
        var (low, high) = (0, ranges.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (point < ranges[middle].From) high = middle - 1;
            else if (point > ranges[middle].To) low = middle + 1;
            else return true;
        }
        return false;
    }

    private static string Key(string name) => name.Replace("_", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal)
        .ToLowerInvariant();

    private static Dictionary<string, (int, int)[]> Read() =>
        UnicodeData.Lines("scripts.txt").Select(l => l.Split(' ')).ToDictionary(
            fields => Key(fields[0]),
            fields => fields.Skip(1).Select(UnicodeData.Range).ToArray(),
            StringComparer.Ordinal);
}

/// <summary>The tables beside this file.</summary>
internal static class UnicodeData
{
    public static IEnumerable<string> Lines(string name)
    {
        using var reader = new StreamReader(typeof(UnicodeData).Assembly.GetManifestResourceStream("unicode/" + name)!);
        while (reader.ReadLine() is { } line)
            if (line[0] != '#') yield return line;
    }

    public static int Hex(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    public static (int From, int To) Range(string text)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        return dash < 0 ? (Hex(text), Hex(text)) : (Hex(text[..dash]), Hex(text[(dash + 1)..]));
    }
}

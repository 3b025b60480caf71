using System.Globalization;
using System.Text;
using DocTuneLab.Documents.Model;

namespace DocTuneLab.Documents.Files;

/// <summary>File names that a folder can hold here and another system cannot, or that a reader would take for another name.</summary>
internal static class FileNames
{
    private static readonly HashSet<string> s_devices = new(
        ["con", "prn", "aux", "nul", .. Enumerable.Range(1, 9).SelectMany(n => new[] { $"com{n}", $"lpt{n}" })],
        StringComparer.OrdinalIgnoreCase);

    /// <summary>What is wrong with the names of a set of paths.</summary>
    public static IEnumerable<DocumentProblem> Check(IEnumerable<string> paths)
    {
        var seen = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var path in paths)
        {
            foreach (var part in path.Split('/'))
                if (Wrong(part) is { } what) yield return new(path, 0, ProblemKind.FileName, $"the name '{Show(part)}' {what}. Rename it.");
            if (!seen.TryAdd(Folded(path), path))
                yield return new(path, 0, ProblemKind.FileName,
                    $"the name is that of '{Show(seen[Folded(path)])}' but for case, accents written another way, or invisible characters: "
                        + "systems that fold these hold only one of the two. Rename one.");
        }
    }

    /// <summary>A name with its invisible characters shown.</summary>
    private static string Show(string name) =>
        string.Concat(name.EnumerateRunes()
            .Select(r => Rune.GetUnicodeCategory(r) is UnicodeCategory.Format or UnicodeCategory.Control or UnicodeCategory.NonSpacingMark
                ? $"\\u{r.Value:X4}"
                : r.ToString()));

    private static string? Wrong(string name)
    {
        foreach (var rune in name.EnumerateRunes())
        {
            if (rune.Value is (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069) or 0x200E or 0x200F)
                return "holds characters that reverse the direction of text, so that it reads as another name";
            if (Rune.GetUnicodeCategory(rune) == UnicodeCategory.Format) return "holds invisible characters";
            if (Rune.IsControl(rune)) return "holds control characters";
            if (rune.Value is '<' or '>' or ':' or '"' or '|' or '?' or '*' or '\\') return $"holds '{rune}', which Windows does not allow";
            if (rune.Value == 0xFFFD) return "is not valid UTF-8";
            if (Rune.GetUnicodeCategory(rune) == UnicodeCategory.NonSpacingMark && rune.Value is >= 0x300 and <= 0x36F)
                return "is written with combining accents (NFD), which other systems take for another name than the composed one (NFC)";
        }
        if (name.EndsWith('.') || name.EndsWith(' ')) return "ends in a dot or blank, which Windows drops";
        return s_devices.Contains(name.Split('.')[0]) ? "is a device name on Windows" : null;
    }

    /// <summary>Without accents and invisible characters.
    /// The framework's own normalisation is absent under globalization invariance.</summary>
    private static string Folded(string path)
    {
        var text = new StringBuilder(path.Length);
        foreach (var c in path)
        {
            if (CharUnicodeInfo.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.Format) continue;
            var accented = Accented.IndexOf(c, StringComparison.Ordinal);
            text.Append(accented < 0 ? c : Plain[accented]);
        }
        return text.ToString();
    }

    // Each row of the one is the same row of the other, letter for letter.
    private const string Accented =
        "ÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖÙÚÛÜÝàáâãäåçèéêëìíîïñòóôõöùúûüýÿĀā"
        + "ĂăĄąĆćĈĉĊċČčĎďĒēĔĕĖėĘęĚěĜĝĞğĠġĢģĤĥĨĩĪīĬĭĮįİĴĵĶķĹĺĻļĽľŃń"
        + "ŅņŇňŌōŎŏŐőŔŕŖŗŘřŚśŜŝŞşŠšŢţŤťŨũŪūŬŭŮůŰűŲųŴŵŶŷŸŹźŻżŽž";
    private const string Plain =
        "AAAAAACEEEEIIIINOOOOOUUUUYaaaaaaceeeeiiiinooooouuuuyyAa"
        + "AaAaCcCcCcCcDdEeEeEeEeEeGgGgGgGgHhIiIiIiIiIJjKkLlLlLlNn"
        + "NnNnOoOoOoRrRrRrSsSsSsSsTtTtUuUuUuUuUuUuWwYyYZzZzZz";
}

using System.Globalization;
using DocTuneLab.Corpus.Language;
using DocTuneLab.Library;

namespace DocTuneLab.Corpus.Code;

/// <summary>Values of simple types, as they stand in code, that fit a place.</summary>
internal static class Literals
{
    private static readonly string[] s_words = ["alpha", "north", "main", "blue", "A-17", "spare", "unit 4", "beta", "east", "demo"];
    private static readonly double[] s_whole = [1, 2, 3, 4, 5, 8, 10, 12, 20, 50, 100];
    private static readonly double[] s_real = [0.5, 1.5, 2.5, 10, 12.5, 40];
    private static readonly double[] s_steps = [0, 1, 2, 4, 9, 20];

    /// <summary>Literals for a place, the usual first; none where its type has no literals.</summary>
    public static IReadOnlyList<string> For(ValuePlace place)
    {
        var type = TypeText.NotNull(place.Type);
        switch (type)
        {
            case "string": return [.. Texts(place).Select(t => $"\"{t}\"")];
            case "bool": return ["true", "false"];
            case "char": return ["'a'", "'x'", "'-'"];
            case "TimeSpan": return ["TimeSpan.FromSeconds(5)", "TimeSpan.FromMinutes(2)", "TimeSpan.FromHours(1)"];
        }
        if (!TypeText.IsNumber(type) && type is not ("sbyte" or "ushort")) return [];
        var (low, high) = Limits(type);
        var range = place.Range.And(new(low, high));
        var whole = type is not ("double" or "decimal" or "float");
        var usual = UnitTable.Shipped.ValuesOf(place.Role.Quantity.Split('/')[0]);
        List<double> values = [.. (usual.Count > 0 ? usual : whole ? s_whole : s_real)
            .Where(v => range.Contains(v) && (!whole || v == Math.Floor(v)))];
        if (values.Count == 0) values = Between(range, whole);
        return [.. values.Select(v => v.ToString(CultureInfo.InvariantCulture) + Suffix(type, v))];
    }

    private static string Suffix(string type, double value) => type switch
    {
        "float" => "f",
        "decimal" => "m",
        _ => "",
    };

    private static string[] Texts(ValuePlace place)
    {
        if (place.Example is { } example) return [example];
        var words = Roles.Words(place.Name);
        return words.Contains("path") || words.Contains("file") ? ["data.txt"]
            : words.Contains("url") || words.Contains("uri") ? ["https://example.com/a"]
            : words.Contains("pattern") || words.Contains("regex") ? ["^a+$"]
            : words.Contains("format") ? ["G"]
            : s_words;
    }

    private static (double Low, double High) Limits(string type) => type switch
    {
        "byte" => (0, 255),
        "sbyte" => (-128, 127),
        "short" => (-32768, 32767),
        "ushort" => (0, 65535),
        "uint" or "ulong" => (0, int.MaxValue),
        "int" => (int.MinValue, int.MaxValue),
        _ => (-1e15, 1e15),
    };

    private static List<double> Between(ValueRange range, bool whole)
    {
        var (low, high) = (range.Min, range.Max);
        var values = low is { } a && high is { } b ? [a + (b - a) / 4, a + (b - a) / 2, a + (b - a) * 3 / 4, b]
            : low is { } min ? s_steps.Select(s => min + s)
            : s_steps.Select(s => high!.Value - s);
        return [.. values.Select(v => whole ? Math.Floor(v) : Math.Round(v, 2)).Where(range.Contains).Distinct()];
    }

    /// <summary>Members of an enumeration of the library; none for other types.</summary>
    public static IReadOnlyList<MemberEntry> Members(ApiIndex index, string type) =>
        index.Find(TypeText.NotNull(type)) is { Symbol.Kind: ApiKind.Enum } entry
            ? [.. entry.Members.Where(m => m.Symbol.Kind == ApiKind.EnumMember && m.Symbol.Obsolete is null)]
            : [];
}

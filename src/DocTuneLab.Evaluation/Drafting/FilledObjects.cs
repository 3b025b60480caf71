using System.Text.RegularExpressions;
using DocTuneLab.Library;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>Objects that are made of nothing, with their properties set, each to something else: what is as it comes tells no call from
/// another.</summary>
/// <param name="api">The library.</param>
internal sealed partial class FilledObjects(ApiModel api)
{
    private const int MostProperties = 4;

    private static readonly Dictionary<string, string[]> s_values = new(StringComparer.Ordinal)
    {
        ["string"] = ["\"harbour\"", "\"meadow\"", "\"quarry\"", "\"bridge\""],
        ["int"] = ["3", "8", "5", "12"],
        ["long"] = ["30", "80", "50", "120"],
        ["double"] = ["0.25", "0.75", "0.5", "0.125"],
        ["decimal"] = ["2.5m", "7.25m", "5m", "1.75m"],
        ["bool"] = ["true", "false", "false", "true"],
        ["char"] = ["'k'", "'x'", "'b'", "'q'"],
        ["TimeSpan"] = ["TimeSpan.FromSeconds(3)", "TimeSpan.FromSeconds(8)", "TimeSpan.FromSeconds(5)", "TimeSpan.FromMinutes(2)"],
    };

    private readonly Dictionary<string, IReadOnlyList<ApiSymbol>> _known = new(StringComparer.Ordinal);

    /// <summary>Lists of values, the objects in them filled in. No two objects are alike, and no property orders them as another does.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<string>> In(IReadOnlyList<IReadOnlyList<string>> values)
    {
        var made = 0;
        return [.. values.Select(list => (IReadOnlyList<string>)[.. list.Select(code => Bare().Replace(code, m => Filled(m, made++)))])];
    }

    private string Filled(Match made, int number)
    {
        var set = Properties(made.Groups[1].Value).Select((p, i) => (p.Name, Values: s_values[p.ReturnType.TrimEnd('?')], Place: i))
            .Select(p => $"{p.Name} = {p.Values[(number + (number * p.Place)) % p.Values.Length]}").ToList();
        return set.Count == 0 ? made.Value : $"new {made.Groups[1].Value} {{ {string.Join(", ", set)} }}";
    }

    private IReadOnlyList<ApiSymbol> Properties(string type)
    {
        if (_known.TryGetValue(type, out var known)) return known;
        var found = api.Types.Where(t => t.Name == type).Take(2).ToList();
        return _known[type] = found is not [var only] ? [] : [.. api.MembersOf(only.Id, inherited: true)
            .Where(p => p is { Kind: ApiKind.Property, IsStatic: false, Obsolete: null }
                && Settable().IsMatch(p.Signature) && s_values.ContainsKey(p.ReturnType.TrimEnd('?')))
            .DistinctBy(p => p.Name).Take(MostProperties)];
    }

    // An object without arguments; what has an initialiser says already what it is.
    [GeneratedRegex(@"new (\w+)\(\)(?!\s*\{)")]
    private static partial Regex Bare();
    [GeneratedRegex(@"(?<!(?:private|protected|internal) )(?:set|init);")]
    private static partial Regex Settable();
}

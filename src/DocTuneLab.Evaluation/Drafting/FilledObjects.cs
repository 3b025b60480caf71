using System.Text.RegularExpressions;
using DocTuneLab.Library;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>Objects that are made of nothing, with their properties set, each to something else: what is as it comes tells no call from
/// another.</summary>
/// <param name="api">The library.</param>
internal sealed partial class FilledObjects(ApiModel api)
{
    private static readonly Dictionary<string, string[]> s_values = new(StringComparer.Ordinal)
    {
        ["string"] = ["\"harbour\"", "\"meadow\"", "\"quarry\"", "\"bridge\""],
        ["int"] = ["3", "8", "5", "12"],
        ["long"] = ["30", "80", "50", "120"],
        ["double"] = ["0.25", "0.75", "0.5", "0.125"],
        ["decimal"] = ["2.5m", "7.25m", "5m", "1.75m"],
        // Of three objects two are chosen, and one is not.
        ["bool"] = ["true", "false", "true", "true"],
        ["char"] = ["'k'", "'x'", "'b'", "'q'"],
        ["TimeSpan"] = ["TimeSpan.FromSeconds(3)", "TimeSpan.FromSeconds(8)", "TimeSpan.FromSeconds(5)", "TimeSpan.FromMinutes(2)"],
    };

    // Of the values of each property, so that none orders objects as another does, and each differs from one object to the next.
    private static readonly int[][] s_orders = [[0, 1, 2, 3], [2, 0, 3, 1], [1, 3, 0, 2], [3, 2, 1, 0]];

    private readonly Dictionary<string, IReadOnlyList<ApiSymbol>> _known = new(StringComparer.Ordinal);

    /// <summary>Lists of values, the objects in them filled in. No two objects are alike, and no property orders them as another does.
    /// </summary>
    /// <param name="values">The lists.</param>
    /// <param name="code">What is done with them: the properties that it names are set.</param>
    public IReadOnlyList<IReadOnlyList<string>> In(IReadOnlyList<IReadOnlyList<string>> values, string code)
    {
        var named = Member().Matches(code).Select(m => m.Groups[1].Value).ToHashSet(StringComparer.Ordinal);
        var made = 0;
        return [.. values.Select(list => (IReadOnlyList<string>)[.. list
            .Select(value => Bare().Replace(value, m => Filled(m, named, made++)))])];
    }

    private string Filled(Match made, HashSet<string> named, int number, int from = 0)
    {
        var set = Properties(made.Groups[1].Value).Where(p => named.Contains(p.Name)).Take(s_orders.Length)
            .Select((p, i) => (p.Name, Values: Values(p.ReturnType.TrimEnd('?')), Order: s_orders[(from + i) % s_orders.Length]))
            .Select(p => $"{p.Name} = {p.Values[p.Order[number % p.Order.Length] % p.Values.Length]}").ToList();
        // What it is made of is an object of the same number, in another order.
        var given = Bare().Replace(made.Groups[2].Value, m => Filled(m, named, number, from + set.Count));
        // An initialiser stands for empty brackets.
        return $"new {made.Groups[1].Value}"
            + (set.Count == 0 ? given : $"{(given is "()" ? "" : given)} {{ {string.Join(", ", set)} }}");
    }

    // Of an enum its own values.
    private string[] Values(string type) => s_values.TryGetValue(type, out var known) ? known
        : api.Types.FirstOrDefault(t => t.Kind == ApiKind.Enum && t.Name == type) is { } own
            ? [.. api.MembersOf(own.Id).Where(m => m.Kind == ApiKind.EnumMember).Take(s_orders.Length)
                .Select(m => $"{type}.{m.Name}")] : [];

    private IReadOnlyList<ApiSymbol> Properties(string type)
    {
        if (_known.TryGetValue(type, out var known)) return known;
        var found = api.Types.Where(t => t.Name == type && !t.Id.Contains('`')).Take(2).ToList();
        return _known[type] = found is not [var only] ? [] : [.. api.MembersOf(only.Id, inherited: true)
            .Where(p => p is { Kind: ApiKind.Property, IsStatic: false, Obsolete: null }
                && Settable().IsMatch(p.Signature) && Values(p.ReturnType.TrimEnd('?')).Length > 1)
            .DistinctBy(p => p.Name)];
    }

    // What has an initialiser says already what it is.
    [GeneratedRegex(@"new (\w+)(\((?>[^()]+|(?<open>\()|(?<-open>\)))*(?(open)(?!))\))(?!\s*\{)")]
    private static partial Regex Bare();
    [GeneratedRegex(@"\.(\w+)")]
    private static partial Regex Member();
    [GeneratedRegex(@"(?<!(?:private|protected|internal) )(?:set|init);")]
    private static partial Regex Settable();
}

using System.Globalization;
using System.Text;
using static DocTuneLab.Conversations.Jinja.JinjaValues;

namespace DocTuneLab.Conversations.Jinja;

/// <summary>Filters, tests and methods that chat templates use; any other is refused by name.</summary>
internal static class JinjaBuiltins
{
    private const long LongestRange = 100_000;

    /// <summary>Names that <see cref="Filter"/> knows.</summary>
    public static IReadOnlySet<string> Filters { get; } = new HashSet<string>(StringComparer.Ordinal)
    {
        "trim", "upper", "lower", "title", "capitalize", "length", "count", "first", "last", "join", "replace", "default", "d", "tojson",
        "string", "safe", "escape", "e", "int", "float", "abs", "round",
        "list", "items", "dictsort", "reverse", "sort", "unique", "sum", "min", "max", "indent", "map", "select", "reject", "selectattr",
        "rejectattr",
    };

    public static object? Filter(string name, object? value, IReadOnlyList<object?> a, IReadOnlyDictionary<string, object?> named)
    {
        switch (name)
        {
            case "trim": return Strip(TextOf(value), a, left: true, right: true);
            case "upper" or "lower" or "title" or "capitalize": return Method(TextOf(value), name, a, named);
            case "length" or "count": return value is string s ? s.EnumerateRunes().LongCount() : Items(value).LongCount();
            case "first": return Items(value).FirstOrDefault(new Undefined("first of nothing"));
            case "last": return Items(value).LastOrDefault(new Undefined("last of nothing"));
            case "join": return string.Join(a.Count > 0 ? TextOf(a[0]) : "", Projected(Items(value), named).Select(TextOf));
            case "replace": return TextOf(value).Replace(TextOf(a[0]), TextOf(a[1]), StringComparison.Ordinal);
            case "default" or "d":
                var fallback = a.Count > 0 ? a[0] : named.GetValueOrDefault("default_value", "");
                return value is Undefined
                    || a.Count > 1 && Truth(a[1]) && !Truth(value)
                    || named.TryGetValue("boolean", out var any) && Truth(any) && !Truth(value) ? fallback : value;
            case "tojson":
                var json = new StringBuilder();
                WriteJson(value, named.TryGetValue("indent", out var indent) && indent is not null
                    ? Integer(indent) : a.Count > 0 && a[0] is not null ? Integer(a[0]) : null, json);
                return json.ToString();
            case "string" or "safe": return TextOf(value);
            case "escape" or "e":
                return TextOf(value).Replace("&", "&amp;", StringComparison.Ordinal)
                    .Replace("<", "&lt;", StringComparison.Ordinal)
                    .Replace(">", "&gt;", StringComparison.Ordinal)
                    .Replace("'", "&#39;", StringComparison.Ordinal)
                    .Replace("\"", "&#34;", StringComparison.Ordinal);
            case "int":
                return value is string t
                    ? long.TryParse(t, CultureInfo.InvariantCulture, out var i) ? i : a.Count > 0 ? a[0] : 0L
                    : (long)Math.Truncate(Number(value));
            case "float": return value is string f ? double.TryParse(f, CultureInfo.InvariantCulture, out var d) ? d : 0.0 : Number(value);
            case "abs": return value is long n ? (object?)Math.Abs(n) : Math.Abs(Number(value));
            case "round": return Math.Round(Number(value), a.Count > 0 ? (int)Integer(a[0]) : 0, MidpointRounding.ToEven);
            case "list": return Items(value).ToList();
            case "items": return Pairs(value);
            case "dictsort": return Pairs(value).OrderBy(p => TextOf(((List<object?>)p!)[0]), StringComparer.OrdinalIgnoreCase).ToList();
            case "reverse": return value is string r ? string.Concat(Items(r).Reverse()) : Items(value).Reverse().ToList();
            case "sort": return Items(value).Order(Comparer<object?>.Create(Compare)).ToList();
            case "unique":
                return Items(value).Aggregate(new List<object?>(), (list, item) => list.Any(x => Same(x, item)) ? list : [.. list, item]);
            case "sum": return Projected(Items(value), named).Aggregate((object?)0L, Add);
            case "min": return Items(value).Order(Comparer<object?>.Create(Compare)).First();
            case "max": return Items(value).Order(Comparer<object?>.Create(Compare)).Last();
            case "indent":
                var margin = new string(' ',
                    a.Count > 0 ? (int)Integer(a[0]) : named.TryGetValue("width", out var width) ? (int)Integer(width) : 4);
                var indentFirst = a.Count > 1 && Truth(a[1]) || named.TryGetValue("first", out var wanted) && Truth(wanted);
                return string.Join('\n',
                    TextOf(value).Split('\n').Select((line, at) => (at > 0 || indentFirst) && line.Length > 0 ? margin + line : line));
            case "map":
                return a.Count > 0
                    ? Items(value).Select(item => Filter(TextOf(a[0]), item, [.. a.Skip(1)], named)).ToList()
                    : Projected(Items(value), named).ToList();
            case "select" or "reject":
                return Items(value).Where(item =>
                    (name == "select") == (a.Count == 0 ? Truth(item) : Test(TextOf(a[0]), item, [.. a.Skip(1)])))
                    .ToList();
            case "selectattr" or "rejectattr":
                return Items(value).Where(item => (name == "selectattr")
                    == (a.Count == 1 ? Truth(Member(item, TextOf(a[0]))) : Test(TextOf(a[1]), Member(item, TextOf(a[0])), [.. a.Skip(2)])))
                    .ToList();
            default: throw new LabException($"chat template: the filter '{name}' is not supported");
        }
    }

    public static bool Test(string name, object? value, IReadOnlyList<object?> a) => name switch
    {
        "defined" => value is not Undefined,
        "undefined" => value is Undefined,
        "none" => value is null,
        "string" => value is string,
        "number" => value is long or double,
        "integer" => value is long,
        "float" => value is double,
        "boolean" => value is bool,
        "true" => value is true,
        "false" => value is false,
        "mapping" => value is Dictionary<string, object?>,
        "iterable" or "sequence" => value is string or List<object?> or Dictionary<string, object?>,
        "callable" => value is JinjaFunction,
        "odd" => Integer(value) % 2 != 0,
        "even" => Integer(value) % 2 == 0,
        "divisibleby" => Integer(value) % Integer(a[0]) == 0,
        "eq" or "equalto" or "==" or "sameas" => Same(value, a[0]),
        "ne" or "!=" => !Same(value, a[0]),
        "lt" or "<" => Compare(value, a[0]) < 0,
        "le" or "<=" => Compare(value, a[0]) <= 0,
        "gt" or ">" => Compare(value, a[0]) > 0,
        "ge" or ">=" => Compare(value, a[0]) >= 0,
        "in" => Contains(a[0], value),
        "lower" => TextOf(value).AsSpan().SequenceEqual(TextOf(value).ToLowerInvariant()),
        "upper" => TextOf(value).AsSpan().SequenceEqual(TextOf(value).ToUpperInvariant()),
        _ => throw new LabException($"chat template: the test '{name}' is not supported"),
    };

    /// <summary>A field, element or method.</summary>
    public static object? Member(object? target, object? key)
    {
        switch (target, key)
        {
            case (Dictionary<string, object?> map, string name):
                return map.TryGetValue(name, out var field)
                    ? field : name is "items" or "keys" or "values" or "get" ? Bound(target, name) : new Undefined(name);
            case (Namespace space, string name): return space.Fields.TryGetValue(name, out var value) ? value : new Undefined(name);
            case (List<object?> list, long i):
                return (i < 0 ? i + list.Count : i) is var at && at >= 0 && at < list.Count ? list[(int)at] : new Undefined($"element {i}");
            case (string s, long i): return Member(Items(s).ToList(), i) is string c ? c : new Undefined($"character {i}");
            case (string, string name): return Bound(target, name);
            case (Undefined u, _): throw new LabException($"chat template: '{u.Name}' is undefined, so it has no '{key}'");
            default: return new Undefined(key as string ?? TextOf(key));
        }

        static JinjaFunction Bound(object target, string name) => (arguments, named) => Method(target, name, arguments, named);
    }

    public static object? Slice(object? target, object? from, object? to, object? step)
    {
        var items = target is string s ? Items(s).ToList() : Items(target).ToList();
        var stride = step is null ? 1 : Integer(step);
        if (stride == 0) throw new LabException("chat template: a slice has the step 0");
        long Bound(object? at, long fallback) =>
            at is null
                ? fallback
                : Math.Clamp(Integer(at) < 0 ? Integer(at) + items.Count : Integer(at), stride > 0 ? 0 : -1,
                    stride > 0 ? items.Count : items.Count - 1);
        var (first, last) = (Bound(from, stride > 0 ? 0 : items.Count - 1), Bound(to, stride > 0 ? items.Count : -1));
        var result = new List<object?>();
        for (var i = first; stride > 0 ? i < last : i > last; i += stride) result.Add(items[(int)i]);
        return target is string ? string.Concat(result) : result;
    }

    public static bool Contains(object? container, object? item) => container switch
    {
        string s => item is string part && s.Contains(part, StringComparison.Ordinal),
        Dictionary<string, object?> map => item is string key && map.ContainsKey(key),
        _ => Items(container).Any(x => Same(x, item)),
    };

    public static object? Add(object? a, object? b) => (a, b) switch
    {
        (string x, string y) => x + y,
        (List<object?> x, List<object?> y) => (List<object?>)[.. x, .. y],
        (long x, long y) => checked(x + y),
        (long or double, long or double) => Number(a) + Number(b),
        _ => throw new LabException($"chat template: {Kind(a)} and {Kind(b)} cannot be added"),
    };

    public static List<object?> Range(IReadOnlyList<object?> a)
    {
        var (from, to, step) = a.Count switch
        {
            1 => (0, Integer(a[0]), 1),
            2 => (Integer(a[0]), Integer(a[1]), 1),
            _ => (Integer(a[0]), Integer(a[1]), Integer(a[2]))
        };
        if (step == 0 || Math.Abs((to - from) / step) > LongestRange)
            throw new LabException(
                $"chat template: range({string.Join(", ", a.Select(TextOf))}) is not supported; at most {LongestRange} elements");
        var list = new List<object?>();
        for (var i = from; step > 0 ? i < to : i > to; i += step) list.Add(i);
        return list;
    }

    private static IEnumerable<object?> Projected(IEnumerable<object?> items, IReadOnlyDictionary<string, object?> named) =>
        named.TryGetValue("attribute", out var attribute)
            ? items.Select(i => TextOf(attribute).Split('.').Aggregate(i, (x, part) => Member(x, part)) is Undefined
                && named.TryGetValue("default", out var other)
                ? other
                : TextOf(attribute).Split('.').Aggregate(i, (x, part) => Member(x, part)))
            : items;

    private static List<object?> Pairs(
        object? value) => value is Dictionary<string, object?> map ? [.. map.Select(p => (object?)new List<object?> { p.Key, p.Value })]
        : value is Undefined ? [] : throw new LabException($"chat template: {Kind(value)} has no items");

    private static object? Method(object? target, string name, IReadOnlyList<object?> a, IReadOnlyDictionary<string, object?> named)
    {
        if (target is Dictionary<string, object?> map)
        {
            return name switch
            {
                "items" => Pairs(map),
                "keys" => map.Keys.Select(k => (object?)k).ToList(),
                "values" => map.Values.ToList(),
                _ => map.TryGetValue(TextOf(a[0]), out var value) ? value : a.Count > 1 ? a[1] : null,
            };
        }
        var text = (string)target!;
        switch (name)
        {
            case "strip": return Strip(text, a, left: true, right: true);
            case "lstrip": return Strip(text, a, left: true, right: false);
            case "rstrip": return Strip(text, a, left: false, right: true);
            case "upper": return text.ToUpperInvariant();
            case "lower": return text.ToLowerInvariant();
            case "capitalize": return text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant();
            case "title":
                return string.Concat(
                    text.Select((c, i) => i == 0 || !char.IsLetter(text[i - 1]) ? char.ToUpperInvariant(c) : char.ToLowerInvariant(c)));
            case "startswith": return Any(a[0], p => text.StartsWith(p, StringComparison.Ordinal));
            case "endswith": return Any(a[0], p => text.EndsWith(p, StringComparison.Ordinal));
            case "replace":
                return a.Count > 2
                    ? throw new LabException("chat template: replace() with a count is not supported")
                    : text.Replace(TextOf(a[0]), TextOf(a[1]), StringComparison.Ordinal);
            case "find": return (long)text.IndexOf(TextOf(a[0]), StringComparison.Ordinal);
            case "count": return text.Split(TextOf(a[0])).LongLength - 1;
            case "isdigit": return text.Length > 0 && text.All(char.IsDigit);
            case "isalpha": return text.Length > 0 && text.All(char.IsLetter);
            case "join": return string.Join(text, Items(a[0]).Select(TextOf));
            case "split":
                if (a.Count == 0 || a[0] is null)
                    return text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(p => (object?)p).ToList();
                return text.Split(TextOf(a[0]), a.Count > 1 && Integer(a[1]) >= 0 ? (int)Integer(a[1]) + 1 : int.MaxValue)
                    .Select(p => (object?)p)
                    .ToList();
            case "splitlines": return text.Split('\n').Select(p => (object?)p.TrimEnd('\r')).ToList();
            default:
                throw new LabException(
                    $"chat template: strings have no supported method '{name}'{(named.Count > 0 ? " with named arguments" : "")}");
        }

        static bool Any(object? value, Func<string, bool> test) =>
            value is List<object?> list ? list.Any(p => test(TextOf(p))) : test(TextOf(value));
    }

    private static string Strip(string text, IReadOnlyList<object?> a, bool left, bool right)
    {
        char[]? set = a.Count > 0 && a[0] is not null ? TextOf(a[0]).ToCharArray() : null;
        if (left) text = text.TrimStart(set);
        return right ? text.TrimEnd(set) : text;
    }
}

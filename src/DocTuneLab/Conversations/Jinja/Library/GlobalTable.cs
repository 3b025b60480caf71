using DocTuneLab.Conversations.Jinja.Values;

namespace DocTuneLab.Conversations.Jinja.Library;

/// <summary>Functions that every template has.</summary>
internal static class GlobalTable
{
    private const long LongestRange = 100_000;
    private static readonly Signature s_range = new("start stop? step? /"), s_mapping = new("mapping? /"), s_joiner = new("sep?");

    public static IReadOnlyDictionary<string, object?> All { get; } = new Dictionary<string, object?>
    {
        ["range"] = new JinjaFunction("range", Range, "<class 'range'>"),
        ["dict"] = new JinjaFunction("dict", call => Map("dict()", call), "<class 'dict'>"),
        ["namespace"] = new JinjaFunction("namespace", call => new Namespace(Map("namespace()", call)), "<class 'jinja2.utils.Namespace'>"),
        ["cycler"] = new JinjaFunction("cycler", call => new Cycler(call), "<class 'jinja2.utils.Cycler'>"),
        ["joiner"] = new JinjaFunction(
            "joiner", call => Joiner(s_joiner.Bind("joiner()", call).Text(0, ", ")), "<class 'jinja2.utils.Joiner'>"),
        ["lipsum"] = new JinjaFunction("lipsum", _ => throw Refusal.Of("lipsum() writes at random and is not supported")),
    };

    private static JinjaRange Range(CallArguments call)
    {
        var a = s_range.Bind("range()", call);
        var step = a.Integer(2, 1);
        if (step == 0) throw Refusal.Of("range() has the step 0");
        var range = a.Has(1) ? new JinjaRange(a.Integer(0), a.Integer(1), step) : new JinjaRange(0, a.Integer(0), 1);
        if (Math.Abs((double)range.Stop - range.Start) / Math.Abs((double)step) > LongestRange)
            throw Refusal.Of($"{PythonText.Of(range)} is too long; at most {LongestRange} elements");
        return range;
    }

    private static JinjaMap Map(string function, CallArguments call)
    {
        var given = s_mapping.Bind(function, CallArguments.Of(call.Positional)).Or(0, null);
        var map = new JinjaMap();
        if (given is JinjaMap other) map = new JinjaMap(other);
        else if (call.Positional.Count > 0) AddPairs(map, Kinds.Items(given));
        foreach (var (name, value) in call.Named) map[name] = value;
        return map;
    }

    private static void AddPairs(JinjaMap map, IEnumerable<object?> pairs)
    {
        foreach (var pair in pairs)
        {
            var parts = Kinds.Items(pair).ToList();
            if (parts.Count != 2) throw Refusal.Of("a mapping is made of pairs");
            map[parts[0]] = parts[1];
        }
    }

    private static JinjaFunction Joiner(string separator)
    {
        var used = false;
        return new JinjaFunction("joiner", call =>
        {
            if (call.Positional.Count + call.Named.Count > 0) throw Refusal.Of("a joiner takes no values");
            (var before, used) = (used, true);
            return before ? separator : "";
        });
    }

    private sealed class Cycler : IJinjaObject
    {
        private readonly IReadOnlyList<object?> _items;
        private int _at;

        public Cycler(CallArguments call)
        {
            if (call.Positional.Count == 0 || call.Named.Count > 0) throw Refusal.Of("cycler() takes one or more values");
            _items = call.Positional;
        }

        public string? Text => null;

        public JinjaFunction? Function => null;

        public bool TryGet(string name, out object? value)
        {
            value = name switch
            {
                "current" => _items[_at],
                "pos" => (long)_at,
                "items" => new JinjaTuple(_items),
                "next" => new JinjaFunction(name, _ => Move((_at + 1) % _items.Count)),
                "reset" => new JinjaFunction(name, _ =>
                {
                    Move(0);
                    return null;
                }),
                _ => null,
            };
            return name is "current" or "pos" or "items" or "next" or "reset";
        }

        private object? Move(int to)
        {
            var current = _items[_at];
            _at = to;
            return current;
        }
    }
}

using System.Collections.Frozen;
using DocTuneLab.Conversations.Jinja.Values;

namespace DocTuneLab.Conversations.Jinja.Library;

/// <summary>Methods of Python's types: those that templates may call, and those that are refused, since they change a value (so
/// does the sandbox of transformers) or give what a template cannot print.</summary>
internal static class MethodTable
{
    private static readonly FrozenSet<string> s_refusedOfText = Names("encode maketrans translate");
    private static readonly FrozenSet<string> s_refusedOfMarkup = Names("encode maketrans translate striptags unescape escape");
    private static readonly FrozenSet<string> s_refusedOfLists = Names("append extend insert pop remove clear sort reverse");
    private static readonly FrozenSet<string> s_refusedOfMaps = Names("clear pop popitem setdefault update fromkeys");
    private static readonly FrozenSet<string> s_refusedOfViews = Names("mapping isdisjoint");
    private static readonly FrozenSet<string> s_refusedOfNumbers = Names(
        "real imag numerator denominator conjugate bit_length bit_count to_bytes from_bytes as_integer_ratio is_integer hex fromhex");

    private static readonly Dictionary<string, Operation> s_none = [];

    private static readonly Dictionary<string, Operation> s_sequence = new()
    {
        ["index"] = new("value start? stop? /", (self, a) => Index(self, a)),
        ["count"] = new("value /", (self, a) => Kinds.Items(self).LongCount(item => Equality.Same(item, a[0]))),
    };

    private static readonly Dictionary<string, Operation> s_list = new(s_sequence)
    {
        ["copy"] = new("", (self, _) => Kinds.Items(self).ToList()),
    };

    private static readonly Dictionary<string, Operation> s_map = new()
    {
        ["items"] = new("", (self, _) => new MapView("dict_items", [.. Kinds.Pairs((JinjaMap)self!)])),
        ["keys"] = new("", (self, _) => new MapView("dict_keys", [.. ((JinjaMap)self!).Keys])),
        ["values"] = new("", (self, _) => new MapView("dict_values", [.. ((JinjaMap)self!).Values])),
        ["get"] = new("key default? /", (self, a) => ((JinjaMap)self!).TryGet(a[0], out var value) ? value : a.Or(1, null)),
        ["copy"] = new("", (self, _) => new JinjaMap((JinjaMap)self!)),
    };

    /// <summary>Methods of a value's type, and names of it that are refused.</summary>
    public static (IReadOnlyDictionary<string, Operation> Methods, FrozenSet<string> Refused) Of(object? value) => value switch
    {
        string => (StringMethods.Table, s_refusedOfText),
        Markup => (StringMethods.OfMarkup, s_refusedOfMarkup),
        List<object?> => (s_list, s_refusedOfLists),
        JinjaTuple or JinjaRange => (s_sequence, []),
        JinjaMap => (s_map, s_refusedOfMaps),
        MapView => (s_none, s_refusedOfViews),
        _ when Numbers.IsNumber(value) => (s_none, s_refusedOfNumbers),
        _ => (s_none, []),
    };

    private static long Index(object? self, Arguments a)
    {
        var items = Kinds.Items(self).ToList();
        var (from, to) = (At(a.Integer(1)), At(a.Integer(2, items.Count)));
        for (var i = (int)from; i < to; i++)
            if (Equality.Same(items[i], a[0])) return i;
        throw Refusal.Of($"{PythonText.Representation(a[0])} is not in {Kinds.Of(self)}");

        long At(long index) => Math.Clamp(index < 0 ? index + items.Count : index, 0, items.Count);
    }

    private static FrozenSet<string> Names(string words) => words.Split(' ').ToFrozenSet(StringComparer.Ordinal);
}

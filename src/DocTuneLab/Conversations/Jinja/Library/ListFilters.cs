using System.Globalization;
using DocTuneLab.Conversations.Jinja.Values;

namespace DocTuneLab.Conversations.Jinja.Library;

/// <summary>Filters over lists as a whole: order, parts, sums.</summary>
internal static class ListFilters
{
    public static IReadOnlyDictionary<string, Operation> Table { get; } = new Dictionary<string, Operation>
    {
        ["list"] = new("", (value, _) => Kinds.Items(value is Markup m ? m.Text : value).ToList()),
        ["first"] = new("", (value, _) => Kinds.Items(value).FirstOrDefault(new Undefined("the first of nothing"))),
        ["last"] = new("", (value, _) => value is JinjaIterator ? throw Refusal.Of($"{Kinds.Of(value)} has no last element")
            : Kinds.Items(value).LastOrDefault(new Undefined("the last of nothing"))),
        ["reverse"] = new("", (value, _) => value switch
        {
            string text => string.Concat(Kinds.Items(text).Reverse()),
            JinjaIterator items => items.Reverse().ToList(),
            _ => new JinjaIterator(Kinds.Items(value).ToList().AsEnumerable().Reverse()),
        }),
        ["join"] = new("d? attribute?", (value, a) => Strings.Within(string.Join(PythonText.Of(a.Or(0, "")),
            Kinds.Items(value).Select(Getter(a.Or(1, null), null)).Select(PythonText.Of)))),
        ["sort"] = new("reverse? case_sensitive? attribute?", Sort),
        ["unique"] = new("case_sensitive? attribute?", (value, a) =>
        {
            var (key, seen) = (Key(a.Or(1, null), a.Flag(0)), new JinjaMap());
            return new JinjaIterator(Kinds.Items(value).Where(item => !seen.TryGet(key(item), out _) && (seen[key(item)] = true) is true));
        }),
        ["min"] = new("case_sensitive? attribute?", (value, a) => Extreme(value, a, -1)),
        ["max"] = new("case_sensitive? attribute?", (value, a) => Extreme(value, a, 1)),
        ["sum"] = new("attribute? start?", (value, a) => Kinds.IsText(a.Or(1, 0L)) ? throw Refusal.Of("texts have no sum")
            : Kinds.Items(value).Select(Getter(a.Or(0, null), null)).Aggregate(a.Or(1, 0L), Operators.Add)),
        ["batch"] = new("linecount fill_with?", (value, a) =>
            new JinjaIterator(Batches([.. Kinds.Items(value)], a.Integer(0), a.Or(1, null)))),
        ["slice"] = new("slices fill_with?", (value, a) => new JinjaIterator(Slices([.. Kinds.Items(value)], a.Integer(0), a.Or(1, null)))),
        ["groupby"] = new("attribute default? case_sensitive?", Group),
    };

    /// <summary>What an attribute is of an item: fields and indices with dots between. A default stands where one is undefined.</summary>
    public static Func<object?, object?> Getter(object? attribute, object? otherwise)
    {
        if (attribute is null) return item => item;
        object?[] parts = Kinds.IsText(attribute) ? [.. PythonText.Of(attribute).Split('.').Select(Part)] : [attribute];
        return item => parts.Aggregate(item, (value, part) =>
            Members.Item(value, part) is var found && found is Undefined && otherwise is not null ? otherwise : found);

        static object Part(string part) =>
            long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : part;
    }

    private static Func<object?, object?> Key(object? attribute, bool caseSensitive, object? otherwise = null)
    {
        var get = Getter(attribute, otherwise);
        return item => get(item) is var value && !caseSensitive && Kinds.IsText(value) ? LetterCase.Lower(PythonText.Of(value)) : value;
    }

    private static List<object?> Sort(object? value, Arguments a)
    {
        var keys = a.Or(2, null) is string several && several.Contains(',', StringComparison.Ordinal)
            ? several.Split(',').Select(part => Key(part, a.Flag(1))).ToList() : [Key(a.Or(2, null), a.Flag(1))];
        return Equality.Ordered(
            Kinds.Items(value), item => keys.Count == 1 ? keys[0](item) : keys.Select(k => k(item)).ToList(), a.Flag(0));
    }

    private static object? Extreme(object? value, Arguments a, int sign)
    {
        var key = Key(a.Or(1, null), a.Flag(0));
        var items = Kinds.Items(value).Select(item => (Item: item, Key: key(item))).ToList();
        return items.Count == 0 ? new Undefined("an element of nothing")
            : items.Aggregate((best, next) => Equality.Compare(next.Key, best.Key) * sign > 0 ? next : best).Item;
    }

    private static IEnumerable<object?> Batches(List<object?> items, long size, object? fill)
    {
        if (size < 1) throw Refusal.Of("the filter 'batch' takes a number above 0");
        foreach (var batch in items.Chunk((int)Math.Min(size, int.MaxValue)))
            yield return fill is null ? batch.ToList() : Filled(batch, size, fill);
    }

    private static IEnumerable<object?> Slices(List<object?> items, long count, object? fill)
    {
        if (count < 1 || count > Strings.MaxLength) throw Refusal.Of("the filter 'slice' takes a number above 0");
        var (size, longer) = ((int)(items.Count / count), (int)(items.Count % count));
        for (var (i, at) = (0, 0); i < count; i++)
        {
            var slice = items.GetRange(at, size + (i < longer ? 1 : 0));
            at += slice.Count;
            yield return fill is null || i < longer ? slice : [.. slice, fill];
        }
    }

    private static List<object?> Filled(object?[] batch, long size, object? fill)
    {
        if (size > Strings.MaxLength) throw Refusal.Of("the filter 'batch' fills too many places");
        return [.. batch, .. Enumerable.Repeat(fill, (int)(size - batch.Length))];
    }

    private static List<object?> Group(object? value, Arguments a)
    {
        var (key, shown) = (Key(a[0], a.Flag(2), a.Or(1, null)), Getter(a[0], a.Or(1, null)));
        var groups = new List<(object? Key, List<object?> Items)>();
        foreach (var item in Equality.Ordered(Kinds.Items(value), key, reverse: false))
        {
            if (groups.Count == 0 || !Equality.Same(groups[^1].Key, key(item))) groups.Add((key(item), []));
            groups[^1].Items.Add(item);
        }
        return groups.Select(g => (object?)new JinjaTuple([shown(g.Items[0]), g.Items], ["grouper", "list"])).ToList();
    }
}

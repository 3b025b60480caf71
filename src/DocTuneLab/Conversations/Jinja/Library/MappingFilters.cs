using DocTuneLab.Conversations.Jinja.Values;

namespace DocTuneLab.Conversations.Jinja.Library;

/// <summary>Filters over mappings.</summary>
internal static class MappingFilters
{
    public static IReadOnlyDictionary<string, Operation> Table { get; } = new Dictionary<string, Operation>
    {
        ["items"] = new("", (value, _) => new JinjaIterator(value is Undefined ? [] : Kinds.Pairs(Mapping(value)))),
        ["dictsort"] = new("case_sensitive? by? reverse?", Sort),
    };

    private static List<object?> Sort(object? value, Arguments a)
    {
        var by = a.Text(1, "key");
        if (by is not ("key" or "value")) throw Refusal.Of("the filter 'dictsort' goes by 'key' or 'value'");
        return Equality.Ordered(Kinds.Pairs(Mapping(value)), pair => ((JinjaTuple)pair!)[by == "key" ? 0 : 1] is var key
            && !a.Flag(0) && Kinds.IsText(key) ? LetterCase.Lower(PythonText.Of(key)) : key, a.Flag(2));
    }

    private static JinjaMap Mapping(object? value) => value as JinjaMap ?? throw Refusal.Of($"{Kinds.Of(value)} has no items");
}

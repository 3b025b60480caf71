using System.Collections.Frozen;
using DocTuneLab.Conversations.Jinja.Values;

namespace DocTuneLab.Conversations.Jinja.Library;

/// <summary>All filters by name.</summary>
internal static class FilterTable
{
    private static readonly FrozenDictionary<string, Operation> s_filters =
        ((IEnumerable<IReadOnlyDictionary<string, Operation>>)
            [TextFilters.Table, NumberFilters.Table, ListFilters.Table, SelectionFilters.Table, MappingFilters.Table])
        .SelectMany(t => t).ToFrozenDictionary(StringComparer.Ordinal);

    public static bool Has(string name) => s_filters.ContainsKey(name);

    public static object? Apply(string name, object? value, CallArguments call)
    {
        if (!s_filters.TryGetValue(name, out var filter)) throw Refusal.Of($"the filter '{name}' is not supported");
        if (value is Markup marked && TextFilters.KeepingMark.Contains(name) && call.Positional.Count + call.Named.Count == 0)
            return new Markup((string)filter.Apply(name, marked.Text, call)!);
        if (value is Markup && !TextFilters.OfMarkup.Contains(name))
            throw Refusal.Of($"the filter '{name}' of text that is marked safe is not supported");
        return filter.Apply($"the filter '{name}'", value, call);
    }
}

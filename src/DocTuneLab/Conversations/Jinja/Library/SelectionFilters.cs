using DocTuneLab.Conversations.Jinja.Values;

namespace DocTuneLab.Conversations.Jinja.Library;

/// <summary>Filters that go over items one by one, and <c>default</c> and <c>attr</c> of one.</summary>
internal static class SelectionFilters
{
    public static IReadOnlyDictionary<string, Operation> Table { get; } = new Dictionary<string, Operation>
    {
        ["map"] = new("*", (value, a) => new JinjaIterator(Kinds.Items(value).Select(Mapping(a.Call)))),
        ["select"] = new("*", (value, a) => Chosen(value, a.Call, byAttribute: false, keep: true)),
        ["reject"] = new("*", (value, a) => Chosen(value, a.Call, byAttribute: false, keep: false)),
        ["selectattr"] = new("*", (value, a) => Chosen(value, a.Call, byAttribute: true, keep: true)),
        ["rejectattr"] = new("*", (value, a) => Chosen(value, a.Call, byAttribute: true, keep: false)),
        ["default"] = new("default_value? boolean?", Default),
        ["d"] = new("default_value? boolean?", Default),
        ["attr"] = new("name", (value, a) => value is Undefined ? throw Refusal.Of($"{Kinds.Of(value)} has no attributes")
            : Members.TryMember(value, a.Text(0), out var member) ? member : new Undefined(a.Text(0))),
    };

    private static object? Default(object? value, Arguments a) =>
        value is Undefined || a.Flag(1) && !Kinds.Truth(value) ? a.Or(0, "") : value;

    private static Func<object?, object?> Mapping(CallArguments call)
    {
        if (call.Positional.Count > 0)
        {
            var (name, rest) = (Name(call.Positional[0]), new CallArguments([.. call.Positional.Skip(1)], call.Named));
            return item => FilterTable.Apply(name, item, rest);
        }
        if (!call.Named.TryGetValue("attribute", out var attribute) || call.Named.Keys.Any(k => k is not ("attribute" or "default")))
            throw Refusal.Of("the filter 'map' takes a filter, or an attribute and perhaps a default");
        return ListFilters.Getter(attribute, call.Named.GetValueOrDefault("default"));
    }

    private static JinjaIterator Chosen(object? value, CallArguments call, bool byAttribute, bool keep)
    {
        var skip = byAttribute ? 1 : 0;
        if (call.Positional.Count < skip) throw Refusal.Of("the filter needs an attribute");
        var get = byAttribute ? ListFilters.Getter(call.Positional[0], null) : item => item;
        if (call.Positional.Count == skip)
        {
            if (call.Named.Count > 0) throw Refusal.Of("the filter takes no values by name without a test");
            return new JinjaIterator(Kinds.Items(value).Where(item => Kinds.Truth(get(item)) == keep));
        }
        var (name, rest) = (Name(call.Positional[skip]), new CallArguments([.. call.Positional.Skip(skip + 1)], call.Named));
        return new JinjaIterator(Kinds.Items(value).Where(item => TestTable.Holds(name, get(item), rest) == keep));
    }

    private static string Name(object? value) =>
        value is string name ? name : throw Refusal.Of($"the name of a filter or test is expected, not {Kinds.Of(value)}");
}

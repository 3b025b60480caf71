using System.Numerics;

namespace DocTuneLab.Conversations.Jinja.Values;

/// <summary>
/// Values as Python has them: None is null, whole numbers are long or (beyond it) BigInteger, the rest is bool, double, string,
/// list, or one of this folder's types.
/// </summary>
internal static class Kinds
{
    public static bool Truth(object? value) => value switch
    {
        null or Undefined => false,
        bool b => b,
        long i => i != 0,
        double d => d != 0,
        string s => s.Length > 0,
        Markup m => m.Text.Length > 0,
        List<object?> list => list.Count > 0,
        JinjaTuple tuple => tuple.Count > 0,
        JinjaMap map => map.Count > 0,
        MapView view => view.Items.Count > 0,
        JinjaRange range => range.Count > 0,
        _ => true,
    };

    public static string Of(object? value) => value switch
    {
        null => "none",
        Undefined u => $"'{u.Name}', which is undefined,",
        bool => "a boolean",
        long or double or BigInteger => "a number",
        string or Markup => "a string",
        List<object?> => "a list",
        JinjaTuple => "a tuple",
        JinjaMap => "a mapping",
        MapView => "the view of a mapping",
        JinjaRange => "a range",
        JinjaIterator => "what a filter gives piece by piece",
        Namespace => "a namespace",
        IJinjaObject => "an object",
        _ => "a function",
    };

    public static bool IsText(object? value) => value is string or Markup;

    /// <summary>Elements of what can be gone through; those of a text are its characters, those of a mapping its keys.</summary>
    public static IEnumerable<object?> Items(object? value) => value switch
    {
        Undefined => [],
        string s => s.EnumerateRunes().Select(r => (object?)r.ToString()),
        Markup m => Items(m.Text),
        JinjaMap map => map.Keys,
        MapView view => view.Items,
        IEnumerable<object?> items => items,
        _ => throw Refusal.Of($"{Of(value)} cannot be gone through"),
    };

    /// <summary>How many elements there are.</summary>
    public static long Count(object? value) => value switch
    {
        Undefined => 0,
        string s => Strings.Length(s),
        Markup m => Strings.Length(m.Text),
        List<object?> list => list.Count,
        JinjaTuple tuple => tuple.Count,
        JinjaMap map => map.Count,
        MapView view => view.Items.Count,
        JinjaRange range => range.Count,
        _ => throw Refusal.Of($"{Of(value)} has no length"),
    };

    /// <summary>Whether <paramref name="container"/> holds <paramref name="item"/>.</summary>
    public static bool Contains(object? container, object? item) => container switch
    {
        string s => IsText(item) ? s.Contains(PythonText.Of(item), StringComparison.Ordinal)
            : throw Refusal.Of($"{Of(item)} cannot be looked for in a string"),
        Markup m => Contains(m.Text, item),
        JinjaMap map => map.TryGet(item, out _),
        _ => Items(container).Any(x => Equality.Same(x, item)),
    };

    /// <summary>Key and value of each field, as tuples.</summary>
    public static IEnumerable<object?> Pairs(JinjaMap map) => map.Pairs.Select(p => (object?)new JinjaTuple([p.Key, p.Value]));
}

using DocTuneLab.Conversations.Jinja.Values;

namespace DocTuneLab.Conversations.Jinja.Library;

/// <summary>All tests by name (Jinja's template designer documentation, "List of Builtin Tests").</summary>
internal static class TestTable
{
    private static readonly Dictionary<string, Operation> s_tests = new(StringComparer.Ordinal)
    {
        ["defined"] = Is(v => v is not Undefined),
        ["undefined"] = Is(v => v is Undefined),
        ["none"] = Is(v => v is null),
        ["string"] = Is(Kinds.IsText),
        ["escaped"] = Is(v => v is Markup),
        // Python's booleans are numbers, but no integers to Jinja.
        ["number"] = Is(Numbers.IsNumber),
        ["integer"] = Is(v => Numbers.IsWhole(v) && v is not bool),
        ["float"] = Is(v => v is double),
        ["boolean"] = Is(v => v is bool),
        ["true"] = Is(v => v is true),
        ["false"] = Is(v => v is false),
        ["mapping"] = Is(v => v is JinjaMap),
        ["iterable"] = Is(v => Kinds.IsText(v) || v is Undefined or JinjaMap or MapView or IEnumerable<object?>),
        ["sequence"] = Is(v => Kinds.IsText(v) || v is Undefined or JinjaMap or List<object?> or JinjaTuple or JinjaRange),
        ["callable"] = Is(v => v is JinjaFunction or Undefined or IJinjaObject { Function: not null }),
        ["odd"] = Is(v => Equality.Same(Operators.Apply("%", v, 2L), 1L)),
        ["even"] = Is(v => Equality.Same(Operators.Apply("%", v, 2L), 0L)),
        ["divisibleby"] = new("num", (v, a) => Equality.Same(Operators.Apply("%", v, a[0]), 0L)),
        ["sameas"] = new("other", (v, a) => (v, a[0]) switch
        {
            (null or bool or long or string, null or bool or long or string) => v?.GetType() == a[0]?.GetType() && Equality.Same(v, a[0]),
            _ => ReferenceEquals(v, a[0]),
        }),
        ["lower"] = Is(v => StringMethods.IsLower(PythonText.Of(v))),
        ["upper"] = Is(v => StringMethods.IsUpper(PythonText.Of(v))),
        ["filter"] = Is(v => IsName(v) && FilterTable.Has((string)v!)),
        ["test"] = Is(v => IsName(v) && Has((string)v!)),
        ["in"] = By("in"),
    };

    static TestTable()
    {
        foreach (var (symbol, names) in (ReadOnlySpan<(string, string[])>)
        [
            ("==", ["eq", "equalto"]), ("!=", ["ne"]), ("<", ["lt", "lessthan"]), ("<=", ["le"]), (">", ["gt", "greaterthan"]),
            (">=", ["ge"])
        ])
        {
            s_tests[symbol] = By(symbol);
            foreach (var name in names) s_tests[name] = s_tests[symbol];
        }
    }

    public static bool Has(string name) => s_tests.ContainsKey(name);

    public static bool Holds(string name, object? value, CallArguments call) =>
        s_tests.TryGetValue(name, out var test) ? test.Apply($"the test '{name}'", value, call) is true
            : throw Refusal.Of($"the test '{name}' is not supported");

    private static bool IsName(object? value)
    {
        Equality.RequireHash(value);
        return value is string;
    }

    private static Operation Is(Func<object?, bool> test) => new("", (value, _) => test(value));

    private static Operation By(string symbol) => new("other", (value, a) => Operators.Apply(symbol, value, a[0]));
}

namespace DocTuneLab.Conversations.Jinja.Values;

/// <summary>What a call gives, by position and by name.</summary>
internal sealed record CallArguments(IReadOnlyList<object?> Positional, IReadOnlyDictionary<string, object?> Named)
{
    private static readonly Dictionary<string, object?> s_none = [];

    /// <summary>Values by position alone.</summary>
    public static CallArguments Of(params IReadOnlyList<object?> positional) => new(positional, s_none);
}

/// <summary>Parameters of a function: names with a blank between; <c>name?</c> may be left out, those before <c>/</c> go by position
/// only, and <c>*</c> takes any number.</summary>
internal sealed class Signature
{
    private readonly List<(string Name, bool Optional)> _parameters = [];
    private readonly int _positionalOnly;
    private readonly bool _any;

    public Signature(string words)
    {
        foreach (var word in words.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (word == "/") _positionalOnly = _parameters.Count;
            else if (word == "*") _any = true;
            else _parameters.Add((word.TrimEnd('?'), word.EndsWith('?')));
        }
    }

    /// <summary>Values for the parameters.</summary>
    /// <exception cref="LabException">There are too many, too few or unknown ones.</exception>
    public Arguments Bind(string function, CallArguments call)
    {
        if (_any) return new Arguments(function, call, [.. call.Positional], [.. call.Positional.Select(_ => true)]);
        if (call.Positional.Count > _parameters.Count)
            throw Refusal.Of($"{function} takes at most {_parameters.Count} values, not {call.Positional.Count}");
        var (values, given) = (new object?[_parameters.Count], new bool[_parameters.Count]);
        for (var i = 0; i < call.Positional.Count; i++) (values[i], given[i]) = (call.Positional[i], true);
        foreach (var (name, value) in call.Named)
        {
            var at = _parameters.FindIndex(p => p.Name == name);
            if (at < _positionalOnly) throw Refusal.Of($"{function} takes nothing by the name '{name}'");
            if (given[at]) throw Refusal.Of($"{function} is given '{name}' twice");
            (values[at], given[at]) = (value, true);
        }
        var missing = Enumerable.Range(0, _parameters.Count).Where(i => !given[i] && !_parameters[i].Optional).ToList();
        return missing.Count == 0 ? new Arguments(function, call, values, given)
            : throw Refusal.Of($"{function} needs '{_parameters[missing[0]].Name}'");
    }
}

/// <summary>Values bound to the parameters of a <see cref="Signature"/>.</summary>
internal sealed class Arguments(string function, CallArguments call, object?[] values, bool[] given)
{
    /// <summary>The call as it was written.</summary>
    public CallArguments Call { get; } = call;

    public object? this[int index] => values[index];

    public int Count => values.Length;

    public bool Has(int index) => given[index];

    /// <summary>A text; null or left out where a fallback stands for it.</summary>
    public string Text(int index, string? fallback = null) =>
        !given[index] && fallback is not null ? fallback
        : values[index] is string or Markup ? PythonText.Of(values[index])
        : throw Refusal.Of($"{function} takes text, not {Kinds.Of(values[index])}");

    public long Integer(int index, long fallback = 0) => given[index] ? Numbers.Integer(values[index]) : fallback;

    public bool Flag(int index, bool fallback = false) => given[index] ? Kinds.Truth(values[index]) : fallback;

    public object? Or(int index, object? fallback) => given[index] ? values[index] : fallback;
}

/// <summary>A filter, test or method: its parameters and what it does with a value.</summary>
internal sealed class Operation(string parameters, Func<object?, Arguments, object?> apply)
{
    private readonly Signature _signature = new(parameters);

    public object? Apply(string name, object? value, CallArguments call) => apply(value, _signature.Bind(name, call));
}

/// <summary>What a template may not do. The line is added where the statement is known.</summary>
internal static class Refusal
{
    public const string Prefix = "chat template: ";

    public static LabException Of(string what) => new(Prefix + what);
}

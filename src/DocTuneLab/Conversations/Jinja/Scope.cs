using DocTuneLab.Conversations.Jinja.Values;

namespace DocTuneLab.Conversations.Jinja;

/// <summary>Names of a block and those around it.</summary>
internal sealed class Scope(Scope? outer)
{
    private const int MaxSteps = 2_000_000;

    private readonly Dictionary<string, object?> _names = new(StringComparer.Ordinal);
    private readonly Scope? _outer = outer;
    private int _steps;

    public object? this[string name]
    {
        get
        {
            for (var scope = this; scope is not null; scope = scope._outer)
                if (scope._names.TryGetValue(name, out var value)) return value;
            return new Undefined(name);
        }
        set => _names[name] = value;
    }

    /// <summary>The outermost scope but one: what a template sets outside of all blocks.</summary>
    public Scope Top => _outer?._outer is null ? this : _outer.Top;

    /// <summary>Counts a turn of a loop.</summary>
    /// <exception cref="LabException">There are more than a template of a conversation has.</exception>
    public void Step()
    {
        var root = this;
        while (root._outer is not null) root = root._outer;
        if (++root._steps > MaxSteps) throw Refusal.Of($"its loops turn more than {MaxSteps} times");
    }
}

namespace DocTuneLab.Conversations.Jinja;

/// <summary>Names of a block and those around it.</summary>
internal sealed class Scope(Scope? outer)
{
    private readonly Dictionary<string, object?> _names = new(StringComparer.Ordinal);

    public int Depth { get; } = outer is null ? 0 : outer.Depth + 1;

    public object? this[string name]
    {
        get
        {
            for (var scope = this; scope is not null; scope = scope.Outer)
                if (scope._names.TryGetValue(name, out var value)) return value;
            return new Undefined(name);
        }
        set => _names[name] = value;
    }

    private Scope? Outer { get; } = outer;
}

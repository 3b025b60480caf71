namespace DocTuneLab;

/// <summary>
/// The parts of one kind by name: those that ship, and those that a program or a notebook adds. A part that is added counts from then on:
/// where files are read, where settings are checked and where help names what there is.
/// </summary>
/// <typeparam name="T">The kind of part.</typeparam>
public sealed class Registry<T>
    where T : class
{
    private readonly Lock _gate = new();
    private readonly string _kind;
    private readonly Func<T, string> _name;
    private readonly IReadOnlyList<T> _builtIn;
    private volatile IReadOnlyList<T> _all;

    /// <summary>A registry of what ships.</summary>
    /// <param name="kind">What a part is called in messages, such as <c>chart</c>.</param>
    /// <param name="name">Name of a part.</param>
    /// <param name="builtIn">The parts that ship, in the order in which they are named to people.</param>
    public Registry(string kind, Func<T, string> name, IReadOnlyList<T> builtIn) =>
        (_kind, _name, _builtIn, _all) = (kind, name, builtIn, builtIn);

    /// <summary>All parts: what ships, then what was added.</summary>
    public IReadOnlyList<T> All => _all;

    /// <summary>Their names, in the same order.</summary>
    public IReadOnlyList<string> Names => [.. _all.Select(_name)];

    /// <summary>The part of a name.</summary>
    /// <exception cref="LabException">There is none; the message names those that there are.</exception>
    public T this[string name] =>
        Find(name) ?? throw new LabException($"{_kind} '{name}' is unknown; expected {string.Join(", ", Names)}");

    /// <summary>The part of a name, or null.</summary>
    public T? Find(string name)
    {
        foreach (var part in _all)
            if (_name(part) == name) return part;
        return null;
    }

    /// <summary>Adds a part. One that was added before under the same name gives way, so that a cell can be run again.</summary>
    /// <exception cref="LabException">It has no name, or that of a part that ships.</exception>
    public void Add(T part)
    {
        ArgumentNullException.ThrowIfNull(part);
        var name = _name(part);
        if (string.IsNullOrWhiteSpace(name))
            throw new LabException($"the {_kind} {part.GetType().Name} has no name; expected a short one that no other {_kind} has");
        if (_builtIn.Any(b => _name(b) == name))
            throw new LabException($"there is a {_kind} '{name}' already, and it ships; give yours another name");
        lock (_gate) _all = [.. _all.Where(p => _name(p) != name), part];
    }
}

using System.Collections;
using System.Runtime.InteropServices;

namespace DocTuneLab.Conversations.Jinja.Values;

/// <summary>The value of a name that there is not; remembers it for the message.</summary>
internal sealed record Undefined(string Name);

/// <summary>Text that <c>safe</c> or <c>escape</c> marked: what is joined to it is escaped.</summary>
internal sealed record Markup(string Text);

/// <summary>What <c>namespace()</c> makes: fields that a loop can set for what follows it.</summary>
internal sealed class Namespace(JinjaMap fields)
{
    public JinjaMap Fields { get; } = fields;
}

/// <summary>A tuple; fields have names where a filter gives them, as <c>groupby</c> does.</summary>
internal sealed class JinjaTuple(IReadOnlyList<object?> items, IReadOnlyList<string>? names = null) : IReadOnlyList<object?>
{
    public int Count => items.Count;

    public object? this[int index] => items[index];

    /// <summary>Whether a field has this name.</summary>
    public bool TryGet(string name, out object? value)
    {
        for (var i = 0; names is not null && i < names.Count; i++)
        {
            if (names[i] != name) continue;
            value = items[i];
            return true;
        }
        value = null;
        return false;
    }

    public IEnumerator<object?> GetEnumerator() => items.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>The whole numbers from a first one, in steps, before an end.</summary>
internal sealed record JinjaRange(long Start, long Stop, long Step) : IEnumerable<object?>
{
    public long Count => Step > 0 ? Math.Max(0, (Stop - Start + Step - 1) / Step) : Math.Max(0, (Start - Stop - Step - 1) / -Step);

    public IEnumerator<object?> GetEnumerator()
    {
        for (long i = 0; i < Count; i++) yield return Start + i * Step;
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>What <c>keys()</c>, <c>values()</c> and <c>items()</c> of a mapping give.</summary>
internal sealed record MapView(string Kind, IReadOnlyList<object?> Items);

/// <summary>What most filters over lists give: values that can be gone through once.</summary>
internal sealed class JinjaIterator(IEnumerable<object?> items) : IEnumerable<object?>
{
    private readonly IEnumerator<object?> _items = items.GetEnumerator();

    public IEnumerator<object?> GetEnumerator()
    {
        while (_items.MoveNext()) yield return _items.Current;
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>Something that can be called; <paramref name="text"/> is how it is printed, where that is always the same.</summary>
internal sealed class JinjaFunction(string name, Func<CallArguments, object?> call, string? text = null)
{
    public string Name { get; } = name;

    public string? Text { get; } = text;

    /// <summary>Fields, such as a macro's <c>arguments</c>.</summary>
    public JinjaMap Fields { get; init; } = new();

    public object? Call(CallArguments arguments) => call(arguments);
}

/// <summary>A value with fields that change, such as <c>loop</c>.</summary>
internal interface IJinjaObject
{
    /// <summary>How it is printed, or null where Python prints an address.</summary>
    string? Text { get; }

    /// <summary>What it does when it is called, or null.</summary>
    JinjaFunction? Function { get; }

    /// <summary>A field or method, or false.</summary>
    bool TryGet(string name, out object? value);
}

/// <summary>A mapping in the order in which keys came; 1, 1.0 and true are one key, as in Python.</summary>
internal sealed class JinjaMap
{
    private readonly OrderedDictionary<Key, object?> _values = [];

    public JinjaMap()
    {
    }

    public JinjaMap(JinjaMap other)
    {
        foreach (var (key, value) in other.Pairs) this[key] = value;
    }

    public int Count => _values.Count;

    public IEnumerable<object?> Keys => _values.Keys.Select(k => k.Value);

    public IEnumerable<object?> Values => _values.Values;

    public IEnumerable<(object? Key, object? Value)> Pairs => _values.Select(p => (p.Key.Value, p.Value));

    public object? this[object? key]
    {
        set
        {
            Equality.RequireHash(key);
            _values[new Key(key)] = value;
        }
    }

    /// <exception cref="LabException">The key cannot be one, such as a list.</exception>
    public bool TryGet(object? key, out object? value)
    {
        Equality.RequireHash(key);
        return _values.TryGetValue(new Key(key), out value);
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly struct Key(object? value) : IEquatable<Key>
    {
        public object? Value { get; } = value;

        public bool Equals(Key other) => Equality.Same(Value, other.Value);

        public override bool Equals(object? obj) => obj is Key other && Equals(other);

        public override int GetHashCode() => Equality.Hash(Value);
    }
}

using DocTuneLab.Conversations.Jinja.Values;

namespace DocTuneLab.Conversations.Jinja;

/// <summary>What <c>loop</c> is in a loop. Items are taken when they are asked for, since a loop's condition may depend on what
/// its body sets.</summary>
internal sealed class LoopContext : IJinjaObject, IDisposable
{
    private static readonly Signature s_again = new("iterable /");
    private readonly IEnumerator<object?> _items;
    private readonly object? _sized;
    private readonly int _depth;
    private readonly Queue<object?> _ahead = [];
    private object? _previous, _changed = new Undefined("nothing");
    private long _index = -1;
    private bool _asked;

    /// <param name="items">What the loop goes over.</param>
    /// <param name="sized">The same where its length is known without going over it.</param>
    /// <param name="depth">1, and one more for each turn of a recursive loop within itself.</param>
    /// <param name="again">The loop over other items, where it is recursive.</param>
    public LoopContext(IEnumerable<object?> items, object? sized, int depth, Func<object?, string>? again)
    {
        (_items, _sized, _depth) = (items.GetEnumerator(), sized is JinjaIterator ? null : sized, depth);
        Function = new JinjaFunction("loop", call => again is null
            ? throw Refusal.Of("'loop' can be called only in a loop that is marked 'recursive'") : again(s_again.Bind("loop()", call)[0]));
    }

    public object? Current { get; private set; }

    public string Text => $"<LoopContext {_index + 1}/{Length()}>";

    public JinjaFunction Function { get; }

    public bool MoveNext()
    {
        if (!Look(1)) return false;
        (_previous, Current) = (Current, _ahead.Dequeue());
        _index++;
        return true;
    }

    public bool TryGet(string name, out object? value)
    {
        value = name switch
        {
            "index" => _index + 1,
            "index0" => _index,
            "revindex" => Length() - _index,
            "revindex0" => Length() - _index - 1,
            "first" => _index == 0,
            "last" => !Look(1),
            "length" => Length(),
            "depth" => (long)_depth,
            "depth0" => _depth - 1L,
            "previtem" => _index > 0 ? _previous : new Undefined("the item before the first"),
            "nextitem" => Look(1) ? _ahead.Peek() : new Undefined("the item after the last"),
            "cycle" => new JinjaFunction(name, call => call.Positional.Count > 0 && call.Named.Count == 0
                ? call.Positional[(int)(_index % call.Positional.Count)] : throw Refusal.Of("loop.cycle() takes one or more values")),
            "changed" => new JinjaFunction(name, call => Changed(call)),
            _ => new Undefined(name),
        };
        return true;
    }

    public void Dispose() => _items.Dispose();

    private bool Changed(CallArguments call)
    {
        var values = new JinjaTuple(call.Positional);
        if (_asked && Equality.Same(_changed, values)) return false;
        (_asked, _changed) = (true, values);
        return true;
    }

    private bool Look(int count)
    {
        while (_ahead.Count < count && _items.MoveNext()) _ahead.Enqueue(_items.Current);
        return _ahead.Count >= count;
    }

    private long Length()
    {
        if (_sized is not null) return Kinds.Count(_sized);
        Look(int.MaxValue);
        return _index + 1 + _ahead.Count;
    }
}

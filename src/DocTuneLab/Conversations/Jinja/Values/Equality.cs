using System.Numerics;
using System.Runtime.CompilerServices;

namespace DocTuneLab.Conversations.Jinja.Values;

/// <summary>Equality, hash and order of values as Python has them.</summary>
internal static class Equality
{
    /// <summary>Deep equality; 1 equals 1.0 and true.</summary>
    public static bool Same(object? a, object? b)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return (a, b) switch
        {
            (Undefined, Undefined) => true,
            (bool or long or BigInteger or double, bool or long or BigInteger or double) =>
                !Numbers.IsNaN(a) && !Numbers.IsNaN(b) && Numbers.Compare(a, b) == 0,
            (Markup x, _) when Kinds.IsText(b) => x.Text == PythonText.Of(b),
            (string x, Markup y) => x == y.Text,
            (List<object?> x, List<object?> y) => Elements(x, y),
            (JinjaTuple x, JinjaTuple y) => Elements(x, y),
            (JinjaRange x, JinjaRange y) => x.Count == y.Count && x.SequenceEqual(y),
            (JinjaMap x, JinjaMap y) => x.Count == y.Count && x.Pairs.All(p => y.TryGet(p.Key, out var other) && Same(p.Value, other)),
            (MapView or JinjaIterator, MapView or JinjaIterator) => ReferenceEquals(a, b)
                ? true : throw Refusal.Of($"{Kinds.Of(a)} and {Kinds.Of(b)} cannot be compared"),
            _ => Equals(a, b),
        };
    }

    public static int Hash(object? value) => value switch
    {
        bool b => (b ? 1.0 : 0.0).GetHashCode(),
        long i => ((double)i).GetHashCode(),
        BigInteger i => ((double)i).GetHashCode(),
        Markup m => m.Text.GetHashCode(StringComparison.Ordinal),
        Undefined => 0,
        JinjaTuple tuple => tuple.Aggregate(17, (hash, item) => HashCode.Combine(hash, Hash(item))),
        JinjaRange range => range.Count.GetHashCode(),
        _ => value?.GetHashCode() ?? 0,
    };

    /// <exception cref="LabException">The value cannot be a key.</exception>
    public static void RequireHash(object? value)
    {
        if (value is List<object?> or JinjaMap or MapView) throw Refusal.Of($"{Kinds.Of(value)} cannot be a key");
        if (value is not JinjaTuple tuple) return;
        foreach (var item in tuple) RequireHash(item);
    }

    /// <summary>Below, equal or above.</summary>
    /// <exception cref="LabException">The values have no order.</exception>
    public static int Compare(object? a, object? b)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return (a, b) switch
        {
            (string or Markup, string or Markup) => Strings.Compare(PythonText.Of(a), PythonText.Of(b)),
            (bool or long or BigInteger or double, bool or long or BigInteger or double) when !Numbers.IsNaN(a) && !Numbers.IsNaN(b) =>
                Numbers.Compare(a, b),
            (List<object?> x, List<object?> y) => First(x, y),
            (JinjaTuple x, JinjaTuple y) => First(x, y),
            _ => throw Refusal.Of($"{Kinds.Of(a)} and {Kinds.Of(b)} have no order"),
        };
    }

    /// <summary>In the order of keys; equal ones stay as they were, in reverse too.</summary>
    public static List<T> Ordered<T>(IEnumerable<T> items, Func<T, object?> key, bool reverse)
    {
        var comparer = Comparer<object?>.Create(Compare);
        var keyed = items.Select(item => (Item: item, Key: key(item))).ToList();
        try
        {
            return [.. (reverse ? keyed.OrderByDescending(k => k.Key, comparer) : keyed.OrderBy(k => k.Key, comparer)).Select(k => k.Item)];
        }
        catch (InvalidOperationException e) when (e.InnerException is LabException unordered)
        {
            throw new LabException(unordered.Message, e);
        }
    }

    private static bool Elements(IReadOnlyList<object?> x, IReadOnlyList<object?> y) =>
        x.Count == y.Count && x.Zip(y).All(p => Same(p.First, p.Second));

    private static int First(IReadOnlyList<object?> x, IReadOnlyList<object?> y)
    {
        foreach (var (left, right) in x.Zip(y))
            if (!Same(left, right)) return Compare(left, right);
        return x.Count.CompareTo(y.Count);
    }
}

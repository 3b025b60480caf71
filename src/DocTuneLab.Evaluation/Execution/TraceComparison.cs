using System.Globalization;

namespace DocTuneLab.Evaluation.Execution;

/// <summary>
/// Equality of values that come from two processes: numbers by value, sequences by element, dictionaries by key, sets by content, tuples by
/// element, all else by type and fields. Whether two objects are the same one cannot be told across processes; such checks compare
/// what the objects hold.
/// </summary>
/// <param name="tolerance">Largest difference of numbers.</param>
/// <param name="ask">What the types themselves say of two objects that hold different things, where they define equality; null where they
/// cannot be asked.</param>
internal sealed class TraceComparison(double tolerance, Func<ThingNode, ThingNode, bool>? ask)
{
    private const int Deepest = 32;
    private const string AnyType = "";
    // Sets are compared each with each; an answer that makes them huge must not hold up the parent.
    private long _rest = 20_000_000;
    // Each takes a process.
    private int _questions = 4;

    /// <summary>Whether two values are the same.</summary>
    public bool Same(TraceNode expected, TraceNode actual) => Same(expected, actual, 0);

    /// <summary>A value for people.</summary>
    public static string Show(TraceNode node)
    {
        var text = node switch
        {
            NullNode => "null",
            ExactNode n => n.Value.ToString(CultureInfo.InvariantCulture),
            FloatingNode n => n.Value.ToString(CultureInfo.InvariantCulture),
            TextNode t => $"\"{t.Value}\"",
            ScalarNode s => s.Words,
            ItemsNode { Kind: NodeKind.Tuple } i => $"({string.Join(", ", i.Items.Take(20).Select(Show))})",
            ItemsNode i => $"[{string.Join(", ", i.Items.Take(20).Select(Show))}]",
            MapNode m => $"[{string.Join(", ", m.Entries.Take(20).Select(e => $"[{Show(e.Key)}, {Show(e.Value)}]"))}]",
            ThingNode { Words.Length: > 0 } t => t.Words,
            ThingNode t => $"{Simple(t.Type)} {{ {string.Join(", ", t.Fields.Take(8).Select(f => $"{f.Name} = {Show(f.Value)}"))} }}",
            OpaqueNode o => Simple(o.Type),
            _ => "…",
        };
        return text.Length > 200 ? text[..200] + "…" : text;
    }

    /// <summary>The last part of a type's name.</summary>
    internal static string Simple(string type)
    {
        var name = type.Split('[', ',')[0];
        return name[(name.LastIndexOfAny(['.', '+']) + 1)..].Split('`')[0];
    }

    private bool Same(TraceNode a, TraceNode b, int depth)
    {
        if (depth > Deepest || --_rest < 0) return false;
        return (a, b) switch
        {
            (NullNode, NullNode) => true,
            (ExactNode or FloatingNode, ExactNode or FloatingNode) => SameNumber(a, b),
            (TextNode x, TextNode y) => x.Value == y.Value,
            (ScalarNode x, ScalarNode y) => x.Type == y.Type && x.Key == y.Key,
            (MapNode x, MapNode y) => x.Entries.Count == y.Entries.Count && x.Entries.All(e =>
                y.Entries.Any(f => Same(e.Key, f.Key, depth + 1) && Same(e.Value, f.Value, depth + 1))),
            (ItemsNode { Kind: NodeKind.Tuple } x, ItemsNode { Kind: NodeKind.Tuple } y) => SameOrder(x.Items, y.Items, depth),
            (ItemsNode { Kind: NodeKind.Tuple }, _) or (_, ItemsNode { Kind: NodeKind.Tuple }) => false,
            (ItemsNode x, ItemsNode y) when x.Kind == NodeKind.Set => SameContent(x.Items, y.Items, depth),
            (ItemsNode x, ItemsNode y) => SameOrder(x.Items, y.Items, depth),
            (MapNode x, ItemsNode y) => SameOrder(Pairs(x), y.Items, depth),
            (ItemsNode x, MapNode y) => SameOrder(x.Items, Pairs(y), depth),
            (ThingNode x, ThingNode y) => SameThing(x, y, depth),
            (OpaqueNode x, OpaqueNode y) => x.Type == y.Type,
            (BackNode x, BackNode y) => x.Levels == y.Levels,
            _ => false,
        };
    }

    private bool SameThing(ThingNode a, ThingNode b, int depth)
    {
        // The answer's types need no certain name, but their members do.
        var sameType = a.Type == b.Type || (a.OfAnswer && b.OfAnswer) || a.Type == AnyType || b.Type == AnyType;
        if (sameType && a.Fields.Count == b.Fields.Count
            && a.Fields.All(f => b.Fields.Any(g => g.Name == f.Name && Same(f.Value, g.Value, depth + 1)))) return true;
        // A class may call an object of a derived one equal.
        return a.OwnEquals && b.OwnEquals && ask is not null && _questions-- > 0 && ask(a, b);
    }

    private bool SameNumber(TraceNode a, TraceNode b)
    {
        if (a is ExactNode x && b is ExactNode y && !(tolerance > 0)) return x.Value == y.Value;
        var (p, q) = (Double(a), Double(b));
        return p.Equals(q) || Math.Abs(p - q) <= tolerance;

        static double Double(TraceNode n) => n is FloatingNode f ? f.Value : (double)((ExactNode)n).Value;
    }

    private bool SameOrder(IReadOnlyList<TraceNode> a, IReadOnlyList<TraceNode> b, int depth) =>
        a.Count == b.Count && a.Zip(b).All(p => Same(p.First, p.Second, depth + 1));

    private bool SameContent(IReadOnlyList<TraceNode> a, IReadOnlyList<TraceNode> b, int depth)
    {
        if (a.Count != b.Count) return false;
        var left = b.ToList();
        foreach (var x in a)
        {
            var at = left.FindIndex(y => Same(x, y, depth + 1));
            if (at < 0) return false;
            left.RemoveAt(at);
        }
        return true;
    }

    // As a sequence, a dictionary has the pairs as elements.
    private static List<TraceNode> Pairs(MapNode map) =>
    [
        .. map.Entries.Select(e => new ThingNode(
            AnyType, false, "", [("key", e.Key), ("value", e.Value)], false, default))
    ];
}

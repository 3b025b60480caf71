namespace DocTuneLab.Evaluation.Execution;

/// <summary>A value as the child wrote it: what it holds, without the type's own members.</summary>
internal abstract record TraceNode;

/// <summary>Null.</summary>
internal sealed record NullNode : TraceNode
{
    public static NullNode Only { get; } = new();
}

/// <summary>A whole number or a decimal.</summary>
internal sealed record ExactNode(decimal Value) : TraceNode;

/// <summary>A floating-point number.</summary>
internal sealed record FloatingNode(double Value) : TraceNode;

/// <summary>A string.</summary>
internal sealed record TextNode(string Value) : TraceNode;

/// <summary>A value that a text says in full, such as an enum's or a moment.</summary>
/// <param name="Type">Name of its type.</param>
/// <param name="Key">Equal values have the same.</param>
/// <param name="Words">For people.</param>
internal sealed record ScalarNode(string Type, string Key, string Words) : TraceNode;

/// <summary>Elements of a sequence, a set or a tuple.</summary>
internal sealed record ItemsNode(NodeKind Kind, IReadOnlyList<TraceNode> Items) : TraceNode;

/// <summary>Entries of a dictionary.</summary>
internal sealed record MapNode(IReadOnlyList<(TraceNode Key, TraceNode Value)> Entries) : TraceNode;

/// <summary>Any other object.</summary>
/// <param name="Type">Name of its type.</param>
/// <param name="OfAnswer">Declared beside the solution, not in the library or the framework.</param>
/// <param name="Words">What the library calls it, for people; empty where it says nothing.</param>
/// <param name="Fields">Its fields by name.</param>
/// <param name="OwnEquals">The library or the framework says by hand when two of them are equal.</param>
/// <param name="Written">How the child wrote it.</param>
internal sealed record ThingNode(
    string Type, bool OfAnswer, string Words, IReadOnlyList<(string Name, TraceNode Value)> Fields, bool OwnEquals,
    ReadOnlyMemory<byte> Written) : TraceNode;

/// <summary>An object that has no value of its own: a delegate, a task, a stream.</summary>
internal sealed record OpaqueNode(string Type) : TraceNode;

/// <summary>An object that holds itself, so many levels up.</summary>
internal sealed record BackNode(int Levels) : TraceNode;

/// <summary>What is nested too deeply.</summary>
internal sealed record CutNode : TraceNode
{
    public static CutNode Only { get; } = new();
}

/// <summary>Kinds of nodes; the child has the same list.</summary>
internal enum NodeKind : byte { Null, Exact, Floating, Text, Scalar, Sequence, Set, Tuple, Map, Thing, Opaque, Back, Cut }

namespace DocTuneLab.Evaluation.Execution;

/// <summary>Kinds of records; the child has the same list.</summary>
internal enum RecordKind : byte { Begin, Step, Check, Fault, OutOfMemory, TooLarge, End, Late }

/// <summary>Kinds of checks; the child has the same list.</summary>
internal enum CheckKind : byte { Value, Equal, NotEqual, Condition, Thrown, Throws }

/// <summary>What a check was given.</summary>
/// <param name="Step">One-based hidden test.</param>
/// <param name="Site">Number of the call in the tests.</param>
/// <param name="Kind">What it checks; <see cref="CheckKind.Value"/> and <see cref="CheckKind.Thrown"/> leave that to the reference.</param>
internal sealed record TraceCheck(int Step, int Site, CheckKind Kind)
{
    /// <summary>The value that was found.</summary>
    public TraceNode Actual { get; init; } = NullNode.Only;

    /// <summary>The value that was asked for.</summary>
    public TraceNode Expected { get; init; } = NullNode.Only;

    /// <summary>Largest difference of numbers.</summary>
    public double Tolerance { get; init; }

    /// <summary>The test's own words for a failure, or the message of an exception.</summary>
    public string Words { get; init; } = "";

    /// <summary>Name of the exception that was asked for.</summary>
    public string ExpectedType { get; init; } = "";

    /// <summary>Names of the exception's type and of its bases; none where nothing was thrown.</summary>
    public IReadOnlyList<string> ThrownTypes { get; init; } = [];
}

/// <summary>How far the tests of a run came.</summary>
internal enum TraceEnd
{
    /// <summary>They broke off: the process ended.</summary>
    Open,
    /// <summary>They came to their end.</summary>
    Complete,
    /// <summary>An exception escaped.</summary>
    Fault,
    /// <summary>Memory ran out.</summary>
    OutOfMemory,
    /// <summary>The values take more room than a record may have.</summary>
    TooLarge,
    /// <summary>It took more processor time than it may, or waits for what never comes.</summary>
    Late,
    /// <summary>What was written is no record.</summary>
    Damaged,
}

/// <summary>All that a run's hidden tests saw.</summary>
internal sealed record Trace(IReadOnlyList<TraceCheck> Checks, int Step, TraceEnd End, string Fault)
{
    /// <summary>Nothing was run.</summary>
    public static Trace None { get; } = new([], 0, TraceEnd.Open, "");

    /// <summary>Reads what a child wrote: one trace for each program that it was given. An answer may have written it, so nothing in it is
    /// trusted but for what the comparison finds.</summary>
    public static IReadOnlyList<Trace> ReadAll(byte[] bytes, int programs)
    {
        var traces = Enumerable.Repeat(None, programs).ToArray();
        var (current, at) = (-1, 0);
        List<TraceCheck> checks = [];
        while (bytes.Length - at >= sizeof(int))
        {
            var length = BitConverter.ToInt32(bytes, at);
            if (length <= 0) return Damaged();
            if (length > bytes.Length - at - sizeof(int)) return [.. traces]; // the process ended while it wrote
            var reader = new TraceReader(bytes.AsMemory(at + sizeof(int), length));
            at += sizeof(int) + length;
            try
            {
                if (!Read(reader)) return Damaged();
            }
            catch (InvalidDataException)
            {
                return Damaged();
            }
        }
        return traces;

        bool Read(TraceReader reader)
        {
            var kind = (RecordKind)reader.Byte();
            if (kind == RecordKind.Begin)
            {
                // In their order, each once.
                if (reader.Int() != ++current || current >= programs) return false;
                checks = [];
                traces[current] = None with { Checks = checks };
                return true;
            }
            if (current < 0 || current >= programs || traces[current].End != TraceEnd.Open) return false;
            ref var trace = ref traces[current];
            switch (kind)
            {
                case RecordKind.Step: trace = trace with { Step = reader.Int() }; return true;
                case RecordKind.Check: checks.Add(reader.Check(trace.Step)); return true;
                case RecordKind.Fault: trace = trace with { End = TraceEnd.Fault, Fault = reader.Text() }; return true;
                case RecordKind.OutOfMemory: trace = trace with { End = TraceEnd.OutOfMemory }; return true;
                case RecordKind.TooLarge: trace = trace with { End = TraceEnd.TooLarge }; return true;
                case RecordKind.Late: trace = trace with { End = TraceEnd.Late }; return true;
                case RecordKind.End: trace = trace with { End = TraceEnd.Complete }; return true;
                default: return false;
            }
        }

        IReadOnlyList<Trace> Damaged()
        {
            if (current < 0 || current >= programs) return [.. traces.Select(_ => None with { End = TraceEnd.Damaged })];
            traces[current] = traces[current] with { End = TraceEnd.Damaged };
            return traces;
        }
    }
}

/// <summary>Reads one record.</summary>
internal sealed class TraceReader(ReadOnlyMemory<byte> bytes)
{
    // The child stops at 32; a forged record may not overflow the stack.
    private const int Deepest = 64;
    private const int MostTypes = 64;
    private int _at;

    public byte Byte() => Take(1)[0];

    public int Int() => BitConverter.ToInt32(Take(sizeof(int)));

    public string Text()
    {
        var length = Int();
        if (length < 0 || length > bytes.Length) throw new InvalidDataException();
        return new(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, char>(Take(length * sizeof(char))));
    }

    public TraceCheck Check(int step)
    {
        var check = new TraceCheck(step, Int(), (CheckKind)Byte());
        switch (check.Kind)
        {
            case CheckKind.Value: return check with { Actual = Node(0) };
            case CheckKind.Equal: return check with { Expected = Node(0), Actual = Node(0), Tolerance = Double() };
            case CheckKind.NotEqual: return check with { Expected = Node(0), Actual = Node(0) };
            case CheckKind.Condition: return check with { Expected = Node(0), Actual = Node(0), Words = Text() };
            case CheckKind.Thrown: return Thrown(check);
            case CheckKind.Throws: return Thrown(check with { ExpectedType = Text() });
            default: throw new InvalidDataException();
        }
    }

    private TraceCheck Thrown(TraceCheck check)
    {
        var types = new string[Count(MostTypes)];
        for (var i = 0; i < types.Length; i++) types[i] = Text();
        return check with { ThrownTypes = types, Words = Text() };
    }

    private TraceNode Node(int depth)
    {
        if (depth > Deepest) throw new InvalidDataException();
        var kind = (NodeKind)Byte();
        switch (kind)
        {
            case NodeKind.Null: return NullNode.Only;
            case NodeKind.Exact: return new ExactNode(Exact());
            case NodeKind.Floating: return new FloatingNode(Double());
            case NodeKind.Text: return new TextNode(Text());
            case NodeKind.Scalar: return new ScalarNode(Text(), Text(), Text());
            case NodeKind.Sequence or NodeKind.Set or NodeKind.Tuple: return new ItemsNode(kind, More(() => Node(depth + 1)));
            case NodeKind.Map: return new MapNode(More(() => (Node(depth + 1), Node(depth + 1))));
            case NodeKind.Thing: return Thing(_at - 1, depth);
            case NodeKind.Opaque: return new OpaqueNode(Text());
            case NodeKind.Back: return new BackNode(Int());
            case NodeKind.Cut: return CutNode.Only;
            default: throw new InvalidDataException();
        }
    }

    private ThingNode Thing(int start, int depth)
    {
        var (type, whose, words) = (Text(), Byte(), Text());
        var fields = More(() => (Text(), Node(depth + 1)));
        return new(type, whose == 1, words, fields, whose == 2, bytes[start.._at]);
    }

    private List<T> More<T>(Func<T> read)
    {
        List<T> items = [];
        while (Byte() == 1) items.Add(read());
        return items;
    }

    private decimal Exact()
    {
        int[] parts = [Int(), Int(), Int(), Int()];
        try { return new(parts); }
        catch (ArgumentException) { throw new InvalidDataException(); }
    }

    private double Double() => BitConverter.ToDouble(Take(sizeof(double)));

    private int Count(int most) => Int() is var count && count >= 0 && count <= most ? count : throw new InvalidDataException();

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > bytes.Length - _at) throw new InvalidDataException();
        var taken = bytes.Span.Slice(_at, count);
        _at += count;
        return taken;
    }
}

using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace DocTuneLab.Training.Simd;

/// <summary>
/// Causal grouped-query attention over packed sequences: each sees only itself, and nothing is padded. Scores are computed in
/// blocks of rows and again in the backward pass (Dao et al. 2022, arXiv 2205.14135), so memory grows with the length, not
/// with its square.
/// </summary>
internal static unsafe class Attention
{
    private const int BlockRows = 32;

    /// <param name="x">Queries, keys and values; output and sums are written.</param>
    /// <param name="rows">Which rows attend to which.</param>
    /// <param name="shape">Heads and sizes.</param>
    public static void Forward(AttentionMatrices x, AttentionRows rows, AttentionShape shape)
    {
        RowSpan q = x.Q, k = x.K, v = x.V, output = x.Output;
        var logSums = x.LogSums;
        ForEach(rows, shape, (segment, head) =>
        {
            var (size, padded) = (shape.Size, Padded(segment.Length));
            var memory = new Memory((long)size * padded + BlockRows * padded + size * segment.Length);
            float* keys = memory.Take(size * padded), scores = memory.Take(BlockRows * padded);
            Transpose(k.Columns(head * size), segment, size, padded, keys);
            var values = Adjacent(v.Columns(head * size), segment, size, memory.Take(size * segment.Length));
            var group = shape.Heads / shape.KeyValueHeads;
            for (var h = head * group; h < (head + 1) * group; h++)
            {
                for (var from = segment.From; from < segment.To; from += BlockRows)
                {
                    var count = Math.Min(BlockRows, segment.To - from);
                    var limit = rows.Positions[from + count - 1] + 1;
                    BlockProduct.Run(new(q.Row(from) + h * size, q.Step, 1), new(keys, size, padded), new(scores, count, padded),
                        Padded(limit), accumulate: false);
                    for (var r = 0; r < count; r++)
                    {
                        var position = rows.Positions[from + r];
                        logSums[(long)(from + r) * shape.Heads + h] = Softmax(scores + r * padded,
                            new Seen(First(position, shape.Window), position + 1, limit), shape.Scale);
                    }
                    BlockProduct.Run(new(scores, padded, 1), new(values.Start, limit, values.Step),
                        new(output.Row(from) + h * size, count, output.Step), size, accumulate: false);
                }
            }
        });
    }

    /// <summary>Gradients of <see cref="Forward"/>.</summary>
    /// <param name="x">What the forward pass read and wrote.</param>
    /// <param name="gradients">The output's is read; the queries' is written;
    /// the keys' and values' are added to, and the caller clears them.</param>
    /// <param name="rows">Which rows attend to which.</param>
    /// <param name="shape">Heads and sizes.</param>
    public static void Backward(AttentionMatrices x, AttentionGradients gradients, AttentionRows rows, AttentionShape shape)
    {
        RowSpan q = x.Q, k = x.K, v = x.V, output = x.Output, dOutput = gradients.Output, dq = gradients.Q, dk = gradients.K,
            dv = gradients.V;
        float* logSums = x.LogSums, shared = gradients.Shared;
        ForEach(rows, shape, (segment, head) =>
        {
            var (size, padded) = (shape.Size, Padded(segment.Length));
            var memory = new Memory(2L * size * padded + 2 * BlockRows * padded + size * segment.Length);
            float* keys = memory.Take(size * padded), values = memory.Take(size * padded), scores = memory.Take(BlockRows * padded),
                d = memory.Take(BlockRows * padded);
            Transpose(k.Columns(head * size), segment, size, padded, keys);
            Transpose(v.Columns(head * size), segment, size, padded, values);
            var plainKeys = Adjacent(k.Columns(head * size), segment, size, memory.Take(size * segment.Length));
            float* dKeys = SharedGradients(shared, segment, head, shape), dValues = dKeys + size * segment.Shared.Length;
            new Span<float>(dKeys, 2 * size * segment.Shared.Length).Clear();
            var group = shape.Heads / shape.KeyValueHeads;
            for (var h = head * group; h < (head + 1) * group; h++)
            {
                for (var from = segment.From; from < segment.To; from += BlockRows)
                {
                    var count = Math.Min(BlockRows, segment.To - from);
                    var limit = rows.Positions[from + count - 1] + 1;
                    float* queries = q.Row(from) + h * size, dOut = dOutput.Row(from) + h * size;
                    BlockProduct.Run(new(queries, q.Step, 1), new(keys, size, padded), new(scores, count, padded), Padded(limit),
                        accumulate: false);
                    BlockProduct.Run(new(dOut, dOutput.Step, 1), new(values, size, padded), new(d, count, padded), Padded(limit),
                        accumulate: false);
                    for (var r = 0; r < count; r++)
                    {
                        var position = rows.Positions[from + r];
                        var mean = RowKernels.Dot(dOut + (long)r * dOutput.Step, output.Row(from + r) + h * size, size);
                        SoftmaxBackward(scores + r * padded, d + r * padded, new Seen(First(position, shape.Window), position + 1, limit),
                            shape.Scale, logSums[(long)(from + r) * shape.Heads + h], mean);
                    }
                    BlockProduct.Run(new(d, padded, 1), new(plainKeys.Start, limit, plainKeys.Step),
                        new(dq.Row(from) + h * size, count, dq.Step), size, accumulate: false);
                    var (others, own) = (Math.Min(segment.Shared.Length, limit), limit - segment.Shared.Length);
                    BlockProduct.Run(new(d, 1, padded), new(queries, count, q.Step), new(dKeys, others, size), size, accumulate: true);
                    BlockProduct.Run(new(scores, 1, padded), new(dOut, count, dOutput.Step), new(dValues, others, size), size,
                        accumulate: true);
                    BlockProduct.Run(new(d + others, 1, padded), new(queries, count, q.Step),
                        new(dk.Row(segment.Start) + head * size, own, dk.Step), size, accumulate: true);
                    BlockProduct.Run(new(scores + others, 1, padded), new(dOut, count, dOutput.Step),
                        new(dv.Row(segment.Start) + head * size, own, dv.Step), size, accumulate: true);
                }
            }
        });
        // What sequences say about rows that they share is joined afterwards, in their order.
        if (rows.SharedRows > 0) Cores.For(shape.KeyValueHeads, head =>
        {
            foreach (var segment in Segments(rows))
            {
                float* dKeys = SharedGradients(shared, segment, head, shape), dValues = dKeys + shape.Size * segment.Shared.Length;
                for (var i = 0; i < segment.Shared.Length; i++)
                {
                    RowKernels.Add(dKeys + i * shape.Size, dk.Row(segment.Shared[i]) + head * shape.Size, shape.Size);
                    RowKernels.Add(dValues + i * shape.Size, dv.Row(segment.Shared[i]) + head * shape.Size, shape.Size);
                }
            }
        });
    }

    /// <summary>One query each of several sequences, over keys and values in a cache.</summary>
    /// <param name="q">Queries, heads side by side.</param>
    /// <param name="cache">Keys and then values of a token in each row.</param>
    /// <param name="rows">Whose they are.</param>
    /// <param name="output">Receives a row for each query.</param>
    /// <param name="shape">Heads and sizes.</param>
    public static void Decode(RowSpan q, RowSpan cache, CachedRows rows, RowSpan output, AttentionShape shape)
    {
        var (first, positions) = (rows.First, rows.Positions);
        var (size, width, group) = (shape.Size, shape.KeyValueHeads * shape.Size, shape.Heads / shape.KeyValueHeads);
        Cores.For(first.Length * shape.KeyValueHeads, i =>
        {
            var (row, head) = (i / shape.KeyValueHeads, i % shape.KeyValueHeads);
            var (from, to) = (First(positions[row], shape.Window), positions[row] + 1);
            var keys = cache.Columns(head * size);
            var values = cache.Columns(width + head * size);
            var scores = new Memory(Padded(to)).Take(Padded(to));
            for (var h = head * group; h < (head + 1) * group; h++)
            {
                float* query = q.Row(row) + h * size, target = output.Row(row) + h * size;
                for (var t = from; t < to; t++) scores[t] = RowKernels.Dot(query, keys.Row(first[row] + t), size);
                Softmax(scores, new Seen(from, to, to), shape.Scale);
                new Span<float>(target, size).Clear();
                for (var t = from; t < to; t++) RowKernels.Add(values.Row(first[row] + t), target, size, scores[t]);
            }
        }, positions.Sum(p => p + 1.0) * shape.Heads * size * 4);
    }

    // Keys that a query sees, From and before To, in a row of scores up to Limit.
    private readonly record struct Seen(int From, int To, int Limit);

    private readonly record struct Segment(int Start, int Length, int[] Shared, int SharedBefore, int From, int To)
    {
        public int Row(int position) => position < Shared.Length ? Shared[position] : Start + position - Shared.Length;
    }

    private static Segment[] Segments(AttentionRows rows)
    {
        var segments = new Segment[rows.Starts.Length - 1];
        var before = 0;
        for (var s = 0; s < segments.Length; s++)
        {
            segments[s] = new Segment(rows.Starts[s], rows.Starts[s + 1] - rows.Starts[s] + rows.Shared[s].Length, rows.Shared[s], before,
                rows.Offsets[s], rows.Offsets[s + 1]);
            before += rows.Shared[s].Length;
        }
        return segments;
    }

    // One work item owns a sequence's key-value head, so that sums have one order.
    private static void ForEach(AttentionRows rows, AttentionShape shape, Action<Segment, int> body)
    {
        var segments = Segments(rows);
        Cores.For(segments.Length * shape.KeyValueHeads, i =>
        {
            var segment = segments[i / shape.KeyValueHeads];
            // A sequence without queries still has gradients of shared rows to clear.
            if (segment.To > segment.From || segment.Shared.Length > 0) body(segment, i % shape.KeyValueHeads);
        }, segments.Sum(s => (double)s.Length * (s.To - s.From)) * shape.Heads * shape.Size);
    }

    private static int Padded(int length) => (length + 15) & ~15;

    private static int First(int position, int window) => window > 0 ? Math.Max(0, position + 1 - window) : 0;

    // Of a sequence's shared rows to one head: keys, then values.
    private static float* SharedGradients(float* shared, Segment segment, int head, AttentionShape shape) =>
        shared + 2L * shape.Size * (shape.KeyValueHeads * segment.SharedBefore + head * segment.Shared.Length);

    // The sequence's rows under one another: where they lie, or gathered if some are another's.
    private static RowSpan Adjacent(RowSpan x, Segment segment, int size, float* target)
    {
        if (segment.Shared.Length == 0) return new RowSpan(x.Row(segment.Start), segment.Length, x.Step);
        for (var t = 0; t < segment.Length; t++)
            new Span<float>(x.Row(segment.Row(t)), size).CopyTo(new Span<float>(target + (long)t * size, size));
        return new RowSpan(target, segment.Length, size);
    }

    private static void Transpose(RowSpan x, Segment segment, int size, int padded, float* target)
    {
        for (var t = 0; t < segment.Length; t++)
        {
            var row = x.Row(segment.Row(t));
            for (var i = 0; i < size; i++) target[(long)i * padded + t] = row[i];
        }
        for (var i = 0; i < size; i++) new Span<float>(target + (long)i * padded + segment.Length, padded - segment.Length).Clear();
    }

    // Whole vectors from the one that holds the first element to the one that holds the last: rows are padded to them.
    private static float Softmax(float* x, Seen keys, float scale)
    {
        var (from, to, limit) = keys;
        const int Lanes = 8;
        var (first, end) = (from & ~(Lanes - 1), (to + Lanes - 1) & ~(Lanes - 1));
        new Span<float>(x + first, from - first).Fill(float.NegativeInfinity);
        new Span<float>(x + to, end - to).Fill(float.NegativeInfinity);
        var highest = Vector256.Create(float.NegativeInfinity);
        for (var at = first; at < end; at += Lanes) highest = Vector256.MaxNative(highest, Vector256.Load(x + at));
        var max = float.NegativeInfinity;
        for (var l = 0; l < Lanes; l++) max = MathF.Max(max, highest[l]);
        max *= scale;
        var sums = Vector256<float>.Zero;
        for (var at = first; at < end; at += Lanes)
        {
            var e = Exponential.Of(Vector256.Load(x + at) * scale - Vector256.Create(max));
            e.Store(x + at);
            sums += e;
        }
        var sum = Vector256.Sum(sums);
        var inverse = Vector256.Create(1 / sum);
        for (var at = first; at < end; at += Lanes) (Vector256.Load(x + at) * inverse).Store(x + at);
        new Span<float>(x, from).Clear();
        if (to < limit) new Span<float>(x + to, limit - to).Clear();
        return max + MathF.Log(sum);
    }

    // scores become probabilities, d becomes the gradient to the unscaled scores.
    private static void SoftmaxBackward(float* scores, float* d, Seen keys, float scale, float logSum, float mean)
    {
        var (from, to, limit) = keys;
        const int Lanes = 8;
        var at = from & ~(2 * Lanes - 1);
        if (Vector512.IsHardwareAccelerated)
            for (; at < to; at += 2 * Lanes)
            {
                var p = Exponential.Of(Vector512.Load(scores + at) * scale - Vector512.Create(logSum));
                p.Store(scores + at);
                (p * (Vector512.Load(d + at) - Vector512.Create(mean)) * scale).Store(d + at);
            }
        for (; at < to; at += Lanes)
        {
            var p = Exponential.Of(Vector256.Load(scores + at) * scale - Vector256.Create(logSum));
            p.Store(scores + at);
            (p * (Vector256.Load(d + at) - Vector256.Create(mean)) * scale).Store(d + at);
        }
        foreach (var row in (ReadOnlySpan<nint>)[(nint)scores, (nint)d])
        {
            new Span<float>((float*)row, from).Clear();
            if (to < limit) new Span<float>((float*)row + to, limit - to).Clear();
        }
    }

    /// <summary>Working memory of one item; each thread keeps the largest it needed.</summary>
    private ref struct Memory
    {
        [ThreadStatic]
        private static Block? s_block;
        private float* _at;

        public Memory(long floats)
        {
            if (s_block is null || s_block.Floats < floats) s_block = new Block(floats);
            _at = s_block.Start;
        }

        public float* Take(int floats)
        {
            var start = _at;
            _at += floats;
            return start;
        }

        private sealed class Block(long floats)
        {
            public long Floats { get; } = floats;

            public float* Start { get; } = (float*)NativeMemory.AlignedAlloc((nuint)floats * sizeof(float), 64);

            ~Block() => NativeMemory.AlignedFree(Start);
        }
    }
}

using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace DocTuneLab.Training.Native;

/// <summary>Shape of an attention over packed sequences.</summary>
/// <param name="Heads">Query heads.</param>
/// <param name="KeyValueHeads">Key and value heads; each serves Heads / KeyValueHeads query heads.</param>
/// <param name="Size">Width of a head.</param>
/// <param name="Window">How many keys back a query sees, itself included; 0 is all.</param>
/// <param name="Scale">Factor of the scores, usually 1/sqrt(Size).</param>
internal readonly record struct AttentionShape(int Heads, int KeyValueHeads, int Size, int Window, float Scale);

/// <summary>
/// Causal grouped-query attention over sequences packed one after another: each sees only itself, and nothing is padded.
/// Scores are computed in blocks of rows and again in the backward pass (Dao et al. 2022, arXiv 2205.14135), so memory grows
/// with the length, not with its square. Queries may be any subset of the rows.
/// </summary>
internal static unsafe class Attention
{
    private const int BlockRows = 32;

    /// <param name="q">Queries, one row per entry of <paramref name="rows"/>, heads side by side.</param>
    /// <param name="k">Keys of all rows.</param>
    /// <param name="v">Values of all rows.</param>
    /// <param name="output">Receives a row for each query.</param>
    /// <param name="logSums">Receives [queries × heads]: log of the sum of exponentials, for the backward pass.</param>
    /// <param name="starts">Rows at which sequences start, and the total at the end.</param>
    /// <param name="rows">Row of each query, ascending.</param>
    /// <param name="shape">Heads and sizes.</param>
    public static void Forward(RowSpan q, RowSpan k, RowSpan v, RowSpan output, float* logSums, int[] starts, int[] rows, AttentionShape shape) => ForEach(starts, rows, shape, (segment, head) =>
    {
        var size = shape.Size;
        var padded = Padded(segment.Length);
        var memory = new Memory((long)size * padded + BlockRows * padded);
        float* keys = memory.Take(size * padded), scores = memory.Take(BlockRows * padded);
        Transpose(k.Columns(head * size), segment, size, padded, keys);
        var group = shape.Heads / shape.KeyValueHeads;
        for (var h = head * group; h < (head + 1) * group; h++)
        {
            for (var from = segment.QueryStart; from < segment.QueryEnd; from += BlockRows)
            {
                var count = Math.Min(BlockRows, segment.QueryEnd - from);
                var limit = rows[from + count - 1] - segment.Start + 1;
                BlockProduct.Run(q.Row(from) + h * size, q.Step, 1, keys, padded, scores, padded, count, Padded(limit), size, accumulate: false);
                for (var r = 0; r < count; r++)
                {
                    var position = rows[from + r] - segment.Start;
                    logSums[(long)(from + r) * shape.Heads + h] = Softmax(scores + r * padded, First(position, shape.Window), position + 1, limit, shape.Scale);
                }
                BlockProduct.Run(scores, padded, 1, v.Row(segment.Start) + head * size, v.Step, output.Row(from) + h * size, output.Step, count, size, limit, accumulate: false);
            }
        }
    });

    /// <summary>Gradients to queries (written), keys and values (added; the caller clears them).</summary>
    public static void Backward(RowSpan q, RowSpan k, RowSpan v, RowSpan output, float* logSums, RowSpan dOutput, RowSpan dq, RowSpan dk, RowSpan dv, int[] starts, int[] rows, AttentionShape shape) => ForEach(starts, rows, shape, (segment, head) =>
    {
        var size = shape.Size;
        var padded = Padded(segment.Length);
        var memory = new Memory(2L * size * padded + 2 * BlockRows * padded);
        float* keys = memory.Take(size * padded), values = memory.Take(size * padded), scores = memory.Take(BlockRows * padded), d = memory.Take(BlockRows * padded);
        Transpose(k.Columns(head * size), segment, size, padded, keys);
        Transpose(v.Columns(head * size), segment, size, padded, values);
        var group = shape.Heads / shape.KeyValueHeads;
        for (var h = head * group; h < (head + 1) * group; h++)
        {
            for (var from = segment.QueryStart; from < segment.QueryEnd; from += BlockRows)
            {
                var count = Math.Min(BlockRows, segment.QueryEnd - from);
                var limit = rows[from + count - 1] - segment.Start + 1;
                float* queries = q.Row(from) + h * size, dOut = dOutput.Row(from) + h * size;
                BlockProduct.Run(queries, q.Step, 1, keys, padded, scores, padded, count, Padded(limit), size, accumulate: false);
                BlockProduct.Run(dOut, dOutput.Step, 1, values, padded, d, padded, count, Padded(limit), size, accumulate: false);
                for (var r = 0; r < count; r++)
                {
                    var position = rows[from + r] - segment.Start;
                    var mean = RowKernels.Dot(dOut + (long)r * dOutput.Step, output.Row(from + r) + h * size, size);
                    SoftmaxBackward(scores + r * padded, d + r * padded, First(position, shape.Window), position + 1, limit, shape.Scale, logSums[(long)(from + r) * shape.Heads + h], mean);
                }
                BlockProduct.Run(d, padded, 1, k.Row(segment.Start) + head * size, k.Step, dq.Row(from) + h * size, dq.Step, count, size, limit, accumulate: false);
                BlockProduct.Run(d, 1, padded, queries, q.Step, dk.Row(segment.Start) + head * size, dk.Step, limit, size, count, accumulate: true);
                BlockProduct.Run(scores, 1, padded, dOut, dOutput.Step, dv.Row(segment.Start) + head * size, dv.Step, limit, size, count, accumulate: true);
            }
        }
    });

    private readonly record struct Segment(int Start, int Length, int QueryStart, int QueryEnd);

    // One work item owns a sequence's key-value head, so that sums have one order.
    private static void ForEach(int[] starts, int[] rows, AttentionShape shape, Action<Segment, int> body)
    {
        var segments = new Segment[starts.Length - 1];
        var query = 0;
        for (var s = 0; s < segments.Length; s++)
        {
            var first = query;
            while (query < rows.Length && rows[query] < starts[s + 1]) query++;
            segments[s] = new Segment(starts[s], starts[s + 1] - starts[s], first, query);
        }
        Cores.For(segments.Length * shape.KeyValueHeads, i =>
        {
            var segment = segments[i / shape.KeyValueHeads];
            if (segment.QueryEnd > segment.QueryStart) body(segment, i % shape.KeyValueHeads);
        }, segments.Sum(s => (double)s.Length * (s.QueryEnd - s.QueryStart)) * shape.Heads * shape.Size);
    }

    private static int Padded(int length) => (length + 15) & ~15;

    private static int First(int position, int window) => window > 0 ? Math.Max(0, position + 1 - window) : 0;

    private static void Transpose(RowSpan x, Segment segment, int size, int padded, float* target)
    {
        for (var t = 0; t < segment.Length; t++)
        {
            var row = x.Row(segment.Start + t);
            for (var i = 0; i < size; i++) target[(long)i * padded + t] = row[i];
        }
        for (var i = 0; i < size; i++) new Span<float>(target + (long)i * padded + segment.Length, padded - segment.Length).Clear();
    }

    private static float Softmax(float* x, int from, int to, int limit, float scale)
    {
        var max = float.NegativeInfinity;
        for (var i = from; i < to; i++) max = MathF.Max(max, x[i]);
        max *= scale;
        new Span<float>(x, from).Clear();
        var lanes = Vector256<float>.Count;
        var sums = Vector256<float>.Zero;
        var at = from;
        for (; at + lanes <= to; at += lanes)
        {
            var e = Vector256.Exp(Vector256.Load(x + at) * scale - Vector256.Create(max));
            e.Store(x + at);
            sums += e;
        }
        var sum = Vector256.Sum(sums);
        for (; at < to; at++) sum += x[at] = MathF.Exp(x[at] * scale - max);
        var inverse = 1 / sum;
        for (var i = from; i < to; i++) x[i] *= inverse;
        if (to < limit) new Span<float>(x + to, limit - to).Clear();
        return max + MathF.Log(sum);
    }

    // scores become probabilities, d becomes the gradient to the unscaled scores.
    private static void SoftmaxBackward(float* scores, float* d, int from, int to, int limit, float scale, float logSum, float mean)
    {
        new Span<float>(scores, from).Clear();
        new Span<float>(d, from).Clear();
        var lanes = Vector256<float>.Count;
        var at = from;
        for (; at + lanes <= to; at += lanes)
        {
            var p = Vector256.Exp(Vector256.Load(scores + at) * scale - Vector256.Create(logSum));
            p.Store(scores + at);
            (p * (Vector256.Load(d + at) - Vector256.Create(mean)) * scale).Store(d + at);
        }
        for (; at < to; at++)
        {
            var p = MathF.Exp(scores[at] * scale - logSum);
            scores[at] = p;
            d[at] = p * (d[at] - mean) * scale;
        }
        if (to < limit)
        {
            new Span<float>(scores + to, limit - to).Clear();
            new Span<float>(d + to, limit - to).Clear();
        }
    }

    /// <summary>Working memory of one item; each thread keeps the largest it needed.</summary>
    private ref struct Memory
    {
        [ThreadStatic]
        private static Block? t_block;
        private float* _at;

        public Memory(long floats)
        {
            if (t_block is null || t_block.Floats < floats) t_block = new Block(floats);
            _at = t_block.Start;
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

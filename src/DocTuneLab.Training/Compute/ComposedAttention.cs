using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Simd;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Compute;

/// <summary>
/// Attention of libtorch's own operations, over packed sequences and over a cache: by the device's fused kernel where that knows what is
/// asked, else with scores that are capped and sinks that take part in the softmax, a part of the queries at a time.
/// </summary>
/// <param name="kernels">Where it is computed.</param>
/// <param name="fused">Softmax(q kᵀ / √size + mask) v; causal without a mask.</param>
internal sealed class ComposedAttention(Kernels kernels, Func<Tensor, Tensor, Tensor, Tensor?, Tensor> fused) : IDisposable
{
    /// <summary>Elements of masks that are kept during a batch.</summary>
    internal const long KeptMasks = 1 << 26;

    /// <summary>Keys that neighbouring sequences have at most where one masked product is of all of them.</summary>
    internal const int TileKeys = 2048;

    private const int TileQueries = 1024;
    private readonly Dictionary<(AttentionRows Rows, int Window, bool Fused), Tile[]> _tiles = [];
    private readonly Dictionary<(int[] Positions, int Window), Tensor> _cacheMasks = [];
    private long _keptMasks;

    /// <summary>Forgets what was kept of a batch.</summary>
    public void Forget()
    {
        foreach (var tensor in _cacheMasks.Values) tensor.Dispose();
        foreach (var tile in _tiles.Values.SelectMany(t => t)) tile.Dispose();
        _cacheMasks.Clear();
        _tiles.Clear();
        _keptMasks = 0;
    }

    /// <inheritdoc cref="Kernels.Attend"/>
    public void Attend(AttentionTensors x, AttentionRows rows, AttentionShape shape)
    {
        foreach (var tile in Tiles(rows, shape, x.Sinks))
        {
            using var scope = NewDisposeScope();
            var result = Attended(Heads(tile.Queries(x.Q), shape.Heads), Heads(tile.Rows(x.K), shape.KeyValueHeads),
                Heads(tile.Rows(x.V), shape.KeyValueHeads), x.Sinks, tile, shape);
            Parts(x.Output, tile.From, tile.Count, shape.Heads).copy_(result[0].transpose(0, 1));
        }
    }

    // Computed again under autograd, which knows the backward pass of whatever kernel the device has for it.
    /// <inheritdoc cref="Kernels.AttendBackward"/>
    public void AttendBackward(AttentionTensors x, AttentionTensorGradients gradients, AttentionRows rows, AttentionShape shape)
    {
        foreach (var tile in Tiles(rows, shape, x.Sinks))
        {
            using var scope = NewDisposeScope();
            Tensor Leaf(Tensor of)
            {
                var leaf = of.detach();
                leaf.requires_grad = true;
                return leaf;
            }
            IList<Tensor> found;
            using (enable_grad())
            {
                var sinks = x.Sinks is null || gradients.Sinks is null ? x.Sinks : Leaf(x.Sinks);
                Tensor[] leaves =
                [
                    Leaf(Heads(tile.Queries(x.Q), shape.Heads)), Leaf(Heads(tile.Rows(x.K), shape.KeyValueHeads)),
                    Leaf(Heads(tile.Rows(x.V), shape.KeyValueHeads)), .. gradients.Sinks is null ? [] : (Tensor[])[sinks!],
                ];
                found = autograd.grad([Attended(leaves[0], leaves[1], leaves[2], sinks, tile, shape)], leaves,
                    [Heads(tile.Queries(gradients.Output), shape.Heads)]);
            }
            Parts(gradients.Q, tile.From, tile.Count, shape.Heads).copy_(found[0][0].transpose(0, 1));
            foreach (var (gradient, target) in ((Tensor, Tensor)[])[(found[1], gradients.K), (found[2], gradients.V)])
                tile.AddTo(target, gradient[0].transpose(0, 1).flatten(1));
            gradients.Sinks?.Add(found[3]);
        }
    }

    /// <summary>As <see cref="Kernels.Decode"/>; where keys of the cache, [queries, keys, key heads × size], go through something first,
    /// the last parameter is that.</summary>
    public void Decode(Tensor q, Tensor cache, CachedRows rows, Tensor output, AttentionShape shape, Tensor? sinks = null,
        Func<Tensor, Tensor>? turn = null)
    {
        using var scope = NewDisposeScope();
        var (count, length, width) = (rows.Sequences.Length, rows.Positions.Max() + 1, shape.KeyValueHeads * shape.Size);
        var seen = cache.view(-1, rows.Capacity, 2 * width).narrow(1, 0, length);
        if (seen.size(0) != count || turn is not null) seen = kernels.Rows(seen, rows.Sequences);
        var (keys, values) = (seen.narrow(2, 0, width), seen.narrow(2, width, width));
        if (turn is not null) keys = turn(keys);
        Tensor Cached(Tensor x) => x.unflatten(2, [shape.KeyValueHeads, shape.Size]).transpose(1, 2);
        // The queries of one key head stand where the queries of one sequence do in training.
        var groups = shape.Heads / shape.KeyValueHeads;
        var grouped = q.reshape(count, shape.KeyValueHeads, groups, shape.Size);
        output.copy_(Attention(grouped, Cached(keys), Cached(values), CacheMask(rows.Positions, length, shape.Window), shape,
            sinks?.view(1, shape.KeyValueHeads, groups, 1)).reshape(count, -1));
    }

    /// <inheritdoc/>
    public void Dispose() => Forget();

    // [rows, heads, size] of some rows: a view.
    private static Tensor Parts(Tensor x, int from, int count, int heads) =>
        x.narrow(0, from, count).unflatten(1, [heads, x.size(1) / heads]);

    // [rows, heads × size] as [1, heads, rows, size].
    private static Tensor Heads(Tensor x, int heads) => Parts(x, 0, (int)x.size(0), heads).transpose(0, 1).unsqueeze(0);

    private Tensor Attended(Tensor q, Tensor k, Tensor v, Tensor? sinks, Tile tile, AttentionShape shape)
    {
        var groups = q.size(1) / k.size(1);
        Tensor Repeated(Tensor x) =>
            groups == 1
                ? x
                : x.unsqueeze(2).expand(1, x.size(1), groups, x.size(2), x.size(3)).reshape(q.size(0), q.size(1), x.size(2), x.size(3));
        return Attention(q, Repeated(k), Repeated(v), tile.IsCausal ? null : Mask(tile), shape, sinks?.view(1, -1, 1, 1));
    }

    // The fused kernel scales by the root of the size.
    private Tensor Attention(Tensor q, Tensor k, Tensor v, Tensor? mask, AttentionShape shape, Tensor? sinks)
    {
        if (!IsFused(shape, sinks)) return AttentionMixer.Attended(q, k, v, mask!, (shape.Scale, shape.Cap), sinks);
        var factor = shape.Scale * Math.Sqrt(shape.Size);
        return fused(Math.Abs(factor - 1) < 1e-6 ? q : q.Times(factor), k, v, mask);
    }

    private static bool IsFused(AttentionShape shape, Tensor? sinks) => shape.Cap == 0 && sinks is null;

    private Tensor Mask(Tile tile)
    {
        if (tile.Mask is not null) return tile.Mask;
        using var outer = no_grad();
        using var scope = NewDisposeScope();
        Tensor Column(int[] values) => kernels.Indices(values).unsqueeze(1);
        Tensor distance = Column(tile.QueryPositions) - kernels.Indices(tile.KeyPositions);
        var seen = (Column(tile.QuerySequences) == kernels.Indices(tile.KeySequences)) & distance.NotBelow(0);
        var mask = Added(tile.Window > 0 ? seen & distance.Below(tile.Window) : seen);
        if (_keptMasks + mask.numel() > KeptMasks) return mask.MoveToOuterDisposeScope();
        _keptMasks += mask.numel();
        return tile.Mask = mask.DetachFromDisposeScope();
    }

    private Tensor CacheMask(int[] positions, int length, int window)
    {
        if (_cacheMasks.TryGetValue((positions, window), out var known)) return known;
        using var scope = NewDisposeScope();
        var distance = kernels.Indices(positions).unsqueeze(1) - TensorArithmetic.Range(0, length, device: kernels.Memory.Device);
        var seen = distance.NotBelow(0);
        var mask = Added(window > 0 ? seen & distance.Below(window) : seen).unsqueeze(1).unsqueeze(1);
        return _cacheMasks[(positions, window)] = mask.DetachFromDisposeScope();
    }

    // What is added to scores: nothing, or minus infinity.
    private Tensor Added(Tensor seen) =>
        zeros(seen.shape, dtype: kernels.Memory.Type, device: kernels.Memory.Device)
            .Fill(float.NegativeInfinity, seen.bitwise_not());

    private Tile[] Tiles(AttentionRows rows, AttentionShape shape, Tensor? sinks)
    {
        var key = (rows, shape.Window, IsFused(shape, sinks));
        if (_tiles.TryGetValue(key, out var known)) return known;
        return _tiles[key] = [.. Tile.Of(rows, shape.Window, key.Item3, kernels)];
    }

    /// <summary>Queries, one after another, and the keys that they may see.</summary>
    private sealed class Tile : IDisposable
    {
        private readonly Kernels _kernels;
        private readonly int[] _keys;
        private readonly bool _adjacent;

        private Tile(Kernels kernels, int from, int count, int[] keys)
        {
            (_kernels, From, Count, _keys) = (kernels, from, count, keys);
            _adjacent = keys[^1] - keys[0] + 1 == keys.Length && Enumerable.Range(keys[0], keys.Length).SequenceEqual(keys);
        }

        public int From { get; }

        public int Count { get; }

        public bool IsCausal { get; private init; }

        public int Window { get; private init; }

        public int[] QuerySequences { get; private init; } = [];

        public int[] QueryPositions { get; private init; } = [];

        public int[] KeySequences { get; private init; } = [];

        public int[] KeyPositions { get; private init; } = [];

        public Tensor? Mask { get; set; }

        public Tensor Queries(Tensor x) => x.narrow(0, From, Count);

        public Tensor Rows(Tensor x) => _adjacent ? x.narrow(0, _keys[0], _keys.Length) : _kernels.Rows(x, _keys);

        public void AddTo(Tensor x, Tensor rows)
        {
            if (_adjacent) x.narrow(0, _keys[0], _keys.Length).Add(rows);
            else x.AddRows(_kernels.Indices(_keys), rows);
        }

        /// <summary>
        /// A sequence that is all there, and sees all before it, is left to the device's causal kernel, if it can be. Others are masked:
        /// neighbours
        /// together as long as their keys are few, long ones in parts of their queries.
        /// </summary>
        public static IEnumerable<Tile> Of(AttentionRows rows, int window, bool fused, Kernels kernels)
        {
            int Queries(int s) => rows.Offsets[s + 1] - rows.Offsets[s];
            int Keys(int s) => rows.Shared[s].Length + rows.Starts[s + 1] - rows.Starts[s];
            int Key(int s, int position) =>
                position < rows.Shared[s].Length ? rows.Shared[s][position] : rows.Starts[s] + position - rows.Shared[s].Length;
            for (int s = 0, next; s < rows.Starts.Length - 1; s = next)
            {
                next = s + 1;
                if (Queries(s) == 0) continue;
                var keys = Keys(s);
                while (next < rows.Starts.Length - 1 && keys + Keys(next) <= TileKeys) keys += Keys(next++);
                if (fused && next == s + 1 && Queries(s) == keys && (window == 0 || window >= keys))
                {
                    yield return new Tile(kernels, rows.Offsets[s], keys, [.. Enumerable.Range(0, keys).Select(t => Key(s, t))])
                    {
                        IsCausal = true
                    };
                    continue;
                }
                for (var from = rows.Offsets[s]; from < rows.Offsets[next]; from += TileQueries)
                {
                    var count = Math.Min(TileQueries, rows.Offsets[next] - from);
                    var (keyRows, keySequences, keyPositions, querySequences) = (new List<int>(), new List<int>(), new List<int>(),
                        new int[count]);
                    for (var sequence = s; sequence < next; sequence++)
                    {
                        var (first, end) = (Math.Max(from, rows.Offsets[sequence]), Math.Min(from + count, rows.Offsets[sequence + 1]));
                        if (first >= end) continue;
                        querySequences.AsSpan(first - from, end - first).Fill(sequence);
                        for (var t = window > 0 ? Math.Max(0, rows.Positions[first] + 1 - window) : 0; t <= rows.Positions[end - 1]; t++)
                        {
                            keyRows.Add(Key(sequence, t));
                            keySequences.Add(sequence);
                            keyPositions.Add(t);
                        }
                    }
                    yield return new Tile(kernels, from, count, [.. keyRows])
                    {
                        Window = window,
                        QuerySequences = querySequences,
                        QueryPositions = rows.Positions[from..(from + count)],
                        KeySequences = [.. keySequences],
                        KeyPositions = [.. keyPositions],
                    };
                }
            }
        }

        public void Dispose() => Mask?.Dispose();
    }
}

using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Models.Layout;
using DocTuneLab.Training.Simd;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Compute;

/// <summary>Attention of any form: projections as products, norms and rotation between them, scores by the kernels.</summary>
internal sealed class AttentionPass : MixerPass
{
    private readonly AttentionMixer _attention;
    private readonly PassParts _parts;
    private readonly Kernels _kernels;
    private readonly AttentionShape _shape;
    private readonly LinearGroup? _query, _keyValue, _all;
    private readonly LinearGroup _output;
    private Tensor? _asking;
    private (Tensor Q, Tensor K, Tensor V) _raw;
    private AttentionTensors _shaped;

    public AttentionPass(AttentionMixer attention, PassParts parts)
    {
        (_attention, _parts, _kernels, _shape) = (attention, parts, parts.Kernels, Shape(attention.Layout));
        var projections = attention.Projections;
        if (projections.Count == 1) _all = parts.Group(projections[0]);
        else (_query, _keyValue) = (parts.Group(projections[0]), parts.Group(projections[1], projections[2]));
        _output = parts.Group(attention.Output);
    }

    private AttentionLayout Layout => _attention.Layout;

    // Keys that turn by the length of their sequence wait in the cache as they were before.
    private bool FollowsLength => Layout.Rope is { FollowsLength: true };

    /// <summary>What kernels need to know of a layer's attention.</summary>
    public static AttentionShape Shape(AttentionLayout layout) =>
        new(layout.Heads, layout.KeyValueHeads, layout.HeadSize, layout.Window ?? 0,
            layout.Scale == 1 / Math.Sqrt(layout.HeadSize) ? 1 / MathF.Sqrt(layout.HeadSize) : (float)layout.Scale)
        {
            Cap = (float)(layout.ScoreCap ?? 0),
        };

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x, PackedBatch batch, bool isLast, StepKey step)
    {
        var call = new PassCall(step, Few: false);
        _asking = isLast && _all is null ? _kernels.Rows(x, batch.Rows) : x;
        _raw = Raw(x, _asking, call);
        if (isLast && _all is not null) _raw.Q = _kernels.Rows(_raw.Q, batch.Rows);
        var rows = isLast ? batch.Trained : batch.All;
        var count = rows.Positions.Length;
        var shaped = Shaped(_raw.Q, _raw.K, _raw.V, batch, isLast);
        // Keys and values stay for a cache.
        Tensor keys = Kept("composed keys", shaped[1]), values = Kept("composed values", shaped[2]);
        if (FollowsLength) Kept("composed keys as they were", _attention.Keys(_raw.K, null));
        var attended = _parts.New(count, Layout.QueryWidth);
        _shaped = new AttentionTensors(shaped[0].contiguous(), keys, values, attended,
            empty(count, Layout.Heads, dtype: ScalarType.Float32, device: _kernels.Memory.Device), _attention.Sinks);
        _kernels.Attend(_shaped, rows, _shape);
        return _parts.Apply(_output, attended, call);
    }

    /// <inheritdoc/>
    public override Tensor Step(Tensor x, Tensor cache, CachedRows rows, PassCall call)
    {
        var (q, k, v) = Raw(x, x, call);
        var angles = _attention.Angles(rows.Positions, rows.Lengths);
        q = _attention.Queries(q, angles, Growing(rows.Positions)).contiguous();
        k = _attention.Keys(k, FollowsLength ? null : angles).contiguous();
        _kernels.Store(k, _attention.Values(v).contiguous(), rows.Queries, cache, rows.Own);
        var attended = _parts.New(q.size(0), Layout.QueryWidth);
        if (FollowsLength) _kernels.Composed.Decode(q, cache, rows, attended, _shape, _attention.Sinks, keys => Turned(keys, rows));
        else _kernels.Decode(q, cache, rows, attended, _shape, _attention.Sinks);
        return _parts.Apply(_output, attended, call);
    }

    /// <inheritdoc/>
    public override void Keep(int tokens, int[] rows, Tensor cache, int[] cacheRows)
    {
        Tensor Of(string name) => _kernels.Memory.Get(name, tokens, Layout.KeyWidth);
        _kernels.Store(Of(FollowsLength ? "composed keys as they were" : "composed keys"), Of("composed values"), rows, cache, cacheRows);
    }

    /// <inheritdoc/>
    public override Tensor? Backward(Tensor x, Tensor dy, PackedBatch batch, bool isLast, StepKey step, bool needInput)
    {
        var rows = isLast ? batch.Trained : batch.All;
        var dAttended = _parts.Backward(_output, _shaped.Output, dy, step);
        var dq = _parts.New(rows.Positions.Length, Layout.QueryWidth);
        Tensor dk = _parts.New(x.size(0), Layout.KeyWidth).zero_(), dv = _parts.New(x.size(0), Layout.KeyWidth).zero_();
        _kernels.AttendBackward(_shaped, new AttentionTensorGradients(dAttended, dq, dk, dv,
            _attention.Sinks is { } sinks ? _parts.Gradients.Of(sinks) : null), rows, _shape);
        var raw = Recomputed.Backward(i => Shaped(i[0], i[1], i[2], batch, isLast), [_raw.Q, _raw.K, _raw.V], [dq, dk, dv],
            _parts.Gradients, _attention.ShapingTensors);
        var dx = needInput ? _parts.New(x.size(0), x.size(1)) : null;
        if (_all is not null)
        {
            _all.Backward(x, Joined(isLast ? Scattered(raw[0], batch, x.size(0)) : raw[0], raw[1], raw[2]), dx, step);
            return dx;
        }
        _keyValue!.Backward(x, cat([raw[1], raw[2]], 1), dx, step);
        var dAsking = needInput ? _parts.New(_asking!.size(0), x.size(1)) : null;
        _query!.Backward(_asking!, raw[0].contiguous(), dAsking, step);
        if (isLast) dx?.AddRows(_kernels.Indices(batch.Rows), dAsking!);
        else dx?.Add(dAsking!);
        return dx;
    }

    /// <inheritdoc/>
    public override double Operations(PackedBatch batch, bool isLast, bool needInput)
    {
        double tokens = batch.Ids.Length, rows = isLast ? batch.Rows.Length : tokens;
        var products = _all?.Operations(tokens, needInput)
            ?? _query!.Operations(rows, needInput) + _keyValue!.Operations(tokens, needInput);
        return products + _output.Operations(rows, true) + Operations(_shape, isLast ? batch.Trained : batch.All);
    }

    /// <summary>Of the attention itself: two products forward and five backward over the keys that a query sees.</summary>
    public static double Operations(AttentionShape shape, AttentionRows rows) =>
        14.0 * shape.Heads * shape.Size * rows.Positions.Sum(p => shape.Window > 0 ? Math.Min(p + 1, shape.Window) : p + 1L);

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (var group in (LinearGroup?[])[_query, _keyValue, _all, _output]) group?.Dispose();
    }

    private (Tensor Q, Tensor K, Tensor V) Raw(Tensor x, Tensor asking, PassCall call)
    {
        if (_all is not null) return _attention.Split(_parts.Apply(_all, x, call));
        var kv = _parts.Apply(_keyValue!, x, call);
        return (_parts.Apply(_query!, asking, call), kv.narrow(1, 0, Layout.KeyWidth), kv.narrow(1, Layout.KeyWidth, Layout.KeyWidth));
    }

    private Tensor[] Shaped(Tensor q, Tensor k, Tensor v, PackedBatch batch, bool isLast)
    {
        var (positions, lengths) = isLast
            ? (batch.Trained.Positions, batch.TrainedLengths)
            : (batch.Positions, batch.Lengths);
        return
        [
            _attention.Queries(q, _attention.Angles(positions, lengths), Growing(positions)),
            _attention.Keys(k, _attention.Angles(batch.Positions, batch.Lengths)), _attention.Values(v),
        ];
    }

    private Tensor? Growing(int[] positions) =>
        Layout.Growth is null ? null : tensor(positions, ScalarType.Float32, _kernels.Memory.Device);

    private Tensor Turned(Tensor keys, CachedRows rows)
    {
        var (count, length) = (keys.size(0), keys.size(1));
        var (positions, lengths) = rows.Keys((int)length);
        var (cosine, sine) = _attention.Rotary!.Rows(positions, lengths);
        Tensor Of(Tensor angles) => angles.view(count, length, 1, angles.size(1));
        return _attention.Rotary.Turn(keys.unflatten(2, [Layout.KeyValueHeads, Layout.HeadSize]), Of(cosine), Of(sine)).flatten(2);
    }

    private Tensor Kept(string name, Tensor x) => _kernels.Memory.Get(name, x.size(0), x.size(1)).copy_(x);

    private Tensor Scattered(Tensor dq, PackedBatch batch, long tokens) =>
        zeros([tokens, Layout.QueryWidth], dtype: dq.dtype, device: dq.device).AddRows(_kernels.Indices(batch.Rows), dq);

    // The other way round than what is split.
    private Tensor Joined(Tensor dq, Tensor dk, Tensor dv)
    {
        if (Layout.Fused == FusedOrder.Blocks) return cat([dq, dk, dv], 1);
        Tensor Heads(Tensor x) => x.unflatten(1, [Layout.Heads, Layout.HeadSize]);
        return stack([Heads(dq), Heads(dk), Heads(dv)], 2).flatten(1);
    }
}

using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Models.Layout;
using DocTuneLab.Training.Simd;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Compute;

/// <summary>
/// A layer of Llama's form, forward and backward without autograd: products of matrices, and kernels between them. Of the forward pass only
/// what cannot be had again cheaply is kept: queries, keys and values, the attention's result, the middle of the
/// residual stream, gate and up.
/// </summary>
internal sealed class FusedLayerPass : LayerPass
{
    private readonly Tensor _inputNorm, _mlpNorm;
    private readonly Norm? _queryNorm, _keyNorm;
    private readonly double _epsilon;
    private readonly int _middle;
    private readonly Kernels _kernels;
    private readonly Workspace _memory;
    private readonly Gradients _gradients;
    private readonly AttentionShape _shape;
    private readonly LinearGroup? _queryKeyValue, _query, _keyValue;
    private readonly LinearGroup _output, _gateUp, _down;
    private readonly string _at;
    private readonly Rotary _rotary;

    /// <param name="decoder">The model.</param>
    /// <param name="index">Which layer; it is of the form that is <see cref="Taken"/>.</param>
    /// <param name="kernels">Where it is computed, and working memory of all layers.</param>
    /// <param name="gradients">Where gradients go.</param>
    /// <param name="options">What to keep.</param>
    public FusedLayerPass(Decoder decoder, int index, Kernels kernels, Gradients gradients, PassOptions options)
        : base(index == decoder.LayerCount - 1)
    {
        var layer = decoder.Layers[index];
        var (attention, mlp) = ((AttentionMixer)layer.Mixer, (Mlp)layer.FeedForward);
        (_kernels, _memory, _gradients, _rotary) = (kernels, kernels.Memory, gradients, attention.Rotary!);
        (_inputNorm, _mlpNorm, _queryNorm, _keyNorm) =
            (layer.InputNorm!.Weight, layer.FeedForwardNorm!.Weight, attention.QueryNorm, attention.KeyNorm);
        (_epsilon, _middle) = (layer.InputNorm.Layout.Epsilon, (int)mlp.Down.Weight.Columns);
        _shape = AttentionPass.Shape(attention.Layout);
        _at = options.KeepActivations ? "." + index : "";
        LinearGroup Group(params Linear[] linears) => new(linears, kernels, gradients, decoder.ComputeType, options.KeepWeights);
        var (query, key, value) = (attention.Projections[0], attention.Projections[1], attention.Projections[2]);
        if (IsLast) (_query, _keyValue) = (Group(query), Group(key, value));
        else _queryKeyValue = Group(query, key, value);
        (_output, _gateUp, _down) = (Group(attention.Output), Group(mlp.Inputs[0], mlp.Inputs[1]), Group(mlp.Down));
    }

    /// <summary>Whether a layer is of the form that is computed here: Llama's, with or without norms of queries and keys.</summary>
    public static bool Taken(LayerLayout layer) =>
        layer is
        {
            IsParallel: false, ResidualScale: 1, MixerOutputNorm: null, FeedForwardOutputNorm: null,
            InputNorm: { IsPlain: true } first, FeedForwardNorm: { IsPlain: true } second,
            Mixer: AttentionLayout
            {
                Projections.Count: 3, ScoreCap: null, Clip: null, Sinks: null, Growth: null,
                Rope: { IsInterleaved: false, FollowsLength: false } rope
            } attention,
            FeedForward: MlpLayout { IsGated: true, IsInterleaved: false, Clipped: null, Activation: Activation.Silu, Inputs.Count: 2 },
        }
        && first.Epsilon == second.Epsilon && rope.Dimensions == attention.HeadSize
        && attention.Scale == 1 / Math.Sqrt(attention.HeadSize)
        && new[] { attention.QueryNorm, attention.KeyNorm }.All(n => n is null
            || n.IsPlain && n.Size == attention.HeadSize && n.Epsilon == first.Epsilon)
        && (attention.QueryNorm is null) == (attention.KeyNorm is null);

    /// <inheritdoc/>
    public override int CacheWidth => 2 * KeyWidth;

    private int QueryWidth => _shape.Heads * _shape.Size;

    private int KeyWidth => _shape.KeyValueHeads * _shape.Size;

    /// <inheritdoc/>
    public override void Forward(Tensor x, Tensor result, PackedBatch batch, StepKey step)
    {
        using var scope = NewDisposeScope();
        var rows = IsLast ? batch.Trained : batch.All;
        var residual = IsLast ? _kernels.Rows(x, batch.Rows) : x;
        var normed = Normed(x, _inputNorm, "scales1");
        var (q, k, v) = Project(normed, IsLast ? _kernels.Rows(normed, batch.Rows) : normed, rows.Positions, batch.Positions, step);
        var attended = Buffer("attended", rows.Positions.Length, QueryWidth);
        _kernels.Attend(new AttentionTensors(q, k, v, attended, Statistics("sums", rows.Positions.Length, _shape.Heads)), rows, _shape);
        Finish(residual, attended, result, step);
    }

    /// <inheritdoc/>
    public override void Step(Tensor x, Tensor cache, CachedRows rows, StepKey step)
    {
        using var scope = NewDisposeScope();
        var (count, few) = (rows.Sequences.Length, _kernels.ReadsStored(rows.Sequences.Length));
        var normed = Normed(x, _inputNorm, "scales1");
        var (q, k, v) = Project(normed, normed, rows.Positions, rows.Positions, step, few);
        _kernels.Store(k, v, rows.Queries, cache, rows.Own);
        var attended = Buffer("attended", count, QueryWidth);
        _kernels.Decode(q, cache, rows, attended, _shape);
        Finish(x, attended, x, step, few);
    }

    /// <inheritdoc/>
    public override void Keep(int tokens, int queries, int[] rows, Tensor cache, int[] cacheRows)
    {
        using var scope = NewDisposeScope();
        var (_, k, v) = Projections(tokens, queries);
        _kernels.Store(k, v, rows, cache, cacheRows);
    }

    // Queries, keys and values with their norms, turned to their positions.
    private (Tensor Q, Tensor K, Tensor V) Project(Tensor normed, Tensor asking, int[] queryPositions, int[] positions, StepKey step,
        bool few = false)
    {
        var (q, k, v) = Projections(normed.size(0), queryPositions.Length);
        if (IsLast)
        {
            Apply(_query!, asking, Buffer("q", queryPositions.Length, QueryWidth), step, few);
            Apply(_keyValue!, normed, Buffer("kv", normed.size(0), 2 * KeyWidth), step, few);
        }
        else
        {
            Apply(_queryKeyValue!, normed, Buffer("qkv", normed.size(0), QueryWidth + 2 * KeyWidth), step, few);
        }
        HeadNorm(_queryNorm?.Weight, q, "q", _shape.Heads);
        HeadNorm(_keyNorm?.Weight, k, "k", _shape.KeyValueHeads);
        Turn(q, queryPositions, k, positions, IsLast ? null : Buffer("qkv", normed.size(0), QueryWidth + 2 * KeyWidth), positions.Max() + 1,
            1);
        return (q, k, v);
    }

    // Heads of queries and keys to their positions, or back; at once where they stand side by side.
    private void Turn(Tensor q, int[] queryPositions, Tensor k, int[] positions, Tensor? both, int length, int direction)
    {
        var (cosine, sine) = _rotary.Tables(length);
        if (both is not null)
        {
            _kernels.Rotate(both.narrow(1, 0, QueryWidth + KeyWidth), positions, cosine, sine, _shape.Heads + _shape.KeyValueHeads,
                direction);
            return;
        }
        _kernels.Rotate(q, queryPositions, cosine, sine, _shape.Heads, direction);
        _kernels.Rotate(k, positions, cosine, sine, _shape.KeyValueHeads, direction);
    }

    // From the attention's result to the layer's output.
    private void Finish(Tensor residual, Tensor attended, Tensor result, StepKey step, bool few = false)
    {
        var (rows, hidden) = (attended.size(0), residual.size(1));
        var middle = Buffer("middle", rows, hidden);
        Apply(_output, attended, middle, step, few);
        middle.Add(residual);
        var gateUp = Buffer("gate", rows, 2 * _middle);
        Apply(_gateUp, Normed(middle, _mlpNorm, "scales2"), gateUp, step, few);
        var gated = _memory.Get("gated", rows, _middle);
        _kernels.Gate(gateUp, gated);
        Apply(_down, gated, result, step, few);
        result.Add(middle);
    }

    // A few tokens of a step in decoding: as the weights are stored.
    private static void Apply(LinearGroup group, Tensor x, Tensor y, StepKey step, bool few)
    {
        if (few) group.Multiply(x, y);
        else group.Forward(x, y, step);
    }

    /// <inheritdoc/>
    public override Tensor Backward(Tensor x, Tensor dy, PackedBatch batch, StepKey step, bool needInput)
    {
        using var scope = NewDisposeScope();
        var (tokens, hidden) = (x.size(0), x.size(1));
        var rows = IsLast ? batch.Trained : batch.All;
        var count = rows.Positions.Length;
        var middle = Buffer("middle", count, hidden);

        var gateUp = Buffer("gate", count, 2 * _middle);
        var gated = _memory.Get("gated", count, _middle);
        _kernels.Gate(gateUp, gated);
        var dGated = _memory.Get("d gated", count, _middle);
        _down.Backward(gated, dy, dGated, step);
        _kernels.GateBackward(dGated, gateUp);
        var dNormed = _memory.Get("d normed", count, hidden);
        _gateUp.Backward(Normed(middle, _mlpNorm, "scales2"), gateUp, dNormed, step);
        NormBackward(dNormed, middle, _mlpNorm, "scales2", dy, add: true);

        var attended = Buffer("attended", count, QueryWidth);
        var dAttended = _memory.Get("d attended", count, QueryWidth);
        _output.Backward(attended, dy, dAttended, step);
        var (q, k, v) = Projections(tokens, count);
        var (dq, dkv, dqkv) = Gradients(tokens, count);
        dkv.zero_();
        var dk = dkv.narrow(1, 0, KeyWidth);
        var read = new AttentionTensors(q, k, v, attended, Statistics("sums", count, _shape.Heads));
        _kernels.AttendBackward(read, new AttentionTensorGradients(dAttended, dq, dk, dkv.narrow(1, KeyWidth, KeyWidth)), rows, _shape);
        Turn(dq, rows.Positions, dk, batch.Positions, dqkv, batch.Longest, -1);
        HeadNormBackward(_queryNorm?.Weight, dq, "q", _shape.Heads);
        HeadNormBackward(_keyNorm?.Weight, dk, "k", _shape.KeyValueHeads);

        var normed = Normed(x, _inputNorm, "scales1");
        needInput |= _gradients.Of(_inputNorm) is not null;
        var dInput = needInput ? _memory.Get("d normed", tokens, hidden) : null;
        if (!IsLast)
        {
            _queryKeyValue!.Backward(normed, dqkv!, dInput, step);
            if (needInput) NormBackward(dInput!, x, _inputNorm, "scales1", dy, add: true);
            return dy;
        }
        var chosen = _kernels.Indices(batch.Rows);
        _keyValue!.Backward(normed, dkv, dInput, step);
        var dQuery = needInput ? _memory.Get("d query input", count, hidden) : null;
        _query!.Backward(_kernels.Rows(normed, batch.Rows), dq, dQuery, step);
        var dx = _memory.Get("d hidden", tokens, hidden);
        if (!needInput) return dx;
        dInput!.AddRows(chosen, dQuery!);
        NormBackward(dInput!, x, _inputNorm, "scales1", dx, add: false);
        dx.AddRows(chosen, dy);
        return dx;
    }

    /// <inheritdoc/>
    public override double Operations(PackedBatch batch, bool needInput)
    {
        double tokens = batch.Ids.Length, rows = IsLast ? batch.Rows.Length : tokens;
        needInput |= _gradients.Of(_inputNorm) is not null;
        var sum = _output.Operations(rows, true) + _gateUp.Operations(rows, true) + _down.Operations(rows, true);
        sum += IsLast
            ? _query!.Operations(rows, needInput) + _keyValue!.Operations(tokens, needInput)
            : _queryKeyValue!.Operations(tokens, needInput);
        return sum + AttentionPass.Operations(_shape, IsLast ? batch.Trained : batch.All);
    }

    private Tensor Buffer(string name, long rows, long columns) => _memory.Get(name + _at, rows, columns);

    private Tensor Statistics(string name, long rows, long columns) => _memory.Get(name + _at, rows, columns, ScalarType.Float32);

    private (Tensor Q, Tensor K, Tensor V) Projections(long tokens, int queries)
    {
        if (!IsLast)
        {
            var all = Buffer("qkv", tokens, QueryWidth + 2 * KeyWidth);
            return (all.narrow(1, 0, QueryWidth), all.narrow(1, QueryWidth, KeyWidth), all.narrow(1, QueryWidth + KeyWidth, KeyWidth));
        }
        var kv = Buffer("kv", tokens, 2 * KeyWidth);
        return (Buffer("q", queries, QueryWidth), kv.narrow(1, 0, KeyWidth), kv.narrow(1, KeyWidth, KeyWidth));
    }

    private (Tensor Query, Tensor KeyValue, Tensor? All) Gradients(long tokens, int queries)
    {
        if (IsLast) return (_memory.Get("d q", queries, QueryWidth), _memory.Get("d kv", tokens, 2 * KeyWidth), null);
        var all = _memory.Get("d qkv", tokens, QueryWidth + 2 * KeyWidth);
        return (all.narrow(1, 0, QueryWidth), all.narrow(1, QueryWidth, 2 * KeyWidth), all);
    }

    // Normalised in place; what was there before is kept for the gradient.
    private void HeadNorm(Tensor? weight, Tensor x, string name, int heads)
    {
        if (weight is null) return;
        var before = Buffer("before norm of " + name, x.size(0), x.size(1));
        before.copy_(x);
        _kernels.Norm(before, weight, x, Statistics("scales of " + name, x.size(0), heads), heads, _epsilon);
    }

    private void HeadNormBackward(Tensor? weight, Tensor d, string name, int heads)
    {
        if (weight is not null)
            NormBackward(d, Buffer("before norm of " + name, d.size(0), d.size(1)), weight, "scales of " + name, d, add: false, heads);
    }

    private Tensor Normed(Tensor x, Tensor weight, string scales)
    {
        var result = _memory.Get("normed", x.size(0), x.size(1));
        _kernels.Norm(x, weight, result, Statistics(scales, x.size(0), 1), 1, _epsilon);
        return result;
    }

    private void NormBackward(Tensor dNormed, Tensor x, Tensor weight, string scales, Tensor dx, bool add, int heads = 1)
    {
        var factors = Statistics(scales, x.size(0), heads);
        if (_gradients.Of(weight) is { } gradient) _kernels.NormWeightGradient(dNormed, x, factors, gradient, heads);
        _kernels.NormBackward(dNormed, x, weight, factors, dx, heads, add);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (var group in (LinearGroup?[])[_queryKeyValue, _query, _keyValue, _output, _gateUp, _down]) group?.Dispose();
    }
}

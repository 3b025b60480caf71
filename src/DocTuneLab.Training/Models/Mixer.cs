using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models.Layout;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Models;

/// <summary>What carries information between tokens, with its tensors.</summary>
internal abstract class Mixer : LayerPart
{
    /// <summary>Norms within it. Default none.</summary>
    public virtual IEnumerable<Norm> Norms => [];
}

/// <summary>Attention with its tensors.</summary>
internal sealed class AttentionMixer : Mixer
{
    public required AttentionLayout Layout { get; init; }

    /// <summary>Of queries, keys and values, or one for all.</summary>
    public required IReadOnlyList<Linear> Projections { get; init; }

    public required Linear Output { get; init; }

    public Norm? QueryNorm { get; init; }

    public Norm? KeyNorm { get; init; }

    /// <summary>Null where the layer knows no positions; shared with other layers.</summary>
    public Rotary? Rotary { get; init; }

    /// <summary>[heads], or null.</summary>
    public Tensor? Sinks { get; init; }

    public override IEnumerable<Linear> Linears => [.. Projections, Output];

    public override IEnumerable<Norm> Norms => ((Norm?[])[QueryNorm, KeyNorm]).OfType<Norm>();

    /// <summary>What may be trained beside linear layers, up to the attention itself.</summary>
    public IEnumerable<Tensor> ShapingTensors => [.. QueryNorm?.Tensors ?? [], .. KeyNorm?.Tensors ?? []];

    /// <summary>Queries, keys and values in what one layer for all gave, [..., width].</summary>
    public (Tensor Query, Tensor Key, Tensor Value) Split(Tensor all)
    {
        var (last, query, key) = ((int)all.dim() - 1, Layout.QueryWidth, Layout.KeyWidth);
        if (Layout.Fused == FusedOrder.Blocks)
            return (all.narrow(last, 0, query), all.narrow(last, query, key), all.narrow(last, query + key, key));
        var heads = all.unflatten(last, [Layout.Heads, 3, Layout.HeadSize]);
        Tensor Part(int i) => heads.select(last + 1, i).flatten(last);
        return (Part(0), Part(1), Part(2));
    }

    /// <summary>Queries as they are asked: clipped, normalised, turned by angles [..., 1, pairs], grown with their positions.</summary>
    /// <param name="x">[..., heads × size].</param>
    /// <param name="angles">Cosines and sines, or null where nothing is turned.</param>
    /// <param name="positions">[...] float32 for queries that grow, else null.</param>
    public Tensor Queries(Tensor x, (Tensor Cosine, Tensor Sine)? angles, Tensor? positions)
    {
        x = Turned(Clipped(x), QueryNorm, angles);
        if (Layout.Growth is not { } growth || positions is null) return x;
        var factor = positions.Over(growth.Positions).floor().log1p().Times(growth.Beta).Plus(1);
        return (x * factor.unsqueeze(-1)).to_type(x.dtype);
    }

    /// <summary>Keys as they are asked for; see <see cref="Queries"/>.</summary>
    public Tensor Keys(Tensor x, (Tensor Cosine, Tensor Sine)? angles) => Turned(Clipped(x), KeyNorm, angles);

    /// <summary>Values.</summary>
    public Tensor Values(Tensor x) => Clipped(x);

    /// <summary>Angles of some positions, [positions, 1, pairs], or null where nothing is turned.</summary>
    public (Tensor Cosine, Tensor Sine)? Angles(int[] positions, int[] lengths)
    {
        if (Rotary is null) return null;
        var (cosine, sine) = Rotary.Rows(positions, lengths);
        return (cosine.unsqueeze(1), sine.unsqueeze(1));
    }

    public override Tensor Forward(Tensor x)
    {
        var (batch, length) = (x.size(0), (int)x.size(1));
        var (q, k, v) = Projections.Count == 3
            ? (Projections[0].Forward(x), Projections[1].Forward(x), Projections[2].Forward(x))
            : Split(Projections[0].Forward(x));
        int[] positions = [.. Enumerable.Range(0, length)], lengths = [.. Enumerable.Repeat(length, length)];
        var angles = Angles(positions, lengths);
        var growing = Layout.Growth is null ? null : tensor(positions, ScalarType.Float32, x.device);
        (q, k, v) = (Heads(Queries(q, angles, growing), Layout.Heads), Heads(Keys(k, angles), Layout.KeyValueHeads),
            Heads(Values(v), Layout.KeyValueHeads));
        var groups = Layout.Heads / Layout.KeyValueHeads;
        if (groups > 1) (k, v) = (k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1));
        var places = TensorArithmetic.Range(0, length, device: x.device);
        var distance = places.unsqueeze(1) - places.unsqueeze(0);
        var seen = Layout.Window is { } window ? distance.NotBelow(0) & distance.Below(window) : distance.NotBelow(0);
        var attended = Attended(q, k, v, zeros(length, length, dtype: x.dtype, device: x.device)
            .Fill(float.NegativeInfinity, seen.bitwise_not()), (Layout.Scale, Layout.ScoreCap ?? 0), Sinks?.view(1, -1, 1, 1));
        return Output.Forward(attended.transpose(1, 2).reshape(batch, length, Layout.QueryWidth));

        Tensor Heads(Tensor t, int heads) => t.reshape(batch, length, heads, Layout.HeadSize).transpose(1, 2);
    }

    /// <summary>Softmax(cap(scale · q kᵀ) + mask, sinks) v in float32, in the type of q.</summary>
    /// <param name="q">[batch, heads, queries, size].</param>
    /// <param name="k">[batch, heads, keys, size].</param>
    /// <param name="v">Like k.</param>
    /// <param name="mask">Added to scores, [..., queries, keys].</param>
    /// <param name="scores">Their factor, and their cap or 0.</param>
    /// <param name="sinks">Of the scores' form with one key, or null.</param>
    public static Tensor Attended(Tensor q, Tensor k, Tensor v, Tensor mask, (double Scale, double Cap) scores, Tensor? sinks)
    {
        var s = q.matmul(k.transpose(-1, -2)).Times(scores.Scale).to_type(ScalarType.Float32);
        if (scores.Cap > 0) s = s.Over(scores.Cap).tanh().Times(scores.Cap);
        s = s.Plus(mask.to_type(ScalarType.Float32));
        if (sinks is null) return s.softmax(-1).to_type(q.dtype).matmul(v);
        var sink = sinks.to_type(ScalarType.Float32).expand(s.size(0), s.size(1), s.size(2), 1);
        return cat([s, sink], -1).softmax(-1).narrow(-1, 0, s.size(-1)).to_type(q.dtype).matmul(v);
    }

    public override void Dispose()
    {
        base.Dispose();
        QueryNorm?.Dispose();
        KeyNorm?.Dispose();
        Sinks?.Dispose();
    }

    private Tensor Clipped(Tensor x) => Layout.Clip is { } limit ? x.Clamped(-limit, limit) : x;

    private Tensor Turned(Tensor x, Norm? norm, (Tensor Cosine, Tensor Sine)? angles)
    {
        if (norm is not null) x = norm.Apply(x);
        if (angles is not var (cosine, sine)) return x;
        var last = (int)x.dim() - 1;
        return Rotary!.Turn(x.unflatten(last, [x.size(last) / Layout.HeadSize, Layout.HeadSize]), cosine, sine).flatten(last);
    }
}

/// <summary>A short convolution with its tensors.</summary>
internal sealed class ConvolutionMixer : Mixer
{
    public required ConvolutionLayout Layout { get; init; }

    public required Linear Input { get; init; }

    public required Linear Output { get; init; }

    /// <summary>[channels, 1, length].</summary>
    public required Tensor Kernel { get; init; }

    /// <summary>[channels], or null.</summary>
    public Tensor? Bias { get; init; }

    public override IEnumerable<Linear> Linears => [Input, Output];

    /// <summary>What may be trained beside linear layers.</summary>
    public IEnumerable<Tensor> KernelTensors => Bias is null ? [Kernel] : [Kernel, Bias];

    /// <summary>What the kernel passes over, and the gate behind it, of what the first layer gave.</summary>
    public static (Tensor Passed, Tensor Gate) Gated(Tensor all)
    {
        var parts = all.chunk(3, -1);
        return (parts[0] * parts[2], parts[1]);
    }

    /// <summary>The kernel's sum over a token and those before it.</summary>
    /// <param name="before">[..., channels] each: the token itself, the one before, and so on.</param>
    public Tensor Passed(IReadOnlyList<Tensor> before)
    {
        var sum = before[0] * Kernel.select(1, 0).select(1, Layout.Length - 1);
        for (var i = 1; i < before.Count; i++) sum = sum.Plus(before[i] * Kernel.select(1, 0).select(1, Layout.Length - 1 - i));
        return (Bias is null ? sum : sum.Plus(Bias)).to_type(before[0].dtype);
    }

    public override Tensor Forward(Tensor x)
    {
        var (passed, gate) = Gated(Input.Forward(x));
        var length = passed.size(1);
        Tensor Back(int tokens) => tokens == 0 ? passed
            : cat([zeros_like(passed.narrow(1, 0, Math.Min(tokens, length))), passed.narrow(1, 0, Math.Max(0, length - tokens))], 1);
        return Output.Forward(gate * Passed([.. Enumerable.Range(0, Layout.Length).Select(Back)]));
    }

    public override void Dispose()
    {
        base.Dispose();
        Kernel.Dispose();
        Bias?.Dispose();
    }
}

using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models.Layout;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Models;

/// <summary>What is computed of each token by itself, with its tensors.</summary>
internal abstract class FeedForward : LayerPart;

/// <summary>An MLP with its tensors.</summary>
internal sealed class Mlp : FeedForward
{
    public required MlpLayout Layout { get; init; }

    /// <summary>Gate and up, one for both, or one without a gate.</summary>
    public required IReadOnlyList<Linear> Inputs { get; init; }

    public required Linear Down { get; init; }

    public override IEnumerable<Linear> Linears => [.. Inputs, Down];

    /// <summary>What the last layer reads, of what the first ones gave side by side.</summary>
    public Tensor Activated(Tensor all)
    {
        var last = (int)all.dim() - 1;
        if (!Layout.IsGated) return Function(all);
        var half = all.size(last) / 2;
        Tensor gate, up;
        if (Layout.IsInterleaved)
        {
            var pairs = all.unflatten(last, [half, 2]);
            (gate, up) = (pairs.select(last + 1, 0), pairs.select(last + 1, 1));
        }
        else
        {
            (gate, up) = (all.narrow(last, 0, half), all.narrow(last, half, half));
        }
        if (Layout.Clipped is not var (alpha, limit)) return Function(gate) * up;
        gate = gate.ClampedTo(limit);
        return up.Clamped(-limit, limit).Plus(1) * (gate * gate.Times(alpha).sigmoid());
    }

    public override Tensor Forward(Tensor x) =>
        Down.Forward(Activated(Inputs.Count == 1 ? Inputs[0].Forward(x) : cat([.. Inputs.Select(i => i.Forward(x))], -1)));

    private Tensor Function(Tensor x) => Layout.Activation switch
    {
        Activation.Gelu => (x * x.Times(1 / Math.Sqrt(2)).erf().Plus(1)).Times(0.5),
        Activation.GeluTanh => (x * x.Plus(x.ToThe(3).Times(0.044715)).Times(Math.Sqrt(2 / Math.PI)).tanh().Plus(1)).Times(0.5),
        Activation.Relu => x.relu(),
        Activation.SquaredRelu => x.relu().Squared(),
        _ => nn.functional.silu(x),
    };
}

/// <summary>A mixture of experts with its tensors.</summary>
internal sealed class Mixture : FeedForward
{
    public required ExpertsLayout Layout { get; init; }

    /// <summary>[experts, hidden].</summary>
    public required Tensor Router { get; init; }

    /// <summary>[experts], or null.</summary>
    public Tensor? RouterBias { get; init; }

    public required IReadOnlyList<Mlp> Experts { get; init; }

    public Mlp? Shared { get; init; }

    /// <summary>[1, hidden], or null.</summary>
    public Tensor? SharedGate { get; init; }

    public override IEnumerable<Linear> Linears => [.. Experts.SelectMany(e => e.Linears), .. Shared?.Linears ?? []];

    /// <summary>What may be trained of the router.</summary>
    public IEnumerable<Tensor> RouterTensors => RouterBias is null ? [Router] : [Router, RouterBias];

    /// <summary>Weight of each expert for each token, [tokens, experts] in float32; zero for those that are not chosen.</summary>
    /// <param name="x">[tokens, hidden].</param>
    public Tensor Weights(Tensor x)
    {
        var logits = nn.functional.linear(x.to_type(ScalarType.Float32), Router, RouterBias!);
        var (highest, chosen) = logits.topk(Layout.Chosen, -1);
        var weights = Layout.SumsToOne ? highest.softmax(-1) : logits.softmax(-1).gather(1, chosen);
        return zeros_like(logits).scatter(1, chosen, weights);
    }

    /// <summary>Share of the shared expert for each token, [tokens, 1] in float32.</summary>
    public Tensor SharedShare(Tensor x) => nn.functional.linear(x.to_type(ScalarType.Float32), SharedGate!).sigmoid();

    public override Tensor Forward(Tensor x)
    {
        var tokens = x.reshape(-1, x.size(-1));
        var weights = Weights(tokens).to_type(x.dtype);
        var sum = zeros_like(tokens);
        for (var e = 0; e < Experts.Count; e++) sum = sum.Plus(Experts[e].Forward(tokens) * weights.narrow(1, e, 1));
        if (Shared is not null)
            sum = sum.Plus(SharedGate is null ? Shared.Forward(tokens) : Shared.Forward(tokens) * SharedShare(tokens).to_type(x.dtype));
        return sum.view(x.shape);
    }

    public override void Dispose()
    {
        base.Dispose();
        Router.Dispose();
        RouterBias?.Dispose();
        SharedGate?.Dispose();
    }
}

using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Compute;

/// <summary>A mixture of experts: each computes the tokens that it is chosen for, one expert after another, so that one expert's matrices
/// and activations are in memory at a time.</summary>
internal sealed class MixturePass(Mixture mixture, PassParts parts) : FeedForwardPass
{
    private readonly MlpPass[] _experts = [.. mixture.Experts.Select(e => new MlpPass(e, parts))];
    private readonly MlpPass? _shared = mixture.Shared is { } shared ? new MlpPass(shared, parts) : null;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x, PassCall call)
    {
        var weights = mixture.Weights(x);
        var sum = parts.New(x.size(0), x.size(1)).zero_();
        foreach (var (expert, rows) in Chosen(weights))
        {
            using var scope = NewDisposeScope();
            var result = _experts[expert].Forward(parts.Kernels.Rows(x, rows), call);
            Add(sum, rows, result * Column(weights, expert, rows));
        }
        if (_shared is null) return sum;
        var fed = _shared.Forward(x, call);
        return sum.Add(mixture.SharedGate is null ? fed : fed * mixture.SharedShare(x).to_type(fed.dtype));
    }

    /// <inheritdoc/>
    public override Tensor Backward(Tensor x, Tensor dy, StepKey step)
    {
        var call = new PassCall(step, Few: false);
        var weights = mixture.Weights(x);
        Tensor dWeights = zeros_like(weights), dx = parts.New(x.size(0), x.size(1)).zero_();
        foreach (var (expert, rows) in Chosen(weights))
        {
            using var scope = NewDisposeScope();
            var (input, dResult) = (parts.Kernels.Rows(x, rows), parts.Kernels.Rows(dy, rows));
            var result = _experts[expert].Forward(input, call);
            dWeights.select(1, expert).index_copy_(0, parts.Kernels.Indices(rows), Product(result, dResult));
            Add(dx, rows, _experts[expert].Backward(input, dResult * Column(weights, expert, rows), step));
        }
        dx.Add(Recomputed.Backward(i => [mixture.Weights(i[0])], [x], [dWeights], parts.Gradients, mixture.RouterTensors)[0]);
        if (_shared is null) return dx;
        // The last forward pass of the layer left it as it was.
        if (mixture.SharedGate is not { } gate) return dx.Add(_shared.Backward(x, dy, step));
        var fed = _shared.Forward(x, call);
        dx.Add(_shared.Backward(x, dy * mixture.SharedShare(x).to_type(dy.dtype), step));
        return dx.Add(Recomputed.Backward(i => [mixture.SharedShare(i[0])], [x], [Product(fed, dy).unsqueeze(1)], parts.Gradients,
            [gate])[0]);
    }

    /// <inheritdoc/>
    public override double Operations(double tokens) => (_shared?.Operations(tokens) ?? 0)
        + _experts.Average(e => e.Operations(tokens)) * mixture.Layout.Chosen;

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (var expert in _experts) expert.Dispose();
        _shared?.Dispose();
    }

    // Experts with the rows that they are chosen for; experts without any are left out.
    private static IEnumerable<(int Expert, int[] Rows)> Chosen(Tensor weights)
    {
        using var scope = NewDisposeScope();
        var (values, experts) = (weights.UnequalTo(0).cpu().data<bool>().ToArray(), (int)weights.size(1));
        return [.. Enumerable.Range(0, experts)
            .Select(e => (e, Enumerable.Range(0, values.Length / experts).Where(r => values[r * experts + e]).ToArray()))
            .Where(c => c.Item2.Length > 0)];
    }

    private Tensor Column(Tensor weights, int expert, int[] rows) =>
        weights.select(1, expert).index_select(0, parts.Kernels.Indices(rows)).unsqueeze(1).to_type(parts.Kernels.Memory.Type);

    private static Tensor Product(Tensor a, Tensor b) => (a.to_type(ScalarType.Float32) * b.to_type(ScalarType.Float32)).sum(1);

    private void Add(Tensor target, int[] rows, Tensor values) => target.AddRows(parts.Kernels.Indices(rows), values);
}

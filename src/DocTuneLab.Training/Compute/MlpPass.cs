using DocTuneLab.Training.Models;
using DocTuneLab.Training.Models.Layout;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Compute;

/// <summary>An MLP; SwiGLU by the kernels, other activations by libtorch's operations.</summary>
internal sealed class MlpPass(Mlp mlp, PassParts parts) : FeedForwardPass
{
    private readonly LinearGroup _inputs = parts.Group(mlp.Inputs), _down = parts.Group(mlp.Down);
    private Tensor? _raw, _activated;

    private bool IsSwiGlu => mlp.Layout is { IsGated: true, IsInterleaved: false, Clipped: null, Activation: Activation.Silu };

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x, PassCall call)
    {
        _raw = parts.Apply(_inputs, x, call);
        if (IsSwiGlu)
        {
            _activated = parts.New(x.size(0), _down.Columns);
            parts.Kernels.Gate(_raw, _activated);
        }
        else
        {
            _activated = Activated(_raw).contiguous();
        }
        return parts.Apply(_down, _activated, call);
    }

    /// <inheritdoc/>
    public override Tensor Backward(Tensor x, Tensor dy, StepKey step)
    {
        var dActivated = parts.Backward(_down, _activated!, dy, step);
        var dRaw = _raw!;
        if (IsSwiGlu) parts.Kernels.GateBackward(dActivated, dRaw);
        else dRaw = Recomputed.Backward(i => [Activated(i[0])], [dRaw], [dActivated], parts.Gradients, [])[0];
        return parts.Backward(_inputs, x, dRaw, step);
    }

    /// <inheritdoc/>
    public override double Operations(double tokens) => _inputs.Operations(tokens, true) + _down.Operations(tokens, true);

    /// <inheritdoc/>
    public override void Dispose()
    {
        _inputs.Dispose();
        _down.Dispose();
    }

    private Tensor Activated(Tensor raw) => mlp.Activated(raw.to_type(ScalarType.Float32)).to_type(raw.dtype);
}

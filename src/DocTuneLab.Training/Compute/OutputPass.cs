using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Models.Layout;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Compute;

/// <summary>From what the last layer gives to logits, but for the product with the vocabulary: the last norm, and bias, factor and cap of
/// logits.</summary>
internal sealed class OutputPass(Decoder decoder, DecoderLayout layout, Kernels kernels, Gradients gradients)
{
    private readonly NormPass _norm = new(decoder.FinalNorm, gradients);
    private Tensor? _scales;

    private bool IsPlain => decoder.FinalNorm is { Layout.IsPlain: true };

    /// <summary>The last norm; valid until it is asked for again.</summary>
    public Tensor Normed(Tensor x)
    {
        var (rows, result) = (x.size(0), kernels.Memory.Get("final", x.size(0), layout.HiddenSize));
        if (!IsPlain) return result.copy_(_norm.Forward(x));
        _scales = kernels.Memory.Get("final scales", rows, 1, ScalarType.Float32);
        kernels.Norm(x, decoder.FinalNorm!.Weight, result, _scales, 1, decoder.FinalNorm.Layout.Epsilon);
        return result;
    }

    /// <summary>Its gradient.</summary>
    /// <param name="x">As in <see cref="Normed"/>.</param>
    /// <param name="dNormed">Gradient of its result.</param>
    /// <param name="dx">Overwritten.</param>
    public void NormBackward(Tensor x, Tensor dNormed, Tensor dx)
    {
        if (!IsPlain)
        {
            dx.copy_(_norm.Backward(x, dNormed));
            return;
        }
        var weight = decoder.FinalNorm!.Weight;
        if (gradients.Of(weight) is { } gradient) kernels.NormWeightGradient(dNormed, x, _scales!, gradient, 1);
        kernels.NormBackward(dNormed, x, weight, _scales!, dx, 1, add: false);
    }

    /// <summary>Makes logits of what the product gave, in place.</summary>
    public void Finish(Tensor logits)
    {
        if (decoder.HeadBias is { } bias) logits.Add(bias);
        if (layout.LogitScale != 1) logits.Multiply(layout.LogitScale);
        if (layout.LogitCap is { } cap) logits.Divide(cap).tanh_().Multiply(cap);
    }

    /// <summary>What <see cref="FinishBackward"/> needs of finished logits, which become their gradient meanwhile; null where it is
    /// nothing.</summary>
    public Tensor? Slopes(Tensor logits) => layout.LogitCap is { } cap ? logits.Over(cap).Squared().negative().Plus(1) : null;

    /// <summary>Makes the gradient of what the product gave of that of logits, in place.</summary>
    public void FinishBackward(Tensor gradient, Tensor? slopes)
    {
        if (slopes is not null) gradient.mul_(slopes);
        if (layout.LogitScale != 1) gradient.Multiply(layout.LogitScale);
        if (decoder.HeadBias is { } bias) gradients.Of(bias)?.Add(gradient.sum(0, type: ScalarType.Float32));
    }
}

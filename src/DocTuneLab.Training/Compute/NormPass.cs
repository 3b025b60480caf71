using DocTuneLab.Training.Models;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Compute;

/// <summary>A norm that may be missing, forward and backward.</summary>
/// <param name="norm">The norm, or null.</param>
/// <param name="gradients">Where gradients go.</param>
internal sealed class NormPass(Norm? norm, Gradients gradients)
{
    /// <summary>Whether there is one.</summary>
    public bool IsThere => norm is not null;

    /// <summary>Whether it is trained.</summary>
    public bool IsTrained => norm is not null && norm.Tensors.Any(t => gradients.Of(t) is not null);

    /// <summary>x normalised; x itself where there is no norm.</summary>
    public Tensor Forward(Tensor x) => norm?.Apply(x) ?? x;

    /// <summary>Gradient to x.</summary>
    public Tensor Backward(Tensor x, Tensor dy) => norm is null
        ? dy
        : Recomputed.Backward(i => [norm.Apply(i[0])], [x], [dy], gradients, norm.Tensors)[0];
}

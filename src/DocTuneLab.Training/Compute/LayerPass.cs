using DocTuneLab.Training.Models;
using DocTuneLab.Training.Simd;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Compute;

/// <summary>One decoder layer, forward and backward, over packed batches and a token at a time over a cache.</summary>
/// <param name="isLast">Whether it is the last one.</param>
internal abstract class LayerPass(bool isLast) : IDisposable
{
    /// <summary>The pass of a layer: the fused one where the layer is of its form, else the one that is composed.</summary>
    /// <param name="decoder">The model.</param>
    /// <param name="index">Which layer.</param>
    /// <param name="kernels">Where it is computed, and working memory of all layers.</param>
    /// <param name="gradients">Where gradients go.</param>
    /// <param name="options">What to keep.</param>
    public static LayerPass Of(Decoder decoder, int index, Kernels kernels, Gradients gradients, PassOptions options) =>
        FusedLayerPass.Taken(decoder.Layers[index].Layout)
            ? new FusedLayerPass(decoder, index, kernels, gradients, options)
            : new ComposedLayerPass(decoder, index, kernels, gradients, options);

    /// <summary>The last layer computes only what trained positions need: keys and values of all, the rest of those alone.</summary>
    public bool IsLast => isLast;

    /// <summary>Elements that a token leaves in the cache.</summary>
    public abstract int CacheWidth { get; }

    /// <summary>Whether the backward pass needs nothing of the forward pass but its input.</summary>
    public virtual bool KeepsNothing => false;

    /// <summary>Input [tokens, hidden] to output; in the last layer only the batch's trained rows.</summary>
    public abstract void Forward(Tensor x, Tensor result, PackedBatch batch, StepKey step);

    /// <summary>One token each of several sequences, [sequences, hidden], in place; what it leaves joins the cache.</summary>
    /// <param name="x">Input, overwritten by the output.</param>
    /// <param name="cache">What a token left, in each row.</param>
    /// <param name="rows">Where each token stands.</param>
    /// <param name="step">Version of the parameters.</param>
    public abstract void Step(Tensor x, Tensor cache, CachedRows rows, StepKey step);

    /// <summary>Copies what some rows of the last pass leave to rows of a cache.</summary>
    public abstract void Keep(int tokens, int queries, int[] rows, Tensor cache, int[] cacheRows);

    /// <summary>
    /// Gradient of the output, which may be overwritten, to that of the input. In the last layer <paramref name="dy"/> has the trained rows
    /// and the result all rows.
    /// </summary>
    /// <param name="x">Input of the forward pass.</param>
    /// <param name="dy">Gradient of its output.</param>
    /// <param name="batch">The batch.</param>
    /// <param name="step">Key of the step.</param>
    /// <param name="needInput">Whether anything before this layer is trained.</param>
    public abstract Tensor Backward(Tensor x, Tensor dy, PackedBatch batch, StepKey step, bool needInput);

    /// <summary>Floating-point operations of a pass forward and backward; what is computed again to save memory is not counted.</summary>
    public abstract double Operations(PackedBatch batch, bool needInput);

    /// <inheritdoc/>
    public abstract void Dispose();
}

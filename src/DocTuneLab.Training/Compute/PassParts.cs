using DocTuneLab.Training.Models;
using DocTuneLab.Training.Simd;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Compute;

/// <summary>What the parts of a layer's pass are made with.</summary>
/// <param name="Kernels">Where it is computed.</param>
/// <param name="Gradients">Where gradients go.</param>
/// <param name="Type">Type of the products.</param>
/// <param name="KeepWeights">Whether dequantised matrices stay in memory between uses.</param>
internal sealed record PassParts(Kernels Kernels, Gradients Gradients, ScalarType Type, bool KeepWeights)
{
    /// <summary>Linear layers that read the same input, as one product.</summary>
    public LinearGroup Group(params IReadOnlyList<Linear> linears) => new(linears, Kernels, Gradients, Type, KeepWeights);

    /// <summary>A matrix of activations; it belongs to the current dispose scope.</summary>
    public Tensor New(long rows, long columns) => empty(rows, columns, dtype: Kernels.Memory.Type, device: Kernels.Memory.Device);

    /// <summary>The product of a group.</summary>
    public Tensor Apply(LinearGroup group, Tensor x, PassCall call)
    {
        var y = New(x.size(0), group.Rows);
        if (call.Few) group.Multiply(x, y);
        else group.Forward(x, y, call.Step);
        return y;
    }

    /// <summary>The gradient of a product's input.</summary>
    public Tensor Backward(LinearGroup group, Tensor x, Tensor dy, StepKey step)
    {
        var dx = New(x.size(0), group.Columns);
        group.Backward(x, dy.contiguous(), dx, step);
        return dx;
    }
}

/// <summary>A use of a pass.</summary>
/// <param name="Step">Version of the parameters and key of dropout.</param>
/// <param name="Few">Whether weights are read as they are stored, for a few tokens.</param>
internal readonly record struct PassCall(StepKey Step, bool Few);

/// <summary>What carries information between tokens, forward and backward. The backward pass follows a forward pass over the same batch
/// within the same dispose scope.</summary>
internal abstract class MixerPass : IDisposable
{
    /// <summary>[tokens, hidden] to the same, of the last layer only the trained rows.</summary>
    public abstract Tensor Forward(Tensor x, PackedBatch batch, bool isLast, StepKey step);

    /// <summary>One token each of several sequences.</summary>
    public abstract Tensor Step(Tensor x, Tensor cache, CachedRows rows, PassCall call);

    /// <summary>Copies what some rows of the last pass leave to rows of a cache.</summary>
    public abstract void Keep(int tokens, int[] rows, Tensor cache, int[] cacheRows);

    /// <summary>Gradient of the output to that of the input; null where nobody needs it.</summary>
    public abstract Tensor? Backward(Tensor x, Tensor dy, PackedBatch batch, bool isLast, StepKey step, bool needInput);

    /// <summary>Floating-point operations of a pass forward and backward.</summary>
    public abstract double Operations(PackedBatch batch, bool isLast, bool needInput);

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>What is computed of each token by itself, forward and backward, in the same order.</summary>
internal abstract class FeedForwardPass : IDisposable
{
    /// <summary>[tokens, hidden] to the same.</summary>
    public abstract Tensor Forward(Tensor x, PassCall call);

    /// <summary>Gradient of the output to that of the input.</summary>
    public abstract Tensor Backward(Tensor x, Tensor dy, StepKey step);

    /// <summary>Floating-point operations of a pass forward and backward.</summary>
    public abstract double Operations(double tokens);

    /// <inheritdoc/>
    public abstract void Dispose();
}

using static TorchSharp.torch;

namespace DocTuneLab.Training.Models;

/// <summary>A part of a layer with its tensors: what carries information between tokens, or what is computed of each by itself.</summary>
internal abstract class LayerPart : IDisposable
{
    /// <summary>Its linear layers, in order.</summary>
    public abstract IEnumerable<Linear> Linears { get; }

    /// <summary>[batch, length, hidden] of whole sequences to the same, under autograd; the plain composition. What is computed of each
    /// token by itself takes any [..., hidden].</summary>
    public abstract Tensor Forward(Tensor x);

    public virtual void Dispose()
    {
        foreach (var linear in Linears) linear.Dispose();
    }
}

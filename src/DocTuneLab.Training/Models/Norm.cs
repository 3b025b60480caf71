using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models.Layout;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Models;

/// <summary>A norm with its tensors.</summary>
/// <param name="layout">What it is.</param>
/// <param name="weight">Of the layout's shape, or null where it has none.</param>
/// <param name="bias">The same.</param>
internal sealed class Norm(NormLayout layout, Tensor? weight, Tensor? bias) : IDisposable
{
    public NormLayout Layout => layout;

    /// <summary>Puts other tensors in the place of its own, which belong to whoever puts them back.</summary>
    /// <returns>Those that were there.</returns>
    public (Tensor? Weight, Tensor? Bias) Exchange(Tensor? otherWeight, Tensor? otherBias)
    {
        var before = (weight, bias);
        (weight, bias) = (otherWeight, otherBias);
        return before;
    }

    /// <summary>The weight of a norm that has one.</summary>
    public Tensor Weight => weight ?? throw new InvalidOperationException($"{layout.Name} has no weight");

    /// <summary>What may be trained.</summary>
    public IEnumerable<Tensor> Tensors => ((Tensor?[])[weight, bias]).OfType<Tensor>();

    /// <summary>The norm of the last dimension, or of parts of it, in float32 within and in the type of <paramref name="x"/>
    /// without.</summary>
    public Tensor Apply(Tensor x)
    {
        var last = (int)x.dim() - 1;
        var whole = x.size(last) == layout.Size && layout.Weights == 1;
        var wide = (whole ? x : x.unflatten(last, [x.size(last) / layout.Size, layout.Size])).to_type(ScalarType.Float32);
        if (layout.Kind == NormKind.Layer) wide = wide - wide.mean([-1L], true);
        var result = wide * wide.Squared().mean([-1L], true).Plus(layout.Epsilon).rsqrt();
        if (weight is not null) result = result * (layout.AddsOne ? weight.Plus(1) : weight);
        if (bias is not null) result = result.Plus(bias);
        return (whole ? result : result.flatten(last)).to_type(x.dtype);
    }

    public void Dispose()
    {
        weight?.Dispose();
        bias?.Dispose();
    }
}

namespace DocTuneLab.Training.Models.Layout;

/// <summary>What a norm divides by.</summary>
public enum NormKind
{
    /// <summary>The root of the mean square (RMSNorm, Zhang and Sennrich 2019, arXiv 1910.07467).</summary>
    Rms,

    /// <summary>The standard deviation, the mean taken away first (LayerNorm, Ba et al. 2016, arXiv 1607.06450).</summary>
    Layer,
}

/// <summary>A normalisation of vectors, or of each of several parts of a row.</summary>
/// <param name="Name">Name of the module, such as <c>model.layers.0.input_layernorm</c>.</param>
/// <param name="Size">Width of what is normalised: the row, or a part of it, such as a head.</param>
/// <param name="Epsilon">Added to the mean square.</param>
public sealed record NormLayout(string Name, long Size, double Epsilon)
{
    /// <summary>What it divides by. Default <see cref="NormKind.Rms"/>.</summary>
    public NormKind Kind { get; init; }

    /// <summary>Whether the result is multiplied by a weight. Default true.</summary>
    public bool HasWeight { get; init; } = true;

    /// <summary>Whether the factor is the weight plus one (Gemma, Nemotron). Default false.</summary>
    public bool AddsOne { get; init; }

    /// <summary>Whether a bias is added. Default false.</summary>
    public bool HasBias { get; init; }

    /// <summary>Parts of a row that have a weight each (Cohere); 1, the default, where all share one.</summary>
    public int Weights { get; init; } = 1;

    /// <summary>Dimensions of the weight and of the bias.</summary>
    public long[] Shape => Weights > 1 ? [Weights, Size] : [Size];

    /// <summary>Whether it is RMSNorm with a plain weight.</summary>
    public bool IsPlain => this is { Kind: NormKind.Rms, HasWeight: true, AddsOne: false, HasBias: false, Weights: 1 };

    internal IEnumerable<TensorLayout> Tensors()
    {
        if (HasWeight) yield return new TensorLayout(Name + ".weight", Shape);
        if (HasBias) yield return new TensorLayout(Name + ".bias", Shape);
    }
}

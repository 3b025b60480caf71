using DocTuneLab.Training.Models.Layout;

namespace DocTuneLab.Training.Models.Families;

/// <summary>
/// How models of a family stand in a GGUF file, and what llama.cpp computes of one. Names of tensors and most fields follow from the
/// <see cref="DecoderLayout"/>; what a model has and this does not is refused when it is written, by its name.
/// </summary>
/// <param name="Name">Name of the family there: <c>general.architecture</c>.</param>
public sealed record GgufForm(string Name)
{
    /// <summary>Fields of this family alone, by names without the family's. Default: none.</summary>
    public IReadOnlyDictionary<string, object> Fields { get; init; } = new Dictionary<string, object>();

    /// <summary>Names of tensors that are others here, by the usual ones, such as <c>ffn_norm</c>. Default: none.</summary>
    public IReadOnlyDictionary<string, string> Names { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether neighbouring numbers of a head turn together, and not those of its halves: rows of queries and keys then change
    /// places. Default false.</summary>
    public bool TurnsNeighbours { get; init; }

    /// <summary>Which linear layers may have a bias. Default: none.</summary>
    public LayerBiases Biases { get; init; }

    /// <summary>Whether the output layer stands in the file: always, so that a tied one is written twice; never; or, the default, where it
    /// is not the embedding.</summary>
    public bool? HasHead { get; init; }

    /// <summary>What the MLP's gate, or its only input, goes through. Default <see cref="Activation.Silu"/>.</summary>
    public Activation Activation { get; init; }

    /// <summary>Factor of embeddings. Default 1.</summary>
    public double EmbeddingScale { get; init; } = 1;

    /// <summary>Factor of each layer's two parts. Default 1.</summary>
    public double ResidualScale { get; init; } = 1;

    /// <summary>Factor of logits. Default 1.</summary>
    public double LogitScale { get; init; } = 1;

    /// <summary>Factor of the scores; null, the default, is 1/sqrt(width of a head). Where a model's is another, its queries are written
    /// larger or smaller.</summary>
    public double? AttentionScale { get; init; }

    /// <summary>Whether scores and logits are capped by fields of the file. Default false.</summary>
    public bool HasCaps { get; init; }

    /// <summary>Whether queries, keys and values are clipped by a field of the file. Default false.</summary>
    public bool Clips { get; init; }

    /// <summary>Whether heads have a sink. Default false.</summary>
    public bool HasSinks { get; init; }

    /// <summary>Which layers have the sliding window; null, the default, where none has, and a window is given up with a note.</summary>
    public Func<int, bool>? Slides { get; init; }

    /// <summary>Which layers turn queries and keys. Default: all.</summary>
    public Func<int, bool> Rotates { get; init; } = _ => true;

    /// <summary>Which layers' rotation is stretched where the file says so. Default: all.</summary>
    public Func<int, bool> Stretches { get; init; } = _ => true;

    /// <summary>Whether a tensor of divisors of the frequencies is read. Default false.</summary>
    public bool ReadsDivisors { get; init; }

    /// <summary>Whether two tensors of divisors, for short and for long contexts, are read. Default false.</summary>
    public bool ReadsLongFactors { get; init; }

    /// <summary>Whether weights of a mixture's chosen experts sum to one. Default true.</summary>
    public bool SumsToOne { get; init; } = true;

    /// <summary>Whether all heads together are as wide as the residual stream. Default false.</summary>
    public bool HasNarrowHeads { get; init; }
}

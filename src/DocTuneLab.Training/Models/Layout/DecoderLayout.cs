namespace DocTuneLab.Training.Models.Layout;

/// <summary>
/// A decoder as data: what is computed, and by which names its tensors stand in a checkpoint. A family of models says it once
/// (<c>Architecture</c>); loading, training, decoding and export read it.
/// </summary>
public sealed record DecoderLayout
{
    /// <summary>Rows of the embedding.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Longest sequence the model was made for.</summary>
    public required int MaxPositions { get; init; }

    /// <summary>The layers, in order.</summary>
    public required IReadOnlyList<LayerLayout> Layers { get; init; }

    /// <summary>Tensor of the embedding. Default <c>model.embed_tokens.weight</c>.</summary>
    public string Embedding { get; init; } = "model.embed_tokens.weight";

    /// <summary>Factor of embeddings. Default 1.</summary>
    public double EmbeddingScale { get; init; } = 1;

    /// <summary>Tensor of learnt positions, [<see cref="MaxPositions"/>, hidden], which are added to embeddings; null, the default, where
    /// there is none.</summary>
    public string? Positions { get; init; }

    /// <summary>Norm after the last layer, or null.</summary>
    public required NormLayout? FinalNorm { get; init; }

    /// <summary>Module of the output layer. Default <c>lm_head</c>.</summary>
    public string Head { get; init; } = "lm_head";

    /// <summary>Whether the output layer has a bias. Default false.</summary>
    public bool HasHeadBias { get; init; }

    /// <summary>Whether the output layer's matrix is the embedding.</summary>
    public required bool IsTied { get; init; }

    /// <summary>Factor of logits. Default 1.</summary>
    public double LogitScale { get; init; } = 1;

    /// <summary>Logits z become cap · tanh(z / cap), after they are scaled; null, the default, where they stay.</summary>
    public double? LogitCap { get; init; }

    /// <summary>Tensor that the output is multiplied by.</summary>
    public string HeadTensor => IsTied ? Embedding : Head + ".weight";

    /// <summary>Whether what a token means depends on how long its sequence is, so that sequences cannot share a beginning.</summary>
    public bool FollowsLength => Layers.Any(l => l.Attention?.Rope is { FollowsLength: true });

    /// <summary>Longest sequence: <see cref="MaxPositions"/>, or what the rotary embedding is stretched to.</summary>
    public int Context => (int)Math.Max(MaxPositions, Layers.Max(l => l.Attention?.Rope?.Scaling is { Type: "yarn" or "dynamic" } scaling
        ? Math.Min(int.MaxValue / 2, scaling.Factor * scaling.OriginalPositions)
        : 0));

    /// <summary>All linear layers, in order.</summary>
    public IEnumerable<LinearLayout> Linears => Layers.SelectMany(l => l.Linears);

    /// <summary>All tensors, in order; one that several layers share parts of stands once.</summary>
    public IEnumerable<TensorLayout> Tensors()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return All().Where(t => seen.Add(t.Name));
    }

    private IEnumerable<TensorLayout> All() =>
    [
        new(Embedding, [VocabularySize, HiddenSize]),
        .. Positions is null ? [] : (TensorLayout[])[new(Positions, [MaxPositions, HiddenSize])],
        .. Layers.SelectMany(l => l.Tensors()),
        .. FinalNorm?.Tensors() ?? [],
        .. IsTied ? [] : (TensorLayout[])[new(Head + ".weight", [VocabularySize, HiddenSize])],
        .. HasHeadBias ? (TensorLayout[])[new(Head + ".bias", [VocabularySize])] : [],
    ];
}

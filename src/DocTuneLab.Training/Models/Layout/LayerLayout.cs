namespace DocTuneLab.Training.Models.Layout;

/// <summary>
/// A layer: h = x + r · n₂(mixer(n₁(x))), y = h + r · n₄(feedForward(n₃(h))), where each norm may be missing. In a parallel one
/// the second part reads x as the first one does, y = x + r · n₂(mixer(n₁(x))) + r · n₄(feedForward(n₃(x))), and without n₃
/// what n₁ gave.
/// </summary>
public sealed record LayerLayout
{
    /// <summary>Attention, or what stands in its place.</summary>
    public required MixerLayout Mixer { get; init; }

    /// <summary>The MLP.</summary>
    public required FeedForwardLayout FeedForward { get; init; }

    /// <summary>n₁.</summary>
    public NormLayout? InputNorm { get; init; }

    /// <summary>n₂.</summary>
    public NormLayout? MixerOutputNorm { get; init; }

    /// <summary>n₃.</summary>
    public NormLayout? FeedForwardNorm { get; init; }

    /// <summary>n₄.</summary>
    public NormLayout? FeedForwardOutputNorm { get; init; }

    /// <summary>Whether both parts read the layer's input. Default false.</summary>
    public bool IsParallel { get; init; }

    /// <summary>r. Default 1.</summary>
    public double ResidualScale { get; init; } = 1;

    /// <summary>The mixer, where it is attention; else null.</summary>
    public AttentionLayout? Attention => Mixer as AttentionLayout;

    /// <summary>All linear layers.</summary>
    public IEnumerable<LinearLayout> Linears => [.. Mixer.Linears, .. FeedForward.Linears];

    internal IEnumerable<TensorLayout> Tensors() =>
    [
        .. InputNorm?.Tensors() ?? [], .. Mixer.Tensors(), .. MixerOutputNorm?.Tensors() ?? [], .. FeedForwardNorm?.Tensors() ?? [],
        .. FeedForward.Tensors(), .. FeedForwardOutputNorm?.Tensors() ?? [],
    ];
}

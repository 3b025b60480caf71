namespace DocTuneLab.Training.Models.Layout;

/// <summary>What carries information between the tokens of a sequence: attention, or something else in its place.</summary>
public abstract record MixerLayout
{
    /// <summary>Its linear layers, in the order of their computation.</summary>
    public abstract IEnumerable<LinearLayout> Linears { get; }

    /// <summary>Elements that a token leaves in the cache.</summary>
    public abstract int CacheWidth { get; }

    internal abstract IEnumerable<TensorLayout> Tensors();
}

/// <summary>How one matrix holds queries, keys and values.</summary>
public enum FusedOrder
{
    /// <summary>All queries, then all keys, then all values.</summary>
    Blocks,

    /// <summary>Query, key and value of the first head, then those of the second (GPT-NeoX).</summary>
    Heads,
}

/// <summary>Queries that grow with their position: by 1 + Beta log(1 + floor(position / Positions)) (Llama 4, Ministral 3).</summary>
/// <param name="Beta">How much.</param>
/// <param name="Positions">Context from which on they do.</param>
public readonly record struct QueryGrowth(double Beta, int Positions);

/// <summary>Causal grouped-query attention.</summary>
public sealed record AttentionLayout : MixerLayout
{
    /// <summary>Query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Key and value heads; each serves <see cref="Heads"/> over this many query heads.</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>Width of a head.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Three layers for queries, keys and values, or one for all.</summary>
    public required IReadOnlyList<LinearLayout> Projections { get; init; }

    /// <summary>How one layer for all holds them. Default <see cref="FusedOrder.Blocks"/>.</summary>
    public FusedOrder Fused { get; init; }

    /// <summary>From the heads' results to the residual stream.</summary>
    public required LinearLayout Output { get; init; }

    /// <summary>Norm of queries before they are turned, or null.</summary>
    public NormLayout? QueryNorm { get; init; }

    /// <summary>Norm of keys before they are turned, or null.</summary>
    public NormLayout? KeyNorm { get; init; }

    /// <summary>Rotary embedding; null where the layer knows no positions.</summary>
    public RopeLayout? Rope { get; init; }

    /// <summary>Keys that a query sees, itself included; null where it sees all before it.</summary>
    public int? Window { get; init; }

    /// <summary>Factor of the scores, usually 1/sqrt(<see cref="HeadSize"/>).</summary>
    public required double Scale { get; init; }

    /// <summary>Scores s become cap · tanh(s / cap); null, the default, where they stay.</summary>
    public double? ScoreCap { get; init; }

    /// <summary>Queries, keys and values are clipped to plus or minus this; null, the default, where they are not.</summary>
    public double? Clip { get; init; }

    /// <summary>Tensor of a score for each head that takes part in the softmax and stands for no token (gpt-oss); null, the default, where
    /// there is none.</summary>
    public string? Sinks { get; init; }

    /// <summary>Growth of queries with their position, or null.</summary>
    public QueryGrowth? Growth { get; init; }

    /// <summary>Width of all query heads.</summary>
    public int QueryWidth => Heads * HeadSize;

    /// <summary>Width of all key heads.</summary>
    public int KeyWidth => KeyValueHeads * HeadSize;

    /// <inheritdoc/>
    public override IEnumerable<LinearLayout> Linears => [.. Projections, Output];

    /// <inheritdoc/>
    public override int CacheWidth => 2 * KeyWidth;

    internal override IEnumerable<TensorLayout> Tensors() =>
    [
        .. Linears.SelectMany(l => l.Tensors()), .. QueryNorm?.Tensors() ?? [], .. KeyNorm?.Tensors() ?? [],
        .. Sinks is null ? [] : (TensorLayout[])[new(Sinks, [Heads])]
    ];
}

/// <summary>A short causal convolution of each channel between two gates (LFM2): out(c · conv(b · x)), with b, c and x from one
/// layer.</summary>
public sealed record ConvolutionLayout : MixerLayout
{
    /// <summary>From the residual stream to b, c and x, one after another.</summary>
    public required LinearLayout Input { get; init; }

    /// <summary>Back to the residual stream.</summary>
    public required LinearLayout Output { get; init; }

    /// <summary>Name of the kernel's module; its weight is [channels, 1, <see cref="Length"/>].</summary>
    public required string Kernel { get; init; }

    /// <summary>Whether the kernel has a bias.</summary>
    public bool HasBias { get; init; }

    /// <summary>Tokens that the kernel sees, the last one included.</summary>
    public required int Length { get; init; }

    /// <summary>Width of b, c and x.</summary>
    public long Channels => Output.Columns;

    /// <inheritdoc/>
    public override IEnumerable<LinearLayout> Linears => [Input, Output];

    /// <inheritdoc/>
    public override int CacheWidth => (int)Channels;

    internal override IEnumerable<TensorLayout> Tensors() =>
    [
        .. Linears.SelectMany(l => l.Tensors()), new(Kernel + ".weight", [Channels, 1, Length]),
        .. HasBias ? (TensorLayout[])[new(Kernel + ".bias", [Channels])] : []
    ];
}

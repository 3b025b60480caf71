namespace DocTuneLab.Training.Models.Layout;

/// <summary>What is computed of each token by itself: an MLP, or a mixture of them.</summary>
public abstract record FeedForwardLayout
{
    /// <summary>Its linear layers, in the order of their computation.</summary>
    public abstract IEnumerable<LinearLayout> Linears { get; }

    /// <summary>Width of the widest product within for each token.</summary>
    public abstract long Width { get; }

    internal abstract IEnumerable<TensorLayout> Tensors();
}

/// <summary>Activation functions, by the names that <c>config.json</c> has for them.</summary>
public enum Activation
{
    /// <summary>x · sigmoid(x): <c>silu</c>, <c>swish</c>.</summary>
    Silu,

    /// <summary>x · Φ(x): <c>gelu</c>.</summary>
    Gelu,

    /// <summary>Its approximation by a tangent: <c>gelu_new</c>, <c>gelu_pytorch_tanh</c>, <c>gelu_fast</c>.</summary>
    GeluTanh,

    /// <summary>max(x, 0): <c>relu</c>.</summary>
    Relu,

    /// <summary>max(x, 0)²: <c>relu2</c>.</summary>
    SquaredRelu,
}

/// <summary>The gate of gpt-oss: gate and up are clipped to plus or minus Limit (the gate only above), and the result is
/// (up + 1) · gate · sigmoid(Alpha · gate).</summary>
/// <param name="Alpha">Slope of the sigmoid.</param>
/// <param name="Limit">Bound.</param>
public readonly record struct ClippedGate(double Alpha, double Limit);

/// <summary>Linear, activation, linear; gated where there is a second linear layer beside the first (Shazeer 2020, arXiv
/// 2002.05202).</summary>
public sealed record MlpLayout : FeedForwardLayout
{
    /// <summary>What reads the residual stream: gate and up; one layer that is both; or, where there is no gate, one.</summary>
    public required IReadOnlyList<LinearLayout> Inputs { get; init; }

    /// <summary>Back to the residual stream.</summary>
    public required LinearLayout Down { get; init; }

    /// <summary>Whether a gate is multiplied in. Default true.</summary>
    public bool IsGated { get; init; } = true;

    /// <summary>Whether outputs of gate and up take turns, instead of one half each. Default false.</summary>
    public bool IsInterleaved { get; init; }

    /// <summary>What the gate, or the only input, goes through. Default <see cref="Activation.Silu"/>.</summary>
    public Activation Activation { get; init; }

    /// <summary>The clipped gate in the place of the activation, or null, the default.</summary>
    public ClippedGate? Clipped { get; init; }

    /// <inheritdoc/>
    public override IEnumerable<LinearLayout> Linears => [.. Inputs, Down];

    /// <inheritdoc/>
    public override long Width => Inputs.Sum(i => i.Rows);

    internal override IEnumerable<TensorLayout> Tensors() => Linears.SelectMany(l => l.Tensors());
}

/// <summary>A mixture of experts (Shazeer et al. 2017, arXiv 1701.06538): a router chooses some of them for each token.</summary>
public sealed record ExpertsLayout : FeedForwardLayout
{
    /// <summary>Name of the router's module; its weight is [experts, hidden].</summary>
    public required string Router { get; init; }

    /// <summary>Whether the router has a bias.</summary>
    public bool HasRouterBias { get; init; }

    /// <summary>The experts.</summary>
    public required IReadOnlyList<MlpLayout> Experts { get; init; }

    /// <summary>How many are chosen for a token.</summary>
    public required int Chosen { get; init; }

    /// <summary>Whether the weights of the chosen sum to one, a softmax over them alone; else they are those of a softmax over
    /// all.</summary>
    public required bool SumsToOne { get; init; }

    /// <summary>An MLP of all tokens beside them, or null.</summary>
    public MlpLayout? Shared { get; init; }

    /// <summary>Module of the shared one's gate, [1, hidden], whose sigmoid it is multiplied by; null where there is none.</summary>
    public string? SharedGate { get; init; }

    /// <inheritdoc/>
    public override IEnumerable<LinearLayout> Linears => [.. Experts.SelectMany(e => e.Linears), .. Shared?.Linears ?? []];

    /// <inheritdoc/>
    public override long Width => Chosen * Experts[0].Width + (Shared?.Width ?? 0);

    internal long Hidden => Experts[0].Down.Rows;

    internal override IEnumerable<TensorLayout> Tensors() =>
    [
        new(Router + ".weight", [Experts.Count, Hidden]),
        .. HasRouterBias ? (TensorLayout[])[new(Router + ".bias", [Experts.Count])] : [],
        .. Linears.SelectMany(l => l.Tensors()),
        .. SharedGate is null ? [] : (TensorLayout[])[new(SharedGate + ".weight", [1, Hidden])],
    ];
}

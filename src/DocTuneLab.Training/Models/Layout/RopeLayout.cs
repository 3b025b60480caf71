namespace DocTuneLab.Training.Models.Layout;

/// <summary>Rotary position embedding of a layer (Su et al. 2021, arXiv 2104.09864).</summary>
/// <param name="Theta">Base of the angles.</param>
/// <param name="Dimensions">Dimensions of a head that are turned; those after them stay.</param>
public sealed record RopeLayout(double Theta, int Dimensions)
{
    /// <summary>Whether neighbouring dimensions make a pair (Cohere, GLM); false, the default, where the halves do.</summary>
    public bool IsInterleaved { get; init; }

    /// <summary>Stretching beyond the context that the model was trained for, or null.</summary>
    public RopeScaling? Scaling { get; init; }

    /// <summary>Whether the angles of all positions depend on how long the sequence is.</summary>
    public bool FollowsLength => Scaling is { Type: "dynamic" }
        || Scaling is { Type: "longrope" } two && !two.ShortFactors.SequenceEqual(two.LongFactors);
}

/// <summary>How a rotary embedding is stretched beyond the context it was trained for: <c>rope_scaling</c> of <c>config.json</c>.</summary>
/// <param name="Type"><c>linear</c>, <c>dynamic</c>, <c>llama3</c>, <c>yarn</c> or <c>longrope</c>.</param>
/// <param name="Factor">New context over the original.</param>
/// <param name="OriginalPositions">Context before stretching.</param>
public sealed record RopeScaling(string Type, double Factor, int OriginalPositions)
{
    /// <summary>Llama 3: wavelengths above <see cref="OriginalPositions"/> over this are stretched in full.</summary>
    public double LowFrequencyFactor { get; init; } = 1;

    /// <summary>Llama 3: wavelengths below <see cref="OriginalPositions"/> over this are left as they are.</summary>
    public double HighFrequencyFactor { get; init; } = 4;

    /// <summary>YaRN: dimensions that turn more often than this in the original context are left as they are.</summary>
    public double BetaFast { get; init; } = 32;

    /// <summary>YaRN: dimensions that turn less often than this are stretched in full.</summary>
    public double BetaSlow { get; init; } = 1;

    /// <summary>YaRN: whether the ends of the ramp are whole dimensions. Default true.</summary>
    public bool IsTruncated { get; init; } = true;

    /// <summary>YaRN and longrope: factor of cosines and sines.</summary>
    public double AttentionFactor { get; init; } = 1;

    /// <summary>Longrope: what frequencies are divided by in sequences up to the original context, one for each pair.</summary>
    public IReadOnlyList<double> ShortFactors { get; init; } = [];

    /// <summary>Longrope: the same in longer ones.</summary>
    public IReadOnlyList<double> LongFactors { get; init; } = [];
}

using static TorchSharp.torch;

namespace DocTuneLab.Training.Models;

/// <summary>How a rotary embedding is stretched beyond the context it was trained for: <c>rope_scaling</c> of <c>config.json</c>.</summary>
/// <param name="Type"><c>linear</c>, <c>dynamic</c>, <c>llama3</c> or <c>yarn</c>.</param>
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

    /// <summary>YaRN: factor of cosines and sines.</summary>
    public double AttentionFactor { get; init; } = 1;
}

/// <summary>
/// Rotary position embedding (Su et al. 2021, arXiv 2104.09864) with position interpolation (arXiv 2306.15595), dynamic NTK,
/// Llama 3's and YaRN's (arXiv 2309.00071) scaling. Tables grow with the positions asked for, so that a model made for 128k
/// positions does not pay for them.
/// </summary>
internal sealed class Rotary(ModelConfig config, Device device) : IDisposable
{
    private Tensor? _cosine, _sine;
    private int _length;

    /// <summary>Angle per position of each pair of dimensions, [head size / 2].</summary>
    /// <param name="config">Shape and scaling.</param>
    /// <param name="length">Longest sequence; it changes the result of dynamic scaling only.</param>
    public static double[] Frequencies(ModelConfig config, int length)
    {
        var (half, theta) = (config.HeadSize / 2, config.RopeTheta);
        var scaling = config.RopeScaling;
        if (scaling?.Type == "dynamic" && length > scaling.OriginalPositions)
            theta *= Math.Pow(scaling.Factor * length / scaling.OriginalPositions - (scaling.Factor - 1),
                config.HeadSize / (config.HeadSize - 2.0));
        var plain = Enumerable.Range(0, half).Select(i => Math.Pow(theta, -(double)i / half)).ToArray();
        return scaling?.Type switch
        {
            "linear" => [.. plain.Select(f => f / scaling.Factor)],
            "llama3" => [.. plain.Select(f => f / Llama3Divisor(scaling, f))],
            "yarn" => Yarn(plain, config, scaling),
            _ => plain,
        };
    }

    /// <summary>By how much Llama 3's scaling divides a frequency.</summary>
    public static double Llama3Divisor(RopeScaling scaling, double frequency)
    {
        var turns = scaling.OriginalPositions * frequency / (2 * Math.PI);
        if (turns > scaling.HighFrequencyFactor) return 1;
        if (turns < scaling.LowFrequencyFactor) return scaling.Factor;
        var smooth = (turns - scaling.LowFrequencyFactor) / (scaling.HighFrequencyFactor - scaling.LowFrequencyFactor);
        return 1 / ((1 - smooth) / scaling.Factor + smooth);
    }

    /// <summary>Cosines and sines, each [at least <paramref name="length"/>, head size] in float32;
    /// the halves of a row are equal.</summary>
    /// <remarks>They belong to this object and stay valid until a longer table is asked for.</remarks>
    public (Tensor Cosine, Tensor Sine) Tables(int length)
    {
        var dynamic = config.RopeScaling is { Type: "dynamic" } d
            && (length > d.OriginalPositions || _length > d.OriginalPositions)
            && length != _length;
        if (_cosine is null || _sine is null || length > _length || dynamic)
        {
            _length = config.RopeScaling is { Type: "dynamic" } s && length > s.OriginalPositions
                ? length
                : Math.Min(Math.Max(length, 1024) * 2, Math.Max(length, config.MaxPositions));
            using var scope = NewDisposeScope();
            using var gradients = no_grad();
            var angles = outer(arange(0, _length, dtype: ScalarType.Float64), tensor(Frequencies(config, length)));
            angles = cat([angles, angles], 1);
            var factor = config.RopeScaling?.AttentionFactor ?? 1;
            _cosine?.Dispose();
            _sine?.Dispose();
            _cosine = (angles.cos() * factor).to_type(ScalarType.Float32).to(device).DetachFromDisposeScope();
            _sine = (angles.sin() * factor).to_type(ScalarType.Float32).to(device).DetachFromDisposeScope();
        }
        return (_cosine, _sine);
    }

    private static double[] Yarn(double[] plain, ModelConfig config, RopeScaling scaling)
    {
        // Dimension that makes the given number of turns in the original context.
        double Dimension(double turns) =>
            config.HeadSize * Math.Log(scaling.OriginalPositions / (turns * 2 * Math.PI)) / (2 * Math.Log(config.RopeTheta));
        var low = Math.Max(0, Math.Floor(Dimension(scaling.BetaFast)));
        var high = Math.Min(config.HeadSize - 1, Math.Ceiling(Dimension(scaling.BetaSlow)));
        var width = Math.Max(0.001, high - low);
        return [.. plain.Select((f, i) =>
        {
            var stretched = Math.Clamp((i - low) / width, 0, 1);
            return f / scaling.Factor * stretched + f * (1 - stretched);
        })];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cosine?.Dispose();
        _sine?.Dispose();
    }
}

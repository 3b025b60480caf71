using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models.Layout;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Models;

/// <summary>
/// Rotary position embedding (Su et al. 2021, arXiv 2104.09864) with position interpolation (arXiv 2306.15595), dynamic NTK,
/// Llama 3's, YaRN's (arXiv 2309.00071) and LongRoPE's (arXiv 2402.13753) scaling. Tables grow with the positions asked for, so that a
/// model made for 128k positions does not pay for them.
/// </summary>
internal sealed class Rotary(RopeLayout layout, int maxPositions, Device device) : IDisposable
{
    private Tensor? _cosine, _sine;
    private int _length;
    private (int[] Positions, int[] Lengths, Tensor Cosine, Tensor Sine)? _rows;

    /// <summary>What it is.</summary>
    public RopeLayout Layout => layout;

    /// <summary>Angle per position of each pair of dimensions.</summary>
    /// <param name="layout">Base, dimensions and scaling.</param>
    /// <param name="length">Length of the sequence; it changes the result of dynamic scaling and of long factors only.</param>
    public static double[] Frequencies(RopeLayout layout, int length)
    {
        var (half, theta, scaling) = (layout.Dimensions / 2, layout.Theta, layout.Scaling);
        if (scaling?.Type == "dynamic" && length > scaling.OriginalPositions)
            theta *= Math.Pow(scaling.Factor * length / scaling.OriginalPositions - (scaling.Factor - 1),
                layout.Dimensions / (layout.Dimensions - 2.0));
        var plain = Enumerable.Range(0, half).Select(i => Math.Pow(theta, -(double)i / half)).ToArray();
        return scaling?.Type switch
        {
            "linear" => [.. plain.Select(f => f / scaling.Factor)],
            "llama3" => [.. plain.Select(f => f / Llama3Divisor(scaling, f))],
            "yarn" => Yarn(plain, layout, scaling),
            "longrope" => [.. plain.Zip(length > scaling.OriginalPositions ? scaling.LongFactors : scaling.ShortFactors, (f, d) => f / d)],
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

    /// <summary>Cosines and sines where they do not follow the length, each [at least <paramref name="length"/>, dimensions] in float32;
    /// the halves of a row are equal.</summary>
    /// <remarks>They belong to this object and stay valid until a longer table is asked for.</remarks>
    public (Tensor Cosine, Tensor Sine) Tables(int length)
    {
        if (layout.FollowsLength) throw new InvalidOperationException("angles that follow the length have no table; ask for rows");
        if (_cosine is null || _sine is null || length > _length)
        {
            _length = Math.Min(Math.Max(length, 1024) * 2, Math.Max(length, maxPositions));
            using var scope = NewDisposeScope();
            using var gradients = no_grad();
            var angles = outer(TensorArithmetic.Range(0, _length, ScalarType.Float64), tensor(Frequencies(layout, length)));
            angles = cat([angles, angles], 1);
            var factor = layout.Scaling?.AttentionFactor ?? 1;
            _cosine?.Dispose();
            _sine?.Dispose();
            _cosine = angles.cos().Times(factor).to_type(ScalarType.Float32).to(device).DetachFromDisposeScope();
            _sine = angles.sin().Times(factor).to_type(ScalarType.Float32).to(device).DetachFromDisposeScope();
        }
        return (_cosine, _sine);
    }

    /// <summary>Cosines and sines of some positions, each [positions, pairs] in float32.</summary>
    /// <param name="positions">The positions.</param>
    /// <param name="lengths">Length of the sequence that each is in.</param>
    /// <remarks>They belong to this object and stay valid until others are asked for. The same arrays are the same question.</remarks>
    public (Tensor Cosine, Tensor Sine) Rows(int[] positions, int[] lengths)
    {
        if (_rows is { } known && ReferenceEquals(known.Positions, positions) && ReferenceEquals(known.Lengths, lengths))
            return (known.Cosine, known.Sine);
        using var gradients = no_grad();
        using var scope = NewDisposeScope();
        var (kinds, kindOf) = (new Dictionary<int, int>(), new long[positions.Length]);
        for (var i = 0; i < positions.Length; i++)
        {
            var kind = KindOf(lengths[i]);
            if (!kinds.TryGetValue(kind, out var number)) kinds[kind] = number = kinds.Count;
            kindOf[i] = number;
        }
        var frequencies = stack(kinds.OrderBy(k => k.Value).Select(k => tensor(Frequencies(layout, k.Key))));
        var angles = tensor(Array.ConvertAll(positions, p => (double)p)).unsqueeze(1) * frequencies[tensor(kindOf)];
        var factor = layout.Scaling?.AttentionFactor ?? 1;
        _rows?.Cosine.Dispose();
        _rows?.Sine.Dispose();
        var rows = (positions, lengths, angles.cos().Times(factor).to_type(ScalarType.Float32).to(device).DetachFromDisposeScope(),
            angles.sin().Times(factor).to_type(ScalarType.Float32).to(device).DetachFromDisposeScope());
        _rows = rows;
        return (rows.Item3, rows.Item4);
    }

    /// <summary>Turns heads, [..., heads, size], by angles that are [..., 1, pairs].</summary>
    public Tensor Turn(Tensor x, Tensor cosine, Tensor sine)
    {
        var (dimensions, last) = (layout.Dimensions, (int)x.dim() - 1);
        var turned = x.narrow(last, 0, dimensions).to_type(ScalarType.Float32);
        var pairs = layout.IsInterleaved ? turned.unflatten(last, [dimensions / 2, 2]) : turned;
        var (first, second) = layout.IsInterleaved
            ? (pairs.select(last + 1, 0), pairs.select(last + 1, 1))
            : (turned.narrow(last, 0, dimensions / 2), turned.narrow(last, dimensions / 2, dimensions / 2));
        var (a, b) = (first * cosine - second * sine, (second * cosine).Plus(first * sine));
        turned = (layout.IsInterleaved ? stack([a, b], last + 1).flatten(last) : cat([a, b], last)).to_type(x.dtype);
        return dimensions == x.size(last) ? turned : cat([turned, x.narrow(last, dimensions, x.size(last) - dimensions)], last);
    }

    // Lengths of the same kind have the same angles.
    private int KindOf(int length) => layout.Scaling is not { } scaling || length <= scaling.OriginalPositions ? 0
        : scaling.Type == "dynamic" ? length
        : scaling.Type == "longrope" ? scaling.OriginalPositions + 1
        : 0;

    private static double[] Yarn(double[] plain, RopeLayout layout, RopeScaling scaling)
    {
        // Dimension that makes the given number of turns in the original context.
        double Dimension(double turns) =>
            layout.Dimensions * Math.Log(scaling.OriginalPositions / (turns * 2 * Math.PI)) / (2 * Math.Log(layout.Theta));
        var (first, last) = (Dimension(scaling.BetaFast), Dimension(scaling.BetaSlow));
        if (scaling.IsTruncated) (first, last) = (Math.Floor(first), Math.Ceiling(last));
        var (low, high) = (Math.Max(0, first), Math.Min(layout.Dimensions - 1, last));
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
        _rows?.Cosine.Dispose();
        _rows?.Sine.Dispose();
    }
}

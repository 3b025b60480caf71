using System.Diagnostics;
using DocTuneLab.Training.Native;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Models;

/// <summary>What a large product reaches on this machine, against which a training step is held.</summary>
public static class MatmulPeak
{
    private static readonly Dictionary<ScalarType, double> s_measured = [];

    /// <summary>10⁹ floating-point operations a second of a 1024 × 1024 × 1024 product: the best of several, measured once per process.</summary>
    public static double Gigaflops(ScalarType type)
    {
        lock (s_measured) return s_measured.TryGetValue(type, out var known) ? known : s_measured[type] = Measure(type);
    }

    /// <summary>The same, measured anew.</summary>
    public static double Measure(ScalarType type)
    {
        const int size = 1024;
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var (a, b, c) = (ones(size, size, dtype: type), ones(size, size, dtype: type), empty(size, size, dtype: type));
        var best = double.MaxValue;
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < 30 && (i < 5 || Stopwatch.GetElapsedTime(began).TotalSeconds < 1); i++)
        {
            var start = Stopwatch.GetTimestamp();
            if (type == ScalarType.Float32) MatrixProduct.Run(c, a, b, add: false);
            else a.mm(b).Dispose();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return 2.0 * size * size * size / best / 1e9;
    }
}

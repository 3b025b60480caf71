using System.Diagnostics;
using DocTuneLab.Training.Simd;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Devices;

/// <summary>What a large product reaches on this machine, against which a training step is held.</summary>
internal static class MatmulPeak
{
    private static readonly Dictionary<(ScalarType, string), double> s_measured = [];

    /// <summary>10⁹ floating-point operations a second of a product of square matrices:
    /// the best of several, measured once per process.</summary>
    /// <param name="type">Of the elements.</param>
    /// <param name="device">Null is the processor.</param>
    public static double Gigaflops(ScalarType type, Device? device = null)
    {
        var key = (type, (device ?? CPU).ToString());
        lock (s_measured) return s_measured.TryGetValue(key, out var known) ? known : s_measured[key] = Measure(type, device);
    }

    /// <summary>The same, measured anew.</summary>
    public static double Measure(ScalarType type, Device? device = null)
    {
        var onDevice = device is { type: TorchSharp.DeviceType.CUDA };
        // Large enough to fill it.
        var size = onDevice ? 8192 : 1024;
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        // Of random numbers: on a device zeros or ones are multiplied faster.
        Tensor Matrix() => onDevice ? randn(size, size, dtype: type, device: device) : ones(size, size, dtype: type);
        var (a, b, c) = (Matrix(), Matrix(), empty(size, size, dtype: type, device: device));
        var best = double.MaxValue;
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < 30 && (i < 5 || Stopwatch.GetElapsedTime(began).TotalSeconds < 1); i++)
        {
            if (onDevice) cuda.synchronize(device);
            var start = Stopwatch.GetTimestamp();
            if (onDevice)
            {
                c.addmm_(a, b, 0, 1);
                cuda.synchronize(device);
            }
            else if (type == ScalarType.Float32) MatrixProduct.Run(c, a, b, add: false);
            else a.mm(b).Dispose();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return 2.0 * size * size * size / best / 1e9;
    }
}

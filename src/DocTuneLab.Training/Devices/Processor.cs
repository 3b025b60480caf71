using static TorchSharp.torch;

namespace DocTuneLab.Training.Devices;

/// <summary>What this machine computes well in.</summary>
public static class Processor
{
    private const int SmallestHidden = 512;

    /// <summary>
    /// Whether the processor gains from bfloat16: its matrix tiles (AMX) take it, or it is AMD's and has AVX-512 BF16, which there
    /// is of twice the speed of float32 (two cores of Zen 5: 800 GFLOP/s against 400; Intel's without tiles gained nothing). Read
    /// from the feature flags and not measured, so that the same machine gives the same run whatever else it is doing.
    /// </summary>
    public static bool HasBFloat16 { get; } = ReadFlags();

    /// <summary>The element type for <c>auto</c>, <c>bf16</c> or <c>fp32</c>.</summary>
    /// <param name="name">One of them.</param>
    /// <param name="hiddenSize">Width of the model: where products are small, what stands between them takes the time, and
    /// exactness costs nothing.</param>
    /// <exception cref="LabException">Another name.</exception>
    public static ScalarType ComputeType(string name, int hiddenSize) => name switch
    {
        "auto" => HasBFloat16 && hiddenSize >= SmallestHidden ? ScalarType.BFloat16 : ScalarType.Float32,
        "bf16" => ScalarType.BFloat16,
        "fp32" => ScalarType.Float32,
        _ => throw new LabException($"compute type '{name}' is unknown; expected auto, bf16 or fp32"),
    };

    private static bool ReadFlags()
    {
        const string Path = "/proc/cpuinfo";
        if (!OperatingSystem.IsLinux() || !File.Exists(Path)) return false;
        string Field(string name) => File.ReadLines(Path).FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal)) ?? "";
        var flags = Field("flags").Split(' ');
        return flags.Contains("amx_bf16")
            || flags.Contains("avx512_bf16") && Field("vendor_id").Contains("AuthenticAMD", StringComparison.Ordinal);
    }
}

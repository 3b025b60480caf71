using static TorchSharp.torch;

namespace DocTuneLab.Training.Models;

/// <summary>What this machine computes well in.</summary>
public static class Processor
{
    /// <summary>
    /// Whether the processor gains from bfloat16: its matrix tiles (AMX) take it. AVX-512 BF16 alone does not count: there the
    /// products ran at half the speed of float32 at every size tried (167 against 315 GFLOP/s on two cores). Read from the
    /// feature flags and not measured, so that the same machine gives the same run whatever else it is doing.
    /// </summary>
    public static bool HasBFloat16 { get; } = ReadFlags();

    /// <summary>The element type for <c>auto</c>, <c>bf16</c> or <c>fp32</c>.</summary>
    /// <exception cref="LabException">Another name.</exception>
    public static ScalarType ComputeType(string name) => name switch
    {
        "auto" => HasBFloat16 ? ScalarType.BFloat16 : ScalarType.Float32,
        "bf16" => ScalarType.BFloat16,
        "fp32" => ScalarType.Float32,
        _ => throw new LabException($"compute type '{name}' is unknown; expected auto, bf16 or fp32"),
    };

    private static bool ReadFlags()
    {
        const string path = "/proc/cpuinfo";
        if (!OperatingSystem.IsLinux() || !File.Exists(path)) return false;
        var flags = File.ReadLines(path).FirstOrDefault(l => l.StartsWith("flags", StringComparison.Ordinal)) ?? "";
        return flags.Split(' ').Contains("amx_bf16");
    }
}

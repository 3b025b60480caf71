using static TorchSharp.torch;

namespace DocTuneLab.Training.Models;

/// <summary>What this machine computes well in.</summary>
public static class Processor
{
    /// <summary>
    /// Whether the processor multiplies bfloat16 matrices itself (AVX-512 BF16 or AMX). Read from its feature flags and not
    /// measured, so that the same machine gives the same run whatever else it is doing.
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
        return flags.Split(' ').Any(f => f is "avx512_bf16" or "amx_bf16");
    }
}

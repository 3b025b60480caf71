using TorchSharp;

namespace DocTuneLab.Training.Models;

/// <summary>What this machine computes well in.</summary>
public static class Processor
{
    private static readonly Lazy<bool> s_bf16 = new(MeasureBFloat16);

    /// <summary>Whether a bfloat16 matrix product is faster here than a float32 one, by measuring both once (about 20 ms).</summary>
    public static bool PrefersBFloat16 => s_bf16.Value;

    /// <summary>The element type for <c>auto</c>, <c>bf16</c> or <c>fp32</c>.</summary>
    /// <exception cref="LabException">Another name.</exception>
    public static torch.ScalarType ComputeType(string name) => name switch
    {
        "auto" => PrefersBFloat16 ? torch.ScalarType.BFloat16 : torch.ScalarType.Float32,
        "bf16" => torch.ScalarType.BFloat16,
        "fp32" => torch.ScalarType.Float32,
        _ => throw new LabException($"compute type '{name}' is unknown; expected auto, bf16 or fp32"),
    };

    private static bool MeasureBFloat16()
    {
        using var scope = torch.NewDisposeScope();
        using var _ = torch.no_grad();
        var a = torch.randn(256, 512);
        var b = torch.randn(512, 512);
        var (a16, b16) = (a.bfloat16(), b.bfloat16());
        return Time(a16, b16) < Time(a, b);

        static TimeSpan Time(torch.Tensor x, torch.Tensor y)
        {
            torch.matmul(x, y);
            var start = System.Diagnostics.Stopwatch.StartNew();
            for (var i = 0; i < 8; i++) torch.matmul(x, y);
            return start.Elapsed;
        }
    }
}

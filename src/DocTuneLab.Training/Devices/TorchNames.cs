using static TorchSharp.torch;

namespace DocTuneLab.Training.Devices;

/// <summary>Names that torch has for floating-point types, as they stand in configurations.</summary>
internal static class TorchNames
{
    /// <summary>The name; that of float32 for another type.</summary>
    public static string TorchName(this ScalarType type) =>
        type switch { ScalarType.BFloat16 => "bfloat16", ScalarType.Float16 => "float16", _ => "float32" };

    /// <summary>The type of a name, or null.</summary>
    public static ScalarType? TypeOf(string? name) => name switch
    {
        "bfloat16" => ScalarType.BFloat16,
        "float16" => ScalarType.Float16,
        "float32" => ScalarType.Float32,
        _ => null,
    };
}

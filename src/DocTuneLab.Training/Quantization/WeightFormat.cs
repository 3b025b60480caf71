using System.Text.Json.Nodes;
using DocTuneLab.Training.Checkpoints;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Quantization;

/// <summary>How linear layers are stored: <c>none</c>, or bitsandbytes' <c>nf4</c>, <c>fp4</c> and <c>int8</c>.</summary>
public static class WeightFormat
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> Names { get; } = ["none", "nf4", "fp4", "int8"];

    /// <summary>A matrix of a model's files: as it is stored where it is quantised already, else in <paramref name="format"/>.</summary>
    /// <param name="files">The model's files.</param>
    /// <param name="name">Name of the parameter.</param>
    /// <param name="shape">Expected dimensions.</param>
    /// <param name="format">One of <see cref="Names"/>.</param>
    /// <param name="compute">Element type of a matrix that is stored in more than 16 bits and not quantised.</param>
    /// <exception cref="LabException">A tensor is missing, misshaped or not finite.</exception>
    internal static Weight Read(WeightFiles files, string name, long[] shape, string format, ScalarType compute)
    {
        if (Stored(files, name, shape) is { } stored) return stored;
        using var scope = NewDisposeScope();
        var tensor = files.Read(name, shape);
        try
        {
            return format switch
            {
                "nf4" or "fp4" => new FourBitWeight(FourBitTensor.Quantize(tensor, FourBitCode.Of(format))),
                "int8" => new Int8Weight(Int8Tensor.Quantize(tensor)),
                // Sixteen bits stay sixteen bits; they are widened where they are used.
                "none" => new DenseWeight(tensor.element_size() == 2 && tensor.is_floating_point() ? tensor : tensor.to_type(compute)),
                _ => throw new LabException($"quantisation '{format}' is unknown; expected {string.Join(", ", Names)}"),
            };
        }
        catch (ArgumentException e)
        {
            throw new LabException($"{files.PathOf(name)}: tensor '{name}': {e.Message}", e);
        }
    }

    /// <summary>A matrix that is quantised in the files, or null.</summary>
    internal static Weight? Stored(WeightFiles files, string name, long[] shape)
    {
        if (FourBitTensor.Read(files, name, shape) is { } four) return new FourBitWeight(four);
        return Int8Tensor.Read(files, name, shape) is { } eight ? new Int8Weight(eight) : null;
    }

    /// <summary>The tensors that a matrix is stored as; they belong to the current dispose scope.</summary>
    internal static IEnumerable<KeyValuePair<string, Tensor>> Tensors(string name, Tensor matrix, string format) => format switch
    {
        "nf4" or "fp4" => FourBitTensor.Quantize(matrix, FourBitCode.Of(format)).Tensors(name),
        "int8" => Int8Tensor.Quantize(matrix).Tensors(name),
        _ => [new(name, matrix)],
    };

    /// <summary><c>quantization_config</c> of <c>config.json</c>; null for <c>none</c>.</summary>
    internal static JsonObject? Configuration(string format) => format == "none" ? null : new JsonObject
    {
        ["quant_method"] = "bitsandbytes", ["load_in_4bit"] = format != "int8", ["load_in_8bit"] = format == "int8",
        ["bnb_4bit_quant_type"] = format == "int8" ? "fp4" : format,
        ["bnb_4bit_use_double_quant"] = format != "int8", ["bnb_4bit_compute_dtype"] = "bfloat16", ["bnb_4bit_quant_storage"] = "uint8",
        ["llm_int8_threshold"] = 6.0, ["llm_int8_skip_modules"] = new JsonArray("lm_head"), ["llm_int8_has_fp16_weight"] = false,
        ["llm_int8_enable_fp32_cpu_offload"] = false,
    };

    /// <summary>Name of the parameter that a tensor is a part of, or null where it is none of a quantised one.</summary>
    internal static string? Owner(string tensor) => FourBitTensor.Owner(tensor) ?? Int8Tensor.Owner(tensor);
}

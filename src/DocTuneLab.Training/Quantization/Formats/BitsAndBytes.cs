using System.Text.Json.Nodes;
using DocTuneLab.Training.Devices;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Quantization.Formats;

/// <summary>The description that bitsandbytes gives its weights in <c>config.json</c>, with all the fields that transformers writes.
/// </summary>
internal static class BitsAndBytes
{
    /// <summary>The description.</summary>
    /// <param name="fourBits">Whether it is 4 bits, not 8.</param>
    /// <param name="code">4-bit code; where there is none, what bitsandbytes writes all the same.</param>
    /// <param name="rest">Type of what is not quantised, in which 4 bits are computed.</param>
    /// <param name="plain">Linear layers that are not quantised, the head aside.</param>
    public static JsonObject Describe(bool fourBits, string code, ScalarType rest, IReadOnlyList<string> plain) => new()
    {
        ["_load_in_4bit"] = fourBits,
        ["_load_in_8bit"] = !fourBits,
        ["bnb_4bit_compute_dtype"] = fourBits ? rest.TorchName() : "float32",
        ["bnb_4bit_quant_storage"] = "uint8",
        ["bnb_4bit_quant_type"] = code,
        ["bnb_4bit_use_double_quant"] = fourBits,
        ["llm_int8_enable_fp32_cpu_offload"] = false,
        ["llm_int8_has_fp16_weight"] = false,
        // The head is left out where nothing is said.
        ["llm_int8_skip_modules"] = plain.Count == 0 ? null : new JsonArray([.. plain.Append("lm_head").Select(n => (JsonNode)n)]),
        ["llm_int8_threshold"] = 6.0,
        ["load_in_4bit"] = fourBits,
        ["load_in_8bit"] = !fourBits,
        ["quant_method"] = "bitsandbytes",
    };
}

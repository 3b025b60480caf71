using System.Text.Json.Nodes;

namespace DocTuneLab.Training.Quantization.Formats;

/// <summary>The description that bitsandbytes gives its weights in <c>config.json</c>.</summary>
internal static class BitsAndBytes
{
    /// <summary>The description.</summary>
    /// <param name="fourBits">Whether it is 4 bits, not 8.</param>
    /// <param name="type">4-bit code; where there is none, what bitsandbytes writes all the same.</param>
    public static JsonObject Describe(bool fourBits, string type) => new()
    {
        ["quant_method"] = "bitsandbytes",
        ["load_in_4bit"] = fourBits,
        ["load_in_8bit"] = !fourBits,
        ["bnb_4bit_quant_type"] = type,
        ["bnb_4bit_use_double_quant"] = fourBits,
        ["bnb_4bit_compute_dtype"] = "bfloat16",
        ["bnb_4bit_quant_storage"] = "uint8",
        ["llm_int8_threshold"] = 6.0,
        ["llm_int8_skip_modules"] = new JsonArray("lm_head"),
        ["llm_int8_has_fp16_weight"] = false,
        ["llm_int8_enable_fp32_cpu_offload"] = false,
    };
}

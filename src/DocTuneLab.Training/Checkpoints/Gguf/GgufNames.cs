using System.Globalization;

namespace DocTuneLab.Training.Checkpoints.Gguf;

/// <summary>Names of tensors in GGUF files and in checkpoints of Hugging Face.</summary>
internal static class GgufNames
{
    /// <summary>Divisors of the rotary frequencies, which no checkpoint has as a tensor.</summary>
    public const string RotaryDivisors = "rope_freqs.weight";

    private static readonly Dictionary<string, string> s_whole = new(StringComparer.Ordinal)
    {
        ["token_embd"] = "model.embed_tokens",
        ["output_norm"] = "model.norm",
        ["output"] = "lm_head",
    };

    private static readonly Dictionary<string, string> s_ofLayers = new(StringComparer.Ordinal)
    {
        ["attn_norm"] = "input_layernorm",
        ["ffn_norm"] = "post_attention_layernorm",
        ["attn_q"] = "self_attn.q_proj",
        ["attn_k"] = "self_attn.k_proj",
        ["attn_v"] = "self_attn.v_proj",
        ["attn_output"] = "self_attn.o_proj",
        ["attn_q_norm"] = "self_attn.q_norm",
        ["attn_k_norm"] = "self_attn.k_norm",
        ["ffn_gate"] = "mlp.gate_proj",
        ["ffn_up"] = "mlp.up_proj",
        ["ffn_down"] = "mlp.down_proj",
    };

    private static readonly Dictionary<string, string> s_back =
        s_whole.Concat(s_ofLayers).ToDictionary(p => p.Value, p => p.Key, StringComparer.Ordinal);

    /// <summary>The checkpoint's name of a tensor of a file; null where it has none.</summary>
    public static string? ToCheckpoint(string name)
    {
        var parts = name.Split('.');
        if (parts is [var whole, var kind] && s_whole.TryGetValue(whole, out var known)) return $"{known}.{kind}";
        return parts is ["blk", var layer, var part, var of] && s_ofLayers.TryGetValue(part, out var within)
            && int.TryParse(layer, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? $"model.layers.{layer}.{within}.{of}" : null;
    }

    /// <summary>The file's name of a tensor of a checkpoint.</summary>
    /// <exception cref="LabException">GGUF has none.</exception>
    public static string Of(string name)
    {
        var (module, kind) = (name[..name.LastIndexOf('.')], name[(name.LastIndexOf('.') + 1)..]);
        if (s_back.TryGetValue(module, out var whole)) return $"{whole}.{kind}";
        var parts = module.Split('.', 4);
        return parts is ["model", "layers", var layer, var within] && s_back.TryGetValue(within, out var part)
            ? $"blk.{layer}.{part}.{kind}"
            : throw new LabException($"GGUF has no name for the tensor '{name}'");
    }
}

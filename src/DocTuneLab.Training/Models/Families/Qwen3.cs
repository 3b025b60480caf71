using DocTuneLab.Training.Models.Layout;

namespace DocTuneLab.Training.Models.Families;

/// <summary>Qwen3 (arXiv 2505.09388): norms of queries and keys.</summary>
internal class Qwen3 : Qwen2
{
    public override string ModelType => "qwen3";

    public override string ClassName => "Qwen3ForCausalLM";

    public override GgufForm? Gguf(DecoderLayout layout) => new("qwen3");

    public override int DefaultHeadSize(int hiddenSize, int heads) => 128;

    public override LayerBiases Biases(ModelFields config)
    {
        var attention = config.Optional("attention_bias", false);
        return new(attention, attention, false);
    }

    protected override AttentionLayout Attention(ModelFields config, int layer) =>
        WithHeadNorms(base.Attention(config, layer), Name(layer, "self_attn."), n => Norm(config, n));
}

/// <summary>Qwen3's mixture of experts.</summary>
internal sealed class Qwen3Moe : Qwen3
{
    public override string ModelType => "qwen3_moe";

    public override string ClassName => "Qwen3MoeForCausalLM";

    public override GgufForm? Gguf(DecoderLayout layout) => new("qwen3moe");

    public override IReadOnlyCollection<string> FieldsWithoutEffect => ["moe_intermediate_size"];

    public override IReadOnlyDictionary<string, string> FieldNames { get; } =
        new Dictionary<string, string> { ["num_experts"] = "num_local_experts" };

    // Where there is a window, all layers have it.
    public override LayerKind DefaultKind(ModelFields config, int layer) => Window(config) is null ? LayerKind.Full : LayerKind.Sliding;

    protected override FeedForwardLayout FeedForward(ModelFields config, int layer)
    {
        if (!SparseLayers.Has(config, layer)) return base.FeedForward(config, layer);
        var prefix = Name(layer, "mlp.");
        return SparseLayers.Experts(config, prefix, "num_experts", e => Gated(config, $"{prefix}experts.{e}.",
            config.Required<int>("moe_intermediate_size")));
    }
}

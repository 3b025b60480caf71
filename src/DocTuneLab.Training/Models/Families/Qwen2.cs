using DocTuneLab.Training.Models.Layout;

namespace DocTuneLab.Training.Models.Families;

/// <summary>Qwen2 and Qwen2.5 (arXiv 2407.10671): queries, keys and values have biases, and the last layers may have a sliding
/// window.</summary>
internal class Qwen2 : Architecture
{
    public override string ModelType => "qwen2";

    public override string ClassName => "Qwen2ForCausalLM";

    public override GgufForm? Gguf(DecoderLayout layout) => new(ModelType) { Biases = Biased };

    public override IReadOnlyList<LayerKind> Kinds => [LayerKind.Full, LayerKind.Sliding];

    public override LayerKind DefaultKind(ModelFields config, int layer) =>
        config.Optional("use_sliding_window", false) && layer >= config.Optional("max_window_layers", 28)
            ? LayerKind.Sliding
            : LayerKind.Full;

    public override int? Window(ModelFields config) =>
        config.Optional("use_sliding_window", false) ? config.OptionalOrNone("sliding_window", (int?)4096) : null;

    public override LayerBiases Biases(ModelFields config) => Biased;

    /// <summary>Biases of queries, keys and values.</summary>
    protected static LayerBiases Biased => new(Attention: true, Output: false, Mlp: false);
}

/// <summary>Qwen2's mixture of experts: some experts of each layer, and one that all tokens pass behind a gate.</summary>
internal sealed class Qwen2Moe : Qwen2
{
    public override string ModelType => "qwen2_moe";

    public override string ClassName => "Qwen2MoeForCausalLM";

    public override GgufForm? Gguf(DecoderLayout layout) => new("qwen2moe") { Biases = Biased, SumsToOne = false };

    public override IReadOnlyCollection<string> FieldsWithoutEffect => ["moe_intermediate_size"];

    public override LayerBiases Biases(ModelFields config) => new(Attention: config.Optional("qkv_bias", true), Output: false, Mlp: false);

    protected override FeedForwardLayout FeedForward(ModelFields config, int layer)
    {
        if (!SparseLayers.Has(config, layer)) return base.FeedForward(config, layer);
        var prefix = Name(layer, "mlp.");
        return SparseLayers.Experts(config, prefix, "num_experts", e => Gated(config, $"{prefix}experts.{e}.",
            config.Required<int>("moe_intermediate_size"))) with
        {
            Shared = Gated(config, prefix + "shared_expert.", config.Required<int>("shared_expert_intermediate_size")),
            SharedGate = prefix + "shared_expert_gate",
        };
    }
}

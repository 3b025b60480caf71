using DocTuneLab.Training.Models.Layout;

namespace DocTuneLab.Training.Models.Families;

/// <summary>Command R: attention and MLP side by side from one LayerNorm without bias, neighbouring dimensions turned in pairs, logits
/// scaled.</summary>
internal class Cohere : Architecture
{
    public override string ModelType => "cohere";

    public override string ClassName => "CohereForCausalLM";

    // Norms of queries and keys are those of the model with 64 layers there.
    public override GgufForm? Gguf(DecoderLayout layout) =>
        layout.Layers[0].Attention!.QueryNorm is null == layout.Layers.Count < 64
            ? Form("command-r", layout)
            : throw new LabException("llama.cpp has norms of queries and keys in Cohere models of 64 layers and more, and in no others; "
                + "export safetensors instead");

    public override IReadOnlyCollection<string> FieldsWithoutEffect =>
    [
        "layer_switch", "model_max_length", "order_of_interleaved_layers", "position_embedding_type", "rotary_pct", "use_embedding_sharing",
        "use_gated_activation", "use_parallel_block", "use_parallel_embedding",
    ];

    public override int DefaultPositions => 8192;

    public override bool TiesByDefault => true;

    public override string EpsilonField => "layer_norm_eps";

    public override double DefaultEpsilon => 1e-5;

    public override DecoderLayout Describe(ModelFields config) =>
        base.Describe(config) with { LogitScale = config.Optional("logit_scale", 0.0625) };

    protected override LayerLayout Layer(ModelFields config, int layer) =>
        base.Layer(config, layer) with { IsParallel = true, FeedForwardNorm = null };

    protected override AttentionLayout Attention(ModelFields config, int layer)
    {
        var attention = base.Attention(config, layer);
        if (!config.Optional("use_qk_norm", false)) return attention;
        attention = WithHeadNorms(attention, Name(layer, "self_attn."), n => Norm(config, n));
        return attention with
        {
            QueryNorm = attention.QueryNorm! with { Weights = config.Heads },
            KeyNorm = attention.KeyNorm! with { Weights = config.KeyValueHeads },
        };
    }

    protected override RopeLayout? Rope(ModelFields config, int layer) => base.Rope(config, layer)! with { IsInterleaved = true };

    protected override NormLayout Norm(ModelFields config, string name) => base.Norm(config, name) with { Kind = NormKind.Layer };

    /// <summary>What both have in GGUF files.</summary>
    protected static GgufForm Form(string name, DecoderLayout layout) => new(name)
    {
        HasHead = false,
        TurnsNeighbours = true,
        LogitScale = layout.LogitScale,
        Fields = new Dictionary<string, object> { ["logit_scale"] = (float)layout.LogitScale },
    };
}

/// <summary>Command R7B and later: window and rotation in three layers of four, the fourth has neither.</summary>
internal sealed class Cohere2 : Cohere
{
    public override string ModelType => "cohere2";

    public override string ClassName => "Cohere2ForCausalLM";

    public override GgufForm? Gguf(DecoderLayout layout) =>
        Form("cohere2", layout) with { Slides = layer => layer % 4 < 3, Rotates = layer => layer % 4 < 3 };

    public override IReadOnlyList<LayerKind> Kinds => [LayerKind.Full, LayerKind.Sliding];

    public override LayerKind DefaultKind(ModelFields config, int layer) =>
        (layer + 1) % config.Optional("sliding_window_pattern", config.Optional("_sliding_window_pattern", 4)) != 0
            ? LayerKind.Sliding
            : LayerKind.Full;

    public override int? Window(ModelFields config) => config.OptionalOrNone("sliding_window", (int?)4096);

    protected override RopeLayout? Rope(ModelFields config, int layer) =>
        config.LayerKinds[layer] == LayerKind.Sliding ? base.Rope(config, layer) : null;
}

using DocTuneLab.Training.Models.Layout;

namespace DocTuneLab.Training.Models.Families;

/// <summary>Gemma (arXiv 2403.08295): norms add one to their weight, embeddings times the root of their width, GeGLU.</summary>
internal class Gemma : Architecture
{
    public override string ModelType => "gemma";

    public override string ClassName => "GemmaForCausalLM";

    public override GgufForm? Gguf(DecoderLayout layout) => new("gemma")
    {
        HasHead = false,
        Activation = Activation.GeluTanh,
        EmbeddingScale = Math.Sqrt(layout.HiddenSize),
    };

    public override int DefaultPositions => 8192;

    public override bool TiesByDefault => true;

    public override string DefaultActivation => "gelu_pytorch_tanh";

    public override int DefaultHeadSize(int hiddenSize, int heads) => 256;

    public override DecoderLayout Describe(ModelFields config) =>
        base.Describe(config) with { EmbeddingScale = Math.Sqrt(config.HiddenSize) };

    protected override NormLayout Norm(ModelFields config, string name) => base.Norm(config, name) with { AddsOne = true };

    // The first models' hidden_act says gelu and means the tangent; hidden_activation, where it is, says so.
    protected override FeedForwardLayout FeedForward(ModelFields config, int layer) =>
        (MlpLayout)base.FeedForward(config, layer) with
        {
            Activation = config.Optional<string?>("hidden_activation", null) is { } name
                ? config.ActivationOf(name, "hidden_activation")
                : config.Activation,
        };
}

/// <summary>Gemma 2 (arXiv 2408.00118): four norms a layer, soft caps, a window in every second layer.</summary>
internal class Gemma2 : Gemma
{
    public override string ModelType => "gemma2";

    public override string ClassName => "Gemma2ForCausalLM";

    public override GgufForm? Gguf(DecoderLayout layout) => base.Gguf(layout)! with
    {
        Name = "gemma2",
        HasCaps = true,
        Slides = layer => layer % 2 == 0,
        AttentionScale = ScaleOf(layout, 46),
    };

    public override IReadOnlyList<LayerKind> Kinds => [LayerKind.Full, LayerKind.Sliding];

    /// <summary>The scale that llama.cpp takes in the family's largest model alone, told by its layers.</summary>
    protected static double? ScaleOf(DecoderLayout layout, int largest) => layout.Layers.Count == largest
        ? 1 / Math.Sqrt((double)layout.HiddenSize / layout.Layers[0].Attention!.Heads)
        : null;

    /// <summary>Caps where the fields are missing.</summary>
    protected virtual (double? Scores, double? Logits) DefaultCaps => (50, 30);

    public override LayerKind DefaultKind(ModelFields config, int layer) => layer % 2 == 0 ? LayerKind.Sliding : LayerKind.Full;

    public override int? Window(ModelFields config) => config.OptionalOrNone("sliding_window", (int?)4096);

    public override DecoderLayout Describe(ModelFields config) =>
        base.Describe(config) with { LogitCap = config.OptionalOrNone("final_logit_softcapping", DefaultCaps.Logits) };

    protected override LayerLayout Layer(ModelFields config, int layer) => base.Layer(config, layer) with
    {
        MixerOutputNorm = Norm(config, Name(layer, "post_attention_layernorm")),
        FeedForwardNorm = Norm(config, Name(layer, "pre_feedforward_layernorm")),
        FeedForwardOutputNorm = Norm(config, Name(layer, "post_feedforward_layernorm")),
    };

    protected override AttentionLayout Attention(ModelFields config, int layer) => base.Attention(config, layer) with
    {
        Scale = 1 / Math.Sqrt(config.Optional("query_pre_attn_scalar", 256.0)),
        ScoreCap = config.OptionalOrNone("attn_logit_softcapping", DefaultCaps.Scores),
    };
}

/// <summary>Gemma 3's text models (arXiv 2503.19786): five local layers with a base of their own to one global, norms of queries and
/// keys.</summary>
internal sealed class Gemma3 : Gemma2
{
    public override string ModelType => "gemma3_text";

    public override string ClassName => "Gemma3ForCausalLM";

    public override GgufForm? Gguf(DecoderLayout layout) => base.Gguf(layout)! with
    {
        Name = "gemma3",
        HasHead = null,
        HasCaps = false,
        Slides = layer => layer % 6 < 5,
        Stretches = layer => layer % 6 == 5,
        AttentionScale = ScaleOf(layout, 62),
    };

    public override int DefaultPositions => 131072;

    public override double DefaultTheta => 1_000_000;

    protected override (double? Scores, double? Logits) DefaultCaps => (null, null);

    public override LayerKind DefaultKind(ModelFields config, int layer) =>
        (layer + 1) % config.Optional("sliding_window_pattern", config.Optional("_sliding_window_pattern", 6)) != 0
            ? LayerKind.Sliding
            : LayerKind.Full;

    protected internal override double ThetaOf(ModelFields config, string kind) => IsStretched(kind)
        ? base.ThetaOf(config, kind)
        : config.Optional("rope_local_base_freq", 10000.0);

    protected internal override bool IsStretched(string kind) => kind == "full_attention";

    protected override AttentionLayout Attention(ModelFields config, int layer) =>
        WithHeadNorms(base.Attention(config, layer), Name(layer, "self_attn."), n => Norm(config, n));
}

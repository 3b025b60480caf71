using DocTuneLab.Training.Models.Layout;

namespace DocTuneLab.Training.Models.Families;

/// <summary>Phi-1 to Phi-2 (arXiv 2309.05463): attention and MLP side by side from one LayerNorm, half of each head turned, biases
/// everywhere.</summary>
internal sealed class Phi : Architecture
{
    public override string ModelType => "phi";

    public override string ClassName => "PhiForCausalLM";

    public override GgufForm? Gguf(DecoderLayout layout) => new("phi2")
    {
        HasHead = true,
        Biases = new(true, true, true),
        Activation = Activation.GeluTanh,
        HasNarrowHeads = true,
    };

    public override int DefaultPositions => 2048;

    public override string EpsilonField => "layer_norm_eps";

    public override double DefaultEpsilon => 1e-5;

    public override bool IsRotatedInPart => true;

    public override double DefaultRotaryShare => 0.5;

    public override string DefaultActivation => "gelu_new";

    public override LayerBiases Biases(ModelFields config) => new(true, true, true);

    public override DecoderLayout Describe(ModelFields config) => base.Describe(config) with
    {
        FinalNorm = Norm(config, "model.final_layernorm"),
        HasHeadBias = true,
    };

    protected override LayerLayout Layer(ModelFields config, int layer) =>
        base.Layer(config, layer) with { IsParallel = true, FeedForwardNorm = null };

    protected override AttentionLayout Attention(ModelFields config, int layer)
    {
        var attention = base.Attention(config, layer);
        return attention with
        {
            Output = new LinearLayout(Name(layer, "self_attn.dense"), config.HiddenSize, attention.QueryWidth).WithBias(true),
        };
    }

    protected override FeedForwardLayout FeedForward(ModelFields config, int layer) =>
        Plain(config, Name(layer, "mlp."), "fc1", "fc2", bias: true);

    protected override NormLayout Norm(ModelFields config, string name) =>
        base.Norm(config, name) with { Kind = NormKind.Layer, HasBias = true };
}

/// <summary>Phi-3, Phi-3.5 and Phi-4 (arXiv 2404.14219): Llama with fused projections, and long factors of its rotary embedding.</summary>
internal sealed class Phi3 : Architecture
{
    public override string ModelType => "phi3";

    public override string ClassName => "Phi3ForCausalLM";

    public override GgufForm? Gguf(DecoderLayout layout) => new("phi3") { ReadsLongFactors = true, HasNarrowHeads = true };

    public override int DefaultPositions => 4096;

    public override double DefaultEpsilon => 1e-5;

    public override bool IsRotatedInPart => true;

    public override IReadOnlyList<LayerKind> Kinds => [LayerKind.Sliding];

    public override LayerBiases Biases(ModelFields config) => default;

    protected override AttentionLayout Attention(ModelFields config, int layer)
    {
        var attention = base.Attention(config, layer);
        return attention with
        {
            Projections =
            [
                new LinearLayout(Name(layer, "self_attn.qkv_proj"), attention.QueryWidth + 2 * attention.KeyWidth, config.HiddenSize),
            ],
        };
    }

    protected override FeedForwardLayout FeedForward(ModelFields config, int layer) => FusedGate(config, Name(layer, "mlp."));
}

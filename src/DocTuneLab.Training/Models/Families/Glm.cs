using DocTuneLab.Training.Models.Layout;

namespace DocTuneLab.Training.Models.Families;

/// <summary>GLM-4 (arXiv 2406.12793): fused gate, biases on queries, keys and values, half of each head turned in neighbouring
/// pairs.</summary>
internal class Glm : Architecture
{
    public override string ModelType => "glm";

    public override string ClassName => "GlmForCausalLM";

    public override GgufForm? Gguf(DecoderLayout layout) => new("chatglm") { TurnsNeighbours = true, Biases = new(true, false, false) };

    public override int DefaultPositions => 131072;

    public override double DefaultEpsilon => 1.5625e-7;

    public override bool IsRotatedInPart => true;

    public override double DefaultRotaryShare => 0.5;

    public override int DefaultHeadSize(int hiddenSize, int heads) => 128;

    public override LayerBiases Biases(ModelFields config) => new(config.Optional("attention_bias", false), false, false);

    protected override RopeLayout? Rope(ModelFields config, int layer) => base.Rope(config, layer)! with { IsInterleaved = true };

    protected override FeedForwardLayout FeedForward(ModelFields config, int layer) => FusedGate(config, Name(layer, "mlp."));
}

/// <summary>GLM-4-0414: GLM with norms behind attention and MLP too.</summary>
internal sealed class Glm4 : Glm
{
    public override string ModelType => "glm4";

    public override string ClassName => "Glm4ForCausalLM";

    public override GgufForm? Gguf(DecoderLayout layout) => base.Gguf(layout)! with { Name = "glm4" };

    protected override LayerLayout Layer(ModelFields config, int layer) => base.Layer(config, layer) with
    {
        MixerOutputNorm = Norm(config, Name(layer, "post_self_attn_layernorm")),
        FeedForwardOutputNorm = Norm(config, Name(layer, "post_mlp_layernorm")),
    };
}

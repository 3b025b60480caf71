using DocTuneLab.Training.Models.Layout;

namespace DocTuneLab.Training.Models.Families;

/// <summary>StableLM 2 (arXiv 2402.17834): LayerNorm, SwiGLU, a part of each head turned.</summary>
internal sealed class StableLm : Architecture
{
    public override string ModelType => "stablelm";

    public override string ClassName => "StableLmForCausalLM";

    public override GgufForm? Gguf(DecoderLayout layout) => new("stablelm")
    {
        HasHead = true,
        Biases = new(true, false, false),
        HasNarrowHeads = true,
        Fields = new Dictionary<string, object> { ["use_parallel_residual"] = layout.Layers[0].IsParallel },
    };

    public override int DefaultPositions => 4096;

    public override string EpsilonField => "layer_norm_eps";

    public override double DefaultEpsilon => 1e-5;

    public override bool IsRotatedInPart => true;

    public override double DefaultRotaryShare => 0.25;

    public override LayerBiases Biases(ModelFields config) => new(config.Optional("use_qkv_bias", false), false, false);

    protected override LayerLayout Layer(ModelFields config, int layer) => config.Optional("use_parallel_residual", false)
        ? base.Layer(config, layer) with { IsParallel = true, FeedForwardNorm = null }
        : base.Layer(config, layer);

    protected override NormLayout Norm(ModelFields config, string name) =>
        base.Norm(config, name) with { Kind = NormKind.Layer, HasBias = true };
}

using DocTuneLab.Training.Models.Layout;

namespace DocTuneLab.Training.Models.Families;

/// <summary>OLMo (arXiv 2402.00838): LayerNorm without weights, and clipped queries, keys and values.</summary>
internal sealed class Olmo : Architecture
{
    public override string ModelType => "olmo";

    public override string ClassName => "OlmoForCausalLM";

    public override GgufForm? Gguf(DecoderLayout layout) => new("olmo") { TurnsNeighbours = true, Clips = true, HasNarrowHeads = true };

    public override int DefaultPositions => 2048;

    public override double DefaultEpsilon => 1e-5;

    protected override AttentionLayout Attention(ModelFields config, int layer) =>
        base.Attention(config, layer) with { Clip = config.OptionalOrNone<double>("clip_qkv", null) };

    // Its epsilon is in no file.
    protected override NormLayout Norm(ModelFields config, string name) =>
        base.Norm(config, name) with { Kind = NormKind.Layer, HasWeight = false, Epsilon = DefaultEpsilon };
}

/// <summary>OLMo 2 (arXiv 2501.00656): norms after attention and MLP, and of queries and keys over all heads at once.</summary>
internal class Olmo2 : Architecture
{
    public override string ModelType => "olmo2";

    public override string ClassName => "Olmo2ForCausalLM";

    public override GgufForm? Gguf(DecoderLayout layout) => new("olmo2") { HasHead = true, HasNarrowHeads = true };

    public override int DefaultPositions => 2048;

    public override double DefaultEpsilon => 1e-5;

    protected override LayerLayout Layer(ModelFields config, int layer) => NormedBehind(config, layer, base.Layer(config, layer));

    protected override AttentionLayout Attention(ModelFields config, int layer) =>
        WithHeadNorms(base.Attention(config, layer), Name(layer, "self_attn."), n => Norm(config, n), overAllHeads: true);
}

/// <summary>OLMo 3: a sliding window in three layers of four, and stretching in the fourth only.</summary>
internal sealed class Olmo3 : Olmo2
{
    public override string ModelType => "olmo3";

    public override string ClassName => "Olmo3ForCausalLM";

    public override GgufForm? Gguf(DecoderLayout layout) =>
        base.Gguf(layout)! with { Slides = layer => layer % 4 < 3, Stretches = layer => layer % 4 == 3 };

    public override IReadOnlyList<LayerKind> Kinds => [LayerKind.Full, LayerKind.Sliding];

    public override LayerKind DefaultKind(ModelFields config, int layer) => (layer + 1) % 4 != 0 ? LayerKind.Sliding : LayerKind.Full;

    public override int? Window(ModelFields config) => config.OptionalOrNone("sliding_window", (int?)4096);

    protected internal override bool IsStretched(string kind) => kind == "full_attention";
}

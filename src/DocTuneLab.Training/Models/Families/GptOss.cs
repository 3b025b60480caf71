using DocTuneLab.Training.Models.Layout;

namespace DocTuneLab.Training.Models.Families;

/// <summary>gpt-oss (arXiv 2508.10925): a sink for each head, a window in every second layer, experts with a clipped gate.</summary>
internal sealed class GptOss : Architecture
{
    public override string ModelType => "gpt_oss";

    public override string ClassName => "GptOssForCausalLM";

    public override GgufForm? Gguf(DecoderLayout layout) => new("gpt-oss")
    {
        HasHead = true,
        HasSinks = true,
        Biases = new(true, true, true),
        Slides = layer => layer % 2 == 0,
        Names = new Dictionary<string, string> { ["ffn_norm"] = "post_attention_norm" },
    };

    public override IReadOnlyCollection<string> FieldsWithoutEffect => ["experts_per_token", "initial_context_length"];

    public override int DefaultPositions => 131072;

    public override double DefaultEpsilon => 1e-5;

    public override double DefaultTheta => 150_000;

    public override IReadOnlyList<LayerKind> Kinds => [LayerKind.Full, LayerKind.Sliding];

    public override int DefaultKeyValueHeads(int heads) => 8;

    public override int DefaultHeadSize(int hiddenSize, int heads) => 64;

    public override LayerKind DefaultKind(ModelFields config, int layer) => layer % 2 == 0 ? LayerKind.Sliding : LayerKind.Full;

    public override int? Window(ModelFields config) => config.OptionalOrNone("sliding_window", (int?)128);

    public override LayerBiases Biases(ModelFields config)
    {
        var bias = config.Optional("attention_bias", true);
        return new(bias, bias, true);
    }

    protected override AttentionLayout Attention(ModelFields config, int layer) =>
        base.Attention(config, layer) with { Sinks = Name(layer, "self_attn.sinks") };

    protected override FeedForwardLayout FeedForward(ModelFields config, int layer)
    {
        var (count, width) = (config.AtLeastOne("num_local_experts", config.Required<int>("num_local_experts")), config.IntermediateSize);
        LinearLayout Part(int expert, string name, long rows, long columns) => new(Name(layer, "mlp.experts." + name), rows, columns)
        {
            Tensor = Name(layer, "mlp.experts." + name),
            Bias = Name(layer, $"mlp.experts.{name}_bias"),
            IsTransposed = true,
            Stack = new(expert, count),
        };
        return new ExpertsLayout
        {
            Router = Name(layer, "mlp.router"),
            HasRouterBias = true,
            Chosen = SparseLayers.Chosen(config, count),
            SumsToOne = true,
            Experts = [.. Enumerable.Range(0, count).Select(e => new MlpLayout
            {
                Inputs = [Part(e, "gate_up_proj", 2L * width, config.HiddenSize)],
                Down = Part(e, "down_proj", config.HiddenSize, width),
                IsInterleaved = true,
                Clipped = new ClippedGate(config.Optional("swiglu_alpha", 1.702), config.Optional("swiglu_limit", 7.0)),
            })],
        };
    }
}

using DocTuneLab.Training.Models.Layout;

namespace DocTuneLab.Training.Models.Families;

/// <summary>GPT-NeoX and Pythia (arXiv 2204.06745): attention and MLP side by side, each from a LayerNorm, queries, keys and values
/// interleaved by head.</summary>
internal sealed class GptNeoX : Architecture
{
    public override string ModelType => "gpt_neox";

    public override string ClassName => "GPTNeoXForCausalLM";

    public override GgufForm? Gguf(DecoderLayout layout) => new("gptneox")
    {
        HasHead = true,
        Biases = new(true, true, true),
        Activation = Activation.GeluTanh,
        HasNarrowHeads = true,
        Fields = new Dictionary<string, object> { ["use_parallel_residual"] = layout.Layers[0].IsParallel },
    };

    public override IReadOnlyDictionary<string, string> FieldNames { get; } = new Dictionary<string, string>
    {
        ["rope_theta"] = "rotary_emb_base",
        ["partial_rotary_factor"] = "rotary_pct",
    };

    public override int DefaultPositions => 2048;

    public override string EpsilonField => "layer_norm_eps";

    public override double DefaultEpsilon => 1e-5;

    public override bool IsRotatedInPart => true;

    public override double DefaultRotaryShare => 0.25;

    public override string DefaultActivation => "gelu";

    public override DecoderLayout Describe(ModelFields config) => base.Describe(config) with
    {
        Embedding = "gpt_neox.embed_in.weight",
        FinalNorm = Norm(config, "gpt_neox.final_layer_norm"),
        Head = "embed_out",
    };

    protected override LayerLayout Layer(ModelFields config, int layer) =>
        base.Layer(config, layer) with { IsParallel = config.Optional("use_parallel_residual", true) };

    protected override AttentionLayout Attention(ModelFields config, int layer)
    {
        var (attention, bias) = (base.Attention(config, layer), config.Optional("attention_bias", true));
        return attention with
        {
            Projections =
            [
                new LinearLayout(Name(layer, "attention.query_key_value"), 3L * attention.QueryWidth, config.HiddenSize).WithBias(bias),
            ],
            Fused = FusedOrder.Heads,
            Output = new LinearLayout(Name(layer, "attention.dense"), config.HiddenSize, attention.QueryWidth).WithBias(bias),
        };
    }

    protected override FeedForwardLayout FeedForward(ModelFields config, int layer) =>
        Plain(config, Name(layer, "mlp."), "dense_h_to_4h", "dense_4h_to_h", bias: true);

    protected override NormLayout Norm(ModelFields config, string name) =>
        base.Norm(config, name) with { Kind = NormKind.Layer, HasBias = true };

    public override bool IsBuffer(string tensor) => base.IsBuffer(tensor)
        || tensor.EndsWith(".attention.bias", StringComparison.Ordinal)
        || tensor.EndsWith(".attention.masked_bias", StringComparison.Ordinal);

    protected override string Name(int layer, string part) => $"gpt_neox.layers.{layer}.{part}";
}

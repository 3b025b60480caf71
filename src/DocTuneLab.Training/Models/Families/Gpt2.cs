using DocTuneLab.Training.Models.Layout;

namespace DocTuneLab.Training.Models.Families;

/// <summary>GPT-2: learnt positions, one matrix for queries, keys and values, matrices stored [in, out].</summary>
internal sealed class Gpt2 : Architecture
{
    public override string ModelType => "gpt2";

    public override string ClassName => "GPT2LMHeadModel";

    public override GgufForm? Gguf(DecoderLayout layout) => new("gpt2")
    {
        Biases = new(true, true, true),
        Activation = Activation.GeluTanh,
        HasNarrowHeads = true,
    };

    public override IReadOnlyDictionary<string, string> FieldNames { get; } = new Dictionary<string, string>
    {
        ["hidden_size"] = "n_embd",
        ["num_attention_heads"] = "n_head",
        ["num_hidden_layers"] = "n_layer",
        ["max_position_embeddings"] = "n_positions",
        ["intermediate_size"] = "n_inner",
        ["hidden_act"] = "activation_function",
    };

    public override IReadOnlyCollection<string> FieldsWithoutEffect => ["n_ctx", "rope_theta"];

    public override int DefaultPositions => 1024;

    public override bool TiesByDefault => true;

    public override string EpsilonField => "layer_norm_epsilon";

    public override double DefaultEpsilon => 1e-5;

    public override string DefaultActivation => "gelu_new";

    public override DecoderLayout Describe(ModelFields config) => base.Describe(config) with
    {
        Embedding = "transformer.wte.weight",
        Positions = "transformer.wpe.weight",
        FinalNorm = Norm(config, "transformer.ln_f"),
    };

    protected override LayerLayout Layer(ModelFields config, int layer) => base.Layer(config, layer) with
    {
        InputNorm = Norm(config, Name(layer, "ln_1")),
        FeedForwardNorm = Norm(config, Name(layer, "ln_2")),
    };

    protected override AttentionLayout Attention(ModelFields config, int layer)
    {
        var attention = base.Attention(config, layer);
        return attention with
        {
            Projections = [Linear(layer, "attn.c_attn", 3 * config.HiddenSize, config.HiddenSize)],
            Output = Linear(layer, "attn.c_proj", config.HiddenSize, config.HiddenSize),
            Scale = config.Optional("scale_attn_weights", true) ? attention.Scale : 1,
        };
    }

    protected override RopeLayout? Rope(ModelFields config, int layer) => null;

    protected override FeedForwardLayout FeedForward(ModelFields config, int layer)
    {
        var width = config.Optional("intermediate_size", 4 * config.HiddenSize);
        return new MlpLayout
        {
            Inputs = [Linear(layer, "mlp.c_fc", width, config.HiddenSize)],
            Down = Linear(layer, "mlp.c_proj", config.HiddenSize, width),
            Activation = config.Activation,
            IsGated = false,
        };
    }

    protected override NormLayout Norm(ModelFields config, string name) =>
        base.Norm(config, name) with { Kind = NormKind.Layer, HasBias = true };

    protected override string Name(int layer, string part) => $"transformer.h.{layer}.{part}";

    public override bool IsBuffer(string tensor) => base.IsBuffer(tensor)
        || tensor.EndsWith(".attn.bias", StringComparison.Ordinal) || tensor.EndsWith(".attn.masked_bias", StringComparison.Ordinal);

    private LinearLayout Linear(int layer, string name, long rows, long columns) =>
        new LinearLayout(Name(layer, name), rows, columns) { IsTransposed = true }.WithBias(true);
}

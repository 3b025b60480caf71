using DocTuneLab.Training.Models.Layout;

namespace DocTuneLab.Training.Models.Families;

/// <summary>StarCoder 2 (arXiv 2402.19173): LayerNorm, an MLP without a gate, biases, a sliding window.</summary>
internal sealed class Starcoder2 : Architecture
{
    public override string ModelType => "starcoder2";

    public override string ClassName => "Starcoder2ForCausalLM";

    public override GgufForm? Gguf(DecoderLayout layout) => new("starcoder2")
    {
        Biases = new(true, true, true),
        Activation = Activation.GeluTanh,
        HasNarrowHeads = true,
    };

    public override IReadOnlyCollection<string> FieldsWithoutEffect =>
    [
        "activation_function", "attention_softmax_in_fp32", "mlp_type", "norm_type", "scale_attention_softmax_in_fp32",
        "scale_attn_weights",
    ];

    public override int DefaultPositions => 4096;

    public override bool TiesByDefault => true;

    public override string EpsilonField => "norm_epsilon";

    public override double DefaultEpsilon => 1e-5;

    public override string DefaultActivation => "gelu_pytorch_tanh";

    public override IReadOnlyList<LayerKind> Kinds => [LayerKind.Sliding];

    public override int DefaultKeyValueHeads(int heads) => 2;

    public override LayerBiases Biases(ModelFields config)
    {
        var bias = config.Optional("use_bias", true);
        return new(bias, bias, bias);
    }

    protected override FeedForwardLayout FeedForward(ModelFields config, int layer) =>
        Plain(config, Name(layer, "mlp."), "c_fc", "c_proj", Biases(config).Mlp);

    protected override NormLayout Norm(ModelFields config, string name) =>
        base.Norm(config, name) with { Kind = NormKind.Layer, HasBias = true };
}

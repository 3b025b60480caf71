using DocTuneLab.Training.Models.Layout;

namespace DocTuneLab.Training.Models.Families;

/// <summary>Nemotron 4 and Minitron (arXiv 2402.16819): LayerNorm that adds one to its weight, squared ReLU, half of each head
/// turned.</summary>
internal sealed class Nemotron : Architecture
{
    public override string ModelType => "nemotron";

    public override string ClassName => "NemotronForCausalLM";

    public override GgufForm? Gguf(DecoderLayout layout) => new("nemotron")
    {
        HasHead = true,
        Biases = new(true, true, true),
        Activation = Activation.SquaredRelu,
    };

    public override int DefaultPositions => 4096;

    public override string EpsilonField => "norm_eps";

    public override double DefaultEpsilon => 1e-5;

    public override bool IsRotatedInPart => true;

    public override double DefaultRotaryShare => 0.5;

    public override string DefaultActivation => "relu2";

    public override LayerBiases Biases(ModelFields config) => base.Biases(config) with { Mlp = config.Optional("mlp_bias", false) };

    protected override FeedForwardLayout FeedForward(ModelFields config, int layer) =>
        Plain(config, Name(layer, "mlp."), "up_proj", "down_proj", Biases(config).Mlp);

    protected override NormLayout Norm(ModelFields config, string name) =>
        base.Norm(config, name) with { Kind = NormKind.Layer, HasBias = true, AddsOne = true };
}

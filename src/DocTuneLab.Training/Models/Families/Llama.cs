using DocTuneLab.Training.Checkpoints;

namespace DocTuneLab.Training.Models.Families;

/// <summary>Llama (Touvron et al. 2023, arXiv 2302.13971).</summary>
internal sealed class Llama : Architecture
{
    public override string ModelType => "llama";

    public override string ClassName => "LlamaForCausalLM";

    public override string GgufName => "llama";

    public override int DefaultPositions => 2048;

    public override LayerBiases Biases(JsonFields config) => base.Biases(config) with { Mlp = config.Optional("mlp_bias", false) };
}

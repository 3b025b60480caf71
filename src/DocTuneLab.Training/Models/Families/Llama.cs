namespace DocTuneLab.Training.Models.Families;

/// <summary>Llama (Touvron et al. 2023, arXiv 2302.13971); Falcon 3 and many others have its form.</summary>
internal class Llama : Architecture
{
    public override string ModelType => "llama";

    public override string ClassName => "LlamaForCausalLM";

    public override string? GgufName => "llama";

    public override int DefaultPositions => 2048;

    public override LayerBiases Biases(ModelFields config) => base.Biases(config) with { Mlp = config.Optional("mlp_bias", false) };
}

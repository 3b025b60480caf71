using DocTuneLab.Training.Models.Layout;

namespace DocTuneLab.Training.Models.Families;

/// <summary>Llama (Touvron et al. 2023, arXiv 2302.13971); Falcon 3 and many others have its form.</summary>
internal class Llama : Architecture
{
    public override string ModelType => "llama";

    public override string ClassName => "LlamaForCausalLM";

    /// <summary>The form in GGUF files that all have who compute what Llama computes.</summary>
    public static GgufForm Form { get; } = new("llama") { TurnsNeighbours = true, Biases = new(true, true, true), ReadsDivisors = true };

    public override GgufForm? Gguf(DecoderLayout layout) => Form;

    public override int DefaultPositions => 2048;

    public override LayerBiases Biases(ModelFields config) => base.Biases(config) with { Mlp = config.Optional("mlp_bias", false) };
}

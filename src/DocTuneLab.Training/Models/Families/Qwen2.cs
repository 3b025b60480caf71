using DocTuneLab.Training.Checkpoints;

namespace DocTuneLab.Training.Models.Families;

/// <summary>Qwen2 and Qwen2.5 (arXiv 2407.10671): queries, keys and values always have biases.</summary>
internal sealed class Qwen2 : Qwen
{
    public override string ModelType => "qwen2";

    public override string ClassName => "Qwen2ForCausalLM";

    public override LayerBiases Biases(JsonFields config) => new(Attention: true, Output: false, Mlp: false);
}

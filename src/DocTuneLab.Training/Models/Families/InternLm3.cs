using DocTuneLab.Training.Models.Layout;

namespace DocTuneLab.Training.Models.Families;

/// <summary>InternLM 3 (arXiv 2403.17297): Llama, its biases by names of its own.</summary>
internal sealed class InternLm3 : Architecture
{
    public override string ModelType => "internlm3";

    public override string ClassName => "InternLM3ForCausalLM";

    public override GgufForm? Gguf(DecoderLayout layout) => Llama.Form;

    public override LayerBiases Biases(ModelFields config) => new(
        config.Optional("attention_bias", config.Optional("qkv_bias", false)),
        config.Optional("attention_bias", config.Optional("bias", false)),
        config.Optional("mlp_bias", config.Optional("bias", false)));
}

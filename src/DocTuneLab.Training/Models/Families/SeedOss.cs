using DocTuneLab.Training.Models.Layout;

namespace DocTuneLab.Training.Models.Families;

/// <summary>ByteDance's Seed-OSS: Llama with biases on queries, keys and values.</summary>
internal sealed class SeedOss : Architecture
{
    public override string ModelType => "seed_oss";

    public override string ClassName => "SeedOssForCausalLM";

    public override GgufForm? Gguf(DecoderLayout layout) => new("seed_oss")
    {
        Biases = new(true, false, false),
        Names = new Dictionary<string, string> { ["ffn_norm"] = "post_attention_norm" },
    };

    public override int DefaultPositions => 524288;

    public override int DefaultHeadSize(int hiddenSize, int heads) => 128;

    public override LayerBiases Biases(ModelFields config) => new(config.Optional("attention_bias", true),
        config.Optional("attention_out_bias", false), config.Optional("mlp_bias", false));
}

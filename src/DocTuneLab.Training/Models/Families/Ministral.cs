using DocTuneLab.Training.Models.Layout;

namespace DocTuneLab.Training.Models.Families;

/// <summary>Ministral: Mistral whose layers may see all tokens or a window.</summary>
internal sealed class Ministral : Mistral
{
    public override string ModelType => "ministral";

    public override string ClassName => "MinistralForCausalLM";
}

/// <summary>Ministral 3: YaRN, and queries that grow with their position.</summary>
internal sealed class Ministral3 : Mistral
{
    public override string ModelType => "ministral3";

    public override string ClassName => "Ministral3ForCausalLM";

    public override GgufForm? Gguf(DecoderLayout layout) => null;

    public override double DefaultTheta => 1_000_000;

    public override double DefaultEpsilon => 1e-5;

    public override IReadOnlyCollection<string> RopeFieldsRead => ["llama_4_scaling_beta"];

    public override int DefaultHeadSize(int hiddenSize, int heads) => 128;

    public override int? Window(ModelFields config) => config.OptionalOrNone<int>("sliding_window", null);

    protected override AttentionLayout Attention(ModelFields config, int layer)
    {
        var attention = base.Attention(config, layer);
        return config.RopeNumber("llama_4_scaling_beta") is { } beta && attention.Rope?.Scaling is { } scaling
            ? attention with { Growth = new QueryGrowth(beta, scaling.OriginalPositions) }
            : attention;
    }
}

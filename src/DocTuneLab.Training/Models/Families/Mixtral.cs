using DocTuneLab.Training.Models.Layout;

namespace DocTuneLab.Training.Models.Families;

/// <summary>Mixtral (arXiv 2401.04088): Mistral with a mixture of experts.</summary>
internal sealed class Mixtral : Mistral
{
    public override string ModelType => "mixtral";

    public override string ClassName => "MixtralForCausalLM";

    public override double DefaultTheta => 1_000_000;

    public override double DefaultEpsilon => 1e-5;

    public override int? Window(ModelFields config) => config.OptionalOrNone<int>("sliding_window", null);

    protected override FeedForwardLayout FeedForward(ModelFields config, int layer)
    {
        var prefix = Name(layer, "block_sparse_moe.");
        return SparseLayers.Experts(config, prefix, "num_local_experts", e => Gated(config, $"{prefix}experts.{e}.",
            config.IntermediateSize, names: ("w1", "w3", "w2"))) with
        { SumsToOne = true };
    }
}

using System.Text.Json.Nodes;
using DocTuneLab.Training.Models.Layout;

namespace DocTuneLab.Training.Models.Families;

/// <summary>What the mixtures of Qwen have in common: which layers are mixtures, and their routers.</summary>
internal static class SparseLayers
{
    /// <summary>Whether a layer is a mixture.</summary>
    public static bool Has(ModelFields config, int layer) =>
        !(config.Node("mlp_only_layers") is JsonArray only && only.Any(l => (int)l! == layer))
            && (layer + 1) % config.Optional("decoder_sparse_step", 1) == 0;

    /// <summary>A mixture whose router is <c>gate</c>.</summary>
    public static ExpertsLayout Experts(ModelFields config, string prefix, string countField, Func<int, MlpLayout> expert)
    {
        var count = config.AtLeastOne(countField, config.Required<int>(countField));
        return new ExpertsLayout
        {
            Router = prefix + "gate",
            Experts = [.. Enumerable.Range(0, count).Select(expert)],
            Chosen = Chosen(config, count),
            SumsToOne = config.Optional("norm_topk_prob", false),
        };
    }

    /// <summary>Experts of a token.</summary>
    public static int Chosen(ModelFields config, int count)
    {
        var chosen = config.AtLeastOne("num_experts_per_tok", config.Required<int>("num_experts_per_tok"));
        return chosen <= count
            ? chosen
            : throw new LabException($"{config.Path}: num_experts_per_tok is {chosen}, but there are {count} experts");
    }
}

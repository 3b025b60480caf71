using DocTuneLab.Training.Models.Layout;

namespace DocTuneLab.Training.Models.Families;

/// <summary>IBM's Granite 3: Llama with factors of embeddings, residuals, scores and logits.</summary>
internal class Granite : Llama
{
    public override string ModelType => "granite";

    public override string ClassName => "GraniteForCausalLM";

    public override GgufForm? Gguf(DecoderLayout layout) => new("granite")
    {
        TurnsNeighbours = true,
        ReadsDivisors = true,
        Biases = new(true, true, true),
        EmbeddingScale = layout.EmbeddingScale,
        ResidualScale = layout.Layers[0].ResidualScale,
        LogitScale = layout.LogitScale,
        AttentionScale = layout.Layers[0].Attention!.Scale,
        Fields = new Dictionary<string, object>
        {
            ["embedding_scale"] = (float)layout.EmbeddingScale,
            ["residual_scale"] = (float)layout.Layers[0].ResidualScale,
            ["attention.scale"] = (float)layout.Layers[0].Attention!.Scale,
            // What logits are divided by.
            ["logit_scale"] = (float)(1 / layout.LogitScale),
        },
    };

    public override DecoderLayout Describe(ModelFields config) => base.Describe(config) with
    {
        EmbeddingScale = config.Optional("embedding_multiplier", 1.0),
        LogitScale = 1 / config.Optional("logits_scaling", 1.0),
    };

    protected override LayerLayout Layer(ModelFields config, int layer) =>
        base.Layer(config, layer) with { ResidualScale = config.Optional("residual_multiplier", 1.0) };

    protected override AttentionLayout Attention(ModelFields config, int layer) =>
        base.Attention(config, layer) with { Scale = config.Optional("attention_multiplier", 1.0) };
}

/// <summary>Granite 3's mixture of experts.</summary>
internal sealed class GraniteMoe : Granite
{
    public override string ModelType => "granitemoe";

    public override string ClassName => "GraniteMoeForCausalLM";

    public override GgufForm? Gguf(DecoderLayout layout) => base.Gguf(layout)! with { Name = "granitemoe", Biases = default };

    protected override FeedForwardLayout FeedForward(ModelFields config, int layer)
    {
        var (count, width) = (config.AtLeastOne("num_local_experts", config.Optional("num_local_experts", 8)), config.IntermediateSize);
        return new ExpertsLayout
        {
            Router = Name(layer, "block_sparse_moe.router.layer"),
            Chosen = SparseLayers.Chosen(config, count),
            SumsToOne = true,
            Experts = [.. Enumerable.Range(0, count).Select(e => new MlpLayout
            {
                Inputs =
                [
                    new LinearLayout(Name(layer, "block_sparse_moe.input_linear"), 2L * width, config.HiddenSize) { Stack = new(e, count) },
                ],
                Down = new LinearLayout(Name(layer, "block_sparse_moe.output_linear"), config.HiddenSize, width) { Stack = new(e, count) },
                Activation = config.Activation,
            })],
        };
    }
}

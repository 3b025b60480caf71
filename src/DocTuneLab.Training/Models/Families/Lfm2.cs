using System.Text.Json.Nodes;
using DocTuneLab.Training.Models.Layout;

namespace DocTuneLab.Training.Models.Families;

/// <summary>Liquid's LFM2: gated short convolutions in most layers, attention with norms of queries and keys in the others.</summary>
internal sealed class Lfm2 : Architecture
{
    public override string ModelType => "lfm2";

    public override string ClassName => "Lfm2ForCausalLM";

    public override GgufForm? Gguf(DecoderLayout layout) =>
        new("lfm2") { Names = new Dictionary<string, string> { ["output_norm"] = "token_embd_norm" } };

    public override int DefaultPositions => 128000;

    public override bool TiesByDefault => true;

    public override string EpsilonField => "norm_eps";

    public override double DefaultEpsilon => 1e-5;

    public override double DefaultTheta => 1_000_000;

    public override IReadOnlyList<LayerKind> Kinds => [LayerKind.Full, LayerKind.Convolution];

    public override IReadOnlyCollection<string> FieldsWithoutEffect =>
        ["block_dim", "block_norm_eps", "block_use_swiglu", "conv_dim", "conv_dim_out", "num_heads", "use_pos_enc", "full_attn_idxs"];

    public override LayerKind DefaultKind(ModelFields config, int layer) =>
        config.Node("full_attn_idxs") is not JsonArray full || full.Any(l => (int)l! == layer) ? LayerKind.Full : LayerKind.Convolution;

    public override DecoderLayout Describe(ModelFields config) =>
        base.Describe(config) with { FinalNorm = Norm(config, "model.embedding_norm") };

    protected override LayerLayout Layer(ModelFields config, int layer) => base.Layer(config, layer) with
    {
        InputNorm = Norm(config, Name(layer, "operator_norm")),
        Mixer = config.LayerKinds[layer] == LayerKind.Convolution ? Convolution(config, layer) : Attention(config, layer),
        FeedForwardNorm = Norm(config, Name(layer, "ffn_norm")),
    };

    protected override AttentionLayout Attention(ModelFields config, int layer)
    {
        var (attention, prefix) = (base.Attention(config, layer), Name(layer, "self_attn."));
        NormLayout HeadNorm(string name) => Norm(config, prefix + name) with { Size = config.HeadSize };
        return attention with
        {
            Output = attention.Output with { Name = prefix + "out_proj", Tensor = prefix + "out_proj.weight" },
            QueryNorm = HeadNorm("q_layernorm"),
            KeyNorm = HeadNorm("k_layernorm"),
        };
    }

    protected override FeedForwardLayout FeedForward(ModelFields config, int layer)
    {
        var width = config.Optional("block_ff_dim", 0) is > 0 and var own ? own : config.IntermediateSize;
        var (factor, multiple) = (config.Optional("block_ffn_dim_multiplier", 1.0), config.Optional("block_multiple_of", 256));
        if (config.Optional("block_auto_adjust_ff_dim", true))
        {
            width = (int)(factor * (2 * width / 3));
            width = (width + multiple - 1) / multiple * multiple;
        }
        return Gated(config, Name(layer, "feed_forward."), width, names: ("w1", "w3", "w2"));
    }

    protected internal override double ThetaOf(ModelFields config, string kind) =>
        config.Optional("theta", base.ThetaOf(config, kind));

    private ConvolutionLayout Convolution(ModelFields config, int layer)
    {
        var (bias, hidden) = (config.Optional("conv_bias", false), config.HiddenSize);
        return new ConvolutionLayout
        {
            Input = new LinearLayout(Name(layer, "conv.in_proj"), 3L * hidden, hidden).WithBias(bias),
            Output = new LinearLayout(Name(layer, "conv.out_proj"), hidden, hidden).WithBias(bias),
            Kernel = Name(layer, "conv.conv"),
            HasBias = bias,
            Length = config.AtLeastOne("conv_L_cache", config.Optional("conv_L_cache", 3)),
        };
    }
}

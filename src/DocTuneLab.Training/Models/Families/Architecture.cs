using System.Text.Json.Nodes;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Models.Layout;

namespace DocTuneLab.Training.Models.Families;

/// <summary>Which linear layers of a decoder have a bias.</summary>
/// <param name="Attention">Queries, keys and values.</param>
/// <param name="Output">Attention's output.</param>
/// <param name="Mlp">The layers of the MLP.</param>
public readonly record struct LayerBiases(bool Attention, bool Output, bool Mlp);

/// <summary>What carries information between tokens in a layer.</summary>
public enum LayerKind
{
    /// <summary>Attention over all tokens before: <c>full_attention</c>.</summary>
    Full,

    /// <summary>Attention over a window: <c>sliding_attention</c>.</summary>
    Sliding,

    /// <summary>A short convolution: <c>conv</c>.</summary>
    Convolution,
}

/// <summary>
/// A family of decoders: what its <c>config.json</c> means, said as a <see cref="DecoderLayout"/>, which all else reads. What is not
/// overridden is as in Llama: pre-norm with RMSNorm, RoPE, grouped-query attention, SwiGLU. A new one is a class in a file of its own and
/// a line in <see cref="Architectures"/>; a program adds its own there.
/// </summary>
/// <remarks>Methods are called from several threads at once and keep no state.</remarks>
public abstract class Architecture
{
    /// <summary>Name in <c>config.json</c>: its <c>model_type</c>, such as <c>llama</c>.</summary>
    public abstract string ModelType { get; }

    /// <summary>Name of its class in Hugging Face's transformers, such as <c>LlamaForCausalLM</c>.</summary>
    public abstract string ClassName { get; }

    /// <summary>How a model of the family stands in a GGUF file, which llama.cpp reads; null, the default, where it is not written
    /// there.</summary>
    /// <param name="layout">The model.</param>
    public virtual GgufForm? Gguf(DecoderLayout layout) => null;

    /// <summary>Names of fields that differ from the usual ones, by those: GPT-2's <c>hidden_size</c> is <c>n_embd</c>.</summary>
    public virtual IReadOnlyDictionary<string, string> FieldNames { get; } = new Dictionary<string, string>();

    /// <summary>Fields of this family that change nothing of what is computed, beside those that have no effect in any.</summary>
    public virtual IReadOnlyCollection<string> FieldsWithoutEffect => [];

    /// <summary>Keys of <c>rope_parameters</c> that the family reads itself.</summary>
    public virtual IReadOnlyCollection<string> RopeFieldsRead => [];

    /// <summary>Kinds of layers that it can have. Default: attention over all tokens only.</summary>
    public virtual IReadOnlyList<LayerKind> Kinds => [LayerKind.Full];

    /// <summary>Longest sequence where <c>max_position_embeddings</c> is missing. Default 32768.</summary>
    public virtual int DefaultPositions => 32768;

    /// <summary>Whether the output layer is the embedding where <c>tie_word_embeddings</c> is missing. Default false.</summary>
    public virtual bool TiesByDefault => false;

    /// <summary>Field of the norms' epsilon. Default <c>rms_norm_eps</c>.</summary>
    public virtual string EpsilonField => "rms_norm_eps";

    /// <summary>Epsilon where that is missing. Default 1e-6.</summary>
    public virtual double DefaultEpsilon => 1e-6;

    /// <summary>Base of the rotary embedding where <c>rope_theta</c> is missing. Default 10000.</summary>
    public virtual double DefaultTheta => 10000;

    /// <summary>Whether a part of each head's dimensions may be turned only (<c>partial_rotary_factor</c>). Default false.</summary>
    public virtual bool IsRotatedInPart => false;

    /// <summary>That part where the field is missing. Default 1.</summary>
    public virtual double DefaultRotaryShare => 1;

    /// <summary>Activation of the MLP where <c>hidden_act</c> is missing. Default <c>silu</c>.</summary>
    public virtual string DefaultActivation => "silu";

    /// <summary>Key and value heads where <c>num_key_value_heads</c> is missing. Default: as many as query heads.</summary>
    public virtual int DefaultKeyValueHeads(int heads) => heads;

    /// <summary>Width of a head where <c>head_dim</c> is missing. Default: the hidden size over the query heads.</summary>
    public virtual int DefaultHeadSize(int hiddenSize, int heads) => hiddenSize / Math.Max(1, heads);

    /// <summary>Kind of a layer where <c>layer_types</c> is missing. Default: sliding in families that have only that kind of window,
    /// else full.</summary>
    public virtual LayerKind DefaultKind(ModelFields config, int layer) => Kinds[0];

    /// <summary>Length of the sliding window; null where there is none. Default: <c>sliding_window</c>.</summary>
    public virtual int? Window(ModelFields config) => config.OptionalOrNone<int>("sliding_window", null);

    internal LayerKind? KindOf(string? name) =>
        Kinds.Where(k => ModelFields.NameOf(k) == name).Select(k => (LayerKind?)k).FirstOrDefault();

    /// <summary>Which linear layers have a bias. Default: those of attention with <c>attention_bias</c>.</summary>
    /// <exception cref="LabException">A field is of the wrong type.</exception>
    public virtual LayerBiases Biases(ModelFields config)
    {
        var attention = config.Optional("attention_bias", false);
        return new(attention, attention, false);
    }

    /// <summary>Whether a tensor of a checkpoint follows from the configuration and is not read. Default: angles of the rotary
    /// embedding.</summary>
    public virtual bool IsBuffer(string tensor) => tensor.EndsWith("rotary_emb.inv_freq", StringComparison.Ordinal);

    /// <summary>The whole decoder.</summary>
    /// <exception cref="LabException">A field is missing, of the wrong type or out of range.</exception>
    public virtual DecoderLayout Describe(ModelFields config) => new()
    {
        VocabularySize = config.VocabularySize,
        HiddenSize = config.HiddenSize,
        MaxPositions = config.MaxPositions,
        Layers = [.. Enumerable.Range(0, config.Layers).Select(i => Layer(config, i))],
        FinalNorm = Norm(config, "model.norm"),
        IsTied = config.IsTied,
    };

    /// <summary>A layer. Default: attention and MLP, each behind its norm.</summary>
    protected virtual LayerLayout Layer(ModelFields config, int layer) => new()
    {
        InputNorm = Norm(config, Name(layer, "input_layernorm")),
        Mixer = Attention(config, layer),
        FeedForwardNorm = Norm(config, Name(layer, "post_attention_layernorm")),
        FeedForward = FeedForward(config, layer),
    };

    /// <summary>The attention of a layer.</summary>
    protected virtual AttentionLayout Attention(ModelFields config, int layer)
    {
        var (biases, hidden) = (Biases(config), config.HiddenSize);
        int queries = config.Heads * config.HeadSize, keys = config.KeyValueHeads * config.HeadSize;
        LinearLayout Part(string name, long rows) =>
            new LinearLayout(Name(layer, "self_attn." + name), rows, hidden).WithBias(biases.Attention);
        return new AttentionLayout
        {
            Heads = config.Heads,
            KeyValueHeads = config.KeyValueHeads,
            HeadSize = config.HeadSize,
            Projections = [Part("q_proj", queries), Part("k_proj", keys), Part("v_proj", keys)],
            Output = new LinearLayout(Name(layer, "self_attn.o_proj"), hidden, queries).WithBias(biases.Output),
            Rope = Rope(config, layer),
            Window = config.LayerKinds[layer] == LayerKind.Sliding ? config.Window : null,
            Scale = 1 / Math.Sqrt(config.HeadSize),
        };
    }

    /// <summary>The rotary embedding of a layer, or null. Default: the file's.</summary>
    protected virtual RopeLayout? Rope(ModelFields config, int layer) => config.Rope(config.LayerKinds[layer], this);

    /// <summary>The MLP of a layer.</summary>
    protected virtual FeedForwardLayout FeedForward(ModelFields config, int layer) =>
        Gated(config, Name(layer, "mlp."), config.IntermediateSize, Biases(config).Mlp);

    /// <summary>A norm of the residual stream. Default: RMSNorm.</summary>
    /// <param name="config">The fields.</param>
    /// <param name="name">Name of the module.</param>
    protected virtual NormLayout Norm(ModelFields config, string name) => new(name, config.HiddenSize, config.NormEpsilon);

    /// <summary>Base of the rotary embedding of a kind of layers, where its object does not say it.</summary>
    /// <param name="config">The fields.</param>
    /// <param name="kind">Kind, as <c>layer_types</c> has it.</param>
    protected internal virtual double ThetaOf(ModelFields config, string kind) => config.Optional("rope_theta", DefaultTheta);

    /// <summary>Whether <c>rope_scaling</c> is of layers of this kind. Default true.</summary>
    protected internal virtual bool IsStretched(string kind) => true;

    /// <summary>Full name of a module of a layer. Default: <c>model.layers.N.</c> before it.</summary>
    protected virtual string Name(int layer, string part) => $"model.layers.{layer}.{part}";

    /// <summary>A gated MLP of three layers.</summary>
    /// <param name="config">The fields.</param>
    /// <param name="prefix">Before the names of the layers, such as <c>model.layers.0.mlp.</c></param>
    /// <param name="width">Width of gate and up.</param>
    /// <param name="bias">Whether the layers have a bias.</param>
    /// <param name="names">Last names of gate, up and down; null are <c>gate_proj</c>, <c>up_proj</c> and <c>down_proj</c>.</param>
    protected static MlpLayout Gated(ModelFields config, string prefix, int width, bool bias = false,
        (string Gate, string Up, string Down)? names = null)
    {
        var (gate, up, down) = names ?? ("gate_proj", "up_proj", "down_proj");
        return new MlpLayout
        {
            Inputs =
            [
                new LinearLayout(prefix + gate, width, config.HiddenSize).WithBias(bias),
                new LinearLayout(prefix + up, width, config.HiddenSize).WithBias(bias),
            ],
            Down = new LinearLayout(prefix + down, config.HiddenSize, width).WithBias(bias),
            Activation = config.Activation,
        };
    }

    /// <summary>An MLP without a gate.</summary>
    /// <param name="config">The fields.</param>
    /// <param name="prefix">Before the names of the layers.</param>
    /// <param name="first">Last name of the first layer.</param>
    /// <param name="second">Last name of the second.</param>
    /// <param name="bias">Whether they have a bias.</param>
    protected static MlpLayout Plain(ModelFields config, string prefix, string first, string second, bool bias) => new()
    {
        Inputs = [new LinearLayout(prefix + first, config.IntermediateSize, config.HiddenSize).WithBias(bias)],
        Down = new LinearLayout(prefix + second, config.HiddenSize, config.IntermediateSize).WithBias(bias),
        Activation = config.Activation,
        IsGated = false,
    };

    /// <summary>A gated MLP whose gate and up are one layer, <c>gate_up_proj</c>.</summary>
    protected static MlpLayout FusedGate(ModelFields config, string prefix) => new()
    {
        Inputs = [new LinearLayout(prefix + "gate_up_proj", 2L * config.IntermediateSize, config.HiddenSize)],
        Down = new LinearLayout(prefix + "down_proj", config.HiddenSize, config.IntermediateSize),
        Activation = config.Activation,
    };

    /// <summary>A layer with its norms behind attention and MLP instead of before them.</summary>
    /// <param name="config">The fields.</param>
    /// <param name="layer">Its number.</param>
    /// <param name="usual">The layer with norms before.</param>
    protected LayerLayout NormedBehind(ModelFields config, int layer, LayerLayout usual) => usual with
    {
        InputNorm = null,
        MixerOutputNorm = Norm(config, Name(layer, "post_attention_layernorm")),
        FeedForwardNorm = null,
        FeedForwardOutputNorm = Norm(config, Name(layer, "post_feedforward_layernorm")),
    };

    /// <summary>Attention with norms of queries and keys by the names <c>q_norm</c> and <c>k_norm</c>.</summary>
    /// <param name="attention">The attention.</param>
    /// <param name="prefix">Before the names of the norms, such as <c>model.layers.0.self_attn.</c></param>
    /// <param name="norm">Makes a norm of a name.</param>
    /// <param name="overAllHeads">Whether all heads are normalised at once, instead of each.</param>
    protected static AttentionLayout WithHeadNorms(AttentionLayout attention, string prefix, Func<string, NormLayout> norm,
        bool overAllHeads = false) => attention with
        {
            QueryNorm = norm(prefix + "q_norm") with { Size = overAllHeads ? attention.QueryWidth : attention.HeadSize },
            KeyNorm = norm(prefix + "k_norm") with { Size = overAllHeads ? attention.KeyWidth : attention.HeadSize },
        };

    /// <summary>What the fields of a file mean.</summary>
    /// <param name="json">The fields.</param>
    /// <exception cref="LabException">A field is missing, of the wrong type, out of range or not understood.</exception>
    internal DecoderLayout Read(JsonFields json)
    {
        var config = new ModelFields(json, this);
        var layout = Describe(config);
        config.RequireAllUnderstood(this);
        return layout;
    }

    /// <summary>The fields of an object by the names of this family.</summary>
    internal JsonFields Fields(string path, JsonObject json) => new(path, json, FieldNames);
}

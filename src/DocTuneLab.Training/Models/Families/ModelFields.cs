using System.Text.Json.Nodes;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Models.Layout;

namespace DocTuneLab.Training.Models.Families;

/// <summary>What the layers of a model have in common, and the fields of its <c>config.json</c>.</summary>
public sealed class ModelFields
{
    // By what they say of a model's making, its files or its use, but not of what it computes.
    private static readonly HashSet<string> s_withoutEffect = new(StringComparer.Ordinal)
    {
        "architectures", "auto_map", "bad_words_ids", "begin_suppress_tokens", "block_mlp_init_scale",
        "block_out_init_scale", "block_use_xavier_init", "classifier_dropout", "conv_use_xavier_init", "cross_attention_hidden_size",
        "decoder_start_token_id", "description", "diversity_penalty", "dtype", "early_stopping", "embd_pdrop", "embedding_dropout",
        "attention_dropout", "attn_pdrop", "attn_implementation", "cache_implementation", "encoder_no_repeat_ngram_size",
        "exponential_decay_length_penalty", "finetuning_task", "forced_bos_token_id", "forced_eos_token_id", "gradient_checkpointing",
        "hidden_dropout", "id2label", "initializer_range", "keys_to_ignore_at_inference", "label2id", "language", "length_penalty",
        "license", "max_length", "min_length", "no_repeat_ngram_size", "num_beam_groups", "num_beams", "num_labels",
        "model_type", "num_return_sequences", "output_router_logits", "pad_token_id", "prefix", "problem_type", "quantization_config",
        "repetition_penalty", "resid_pdrop", "residual_dropout", "router_aux_loss_coef", "router_jitter_noise",
        "sep_token_id", "summary_activation", "summary_first_dropout", "summary_proj_to_labels", "summary_type", "summary_use_proj",
        "task_specific_params", "temperature", "tokenizer_class", "tokenizer_file", "top_k", "top_p", "torch_dtype",
        "transformers_version", "typical_p", "unk_token_id", "unsloth_fixed", "unsloth_version", "use_cache", "vocab_file",
        // Biases are tensors, and of those none is left out: the files tell where a family has more of them than its layers.
        "attention_bias", "bias", "mlp_bias", "qkv_bias", "use_bias",
        // Read where a family has windows or rotation, and of no meaning elsewhere.
        "max_window_layers", "sliding_window", "use_sliding_window", "sliding_window_pattern", "partial_rotary_factor",
        "original_max_position_embeddings", "layer_types", "head_dim", "hidden_act", "intermediate_size",
    };

    private readonly JsonFields _json;
    private readonly Dictionary<string, RopeLayout> _ropes = new(StringComparer.Ordinal);

    internal ModelFields(JsonFields json, Architecture family)
    {
        _json = json;
        (HiddenSize, Heads, Layers, VocabularySize) = (json.Required<int>("hidden_size"), json.Required<int>("num_attention_heads"),
            json.Required<int>("num_hidden_layers"), json.Required<int>("vocab_size"));
        KeyValueHeads = json.Optional("num_key_value_heads", family.DefaultKeyValueHeads(Heads));
        HeadSize = json.Optional("head_dim", family.DefaultHeadSize(HiddenSize, Heads));
        MaxPositions = json.Optional("max_position_embeddings", family.DefaultPositions);
        NormEpsilon = json.Optional(family.EpsilonField, family.DefaultEpsilon);
        Activation = ActivationOf(json.Optional("hidden_act", family.DefaultActivation), "hidden_act");
        IsTied = json.Optional("tie_word_embeddings", family.TiesByDefault);
        if (Layers < 1 || Heads < 1 || KeyValueHeads < 1 || HeadSize < 2 || Heads % KeyValueHeads != 0 || HeadSize % 2 != 0)
            throw new LabException($"{Path}: {Layers} layers, {Heads} heads, {KeyValueHeads} key-value heads and head size {HeadSize} "
                + "do not make a decoder");
        if (VocabularySize < 1 || HiddenSize < 1 || MaxPositions < 1 || !(NormEpsilon >= 0))
            throw new LabException($"{Path}: vocab_size {VocabularySize}, hidden_size {HiddenSize}, max_position_embeddings {MaxPositions} "
                + $"and {family.EpsilonField} {NormEpsilon} do not make a decoder");
        LayerKinds = Kinds(family);
        Window = family.Window(this);
        if (Window is < 1) throw new LabException($"{Path}: sliding_window is {Window}; expected at least 1");
        if (Window is null && LayerKinds.Contains(LayerKind.Sliding) && json.Has("layer_types"))
            throw new LabException($"{Path}: layer_types has layers with sliding attention, but there is no sliding_window; give its "
                + "length");
    }

    /// <summary>The file, for messages.</summary>
    public string Path => _json.Path;

    /// <summary>Width of the residual stream.</summary>
    public int HiddenSize { get; }

    /// <summary>Rows of the embedding.</summary>
    public int VocabularySize { get; }

    /// <summary>Number of layers.</summary>
    public int Layers { get; }

    /// <summary>Query heads.</summary>
    public int Heads { get; }

    /// <summary>Key and value heads.</summary>
    public int KeyValueHeads { get; }

    /// <summary>Width of a head.</summary>
    public int HeadSize { get; }

    /// <summary>Width of the MLP.</summary>
    /// <exception cref="LabException">It is missing, of another type, or less than 1.</exception>
    public int IntermediateSize => AtLeastOne("intermediate_size", _json.Required<int>("intermediate_size"));

    /// <summary>Longest sequence the model was made for.</summary>
    public int MaxPositions { get; }

    /// <summary>Epsilon of norms.</summary>
    public double NormEpsilon { get; }

    /// <summary>Activation of the MLP.</summary>
    public Activation Activation { get; }

    /// <summary>Whether the output layer is the embedding.</summary>
    public bool IsTied { get; }

    /// <summary>Kind of each layer: <c>layer_types</c>, or what the family has where it is missing.</summary>
    public IReadOnlyList<LayerKind> LayerKinds { get; }

    /// <summary>Keys that a query sees, itself included, in layers with a sliding window, or null.</summary>
    public int? Window { get; }

    /// <summary>What a field holds, or null.</summary>
    public JsonNode? Node(string field) => _json.Node(field);

    /// <summary>Whether a field is there, even if it holds null.</summary>
    public bool Has(string field) => _json.Has(field);

    /// <summary>A field's value.</summary>
    /// <exception cref="LabException">The field is missing or of another type.</exception>
    public T Required<T>(string field) => _json.Required<T>(field);

    /// <summary>A field's value, or another where it is missing or null.</summary>
    /// <exception cref="LabException">The field is of another type.</exception>
    public T Optional<T>(string field, T fallback) => _json.Optional(field, fallback);

    /// <summary>A field's value where null means none, or another where the field is missing.</summary>
    /// <exception cref="LabException">The field is of another type.</exception>
    public T? OptionalOrNone<T>(string field, T? fallback) where T : struct =>
        _json.Node(field) is not null ? _json.Required<T>(field) : _json.Has(field) ? null : fallback;

    /// <summary>A number among the settings of the rotary embedding that the family reads itself, or null.</summary>
    /// <exception cref="LabException">The field is of another type.</exception>
    public double? RopeNumber(string field) =>
        (_json.Inner("rope_scaling") ?? _json.Inner("rope_parameters")) is { } rope && rope.Node(field) is not null
            ? rope.Required<double>(field)
            : null;

    /// <summary>An activation by its name in a field.</summary>
    /// <exception cref="LabException">There is none of that name here.</exception>
    public Activation ActivationOf(string name, string field) => name switch
    {
        "silu" or "swish" => Activation.Silu,
        "gelu" => Activation.Gelu,
        "gelu_new" or "gelu_pytorch_tanh" or "gelu_fast" => Activation.GeluTanh,
        "relu" => Activation.Relu,
        "relu2" => Activation.SquaredRelu,
        _ => throw new LabException($"{Path}: {field} '{name}' is not supported; supported are silu (swish), gelu, gelu_new, "
            + "gelu_pytorch_tanh, gelu_fast, relu and relu2"),
    };

    /// <summary>The rotary embedding of layers of a kind, as the file has it: for all layers, or for each kind.</summary>
    /// <param name="kind">Kind of the layer.</param>
    /// <param name="family">What holds where fields are missing.</param>
    /// <exception cref="LabException">A field is of the wrong type or not understood, or values make no scaling.</exception>
    internal RopeLayout Rope(LayerKind kind, Architecture family)
    {
        var name = NameOf(kind);
        if (!_ropes.TryGetValue(name, out var rope)) _ropes[name] = rope = RopeFields.Read(_json, this, name, family);
        return rope;
    }

    /// <summary>Fails where a field is left over that may change what is computed.</summary>
    internal void RequireAllUnderstood(Architecture family)
    {
        foreach (var (field, value) in _json.Unasked)
        {
            if (s_withoutEffect.Contains(field) || family.FieldsWithoutEffect.Contains(field) || IsNeutral(value) || IsNote(field))
                continue;
            throw new LabException($"{Path}: the field '{field}' ({Short(value)}) is not understood for {family.ModelType} models, and may "
                + "change what they compute; where it is known to have no effect, remove it from the file");
        }
    }

    internal static bool IsNeutral(JsonNode value) => value switch
    {
        JsonArray array => array.Count == 0,
        JsonObject inner => inner.Count == 0,
        JsonValue single when single.TryGetValue<bool>(out var flag) => !flag,
        JsonValue single when single.TryGetValue<double>(out var number) => number is 0 or 1,
        JsonValue single => single.TryGetValue<string>(out var text) && text.Length == 0,
        _ => false,
    };

    private static bool IsNote(string field) => field[0] == '_' || field.EndsWith("_token_id", StringComparison.Ordinal);

    private static string Short(JsonNode value) =>
        value.ToJsonString() is { Length: > 40 } text ? text[..40] + "…" : value.ToJsonString();

    internal int AtLeastOne(string field, int value) =>
        value >= 1 ? value : throw new LabException($"{Path}: {field} is {value}; expected at least 1");

    private LayerKind[] Kinds(Architecture family)
    {
        if (_json.Node("layer_types") is not JsonArray types)
            return [.. Enumerable.Range(0, Layers).Select(i => family.DefaultKind(this, i))];
        if (types.Count != Layers)
            throw new LabException($"{Path}: layer_types has {types.Count} entries, expected one for each of the {Layers} layers");
        return [.. types.Select(t => family.KindOf((string?)t)
            ?? throw new LabException($"{Path}: layer_types has '{(string?)t}', which {family.ModelType} models do not have here; "
                + $"expected {string.Join(" or ", family.Kinds.Select(NameOf))}"))];
    }

    internal static string NameOf(LayerKind kind) => kind switch
    {
        LayerKind.Sliding => "sliding_attention",
        LayerKind.Convolution => "conv",
        _ => "full_attention",
    };
}

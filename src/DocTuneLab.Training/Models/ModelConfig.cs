using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models.Families;
using DocTuneLab.Training.Models.Layout;
using DocTuneLab.Training.Quantization.Formats;

namespace DocTuneLab.Training.Models;

/// <summary>
/// A <c>config.json</c>: its fields, and what they mean. Members are a view of the fields: setting one writes the field, and reading one
/// asks the family what the fields say, so that there is one truth. <see cref="ModelType"/> is set first.
/// </summary>
public sealed record ModelConfig
{
    private readonly JsonObject _json;
    private readonly string _path;
    private DecoderLayout? _layout;

    /// <summary>An empty one; its members make it.</summary>
    public ModelConfig() => (_json, _path) = ([], "config.json");

#pragma warning disable CS8618 // Members are a view of the fields.
    [SetsRequiredMembers]
    private ModelConfig(string path, JsonObject json) => (_path, _json) = (path, json);
#pragma warning restore CS8618

    // What is changed in a copy is no longer what was read.
    private ModelConfig(ModelConfig other) => (_path, _json) = (other._path, (JsonObject)other._json.DeepClone());

    /// <summary>Its family, such as <c>llama</c>: one of <see cref="Architectures"/>.</summary>
    public required string ModelType { get => (string?)_json["model_type"] ?? ""; init => _json["model_type"] = value; }

    /// <summary>What is computed, and by which names tensors stand in a checkpoint.</summary>
    /// <exception cref="LabException">A field is missing, of the wrong type, out of range or not understood.</exception>
    public DecoderLayout Layout => _layout ??= Family.Read(Family.Fields(_path, Named()));

    /// <summary>Rows of the embedding.</summary>
    public required int VocabularySize { get => Layout.VocabularySize; init => _json["vocab_size"] = value; }

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get => Layout.HiddenSize; init => _json["hidden_size"] = value; }

    /// <summary>Width of the MLP, of the first layer.</summary>
    public required int IntermediateSize
    {
        get => (int)(Layout.Layers[0].FeedForward is MlpLayout mlp
            ? mlp
            : ((ExpertsLayout)Layout.Layers[0].FeedForward).Experts[0]).Down.Columns;
        init => _json["intermediate_size"] = value;
    }

    /// <summary>Number of decoder layers.</summary>
    public required int Layers { get => Layout.Layers.Count; init => _json["num_hidden_layers"] = value; }

    /// <summary>Query heads.</summary>
    public required int Heads { get => Attention.Heads; init => _json["num_attention_heads"] = value; }

    /// <summary>Key and value heads (grouped-query attention).</summary>
    public required int KeyValueHeads { get => Attention.KeyValueHeads; init => _json["num_key_value_heads"] = value; }

    /// <summary>Width of a head.</summary>
    public required int HeadSize { get => Attention.HeadSize; init => _json["head_dim"] = value; }

    /// <summary>Epsilon of norms.</summary>
    public required double NormEpsilon { get => Layout.FinalNorm?.Epsilon ?? 0; init => _json["rms_norm_eps"] = value; }

    /// <summary>Base of the rotary embedding; NaN where no layer has one.</summary>
    public required double RopeTheta { get => Rope?.Theta ?? double.NaN; init => _json["rope_theta"] = value; }

    /// <summary>Whether the output layer is the embedding.</summary>
    public required bool TieEmbeddings { get => Layout.IsTied; init => _json["tie_word_embeddings"] = value; }

    /// <summary>Whether queries, keys and values have a bias.</summary>
    public required bool AttentionBias { get => Attention.Projections[0].Bias is not null; init => _json["attention_bias"] = value; }

    /// <summary>Longest sequence the model was made for.</summary>
    public required int MaxPositions { get => Layout.MaxPositions; init => _json["max_position_embeddings"] = value; }

    /// <summary>Ids that end a generation.</summary>
    public required IReadOnlyList<int> EndTokens
    {
        get => Ends(_path, _json);
        init => _json["eos_token_id"] = new JsonArray([.. value.Select(t => (JsonNode)t)]);
    }

    /// <summary>Whether the attention's output layer has a bias.</summary>
    public bool OutputBias => Attention.Output.Bias is not null;

    /// <summary>Whether the layers of the MLP have a bias.</summary>
    public bool MlpBias
    {
        get => Layout.Layers[0].FeedForward is MlpLayout { Down.Bias: not null };
        init => _json["mlp_bias"] = value;
    }

    /// <summary>Keys that a query sees, itself included, in the first layer with a sliding window; null where no layer has one. Set, it is
    /// of all layers that the family lets have one.</summary>
    public int? SlidingWindow
    {
        get => Layout.Layers.Select(l => l.Attention?.Window).FirstOrDefault(w => w is not null);
        init => (_json["sliding_window"], _json["use_sliding_window"], _json["max_window_layers"]) = (value, value is not null, 0);
    }

    /// <summary>Stretching of the rotary embedding, of the first layer with any; or null.</summary>
    public RopeScaling? RopeScaling
    {
        get => Layout.Layers.Select(l => l.Attention?.Rope?.Scaling).FirstOrDefault(s => s is not null);
        init
        {
            if (_json["rope_parameters"] is JsonObject { Count: > 0 } parameters)
            {
                _json["rope_theta"] = parameters["rope_theta"]?.DeepClone();
                _json.Remove("rope_parameters");
            }
            _json["rope_scaling"] = value is null ? null : Written(value);
        }
    }

    /// <summary>Id put before a text by tokenizers that do so, or null.</summary>
    public int? BeginToken
    {
        get => _json["bos_token_id"] is JsonValue begin && begin.TryGetValue<int>(out var id) ? id : null;
        init => _json["bos_token_id"] = value;
    }

    private Architecture Family => Architectures.All.Find(ModelType)
        ?? throw new LabException($"{_path}: model_type '{ModelType}' is not supported; supported are "
            + string.Join(", ", Architectures.All.Names));

    private AttentionLayout Attention => Layout.Layers.Select(l => l.Attention).OfType<AttentionLayout>().First();

    internal RopeLayout? Rope => Layout.Layers.Select(l => l.Attention?.Rope).FirstOrDefault(r => r is not null);

    /// <summary>Every tensor of the model by its name in a checkpoint, with its shape there, in the order of the layers.</summary>
    public IEnumerable<(string Name, long[] Shape)> Parameters() => Layout.Tensors().Select(t => (t.Name, t.Shape));

    /// <summary>Names of the linear layers that an adapter can update, in the order of the layers.</summary>
    public IReadOnlyList<string> LinearLayers() => [.. Layout.Linears.Where(l => l.Stack is null).Select(l => l.Name)];

    /// <summary>Modules that an adapter may change.</summary>
    internal AdaptedModules AdaptedModules() => new(LinearLayers(), Module(Layout.Embedding), Layout.Head,
        [.. Layout.Tensors().Where(t => t.Shape.Length == 1 && t.Name.Contains("norm", StringComparison.OrdinalIgnoreCase))
            .Select(t => Module(t.Name)).Distinct(StringComparer.Ordinal)], Layout.IsTied);

    private static string Module(string tensor) => tensor[..tensor.LastIndexOf('.')];

    /// <summary>Reads the file, and of <c>generation_config.json</c> beside it the ids that end an answer.</summary>
    /// <exception cref="LabException">The file is missing or malformed, a field is missing, of another type, out of range or not
    /// understood, or the architecture is not supported.</exception>
    public static ModelConfig Load(string path)
    {
        var config = Read(path, JsonFields.ReadObject(path, "a model folder in Hugging Face layout has a config.json"));
        // Some checkpoints name the end of a turn only among the settings of generation.
        var generation = Path.Combine(Path.GetDirectoryName(path) ?? "", "generation_config.json");
        return !File.Exists(generation) ? config
            : config with { EndTokens = [.. config.EndTokens.Union(Ends(generation, JsonFields.ReadObject(generation, "")))] };
    }

    /// <summary>Reads the fields of a <c>config.json</c>, wherever they are from.</summary>
    /// <exception cref="LabException">A field is missing, of another type, out of range or not understood, or the architecture is not
    /// supported.</exception>
    internal static ModelConfig Read(string path, JsonObject json)
    {
        new JsonFields(path, json).Required<string>("model_type");
        if (json["quantization_config"] is JsonObject quantization
            && (string?)quantization["quant_method"] is { } method
            && !WeightFormats.Reads(method))
            throw new LabException(
                $"{path}: the weights are quantised by '{method}'; supported are 16- and 32-bit weights and bitsandbytes' 4 and 8 bits");
        var config = new ModelConfig(path, json);
        _ = (config.Layout, config.EndTokens);
        return config;
    }

    /// <summary>Type that the configuration gives the weights, by <c>dtype</c> or <c>torch_dtype</c>, or null.</summary>
    internal TorchSharp.torch.ScalarType? DeclaredType =>
        TorchNames.TypeOf((_json["dtype"] ?? _json["torch_dtype"]) is JsonValue value && value.TryGetValue<string>(out var name)
            ? name : null);

    /// <summary>The fields as <c>config.json</c>.</summary>
    public string ToJson()
    {
        var json = Named();
        foreach (var (field, value) in new JsonObject
        {
            ["architectures"] = new JsonArray(Family.ClassName),
            ["torch_dtype"] = "bfloat16",
            ["use_cache"] = true,
            ["initializer_range"] = 0.02,
        })
            if (!json.ContainsKey(field)) json[field] = value?.DeepClone();
        return json.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n";
    }

    /// <summary>The same model whose output layer is what the checkpoint has: a matrix of its own that differs from the embedding goes
    /// before <c>tie_word_embeddings</c>, as in transformers.</summary>
    internal ModelConfig For(WeightFiles files)
    {
        var own = Layout.Head + ".weight";
        if (!Layout.IsTied || !files.Contains(own)) return this;
        using var scope = TorchSharp.torch.NewDisposeScope();
        return files.Find(Layout.Embedding) is { } embedding && files.Find(own) is { } head && head.Shape.SequenceEqual(embedding.Shape)
            && files.Read(own).eq(files.Read(Layout.Embedding)).all().item<bool>()
            ? this
            : this with { TieEmbeddings = false };
    }

    private static int[] Ends(string path, JsonObject json)
    {
        try
        {
            return json["eos_token_id"] switch { JsonArray a => [.. a.Select(t => (int)t!)], JsonValue v => [(int)v], _ => [] };
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or ArgumentNullException)
        {
            throw new LabException($"{path}: the field 'eos_token_id' is {json["eos_token_id"]!.ToJsonString()}, expected an id or a list "
                + "of ids", e);
        }
    }

    // By the names that the family has for fields.
    private JsonObject Named()
    {
        var json = (JsonObject)_json.DeepClone();
        if (Family.EpsilonField != "rms_norm_eps") Rename(json, "rms_norm_eps", Family.EpsilonField);
        foreach (var (usual, own) in Family.FieldNames) Rename(json, usual, own);
        return json;
    }

    private static void Rename(JsonObject json, string from, string to)
    {
        if (json.ContainsKey(to) || !json.ContainsKey(from)) return;
        json[to] = json[from]?.DeepClone();
        json.Remove(from);
    }

    private static JsonObject Written(RopeScaling rope)
    {
        var json = new JsonObject { ["rope_type"] = rope.Type, ["factor"] = rope.Factor };
        if (rope.Type is "llama3" or "yarn" or "longrope") json["original_max_position_embeddings"] = rope.OriginalPositions;
        if (rope.Type == "llama3")
            (json["low_freq_factor"], json["high_freq_factor"]) = (rope.LowFrequencyFactor, rope.HighFrequencyFactor);
        if (rope.Type == "yarn")
            (json["beta_fast"], json["beta_slow"], json["truncate"]) = (rope.BetaFast, rope.BetaSlow, rope.IsTruncated);
        if (rope.Type is "yarn" or "longrope") json["attention_factor"] = rope.AttentionFactor;
        if (rope.Type == "longrope")
            (json["short_factor"], json["long_factor"]) = (Array(rope.ShortFactors), Array(rope.LongFactors));
        return json;

        static JsonArray Array(IReadOnlyList<double> values) => new([.. values.Select(v => (JsonNode)v)]);
    }
}

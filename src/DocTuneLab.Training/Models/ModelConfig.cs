using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Models.Families;
using DocTuneLab.Training.Quantization.Formats;

namespace DocTuneLab.Training.Models;

/// <summary>The part of a Hugging Face <c>config.json</c> that a decoder is built from.</summary>
public sealed record ModelConfig
{
    /// <summary><c>llama</c>, <c>mistral</c>, <c>qwen2</c>, <c>qwen3</c>, or what a program adds to <see cref="Architectures"/>.</summary>
    public required string ModelType { get; init; }

    /// <summary>Rows of the embedding.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width of the gated MLP.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Number of decoder layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Key and value heads (grouped-query attention).</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>Width of a head.</summary>
    public required int HeadSize { get; init; }

    /// <summary>RMSNorm epsilon.</summary>
    public required double NormEpsilon { get; init; }

    /// <summary>Base of the rotary embedding.</summary>
    public required double RopeTheta { get; init; }

    /// <summary>Whether the output layer is the embedding.</summary>
    public required bool TieEmbeddings { get; init; }

    /// <summary>Whether queries, keys and values have a bias (Qwen2).</summary>
    public required bool AttentionBias { get; init; }

    /// <summary>Longest sequence the model was made for.</summary>
    public required int MaxPositions { get; init; }

    /// <summary>Ids that end a generation.</summary>
    public required IReadOnlyList<int> EndTokens { get; init; }

    /// <summary>Whether queries and keys are normalised per head before they are rotated (Qwen3).</summary>
    public bool QueryKeyNorm => Architectures.All[ModelType].QueryKeyNorm;

    /// <summary>Whether the attention's output layer has a bias too (Llama and Qwen3 with <c>attention_bias</c>).</summary>
    public bool OutputBias { get; init; }

    /// <summary>Whether the layers of the MLP have a bias (Llama with <c>mlp_bias</c>).</summary>
    public bool MlpBias { get; init; }

    /// <summary>Keys that a query sees, itself included, in layers with a sliding window; null where no layer has one.</summary>
    public int? SlidingWindow { get; init; }

    /// <summary>First layer with the sliding window; those before it see everything. Default 0.</summary>
    public int FirstSlidingLayer { get; init; }

    /// <summary>Stretching of the rotary embedding, or null.</summary>
    public RopeScaling? RopeScaling { get; init; }

    /// <summary>Id put before a text by tokenizers that do so, or null.</summary>
    public int? BeginToken { get; init; }

    /// <summary>Sliding window of a layer, or null where it sees everything.</summary>
    public int? WindowOf(int layer) => layer >= FirstSlidingLayer ? SlidingWindow : null;

    /// <summary>Every tensor of the model by Hugging Face name, with its shape, in the order of the layers.</summary>
    public IEnumerable<(string Name, long[] Shape)> Parameters()
    {
        yield return ("model.embed_tokens.weight", [VocabularySize, HiddenSize]);
        var (queries, keys) = ((long)Heads * HeadSize, (long)KeyValueHeads * HeadSize);
        for (var i = 0; i < Layers; i++)
        {
            var prefix = $"model.layers.{i}.";
            yield return (prefix + "input_layernorm.weight", [HiddenSize]);
            foreach (var (name, rows, columns, bias) in ((string, long, long, bool)[])[
                ("self_attn.q_proj", queries, HiddenSize, AttentionBias), ("self_attn.k_proj", keys, HiddenSize, AttentionBias),
                ("self_attn.v_proj", keys, HiddenSize, AttentionBias),
                ("self_attn.o_proj", HiddenSize, queries, OutputBias), ("mlp.gate_proj", IntermediateSize, HiddenSize, MlpBias),
                ("mlp.up_proj", IntermediateSize, HiddenSize, MlpBias),
                ("mlp.down_proj", HiddenSize, IntermediateSize, MlpBias)])
            {
                yield return (prefix + name + ".weight", [rows, columns]);
                if (bias) yield return (prefix + name + ".bias", [rows]);
            }
            if (QueryKeyNorm)
            {
                yield return (prefix + "self_attn.q_norm.weight", [HeadSize]);
                yield return (prefix + "self_attn.k_norm.weight", [HeadSize]);
            }
            yield return (prefix + "post_attention_layernorm.weight", [HiddenSize]);
        }
        yield return ("model.norm.weight", [HiddenSize]);
        if (!TieEmbeddings) yield return ("lm_head.weight", [VocabularySize, HiddenSize]);
    }

    /// <summary>Names of the linear layers that an adapter can update, in the order of the layers.</summary>
    public IReadOnlyList<string> LinearLayers() =>
        [.. Parameters().Where(p => p.Shape.Length == 2 && p.Name is not ("model.embed_tokens.weight" or "lm_head.weight"))
            .Select(p => p.Name[..^".weight".Length])];

    /// <summary>Reads <c>config.json</c>.</summary>
    /// <exception cref="LabException">The file is missing, a field is missing or of the wrong type, or the architecture is
    /// not supported.</exception>
    public static ModelConfig Load(string path)
    {
        var json = JsonFields.Read(path, "a model folder in Hugging Face layout has a config.json");
        var type = json.Required<string>("model_type");
        if (Architectures.All.Find(type) is not { } family)
            throw new LabException(
                $"{path}: model_type '{type}' is not supported; supported are {string.Join(", ", Architectures.All.Names)}");
        if (json.Node("quantization_config") is { } quantization
            && (string?)quantization["quant_method"] is { } method
            && !WeightFormats.Reads(method))
            throw new LabException(
                $"{path}: the weights are quantised by '{method}'; supported are 16- and 32-bit weights and bitsandbytes' 4 and 8 bits");
        var activation = json.Optional("hidden_act", "silu");
        if (activation != "silu") throw new LabException($"{path}: hidden_act '{activation}' is not supported; supported is silu");
        if (json.Optional("partial_rotary_factor", 1.0) != 1)
            throw new LabException($"{path}: partial_rotary_factor {json.Node("partial_rotary_factor")} is not supported; supported is 1");
        var (hidden, heads, layers) = (json.Required<int>("hidden_size"), json.Required<int>("num_attention_heads"),
            json.Required<int>("num_hidden_layers"));
        var positions = json.Optional("max_position_embeddings", family.DefaultPositions);
        var rope = json.Inner("rope_parameters") ?? json.Inner("rope_scaling");
        var biases = family.Biases(json);
        var (window, firstSliding) = Window(json, family, layers);
        var config = new ModelConfig
        {
            ModelType = type,
            VocabularySize = json.Required<int>("vocab_size"),
            HiddenSize = hidden,
            IntermediateSize = json.Required<int>("intermediate_size"),
            Layers = layers,
            Heads = heads,
            KeyValueHeads = json.Optional("num_key_value_heads", family.DefaultKeyValueHeads(heads)),
            HeadSize = json.Optional("head_dim", family.DefaultHeadSize(hidden, heads)),
            NormEpsilon = json.Optional("rms_norm_eps", 1e-6),
            RopeTheta = rope?.Optional("rope_theta", double.NaN) is { } theta && double.IsFinite(theta)
                ? theta
                : json.Optional("rope_theta", 10000.0),
            TieEmbeddings = json.Optional("tie_word_embeddings", false),
            AttentionBias = biases.Attention,
            MaxPositions = positions,
            EndTokens = json.Node("eos_token_id") switch { JsonArray a => [.. a.Select(t => (int)t!)], JsonValue v => [(int)v], _ => [] },
            OutputBias = biases.Output,
            MlpBias = biases.Mlp,
            SlidingWindow = window,
            FirstSlidingLayer = firstSliding,
            RopeScaling = rope is null ? null : Scaling(rope, positions),
            BeginToken = json.Node("bos_token_id") is JsonValue begin && begin.TryGetValue<int>(out var id) ? id : null,
        };
        if (config.Layers < 1 || config.Heads < 1 || config.KeyValueHeads < 1 || config.HeadSize < 2
            || config.Heads % config.KeyValueHeads != 0 || config.HeadSize % 2 != 0)
            throw new LabException($"{path}: {config.Layers} layers, {config.Heads} heads, {config.KeyValueHeads} key-value heads and head "
                + $"size {config.HeadSize} do not make a decoder");
        if (config.VocabularySize < 1 || config.HiddenSize < 1 || config.IntermediateSize < 1 || config.MaxPositions < 1
            || !(config.RopeTheta > 0) || !(config.NormEpsilon >= 0))
            throw new LabException($"{path}: vocab_size {config.VocabularySize}, hidden_size {config.HiddenSize}, intermediate_size "
                + $"{config.IntermediateSize}, max_position_embeddings {config.MaxPositions}, rope_theta {config.RopeTheta} and "
                + $"rms_norm_eps {config.NormEpsilon} do not make a decoder");
        return config;
    }

    /// <summary>The fields as <c>config.json</c>.</summary>
    public string ToJson()
    {
        var family = Architectures.All[ModelType];
        var json = new JsonObject
        {
            ["architectures"] = new JsonArray(family.ClassName),
            ["model_type"] = ModelType,
            ["vocab_size"] = VocabularySize,
            ["hidden_size"] = HiddenSize,
            ["intermediate_size"] = IntermediateSize,
            ["num_hidden_layers"] = Layers,
            ["num_attention_heads"] = Heads,
            ["num_key_value_heads"] = KeyValueHeads,
            ["head_dim"] = HeadSize,
            ["hidden_act"] = "silu",
            ["rms_norm_eps"] = NormEpsilon,
            ["rope_theta"] = RopeTheta,
            ["tie_word_embeddings"] = TieEmbeddings,
            ["attention_bias"] = AttentionBias,
            ["max_position_embeddings"] = MaxPositions,
            ["torch_dtype"] = "bfloat16",
            ["use_cache"] = true,
            ["initializer_range"] = 0.02,
            ["eos_token_id"] = new JsonArray([.. EndTokens.Select(t => (JsonNode)t)]),
        };
        if (BeginToken is { } begin) json["bos_token_id"] = begin;
        if (MlpBias) json["mlp_bias"] = true;
        family.WriteWindow(json, SlidingWindow, FirstSlidingLayer);
        if (RopeScaling is { } rope)
        {
            var scaling = new JsonObject
            {
                ["rope_type"] = rope.Type,
                ["factor"] = rope.Factor,
                ["original_max_position_embeddings"] = rope.OriginalPositions
            };
            if (rope.Type == "llama3")
                (scaling["low_freq_factor"], scaling["high_freq_factor"]) = (rope.LowFrequencyFactor, rope.HighFrequencyFactor);
            if (rope.Type == "yarn")
                (scaling["beta_fast"], scaling["beta_slow"], scaling["attention_factor"]) =
                    (rope.BetaFast, rope.BetaSlow, rope.AttentionFactor);
            json["rope_scaling"] = scaling;
        }
        return json.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n";
    }

    private static (int? Window, int FirstLayer) Window(JsonFields json, Architecture family, int layers)
    {
        var window = json.Node("sliding_window") is null ? (int?)null : json.Required<int>("sliding_window");
        if (window is < 1) throw new LabException($"{json.Path}: sliding_window is {window}; expected at least 1");
        if (!family.HasSlidingWindow || window is null) return (null, 0);
        if (json.Node("layer_types") is JsonArray types)
        {
            var sliding = types.Select(t => (string?)t == "sliding_attention").ToArray();
            if (sliding.Length != layers)
                throw new LabException(
                    $"{json.Path}: layer_types has {sliding.Length} entries, expected one for each of the {layers} layers");
            var first = Array.IndexOf(sliding, true);
            if (first < 0) return (null, 0);
            if (sliding.Skip(first).Contains(false))
                throw new LabException($"{json.Path}: layer_types alternates between full and sliding attention; "
                    + "supported is full attention first, sliding after");
            return (window, first);
        }
        return family.FirstSlidingLayer(json, layers) is { } from ? (window, from) : (null, 0);
    }

    private static RopeScaling? Scaling(JsonFields rope, int positions)
    {
        var type = rope.Node("rope_type") is null ? rope.Optional("type", "default") : rope.Required<string>("rope_type");
        if (type == "default") return null;
        if (type is not ("linear" or "dynamic" or "llama3" or "yarn"))
            throw new LabException(
                $"{rope.Path}: rope scaling of type '{type}' is not supported; supported are default, linear, dynamic, llama3 and yarn");
        var original = rope.Optional("original_max_position_embeddings", positions);
        var factor = type == "yarn" ? rope.Optional("factor", (double)positions / original) : rope.Required<double>("factor");
        if (!(factor >= 1) || original < 1)
            throw new LabException($"{rope.Path}: rope scaling factor {factor} over {original} positions; expected a factor of at least 1");
        // A paper's mscale: 1 at no scaling, rising with the logarithm of the factor.
        double Magnitude(double mscale) => factor <= 1 ? 1 : 0.1 * mscale * Math.Log(factor) + 1;
        var (mscale, mscaleAll) = (rope.Optional("mscale", 0.0), rope.Optional("mscale_all_dim", 0.0));
        return new RopeScaling(type, factor, type == "dynamic" ? positions : original)
        {
            LowFrequencyFactor = type == "llama3" ? rope.Required<double>("low_freq_factor") : 1,
            HighFrequencyFactor = type == "llama3" ? rope.Required<double>("high_freq_factor") : 4,
            BetaFast = rope.Optional("beta_fast", 32.0),
            BetaSlow = rope.Optional("beta_slow", 1.0),
            AttentionFactor = type != "yarn"
                ? 1
                : rope.Optional("attention_factor", mscale > 0 && mscaleAll > 0 ? Magnitude(mscale) / Magnitude(mscaleAll) : Magnitude(1)),
        };
    }
}

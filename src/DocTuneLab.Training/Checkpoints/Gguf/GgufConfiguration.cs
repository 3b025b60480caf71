using System.Text.Json.Nodes;

namespace DocTuneLab.Training.Checkpoints.Gguf;

/// <summary>
/// A GGUF file's fields as the <c>config.json</c> that a checkpoint of the model would have. A field of the architecture that is not
/// known here may change what the model computes, and is refused by its name.
/// </summary>
internal sealed class GgufConfiguration
{
    private static readonly Dictionary<string, string> s_families = new(StringComparer.Ordinal)
    {
        ["llama"] = "llama",
        ["qwen2"] = "qwen2",
        ["qwen3"] = "qwen3",
    };

    private readonly GgufModel _file;
    private readonly string _architecture;
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);
    private readonly JsonObject _json = [];

    private GgufConfiguration(GgufModel file)
    {
        _file = file;
        if (file.Text("general.type") is { } kind and not "model")
            throw new LabException($"{file.Path}: general.type is '{kind}'; expected a model"
                + (kind == "adapter" ? ": an adapter in GGUF cannot be read, name its folder in PEFT layout with --adapter" : ""));
        _architecture = file.Text("general.architecture")
            ?? throw new LabException($"{file.Path}: the field 'general.architecture' is missing; the file holds no model");
        if (!s_families.TryGetValue(_architecture, out var family))
            throw new LabException($"{file.Path}: general.architecture is '{_architecture}', which is not supported; supported are "
                + string.Join(", ", s_families.Keys));
        Shape(family);
        Rotary();
        Neutral();
        Marks();
        if (Unread() is { } unknown)
            throw new LabException($"{file.Path}: the field '{unknown}' is {Shown(unknown)}; it is not known here, and may change what the "
                + "model computes");
    }

    /// <summary>The fields of a <c>config.json</c>.</summary>
    /// <exception cref="LabException">A field is missing, of the wrong type, or not supported.</exception>
    public static JsonObject Of(GgufModel file) =>
        // As text and back: a number then is of whatever type it is asked for as.
        JsonNode.Parse(new GgufConfiguration(file)._json.ToJsonString())!.AsObject();

    /// <summary>Whether models like this one are read.</summary>
    public static bool Reads(GgufModel file) => file.Text("general.architecture") is { } architecture
        && s_families.ContainsKey(architecture) && !file.Has($"{architecture}.expert_count");

    /// <summary>Whether neighbouring numbers of a head turn together, not those of its halves: rows of queries and keys stand accordingly.
    /// </summary>
    public static bool Turns(GgufModel file) => file.Text("general.architecture") == "llama";

    private void Shape(string family)
    {
        var hidden = Required("embedding_length");
        var heads = Required("attention.head_count");
        var size = Number("attention.key_length") ?? hidden / Math.Max(1, heads);
        if (Number("attention.value_length") is { } value && value != size)
            throw Refused("attention.value_length", $"expected {size}, the width of a key");
        if (Number("rope.dimension_count") is { } turned && turned != size)
            throw Refused("rope.dimension_count", $"expected {size}, the width of a head");
        var window = Number("attention.sliding_window");
        var layers = Required("block_count");
        _json["model_type"] = family == "llama" && window > 0 ? "mistral" : family;
        _json["hidden_size"] = hidden;
        _json["intermediate_size"] = Required("feed_forward_length");
        _json["num_hidden_layers"] = layers;
        _json["num_attention_heads"] = heads;
        _json["num_key_value_heads"] = Number("attention.head_count_kv") ?? heads;
        _json["head_dim"] = size;
        _json["max_position_embeddings"] = Required("context_length");
        _json["rms_norm_eps"] = Real("attention.layer_norm_rms_epsilon") ?? throw Missing("attention.layer_norm_rms_epsilon");
        if (window > 0)
        {
            // Which layers have it, a file of these families does not say.
            if (family != "llama" && window < Number("context_length"))
                throw Refused("attention.sliding_window", "which layers have the window is not said in a file of this family");
            if (family == "llama") _json["sliding_window"] = window;
        }
        if (_file.Find("token_embd.weight") is not { Tensor.Shape: [var rows, _] })
            throw new LabException($"{_file.Path}: tensor 'token_embd.weight' is missing or no matrix; the file holds no whole model");
        if (Number("vocab_size") is { } stated && stated > rows) throw Refused("vocab_size", $"token_embd.weight has {rows} rows");
        _json["vocab_size"] = rows;
        _json["tie_word_embeddings"] = _file.Find("output.weight") is null;
        _json["attention_bias"] = Has("attn_q.bias");
        _json["mlp_bias"] = Has("ffn_up.bias");

        bool Has(string part) => _file.Find($"blk.0.{part}") is not null;
    }

    private void Rotary()
    {
        _json["rope_theta"] = Real("rope.freq_base") ?? 10000.0;
        var type = Text("rope.scaling.type") ?? "none";
        var factor = Real("rope.scaling.factor") ?? Real("rope.scale_linear") ?? 1;
        Real("rope.scale_linear");
        var original = Number("rope.scaling.original_context_length");
        Flag("rope.scaling.finetuned");
        var attention = Real("rope.scaling.attn_factor") ?? Real("rope.scaling.yarn_attn_factor") ?? 1;
        Real("rope.scaling.yarn_attn_factor");
        var (fast, slow) = (Real("rope.scaling.yarn_beta_fast") ?? 32, Real("rope.scaling.yarn_beta_slow") ?? 1);
        if (Real("rope.scaling.yarn_ext_factor") is { } ext and not 1 and not -1)
            throw Refused("rope.scaling.yarn_ext_factor", "expected 1");
        if (Real("rope.scaling.yarn_log_multiplier") is { } log and not 0) throw Refused("rope.scaling.yarn_log_multiplier", "expected 0");
        if (_file.Find(GgufNames.RotaryDivisors) is { } divisors)
        {
            var values = divisors.File.Read(GgufNames.RotaryDivisors);
            if (values.Any(v => !(v > 0) || !float.IsFinite(v)))
                throw new LabException($"{divisors.File.Path}: tensor '{GgufNames.RotaryDivisors}' holds a number that is not above 0");
            if (values.Length != (int)_json["head_dim"]! / 2)
                throw new LabException($"{divisors.File.Path}: tensor '{GgufNames.RotaryDivisors}' has {values.Length} numbers; expected "
                    + $"{(int)_json["head_dim"]! / 2}, half of a head");
            if (type != "none" && factor != 1)
                throw Refused("rope.scaling.type", $"the file has a tensor '{GgufNames.RotaryDivisors}' too");
            if (values.All(v => v == 1)) return;
            // LongRoPE with one list for texts of every length is just that: a divisor for each frequency.
            _json["rope_scaling"] = new JsonObject
            {
                ["rope_type"] = "longrope",
                ["short_factor"] = new JsonArray([.. values.Select(v => (JsonNode)v)]),
                ["long_factor"] = new JsonArray([.. values.Select(v => (JsonNode)v)]),
                ["attention_factor"] = 1.0,
                ["factor"] = 1.0,
                ["original_max_position_embeddings"] = (int)_json["max_position_embeddings"]!,
            };
            return;
        }
        switch (type)
        {
            // Without a type a factor is that of linear scaling.
            case "none" when factor == 1 || _file.Has($"{_architecture}.rope.scaling.type"): break;
            case "none" or "linear":
                if (factor != 1) _json["rope_scaling"] = new JsonObject { ["rope_type"] = "linear", ["factor"] = factor };
                break;
            case "yarn":
                _json["rope_scaling"] = new JsonObject
                {
                    ["rope_type"] = "yarn",
                    ["factor"] = factor,
                    ["original_max_position_embeddings"] = original ?? (int)_json["max_position_embeddings"]!,
                    ["beta_fast"] = fast,
                    ["beta_slow"] = slow,
                    // llama.cpp multiplies the usual factor in by itself.
                    ["attention_factor"] = attention * (factor > 1 ? 0.1 * Math.Log(factor) + 1 : 1),
                };
                break;
            default: throw Refused("rope.scaling.type", "expected none, linear or yarn");
        }
    }

    // Fields that change the result unless they hold this.
    private void Neutral()
    {
        foreach (var (field, value) in ((string, double)[])
        [
            ("expert_count", 0), ("expert_used_count", 0), ("logit_scale", 1), ("residual_scale", 1), ("embedding_scale", 1),
            ("attn_logit_softcapping", 0), ("final_logit_softcapping", 0), ("attention.clamp_kqv", 0), ("attention.max_alibi_bias", 0),
            ("nextn_predict_layers", 0), ("pooling_type", 0), ("attention.scale", 1 / Math.Sqrt((int)_json["head_dim"]!)),
        ])
            if (Real(field) is { } stated && Math.Abs(stated - value) > 1e-6) throw Refused(field, $"expected {value:G4}");
        if (Flag("attention.causal") == false) throw Refused("attention.causal", "expected true");
        if (Flag("use_parallel_residual") == true) throw Refused("use_parallel_residual", "expected false");
        // In which order q and k stood in the checkpoint that an old file was made from.
        Text("tensor_data_layout");
    }

    private void Marks()
    {
        if (_file.Number("tokenizer.ggml.bos_token_id") is { } begin) _json["bos_token_id"] = begin;
        _json["eos_token_id"] = new JsonArray([.. GgufTokenizer.EndTokens(_file).Select(t => (JsonNode)t)]);
    }

    private string? Unread() => _file.Fields
        .Where(f => f.StartsWith(_architecture + ".", StringComparison.Ordinal) && !_read.Contains(f))
        .Order(StringComparer.Ordinal).FirstOrDefault();

    private string Key(string field)
    {
        var key = $"{_architecture}.{field}";
        _read.Add(key);
        return key;
    }

    // One number for all layers may be written as one for each.
    private int? Number(string field)
    {
        if (_file.Value(Key(field)) is not Array) return _file.Number(Key(field));
        var each = _file.Numbers(Key(field))!;
        return each.Length > 0 && each.All(n => n == each[0]) ? each[0] : throw Refused(field, "expected one number for all layers");
    }

    private int Required(string field) => Number(field) ?? throw Missing(field);

    private double? Real(string field) => _file.Real(Key(field)) switch
    {
        { } number when !double.IsFinite(number) => throw Refused(field, "expected a finite number"),
        var number => number,
    };

    private string? Text(string field) => _file.Text(Key(field));

    private bool? Flag(string field) => _file.Flag(Key(field));

    private LabException Missing(string field) =>
        new($"{_file.Path}: the field '{_architecture}.{field}' is missing; the file holds no whole model");

    private LabException Refused(string field, string why) =>
        new($"{_file.Path}: the field '{_architecture}.{field}' is {Shown($"{_architecture}.{field}")}, which is not supported; {why}");

    private string Shown(string field) => _file.Value(field) switch
    {
        Array items => $"an array of {items.Length}",
        string text => $"'{(text.Length > 60 ? text[..60] + " …" : text)}'",
        var value => Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)!,
    };
}

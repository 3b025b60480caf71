using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DocTuneLab.Training.Devices;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Checkpoints;

/// <summary>Low-rank update of one layer as it lies in a file: scale · B A, and with a magnitude the rows of W + scale · B A brought
/// to that length.</summary>
/// <param name="A">[rank, in] in float32.</param>
/// <param name="B">[out, rank] in float32.</param>
/// <param name="Magnitude">[out] in float32 (DoRA), or null.</param>
/// <param name="Scale">Factor of B A.</param>
internal sealed record LoraUpdate(Tensor A, Tensor B, Tensor? Magnitude, double Scale)
{
    /// <summary>The weight with the update in it, float32.</summary>
    /// <param name="weight">W, [out, in] in float32.</param>
    public Tensor Merge(Tensor weight)
    {
        var merged = weight.Plus(B.mm(A).Times(Scale));
        return Magnitude is null ? merged : merged * (Magnitude / merged.norm(1)).unsqueeze(1);
    }
}

/// <summary>
/// An adapter folder in PEFT's layout, <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>, with all that LoRA,
/// rsLoRA and DoRA keep there: ranks and alphas by pattern, modules by name, by regular expression or all linear ones, chosen layers;
/// beside them what is trained in full (<see cref="PeftReplacements"/>).
/// </summary>
internal sealed class PeftFolder : IDisposable
{
    /// <summary>The largest rank that is read.</summary>
    public const int MostRank = 1024;

    private const string Prefix = "base_model.model.";

    // Fields that change what is computed, and that nothing here follows.
    private static readonly string[] s_foreign =
    [
        "alora_invocation_tokens", "layer_replication", "target_parameters", "use_qalora", "use_bdlora", "arrow_config", "kasa_config",
        "monteclora_config", "velora_config",
    ];

    private readonly SafetensorsFile _file;
    private readonly JsonFields _json;
    private readonly (Regex Pattern, double Value)[] _ranks, _alphas;

    private PeftFolder(string directory)
    {
        Directory = directory;
        var path = Path.Combine(directory, "adapter_config.json");
        _json = JsonFields.Read(path, "an adapter is a folder with adapter_config.json and adapter_model.safetensors");
        if (_json.Optional("peft_type", "LORA") != "LORA")
            throw new LabException($"{path}: peft_type '{_json.Node("peft_type")}' is not supported; supported is LORA");
        Biases = _json.Optional("bias", "none");
        if (Biases is not ("none" or "all" or "lora_only"))
            throw new LabException($"{path}: bias '{Biases}' is not supported; expected none, all or lora_only");
        if (s_foreign.FirstOrDefault(f => Says(_json.Node(f))) is { } foreign)
            throw new LabException($"{path}: {foreign} is {_json.Node(foreign)!.ToJsonString()}, which is not supported: without it the "
                + "adapter would compute something else");
        if (_json.Node("init_lora_weights") is JsonValue init
            && init.TryGetValue<string>(out var kind)
            && (kind.StartsWith("pissa", StringComparison.OrdinalIgnoreCase) || kind is "olora" or "corda" or "loftq"))
            throw new LabException($"{path}: init_lora_weights '{kind}' changed the base's weights before training, so the adapter does "
                + "not fit the base itself; convert it to plain LoRA where it was made (path_initial_model_for_weight_conversion)");
        (Rank, Alpha, Dropout) = (_json.Required<int>("r"), _json.Optional("lora_alpha", 8.0), _json.Optional("lora_dropout", 0.0));
        if (Rank is < 1 or > MostRank) throw new LabException($"{path}: r is {Rank}; expected 1 to {MostRank}");
        if (Dropout is < 0 or >= 1) throw new LabException($"{path}: lora_dropout is {Dropout}; expected 0 or more and less than 1");
        (UseRsLora, UseDora) = (_json.Optional("use_rslora", false), _json.Optional("use_dora", false));
        (_ranks, _alphas) = (Patterns("rank_pattern"), Patterns("alpha_pattern"));
        WeightsPath = Path.Combine(directory, "adapter_model.safetensors");
        if (!File.Exists(WeightsPath) && File.Exists(Path.Combine(directory, "adapter_model.bin")))
            throw new LabException($"{directory}: holds adapter_model.bin, a pickle, which can run code when it is read; expected "
                + "adapter_model.safetensors: save it again with safe_serialization=True where it was made");
        _file = SafetensorsFile.Open(WeightsPath);
    }

    // Whether a field holds more than nothing.
    private static bool Says(JsonNode? node) => node switch
    {
        null => false,
        JsonArray list => list.Count > 0,
        JsonObject map => map.Count > 0,
        JsonValue value when value.TryGetValue<bool>(out var flag) => flag,
        _ => true,
    };

    /// <summary>The folder.</summary>
    public string Directory { get; }

    /// <summary>The file with its weights.</summary>
    public string WeightsPath { get; }

    /// <summary>Which biases were trained: <c>none</c>, <c>all</c> or <c>lora_only</c>.</summary>
    public string Biases { get; }

    /// <summary>Rank where no pattern says otherwise.</summary>
    public int Rank { get; }

    /// <summary>Alpha where no pattern says otherwise.</summary>
    public double Alpha { get; }

    /// <summary>Dropout that it was trained with.</summary>
    public double Dropout { get; }

    /// <summary>Whether the scale is alpha / sqrt(rank).</summary>
    public bool UseRsLora { get; }

    /// <summary>Whether rows have a learnt length.</summary>
    public bool UseDora { get; }

    /// <summary>Model it was trained on, as its configuration names it, or null.</summary>
    public string? BaseModel => _json.Optional<string?>("base_model_name_or_path", null);

    /// <summary>Reads the configuration and checks the header of the weights.</summary>
    /// <exception cref="LabException">A file is missing or corrupt, or the adapter is of a kind that is not supported.</exception>
    public static PeftFolder Open(string directory) => System.IO.Directory.Exists(directory) ? new PeftFolder(directory)
        : throw new LabException(
            $"{directory}: no such folder; an adapter is a folder with adapter_config.json and adapter_model.safetensors");

    /// <summary>Checks that the adapter fits a model: every tensor belongs to a layer or is trained in full, every targeted layer has its
    /// tensors.</summary>
    /// <param name="modules">The model's modules.</param>
    /// <returns>Names of the linear layers that it updates, in the model's order, and what it holds beside them.</returns>
    /// <exception cref="LabException">It does not fit; the message names the first module or tensor.</exception>
    public (IReadOnlyList<string> Layers, PeftReplacements Others) Fit(AdaptedModules modules)
    {
        var path = _json.Path;
        var targeted = modules.All.Where(Targets(modules)).Where(l => !Excludes(l)).ToArray();
        var layers = targeted.Where(modules.Linear.Contains).ToArray();
        if (_json.Node("layers_to_transform") is { } chosen)
        {
            var indices = (chosen is JsonArray several ? several.Select(i => (int)i!) : [(int)chosen]).ToHashSet();
            layers = [.. layers.Where(l => indices.Contains(int.Parse(l.Split('.')[2], CultureInfo.InvariantCulture)))];
        }
        var known = layers.SelectMany(l => (string[])[Key(l, "lora_A.weight"), Key(l, "lora_B.weight"), Key(l, "lora_magnitude_vector")])
            .ToHashSet(StringComparer.Ordinal);
        var others = new PeftReplacements(this, modules, _file.Entries.Keys.Order(StringComparer.Ordinal).Where(k => !known.Contains(k))
            .Select(k => k.StartsWith(Prefix, StringComparison.Ordinal) ? k[Prefix.Length..] : k));
        if (layers.FirstOrDefault(l => !_file.Entries.ContainsKey(Key(l, "lora_A.weight"))) is { } missing)
            throw new LabException($"{_file.Path}: tensor '{Key(missing, "lora_A.weight")}' is missing; {path} targets its layer");
        return (layers, others);
    }

    /// <summary>Whether <c>modules_to_save</c> names a module.</summary>
    public bool SavesModule(string module) => _json.Node("modules_to_save") is JsonArray names
        && names.Any(n => Is(module, (string)n!));

    /// <summary>Rows of a table that were trained, by <c>trainable_token_indices</c>.</summary>
    /// <exception cref="LabException">The field does not say which.</exception>
    public long[] TokensOf(string module)
    {
        var node = _json.Node("trainable_token_indices");
        if (node is JsonObject map) node = map.FirstOrDefault(p => Is(module, p.Key)).Value;
        return node is JsonArray { Count: > 0 } list && list.All(i => i?.GetValueKind() == System.Text.Json.JsonValueKind.Number)
            ? [.. list.Select(i => (long)i!)]
            : throw new LabException($"{_json.Path}: trainable_token_indices does not say which rows of {module} were trained; expected a "
                + "list of ids, or such a list by module");
    }

    /// <summary>Rank of a layer.</summary>
    public int RankOf(string layer) => (int)Of(_ranks, layer, Rank);

    /// <summary>Factor of B A in a layer.</summary>
    public double ScaleOf(string layer) => Of(_alphas, layer, Alpha) / (UseRsLora ? Math.Sqrt(RankOf(layer)) : RankOf(layer));

    /// <summary>Tensors of a layer.</summary>
    /// <param name="layer">Its Hugging Face name.</param>
    /// <param name="rows">Output features.</param>
    /// <param name="columns">Input features.</param>
    public LoraUpdate Read(string layer, long rows, long columns)
    {
        var rank = RankOf(layer);
        return new LoraUpdate(
            _file.Read(Key(layer, "lora_A.weight"), [rank, columns]).to_type(ScalarType.Float32),
            _file.Read(Key(layer, "lora_B.weight"), [rows, rank]).to_type(ScalarType.Float32),
            UseDora ? _file.Read(Key(layer, "lora_magnitude_vector"), [rows]).to_type(ScalarType.Float32) : null, ScaleOf(layer));
    }

    /// <summary>A tensor by its name without PEFT's prefix, in float32.</summary>
    public Tensor Read(string key, long[] shape) =>
        _file.Read(_file.Entries.ContainsKey(Prefix + key) ? Prefix + key : key, shape).to_type(ScalarType.Float32);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static string Key(string layer, string part) => $"{Prefix}{layer}.{part}";

    private static bool Is(string layer, string module) => layer == module || layer.EndsWith("." + module, StringComparison.Ordinal);

    private bool Excludes(string layer) => _json.Node("exclude_modules") switch
    {
        JsonArray names => names.Any(n => Is(layer, (string)n!)),
        JsonValue value when value.TryGetValue<string>(out var text) => Compile(text, "exclude_modules", @"\A(?:{0})\z").IsMatch(layer),
        _ => false,
    };

    private Func<string, bool> Targets(AdaptedModules modules)
    {
        var linear = modules.Linear;
        switch (_json.Node("target_modules"))
        {
            case JsonValue value when value.TryGetValue<string>(out var text):
                if (text == "all-linear") return linear.Contains;
                // PEFT matches the whole name.
                var pattern = Compile(text, "target_modules", @"\A(?:{0})\z");
                return modules.All.Any(pattern.IsMatch)
                    ? pattern.IsMatch
                    : throw new LabException($"{_json.Path}: target_modules '{text}' matches no linear layer of the model");
            case JsonArray names:
                var targets = names.Select(n => (string)n!).ToArray();
                if (targets.FirstOrDefault(m => !modules.All.Any(l => Is(l, m))) is { } unknown)
                    throw new LabException($"{_json.Path}: target module '{unknown}' is no linear layer of the model; "
                        + $"it has {string.Join(", ", linear.Select(l => l[(l.LastIndexOf('.') + 1)..]).Distinct())}");
                return layer => targets.Any(m => Is(layer, m));
            default: throw new LabException($"{_json.Path}: the field 'target_modules' is missing or no list of names");
        }
    }

    private (Regex, double)[] Patterns(string field) =>
        _json.Node(field) is JsonObject map
            ? [.. map.Select(p => (Compile(p.Key, field, @"\A(?:.*\.)?(?:{0})\z"),
                p.Value?.GetValueKind() == System.Text.Json.JsonValueKind.Number
                    ? (double)p.Value
                    : throw new LabException($"{_json.Path}: {field} of '{p.Key}' is no number")))]
            : [];

    private Regex Compile(string pattern, string field, string form)
    {
        try
        {
            return new Regex(form.Replace("{0}", pattern, StringComparison.Ordinal), RegexOptions.CultureInvariant,
                TimeSpan.FromSeconds(1));
        }
        catch (ArgumentException e)
        {
            throw new LabException($"{_json.Path}: {field} '{pattern}' is no regular expression: {e.Message}", e);
        }
    }

    private static double Of((Regex Pattern, double Value)[] patterns, string layer, double fallback)
    {
        foreach (var (pattern, value) in patterns)
            if (pattern.IsMatch(layer)) return value;
        return fallback;
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using DocTuneLab.Settings;
using DocTuneLab.Text;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Adapters;

/// <summary>Settings of a low-rank adapter.</summary>
public sealed record LoraConfig
{
    /// <summary>Names, ranges and words of these settings.</summary>
    public static SettingTable<LoraConfig> Settings => SettingTable<LoraConfig>.Instance;

    /// <summary>Rank of the update. Default 32.</summary>
    [Setting("Rank of the adapter.", Aliases = ["r"], Min = 1, Max = 1024)]
    public int Rank { get; init; } = 32;

    /// <summary>The update is scaled by alpha / rank. Default 64.</summary>
    [Setting("Scale of the adapter times its rank.", Aliases = ["lora-alpha"], Above = 0)]
    public double Alpha { get; init; } = 64;

    /// <summary>Scales by alpha / sqrt(rank) instead, which keeps large ranks useful (Kalajdzievski 2023, arXiv 2312.03732).
    /// Default false.</summary>
    [Setting("Scales by alpha / sqrt(rank) (rsLoRA).", Option = "rslora")]
    public bool UseRsLora { get; init; }

    /// <summary>Learns the length of each row of the weight apart from its direction (DoRA, Liu et al. 2024, arXiv 2402.09353).
    /// Default false.</summary>
    [Setting("Learns the lengths of the weight's rows apart (DoRA).", Option = "dora")]
    public bool UseDora { get; init; }

    /// <summary>What the adapter starts from. Default A random and B zero.</summary>
    [Setting("What the adapter starts from: default is A random and B zero, pissa the weight's principal singular directions.",
        Option = "init", Aliases = ["init-lora-weights"])]
    public AdapterInitialization Initialization { get; init; } = AdapterInitialization.Default;

    /// <summary>Factor of the product B A.</summary>
    public double Scale => UseRsLora ? Alpha / Math.Sqrt(Rank) : Alpha / Rank;

    /// <summary>Dropout on the adapter's input in training. Default 0.</summary>
    [Setting("Share of the adapter's input that training drops.", Aliases = ["lora-dropout"], Placeholder = "SHARE", Min = 0, Below = 1)]
    public double Dropout { get; init; }

    /// <summary>Linear layers that get an adapter, by last name or whole; <c>all-linear</c> is all. Default: all seven of Llama's form, and
    /// in models of another form all that there are.</summary>
    [Setting("Linear layers that get an adapter, by last name; all-linear is all of them.", Placeholder = "LIST")]
    public IReadOnlyList<string> TargetModules { get; init; } =
    [
        "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"
    ];
}

/// <summary>What an adapter starts from.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AdapterInitialization>))]
public enum AdapterInitialization
{
    /// <summary>A random, B zero.</summary>
    [JsonStringEnumMemberName("default")]
    Default,

    /// <summary>Principal singular directions of the weight (Meng et al. 2024, arXiv 2404.02948).</summary>
    [JsonStringEnumMemberName("pissa")]
    Pissa,
}
/// <summary>
/// A LoRA adapter (Hu et al. 2021, arXiv 2106.09685) over a frozen model, in PEFT's folder layout:
/// <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>.
/// </summary>
public sealed class LoraAdapter : IDisposable
{
    private readonly BaseModel _model;
    private readonly Dictionary<string, LoraLayer> _layers;
    private readonly ReplacedParts? _replaced;

    private LoraAdapter(BaseModel model, LoraConfig config, Dictionary<string, LoraLayer> layers, ReplacedParts? replaced = null) =>
        (_model, Config, _layers, _replaced) = (model, config, layers, replaced);

    /// <summary>Content hash of the weights that it was loaded from, or null where it was made here.</summary>
    internal string? Start { get; private init; }

    /// <summary>Its settings.</summary>
    public LoraConfig Config { get; }

    /// <summary>Number of trainable parameters.</summary>
    public long ParameterCount => Parameters.Values.Sum(p => p.numel());

    /// <summary>Trainable tensors by PEFT name.</summary>
    public IReadOnlyDictionary<string, Tensor> Parameters => _layers.Values
        .SelectMany(l => new[] { KeyValuePair.Create(KeyOf(l.Name, "lora_A"), l.A), KeyValuePair.Create(KeyOf(l.Name, "lora_B"), l.B) }
            .Concat(l.Magnitude is { } magnitude ? [KeyValuePair.Create(MagnitudeKeyOf(l.Name), magnitude)] : []))
        .ToDictionary(StringComparer.Ordinal);

    /// <summary>A new adapter: A uniform in ±1/sqrt(in), B zero, so that it changes nothing before training.</summary>
    /// <exception cref="LabException">The settings are out of range or name no layer of the model.</exception>
    public static LoraAdapter Create(BaseModel model, LoraConfig config, int seed)
    {
        LoraConfig.Settings.Validate(config, "");
        if (config.Initialization == AdapterInitialization.Pissa && config.Rank > PeftFolder.MostRank / 2)
            throw new LabException($"rank is {config.Rank}; of PiSSA, which is written as an adapter of twice the rank, expected at most "
                + $"{PeftFolder.MostRank / 2}");
        var generator = new Generator((ulong)seed, CPU);
        return Build(model, config, "", linear =>
        {
            var magnitude = config.UseDora ? linear.Weight.Materialize(ScalarType.Float32).norm(dim: 1) : null;
            if (config.Initialization == AdapterInitialization.Pissa)
            {
                var (a, b) = PrincipalFactors(linear.Weight.Materialize(ScalarType.Float32), config.Rank, config.Scale, generator);
                return new Tensors(a, b, magnitude, (a.clone(), b.clone()));
            }
            var bound = 1 / Math.Sqrt(linear.Weight.Columns);
            return new Tensors(rand(config.Rank, linear.Weight.Columns, generator: generator).Times(2 * bound).Minus(bound),
                zeros(linear.Weight.Rows, config.Rank), magnitude, null);
        });
    }

    /// <summary>Loads a PEFT folder.</summary>
    /// <exception cref="LabException">A file is missing or corrupt, or the adapter does not fit the model.</exception>
    public static LoraAdapter Load(BaseModel model, string directory)
    {
        using var folder = PeftFolder.Open(directory);
        using var scope = NewDisposeScope();
        var (names, others) = folder.Fit(model.Config.AdaptedModules());
        var config = new LoraConfig
        {
            Rank = folder.Rank,
            Alpha = folder.Alpha,
            Dropout = folder.Dropout,
            UseRsLora = folder.UseRsLora,
            UseDora = folder.UseDora,
            TargetModules = Named(model, names),
        };
        var linears = model.Decoder.Linears.ToDictionary(l => l.Name, StringComparer.Ordinal);
        var layers = new Dictionary<string, LoraLayer>(StringComparer.Ordinal);
        foreach (var name in names)
        {
            var update = folder.Read(name, linears[name].Weight.Rows, linears[name].Weight.Columns);
            layers.Add(name,
                Trainable(new LoraLayer(name, There(update.A), There(update.B), update.Scale, folder.Dropout,
                    update.Magnitude is { } magnitude ? There(magnitude) : null)));
        }
        return new LoraAdapter(model, config, layers, others.Any ? new ReplacedParts(model, others) : null)
        {
            Start = ContentHash.OfFile(folder.WeightsPath),
        };

        Tensor There(Tensor tensor) => tensor.to(model.Decoder.Device).detach();
    }

    /// <summary>
    /// Writes the adapter in PEFT's layout; weights in float32. A PiSSA adapter is written as an ordinary one of twice the
    /// rank, [A; A₀] and [B, -B₀], so that it fits the stock base.
    /// </summary>
    /// <exception cref="LabException">It brings parameters in full, which are not written here.</exception>
    public void Save(string directory)
    {
        RefuseReplaced("cannot be written again");
        Directory.CreateDirectory(directory);
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var pissa = Config.Initialization == AdapterInitialization.Pissa;
        var tensors = Parameters.ToDictionary();
        if (pissa)
        {
            foreach (var layer in _layers.Values)
            {
                tensors[KeyOf(layer.Name, "lora_A")] = cat([layer.A, layer.Start!.Value.A], 0);
                tensors[KeyOf(layer.Name, "lora_B")] = cat([layer.B, -layer.Start!.Value.B], 1);
            }
        }
        SafetensorsFile.Write(Path.Combine(directory, "adapter_model.safetensors"), tensors);
        var factor = pissa ? 2 : 1;
        // Every field that PEFT writes, in its order.
        var fields = new JsonObject
        {
            ["alora_invocation_tokens"] = null,
            ["alpha_pattern"] = Pattern(layer => layer.Scale * (Config.UseRsLora ? Math.Sqrt(layer.A.shape[0]) : layer.A.shape[0]),
                Config.Alpha),
            ["arrow_config"] = null,
            ["auto_mapping"] = null,
            ["base_model_name_or_path"] = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(_model.Directory))),
            ["bias"] = "none",
            ["corda_config"] = null,
            ["ensure_weight_tying"] = false,
            ["eva_config"] = null,
            ["exclude_modules"] = null,
            ["fan_in_fan_out"] = _model.Config.Layout.Linears.Any(l => l.IsTransposed && _layers.ContainsKey(l.Name)),
            ["inference_mode"] = true,
            ["init_lora_weights"] = true,
            ["kasa_config"] = null,
            ["layer_replication"] = null,
            ["layers_pattern"] = null,
            ["layers_to_transform"] = null,
            ["loftq_config"] = new JsonObject(),
            ["lora_alpha"] = Config.Alpha * (Config.UseRsLora ? Math.Sqrt(factor) : factor),
            ["lora_bias"] = false,
            ["lora_dropout"] = Config.Dropout == 0 ? JsonNode.Parse("0.0") : Config.Dropout,
            ["lora_ga_config"] = null,
            ["megatron_config"] = null,
            ["megatron_core"] = "megatron.core",
            ["modules_to_save"] = null,
            ["monteclora_config"] = null,
            ["peft_type"] = "LORA",
            ["peft_version"] = PeftVersion,
            ["qalora_group_size"] = 16,
            ["r"] = factor * Config.Rank,
            ["rank_pattern"] = Pattern(layer => layer.A.shape[0], Config.Rank),
            ["revision"] = null,
            ["target_modules"] = new JsonArray([.. Config.TargetModules.Select(m => (JsonNode)m)]),
            ["target_parameters"] = null,
            ["task_type"] = "CAUSAL_LM",
            ["trainable_token_indices"] = null,
            ["use_bdlora"] = null,
            ["use_dora"] = Config.UseDora,
            ["use_qalora"] = false,
            ["use_rslora"] = Config.UseRsLora,
            ["velora_config"] = null,
        };
        File.WriteAllText(Path.Combine(directory, "adapter_config.json"),
            fields.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
    }

    // Whose fields these are.
    private const string PeftVersion = "0.21.2";

    // By last name where all layers of it are adapted, else by their whole names.
    private static string[] Named(BaseModel model, IReadOnlyList<string> layers)
    {
        var adapted = layers.ToHashSet(StringComparer.Ordinal);
        return [.. model.Decoder.Linears.GroupBy(l => LastName(l.Name))
            .SelectMany(g => g.All(l => adapted.Contains(l.Name)) ? [g.Key] : g.Select(l => l.Name).Where(adapted.Contains))];
    }

    private static string LastName(string layer) => layer[(layer.LastIndexOf('.') + 1)..];

    // Layers that differ from the adapter's own setting; a loaded adapter may have several.
    private JsonObject Pattern(Func<LoraLayer, double> of, double usual) =>
        new(_layers.Values.Where(l => Math.Abs(of(l) - usual) > 1e-9 * Math.Abs(usual)).OrderBy(l => l.Name, StringComparer.Ordinal)
            .Select(l => KeyValuePair.Create(l.Name, (JsonNode?)of(l))));

    // What is trained in full beside the low-rank updates is applied, and not trained on.
    private void RefuseReplaced(string what)
    {
        if (_replaced is not null)
            throw new LabException($"the adapter brings parameters in full ({_replaced.Why}): it {what}. Merge it into its base first "
                + "(doctune export --adapter DIR), and go on from that model.");
    }

    /// <summary>Refuses settings that say something else than this adapter's own, where training goes on from it.</summary>
    /// <param name="config">What was asked for; a setting at its default asks for nothing.</param>
    /// <exception cref="LabException">One of them differs; the message names it.</exception>
    public void RefuseOthers(LoraConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (config.TargetModules is ["all-linear"]
            || config.TargetModules.ToHashSet(StringComparer.Ordinal).SetEquals(Config.TargetModules))
            config = config with { TargetModules = Config.TargetModules };
        foreach (var setting in LoraConfig.Settings)
        {
            var (asked, own) = (setting.Text(setting.Get(config)), setting.Text(setting.Get(Config)));
            if (asked != setting.DefaultText && asked != own)
                throw new LabException($"{setting.Field} is {asked}, but the adapter that training goes on from has {own}, which is kept; "
                    + "leave it out, or train a new adapter");
        }
    }

    /// <summary>Puts the adapter into its model until the result is disposed.</summary>
    /// <exception cref="LabException">It is to be trained, and brings parameters in full.</exception>
    internal IDisposable Attach(bool training = false)
    {
        if (training) RefuseReplaced("cannot be trained on");
        foreach (var linear in _model.Decoder.Linears)
        {
            if (!_layers.TryGetValue(linear.Name, out var layer)) continue;
            layer.Training = training;
            linear.Adapter = layer;
        }
        return new Detach(_model, _replaced?.Put());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var layer in _layers.Values) layer.Dispose();
        _replaced?.Dispose();
    }

    private static string KeyOf(string layer, string part) => $"base_model.model.{layer}.{part}.weight";

    private static string MagnitudeKeyOf(string layer) => $"base_model.model.{layer}.lora_magnitude_vector";

    // Largest singular directions by subspace iteration (Halko et al. 2011, arXiv 0909.4061);
    // scale · B A is W's best approximation of that rank.
    private static (Tensor A, Tensor B) PrincipalFactors(Tensor weight, int rank, double scale, Generator generator)
    {
        if (rank > Math.Min(weight.shape[0], weight.shape[1]))
            throw new LabException($"rank is {rank}, but PiSSA takes that many singular directions of a {weight.shape[0]} x "
                + $"{weight.shape[1]} weight; lower the rank");
        var basis = weight.mm(randn(weight.shape[1], Math.Min(rank + 8, Math.Min(weight.shape[0], weight.shape[1])),
            generator: generator).to(weight.device));
        for (var i = 0; i < 4; i++) basis = linalg.qr(weight.mm(weight.t().mm(linalg.qr(basis).Q))).Q;
        var (u, s, v) = linalg.svd(basis.t().mm(weight), fullMatrices: false);
        var root = s[..rank].Over(scale).sqrt();
        return ((v[..rank] * root.unsqueeze(1)).contiguous(), (basis.mm(u)[.., ..rank] * root.unsqueeze(0)).contiguous());
    }

    private static LoraAdapter Build(BaseModel model, LoraConfig config, string where, Func<Linear, Tensors> tensors)
    {
        using var scope = NewDisposeScope();
        var known = model.Decoder.Linears.Select(l => LastName(l.Name)).ToHashSet(StringComparer.Ordinal);
        // The default stands for all, by whatever names.
        if (config.TargetModules is ["all-linear"]
            || (config.TargetModules.SequenceEqual(new LoraConfig().TargetModules) && !known.SetEquals(config.TargetModules)))
            config = config with { TargetModules = [.. known] };
        bool Is(Linear linear, string target) => linear.Name == target || linear.Name.EndsWith("." + target, StringComparison.Ordinal);
        if (config.TargetModules.FirstOrDefault(t => !model.Decoder.Linears.Any(l => Is(l, t))) is { } unknown)
            throw new LabException($"{where}target module '{unknown}' is no linear layer of the model; it has {string.Join(", ", known)}");
        var layers = new Dictionary<string, LoraLayer>(StringComparer.Ordinal);
        foreach (var linear in model.Decoder.Linears)
        {
            if (!config.TargetModules.Any(t => Is(linear, t))) continue;
            var (a, b, magnitude, start) = tensors(linear).To(model.Decoder.Device);
            var layer = new LoraLayer(linear.Name, a.detach(), b.detach(), config.Scale, config.Dropout, magnitude?.detach(), start);
            layers.Add(linear.Name, Trainable(layer));
        }
        return new LoraAdapter(model, config, layers);
    }

    private static LoraLayer Trainable(LoraLayer layer)
    {
        layer.A.requires_grad = true;
        layer.B.requires_grad = true;
        if (layer.Magnitude is not null) layer.Magnitude.requires_grad = true;
        return layer;
    }

    private readonly record struct Tensors(Tensor A, Tensor B, Tensor? Magnitude, (Tensor A, Tensor B)? Start)
    {
        public Tensors To(Device device) =>
            new(A.to(device), B.to(device), Magnitude?.to(device), Start is { } start ? (start.A.to(device), start.B.to(device)) : null);
    }

    private sealed class Detach(BaseModel model, IDisposable? replaced) : IDisposable
    {
        public void Dispose()
        {
            replaced?.Dispose();
            foreach (var linear in model.Decoder.Linears) linear.Adapter = null;
        }
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Models;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Adapters;

/// <summary>Settings of a low-rank adapter.</summary>
public sealed record LoraConfig
{
    /// <summary>Rank of the update. Default 16.</summary>
    public int Rank { get; init; } = 16;

    /// <summary>The update is scaled by alpha / rank. Default 32.</summary>
    public double Alpha { get; init; } = 32;

    /// <summary>Dropout on the adapter's input in training. Default 0.</summary>
    public double Dropout { get; init; }

    /// <summary>Linear layers that get an adapter, by last name. Default: all seven.</summary>
    public IReadOnlyList<string> TargetModules { get; init; } = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];
}

/// <summary>One low-rank update: x → (alpha / rank) · B A x.</summary>
public sealed class LoraLayer : IDisposable
{
    private readonly double _scale, _dropout;

    internal LoraLayer(string name, Tensor a, Tensor b, double scale, double dropout)
    {
        (Name, A, B, _scale, _dropout) = (name, a.DetachFromDisposeScope(), b.DetachFromDisposeScope(), scale, dropout);
    }

    /// <summary>Name of the linear layer.</summary>
    public string Name { get; }

    /// <summary>[rank, in] in float32.</summary>
    public Tensor A { get; }

    /// <summary>[out, rank] in float32.</summary>
    public Tensor B { get; }

    /// <summary>Whether dropout is on.</summary>
    internal bool Training { get; set; }

    /// <summary>[..., in] to [..., out], in the type of x.</summary>
    public Tensor Forward(Tensor x)
    {
        if (Training && _dropout > 0) x = nn.functional.dropout(x, _dropout, true);
        return nn.functional.linear(nn.functional.linear(x, A.to_type(x.dtype)), B.to_type(x.dtype)) * _scale;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        A.Dispose();
        B.Dispose();
    }
}

/// <summary>
/// A LoRA adapter (Hu et al. 2021, arXiv 2106.09685) over a frozen model, in PEFT's folder layout:
/// <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>.
/// </summary>
public sealed class LoraAdapter : IDisposable
{
    private readonly BaseModel _model;
    private readonly Dictionary<string, LoraLayer> _layers;

    private LoraAdapter(BaseModel model, LoraConfig config, Dictionary<string, LoraLayer> layers) => (_model, Config, _layers) = (model, config, layers);

    /// <summary>Its settings.</summary>
    public LoraConfig Config { get; }

    /// <summary>Number of trainable parameters.</summary>
    public long ParameterCount => Parameters.Values.Sum(p => p.numel());

    /// <summary>Trainable tensors by PEFT name.</summary>
    public IReadOnlyDictionary<string, Tensor> Parameters => _layers.Values
        .SelectMany(l => new[] { KeyValuePair.Create(KeyOf(l.Name, "lora_A"), l.A), KeyValuePair.Create(KeyOf(l.Name, "lora_B"), l.B) })
        .ToDictionary(StringComparer.Ordinal);

    /// <summary>A new adapter: A uniform in ±1/sqrt(in), B zero, so that it changes nothing before training.</summary>
    /// <exception cref="LabException">The settings are out of range or name no layer of the model.</exception>
    public static LoraAdapter Create(BaseModel model, LoraConfig config, int seed)
    {
        Validate(config, "");
        var generator = new Generator((ulong)seed, CPU);
        return Build(model, config, "", linear =>
        {
            var bound = 1 / Math.Sqrt(linear.Weight.Columns);
            return (rand(config.Rank, linear.Weight.Columns, generator: generator) * (2 * bound) - bound, zeros(linear.Weight.Rows, config.Rank));
        });
    }

    /// <summary>Loads a PEFT folder.</summary>
    /// <exception cref="LabException">A file is missing or corrupt, or the adapter does not fit the model.</exception>
    public static LoraAdapter Load(BaseModel model, string directory)
    {
        var path = Path.Combine(directory, "adapter_config.json");
        if (!File.Exists(path)) throw new LabException($"{path}: no such file; an adapter is a folder with adapter_config.json and adapter_model.safetensors");
        LoraConfig config;
        try
        {
            var json = JsonNode.Parse(File.ReadAllBytes(path))!;
            if ((bool?)json["use_dora"] == true || (bool?)json["use_rslora"] == true) throw new LabException($"{path}: DoRA and rsLoRA adapters are not supported");
            config = new LoraConfig
            {
                Rank = (int)json["r"]!, Alpha = (double)json["lora_alpha"]!, Dropout = (double?)json["lora_dropout"] ?? 0,
                TargetModules = [.. json["target_modules"]!.AsArray().Select(m => (string)m!)],
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException or ArgumentNullException)
        {
            throw new LabException($"{path}: not a PEFT adapter configuration: {e.Message}", e);
        }
        Validate(config, path + ": ");
        using var file = SafetensorsFile.Open(Path.Combine(directory, "adapter_model.safetensors"));
        return Build(model, config, path + ": ", linear => (
            file.Read(KeyOf(linear.Name, "lora_A"), [config.Rank, linear.Weight.Columns]).to_type(ScalarType.Float32),
            file.Read(KeyOf(linear.Name, "lora_B"), [linear.Weight.Rows, config.Rank]).to_type(ScalarType.Float32)));
    }

    /// <summary>Writes the adapter in PEFT's layout; weights in float32.</summary>
    public void Save(string directory)
    {
        Directory.CreateDirectory(directory);
        SafetensorsFile.Write(Path.Combine(directory, "adapter_model.safetensors"), Parameters);
        File.WriteAllText(Path.Combine(directory, "adapter_config.json"), new JsonObject
        {
            ["peft_type"] = "LORA", ["task_type"] = "CAUSAL_LM", ["base_model_name_or_path"] = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(_model.Directory))),
            ["r"] = Config.Rank, ["lora_alpha"] = Config.Alpha, ["lora_dropout"] = Config.Dropout,
            ["target_modules"] = new JsonArray([.. Config.TargetModules.Select(m => (JsonNode)m)]),
            ["bias"] = "none", ["fan_in_fan_out"] = false, ["inference_mode"] = true, ["init_lora_weights"] = true, ["use_rslora"] = false, ["use_dora"] = false,
            ["modules_to_save"] = null, ["rank_pattern"] = new JsonObject(), ["alpha_pattern"] = new JsonObject(),
        }.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
    }

    /// <summary>Puts the adapter into its model until the result is disposed.</summary>
    internal IDisposable Attach(bool training = false)
    {
        foreach (var linear in _model.Decoder.Linears)
        {
            if (!_layers.TryGetValue(linear.Name, out var layer)) continue;
            layer.Training = training;
            linear.Adapter = layer;
        }
        return new Detach(_model);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var layer in _layers.Values) layer.Dispose();
    }

    private static string KeyOf(string layer, string part) => $"base_model.model.{layer}.{part}.weight";

    private static void Validate(LoraConfig config, string where)
    {
        if (config.Rank is < 1 or > 1024) throw new LabException($"{where}rank is {config.Rank}; expected 1 to 1024");
        if (config.Dropout is < 0 or >= 1) throw new LabException($"{where}dropout is {config.Dropout}; expected 0 or more and less than 1");
    }

    private static LoraAdapter Build(BaseModel model, LoraConfig config, string where, Func<Linear, (Tensor A, Tensor B)> tensors)
    {
        using var scope = NewDisposeScope();
        var known = model.Decoder.Linears.Select(l => l.Name[(l.Name.LastIndexOf('.') + 1)..]).ToHashSet(StringComparer.Ordinal);
        if (config.TargetModules.FirstOrDefault(t => !known.Contains(t)) is { } unknown)
            throw new LabException($"{where}target module '{unknown}' is no linear layer of the model; it has {string.Join(", ", known)}");
        var layers = new Dictionary<string, LoraLayer>(StringComparer.Ordinal);
        foreach (var linear in model.Decoder.Linears)
        {
            if (!config.TargetModules.Contains(linear.Name[(linear.Name.LastIndexOf('.') + 1)..])) continue;
            var (a, b) = tensors(linear);
            var layer = new LoraLayer(linear.Name, a.detach(), b.detach(), config.Alpha / config.Rank, config.Dropout);
            layer.A.requires_grad = true;
            layer.B.requires_grad = true;
            layers.Add(linear.Name, layer);
        }
        return new LoraAdapter(model, config, layers);
    }

    private sealed class Detach(BaseModel model) : IDisposable
    {
        public void Dispose()
        {
            foreach (var linear in model.Decoder.Linears) linear.Adapter = null;
        }
    }
}

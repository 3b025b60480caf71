using System.Text.Json.Nodes;
using DocTuneLab.Conversations;
using DocTuneLab.Settings;
using DocTuneLab.Tokenization;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models.Families;
using DocTuneLab.Training.Quantization.Formats;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Models;

/// <summary>How a model folder is loaded.</summary>
public sealed record ModelLoadOptions
{
    /// <summary>Names, ranges and words of these settings.</summary>
    public static SettingTable<ModelLoadOptions> Settings => SettingTable<ModelLoadOptions>.Instance;

    /// <summary>
    /// What the linear layers are quantised to as they load: <c>nf4</c>, <c>fp4</c>, <c>int8</c>, <c>none</c>, or what a program adds to
    /// <see cref="WeightFormats"/>. Layers that the files hold quantised stay as they are. Default nf4 (QLoRA).
    /// </summary>
    [Setting(
        "What the linear layers are quantised to as they load; nf4 takes a quarter of the memory, and is what a QLoRA adapter is trained "
            + "over.",
        Option = "quantize", AllowedBy = typeof(WeightFormatNames))]
    public string Quantization { get; init; } = "nf4";

    /// <summary>
    /// Whether the matrix of the vocabulary is rounded to 8 bits with a scale for each row, as it is in llama.cpp's Q8_0 files: of a small
    /// model with a large vocabulary it is half of what is read for each token. Where embeddings are tied they are rounded with it.
    /// Default false.
    /// </summary>
    [Setting("Rounds the matrix of the vocabulary to 8 bits: faster generation where the vocabulary is large.")]
    public bool QuantizeHead { get; init; }

    /// <summary>Type of activations. Default auto.</summary>
    [Setting("Type of activations; auto is bf16 where the machine gains from it and the model is not small.", Option = "compute")]
    public ActivationType ComputeType { get; init; } = ActivationType.Auto;

    /// <summary>Where the model is, and everything is computed: <c>auto</c> (a CUDA device where there is one), <c>cpu</c>, <c>cuda</c> or
    /// <c>cuda:N</c>. Default auto.</summary>
    [Setting("Where the model is computed; auto is a CUDA device where there is one, else the processor.", Placeholder = "D",
        Pattern = "auto|cpu|cuda(:[0-9]{1,3})?", Expected = "auto, cpu, cuda or cuda:N")]
    public string Device { get; init; } = "auto";
}

/// <summary>A model folder in Hugging Face layout, loaded: configuration, tokenizer, chat template and weights.</summary>
public sealed class BaseModel : IDisposable
{
    private readonly Lazy<string> _hash;
    private readonly Lazy<ChatTemplate> _template;

    private BaseModel(string directory, Func<string> hash, ModelConfig config, HuggingFaceTokenizer tokenizer,
        Decoder decoder, IReadOnlyDictionary<string, Tensor> parameters)
    {
        (Directory, _hash, Config, Tokenizer, Decoder, Parameters) =
            (directory, new Lazy<string>(hash), config, tokenizer, decoder, parameters);
        _template = new Lazy<ChatTemplate>(() => ChatTemplate.Load(TemplatePath));
    }

    /// <summary>The folder.</summary>
    public string Directory { get; }

    /// <summary>Content hash of the weights, read when first asked for.</summary>
    public string Hash => _hash.Value;

    /// <summary>Shape of the model.</summary>
    public ModelConfig Config { get; }

    /// <summary>Its tokenizer.</summary>
    public HuggingFaceTokenizer Tokenizer { get; }

    /// <summary>Its chat format, read when first asked for: a base model needs none to be scored, continued or trained on plain
    /// text.</summary>
    /// <exception cref="LabException">It has none, or one that needs what is not supported.</exception>
    public ChatTemplate ChatTemplate => _template.Value;

    /// <summary>The token that <c>tokenizer_config.json</c> names as the end, or null.</summary>
    public int? EndToken
    {
        get
        {
            if (!File.Exists(TemplatePath)) return null;
            var json = JsonFields.Read(TemplatePath, "");
            var text = json.Inner("eos_token")?.Optional<string?>("content", null)
                ?? (json.Node("eos_token") is JsonValue ? json.Optional<string?>("eos_token", null) : null);
            return text is not null && Tokenizer.SpecialTokens.TryGetValue(text, out var id) ? id : null;
        }
    }

    private string TemplatePath => Path.Combine(Directory, "tokenizer_config.json");

    /// <summary>The network.</summary>
    public Decoder Decoder { get; }

    /// <summary>Trainable tensors by name; empty for a loaded, frozen model.</summary>
    public IReadOnlyDictionary<string, Tensor> Parameters { get; }

    /// <summary>Number of parameters.</summary>
    public long ParameterCount { get; private init; }

    /// <summary>Bytes that the weights take at rest.</summary>
    public long WeightBytes { get; private init; }

    /// <summary>Where it is: <c>cpu</c> or <c>cuda:N</c>.</summary>
    public string Device => Decoder.Device.ToString();

    /// <summary>How it was loaded. A model that was made here is not quantised.</summary>
    public ModelLoadOptions Loading { get; private init; } = new() { Quantization = "none" };

    /// <summary>For people: what its linear layers are kept in, such as <c>NF4</c>.</summary>
    public string WeightFormat => Loading.Quantization == "none" ? "the files' types" : Loading.Quantization.ToUpperInvariant();

    /// <summary>Name of the type activations are computed in.</summary>
    public string ComputeType => Decoder.ComputeType == ScalarType.BFloat16 ? "bf16" : "fp32";

    /// <summary>A model's folder: itself, or from the cache or the hub, where a model that cannot be loaded here is refused before its
    /// weights are downloaded; see <see cref="ModelHub.Resolve"/>.</summary>
    /// <exception cref="LabException">It cannot be had, or its architecture is not supported.</exception>
    public static string Find(string model, IProgress<ModelDownload>? progress = null, CancellationToken cancel = default) =>
        ModelHub.Resolve(model, progress, Inspect, cancel);

    /// <summary>Fails where a folder's configuration is of a model that cannot be loaded here; a folder without one may be an adapter's.
    /// </summary>
    internal static void Inspect(string directory)
    {
        var path = Path.Combine(directory, "config.json");
        if (File.Exists(path)) ModelConfig.Load(path);
    }

    /// <summary>Loads a folder, frozen.</summary>
    /// <exception cref="LabException">A file is missing or corrupt, a tensor is missing or misshaped, the architecture is not supported,
    /// there is no such device, or its memory is not enough.</exception>
    public static BaseModel Load(string directory, ModelLoadOptions? options = null)
    {
        options ??= new ModelLoadOptions();
        var device = ComputeDevices.Resolve(options.Device);
        return ComputeDevices.Within(device, $"the model in {directory}",
            options.Quantization == "none"
                ? "quantise it as it loads (nf4), or take a smaller one"
                : "take a smaller one, or end what else uses it",
            () => LoadOn(device, composed: false, directory, options));
    }

    /// <summary>The same; passes may be composed of libtorch's operations on the processor too, as they are on any other device.</summary>
    internal static BaseModel LoadOn(Device device, bool composed, string directory, ModelLoadOptions options)
    {
        if (!System.IO.Directory.Exists(directory))
            throw new LabException($"{directory}: no such folder; a base model is a folder in Hugging Face layout (config.json, "
                + "model.safetensors, tokenizer.json)");
        var config = ModelConfig.Load(Path.Combine(directory, "config.json"));
        var compute = ComputeDevices.ComputeType(options.ComputeType, config.HiddenSize, device);
        composed |= device.type != TorchSharp.DeviceType.CPU;
        using var files = WeightFiles.Open(directory);
        config = config.For(files);
        Check(directory, config, files);
        // The disk has something to do while the tokenizer is read.
        var places = config.Parameters().Select((p, i) => (p.Name, i)).ToDictionary(p => p.Name, p => p.i, StringComparer.Ordinal);
        files.Announce(files.Names.OrderBy(n => places.GetValueOrDefault(WeightFormats.Owner(n) ?? n, int.MaxValue)));
        var tokenizer = HuggingFaceTokenizer.Load(Path.Combine(directory, "tokenizer.json"));
        if (tokenizer.VocabularySize > config.VocabularySize)
            throw new LabException($"{directory}: tokenizer.json has ids up to {tokenizer.VocabularySize - 1}, but config.json says "
                + $"vocab_size {config.VocabularySize}");
        var placement = new Decoder.Placement(device, compute, composed);
        using var tensors = new StoredTensors(files, config.Layout, placement, options);
        var decoder = new Decoder(config.Layout, placement, tensors);
        return new BaseModel(directory, () => HashOf(directory), config, tokenizer, decoder, new Dictionary<string, Tensor>())
        {
            ParameterCount = config.Parameters().Sum(p => p.Shape.Aggregate(1L, (a, b) => a * b)),
            WeightBytes = tensors.Bytes,
            Loading = options,
        };
    }

    /// <summary>Makes a new model with random weights (normal, 0.02;
    /// residual outputs scaled by 1/sqrt(2·layers)) to be trained in full.</summary>
    public static BaseModel Create(string directory, ModelConfig config, int seed,
        ActivationType computeType = ActivationType.Auto, string device = "auto") =>
        CreateOn(ComputeDevices.Resolve(device), composed: false, directory, config, seed, computeType);

    /// <summary>The same; see <see cref="LoadOn"/>.</summary>
    internal static BaseModel CreateOn(Device device, bool composed, string directory, ModelConfig config, int seed,
        ActivationType computeType)
    {
        var tokenizer = HuggingFaceTokenizer.Load(Path.Combine(directory, "tokenizer.json"));
        var tensors = new FreshTensors(config.Layout, device, seed);
        var decoder = new Decoder(config.Layout,
            new Decoder.Placement(device, ComputeDevices.ComputeType(computeType, config.HiddenSize, device),
                composed || device.type != TorchSharp.DeviceType.CPU), tensors);
        return new BaseModel(directory, () => "", config, tokenizer, decoder, tensors.Parameters)
        {
            ParameterCount = tensors.Parameters.Values.Sum(p => p.numel()),
            WeightBytes = tensors.Parameters.Values.Sum(p => 4 * p.numel()),
        };
    }

    /// <summary>Writes a trained model: bf16 weights and configuration. The tokenizer's files are already in the folder.</summary>
    public void Save()
    {
        using var scope = NewDisposeScope();
        SafetensorsFile.Write(Path.Combine(Directory, "model.safetensors"), FreshTensors.Stored(Config.Layout, Parameters));
        File.WriteAllText(Path.Combine(Directory, "config.json"), Config.ToJson());
    }

    private static string HashOf(string directory)
    {
        using var files = WeightFiles.Open(directory);
        return files.Hash();
    }

    private static void Check(string directory, ModelConfig config, WeightFiles files)
    {
        var (missing, family) = (new List<string>(), Architectures.All[config.ModelType]);
        var quantized = files.Names.Select(WeightFormats.Owner).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var known = new HashSet<string>(StringComparer.Ordinal) { config.Layout.Head + ".weight" };
        foreach (var (name, shape) in config.Parameters())
        {
            known.Add(name);
            if (files.Find(name) is not { } entry) missing.Add(name);
            else if (!quantized.Contains(name) && !entry.Shape.SequenceEqual(shape)) files.Read(name, shape).Dispose();
        }
        if (missing.Count > 0)
        {
            var some = string.Join(", ", missing.Skip(1).Take(4)) + (missing.Count > 5 ? ", …" : "");
            var others = missing.Count > 1 ? $", and {missing.Count - 1} more ({some})" : "";
            throw new LabException($"{directory}: tensor '{missing[0]}' is missing{others}; config.json asks for it");
        }
        // A tensor left unread is a part of the network left out: better to stop than to compute something else.
        if (files.Names
            .Where(n => !known.Contains(WeightFormats.Owner(n) ?? n) && !family.IsBuffer(n))
            .Order(StringComparer.Ordinal)
            .FirstOrDefault() is { } unused)
            throw new LabException($"{directory}: tensor '{unused}' has no place in a {config.ModelType} decoder as config.json describes "
                + "it; the model is of another kind");
    }

    /// <inheritdoc/>
    public void Dispose() => Decoder.Dispose();
}

using DocTuneLab.Conversations;
using DocTuneLab.Settings;
using DocTuneLab.Tokenization;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models.Families;
using DocTuneLab.Training.Quantization;
using DocTuneLab.Training.Quantization.Formats;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Models;

/// <summary>How a model is loaded.</summary>
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

    /// <summary>A file with the chat template to use instead of the model's own, in Jinja. Default null: the model's own.</summary>
    [Setting("A chat template (Jinja) to use instead of the model's own, or for a model that has none.", Placeholder = "FILE")]
    public string? ChatTemplate { get; init; }
}

/// <summary>A model, loaded: configuration, tokenizer, chat template and weights.</summary>
public sealed class BaseModel : IDisposable
{
    private readonly Lazy<string> _hash;
    private readonly ChatTemplate? _template;

    private BaseModel(string directory, Func<string> hash, ModelConfig config, HuggingFaceTokenizer tokenizer, ChatTemplate? template,
        Decoder decoder, IReadOnlyDictionary<string, Tensor> parameters)
    {
        (Directory, _hash, Config, Tokenizer, _template, Decoder, Parameters) =
            (directory, new Lazy<string>(hash), config, tokenizer, template, decoder, parameters);
    }

    /// <summary>The folder, or the GGUF file.</summary>
    public string Directory { get; }

    /// <summary>Name for people.</summary>
    public string Name { get; private init; } = "";

    // The token that the tokenizer's configuration names as the end, which a model has without a chat template too.
    private string? EndMark { get; init; }

    /// <summary>Content hash of the weights, read when first asked for.</summary>
    public string Hash => _hash.Value;

    /// <summary>Shape of the model.</summary>
    public ModelConfig Config { get; }

    /// <summary>Its tokenizer.</summary>
    public HuggingFaceTokenizer Tokenizer { get; }

    /// <summary>Its chat format.</summary>
    /// <exception cref="LabException">It has none: only conversations need one.</exception>
    public ChatTemplate ChatTemplate => _template ?? throw new LabException(
        $"{Directory}: the model has no chat template, which conversations need; give one with --chat-template FILE");

    /// <summary>Whether it has a chat format.</summary>
    public bool HasChatTemplate => _template is not null;

    /// <summary>Ids that end an answer.</summary>
    public IReadOnlySet<int> EndTokens
    {
        get
        {
            var ends = new HashSet<int>(Config.EndTokens);
            foreach (var mark in (string?[])[EndMark, _template?.EndToken, "<|im_end|>", "<|eot_id|>"])
                if (mark is not null && Tokenizer.SpecialTokens.TryGetValue(mark, out var id)) ends.Add(id);
            return ends;
        }
    }

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
    public string WeightFormat =>
        Decoder.Linears.Select(l => l.Weight).OfType<BlockWeight>().GroupBy(b => b.TypeName).MaxBy(g => g.Count()) is { } blocks
            ? $"the file's blocks (mostly {blocks.Key})"
            : Loading.Quantization == "none" ? "the files' types" : Loading.Quantization.ToUpperInvariant();

    /// <summary>Name of the type activations are computed in.</summary>
    public string ComputeType => Decoder.ComputeType == ScalarType.BFloat16 ? "bf16" : "fp32";

    /// <summary>Loads a model, frozen.</summary>
    /// <param name="directory">A folder in Hugging Face layout, or a GGUF file, of which the blocks stay as they are.</param>
    /// <param name="options">How; default as <see cref="ModelLoadOptions"/> says.</param>
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
        using var parts = ModelFiles.Open(directory);
        var config = parts.Config;
        var compute = ComputeDevices.ComputeType(options.ComputeType, config.HiddenSize, device);
        composed |= device.type != TorchSharp.DeviceType.CPU;
        var files = parts.Weights;
        config = config.For(files);
        Check(config, files);
        var places = config.Parameters().Select((p, i) => (p.Name, i)).ToDictionary(p => p.Name, p => p.i, StringComparer.Ordinal);
        files.Announce(files.Names.OrderBy(n => places.GetValueOrDefault(WeightFormats.Owner(n) ?? n, int.MaxValue)));
        // On another core while the weights are read: of a small model it takes as long as they do.
        var reading = Task.Run(() => TokenizerOf(parts, config));
        try
        {
            var template = options.ChatTemplate is { } file ? parts.TemplateOf(file) : parts.Template();
            var placement = new Decoder.Placement(device, compute, composed);
            using var tensors = new StoredTensors(files, config.Layout, placement, options) { Beside = reading };
            var decoder = new Decoder(config.Layout, placement, tensors);
            return new BaseModel(directory, () => HashOf(directory), config, Finished(decoder), template, decoder,
                new Dictionary<string, Tensor>())
            {
                Name = parts.Name,
                EndMark = EndOf(parts.Marks()),
                ParameterCount = config.Parameters().Sum(p => p.Shape.Aggregate(1L, (a, b) => a * b)),
                WeightBytes = tensors.Bytes,
                Loading = options,
            };
        }
        finally
        {
            // The files stay open while it reads, however loading ends.
            ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
        }

        HuggingFaceTokenizer Finished(Decoder decoder)
        {
            try
            {
                return reading.GetAwaiter().GetResult();
            }
            catch
            {
                decoder.Dispose();
                throw;
            }
        }
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
        var marks = Path.Combine(directory, "tokenizer_config.json");
        var tensors = new FreshTensors(config.Layout, device, seed);
        var decoder = new Decoder(config.Layout,
            new Decoder.Placement(device, ComputeDevices.ComputeType(computeType, config.HiddenSize, device),
                composed || device.type != TorchSharp.DeviceType.CPU), tensors);
        return new BaseModel(directory, () => "", config, tokenizer, ChatTemplate.LoadOrNull(marks), decoder, tensors.Parameters)
        {
            Name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory))),
            EndMark = EndOf(ChatTemplate.TokensOf(marks)),
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

    private static string? EndOf(IReadOnlyDictionary<string, string> marks) => marks.GetValueOrDefault("eos_token");

    private static string HashOf(string path)
    {
        using var parts = ModelFiles.Open(path);
        return parts.Weights.Hash();
    }

    private static HuggingFaceTokenizer TokenizerOf(ModelFiles parts, ModelConfig config)
    {
        var tokenizer = parts.Tokenizer();
        return tokenizer.VocabularySize <= config.VocabularySize ? tokenizer
            : throw new LabException($"{tokenizer.File.Path}: the tokenizer has ids up to {tokenizer.VocabularySize - 1}, but the model "
                + $"has {config.VocabularySize} of them");
    }

    private static void Check(ModelConfig config, WeightFiles files)
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
            var some = string.Join(", ", missing.Skip(1).Take(4).Select(files.OwnName)) + (missing.Count > 5 ? ", …" : "");
            var others = missing.Count > 1 ? $", and {missing.Count - 1} more ({some})" : "";
            throw new LabException($"{files.PathOf(missing[0])}: tensor '{files.OwnName(missing[0])}' is missing{others}; "
                + "the model's configuration asks for it");
        }
        // A tensor left unread is a part of the network left out: better to stop than to compute something else.
        if (files.Names
            .Where(n => !known.Contains(WeightFormats.Owner(n) ?? n) && !family.IsBuffer(n))
            .Order(StringComparer.Ordinal)
            .FirstOrDefault() is { } unused)
            throw new LabException($"{files.PathOf(unused)}: tensor '{files.OwnName(unused)}' has no place in a {config.ModelType} decoder "
                + "as the configuration describes it; the model is of another kind");
    }

    /// <inheritdoc/>
    public void Dispose() => Decoder.Dispose();
}

using DocTuneLab.Conversations;
using DocTuneLab.Settings;
using DocTuneLab.Tokenization;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Quantization;
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

    private BaseModel(string directory, Func<string> hash, ModelConfig config, HuggingFaceTokenizer tokenizer, ChatTemplate template,
        Decoder decoder, IReadOnlyDictionary<string, Tensor> parameters)
    {
        (Directory, _hash, Config, Tokenizer, ChatTemplate, Decoder, Parameters) =
            (directory, new Lazy<string>(hash), config, tokenizer, template, decoder, parameters);
    }

    /// <summary>The folder.</summary>
    public string Directory { get; }

    /// <summary>Content hash of the weights, read when first asked for.</summary>
    public string Hash => _hash.Value;

    /// <summary>Shape of the model.</summary>
    public ModelConfig Config { get; }

    /// <summary>Its tokenizer.</summary>
    public HuggingFaceTokenizer Tokenizer { get; }

    /// <summary>Its chat format.</summary>
    public ChatTemplate ChatTemplate { get; }

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
        Check(directory, config, files);
        // The disk has something to do while the tokenizer is read.
        var places = config.Parameters().Select((p, i) => (p.Name, i)).ToDictionary(p => p.Name, p => p.i, StringComparer.Ordinal);
        files.Announce(files.Names.OrderBy(n => places.GetValueOrDefault(WeightFormats.Owner(n) ?? n, int.MaxValue)));
        var tokenizer = HuggingFaceTokenizer.Load(Path.Combine(directory, "tokenizer.json"));
        if (tokenizer.VocabularySize > config.VocabularySize)
            throw new LabException($"{directory}: tokenizer.json has ids up to {tokenizer.VocabularySize - 1}, but config.json says "
                + $"vocab_size {config.VocabularySize}");
        var template = ChatTemplate.Load(Path.Combine(directory, "tokenizer_config.json"));
        long bytes = 0;
        var decoder = Build(config, new Decoder.Placement(device, compute, composed), Vector, Matrix, Table);
        return new BaseModel(directory, () => HashOf(directory), config, tokenizer, template, decoder, new Dictionary<string, Tensor>())
        {
            ParameterCount = config.Parameters().Sum(p => p.Shape.Aggregate(1L, (a, b) => a * b)),
            WeightBytes = bytes,
            Loading = options,
        };

        Tensor Vector(string name, long size)
        {
            using var scope = NewDisposeScope();
            var vector = files.Read(name, [size]).to_type(ScalarType.Float32).to(device);
            bytes += 4 * size;
            return vector.DetachFromDisposeScope();
        }

        Weight Matrix(string name, long rows, long columns)
        {
            var weight = WeightFormats.Read(files, name, [rows, columns], options.Quantization, compute);
            bytes += weight.Bytes;
            return composed ? weight.OnDevice(device) : weight;
        }

        // Embeddings are looked up by rows and are not quantised.
        DenseWeight Table(string name)
        {
            using var scope = NewDisposeScope();
            long[] shape = [config.VocabularySize, config.HiddenSize];
            var weight = WeightFormats.Stored(files, name, shape) is { } stored
                ? new DenseWeight(stored.Materialize(compute))
                : (DenseWeight)WeightFormats.Read(files, name, shape, "none", compute);
            if (options.QuantizeHead && name == (config.TieEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight"))
                weight.RoundToInt8();
            bytes += weight.Bytes;
            // Of a table of its own a batch needs a few rows: they are fetched from the host.
            return composed && (config.TieEmbeddings || name == "lm_head.weight") ? (DenseWeight)weight.OnDevice(device) : weight;
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
        var template = ChatTemplate.Load(Path.Combine(directory, "tokenizer_config.json"));
        var parameters = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        // Of its own: the process's one may be drawn from elsewhere meanwhile.
        var generator = new Generator((ulong)seed, CPU);
        var decoder = Build(config,
            new Decoder.Placement(device, ComputeDevices.ComputeType(computeType, config.HiddenSize, device),
                composed || device.type != TorchSharp.DeviceType.CPU),
            Vector, Matrix, name => (DenseWeight)Matrix(name, config.VocabularySize, config.HiddenSize));
        return new BaseModel(directory, () => "", config, tokenizer, template, decoder, parameters)
        {
            ParameterCount = parameters.Values.Sum(p => p.numel()),
            WeightBytes = parameters.Values.Sum(p => 4 * p.numel()),
        };

        Tensor Vector(string name, long size)
        {
            var vector = (name.EndsWith(".bias", StringComparison.Ordinal) ? zeros(size, device: device) : ones(size, device: device))
                .DetachFromDisposeScope();
            vector.requires_grad = true;
            return parameters[name] = vector;
        }

        Weight Matrix(string name, long rows, long columns)
        {
            using var scope = NewDisposeScope();
            var residual = name.EndsWith("o_proj.weight", StringComparison.Ordinal)
                || name.EndsWith("down_proj.weight", StringComparison.Ordinal);
            var tensor = (randn(rows, columns, generator: generator) * (residual ? 0.02 / Math.Sqrt(2.0 * config.Layers) : 0.02)).to(device)
                .detach();
            tensor.requires_grad = true;
            parameters[name] = tensor;
            return new DenseWeight(tensor);
        }
    }

    /// <summary>Writes a trained model: bf16 weights and configuration. The tokenizer's files are already in the folder.</summary>
    public void Save()
    {
        using var scope = NewDisposeScope();
        SafetensorsFile.Write(Path.Combine(Directory, "model.safetensors"),
            Parameters.Select(p => KeyValuePair.Create(p.Key, p.Value.detach().to_type(ScalarType.BFloat16))));
        File.WriteAllText(Path.Combine(Directory, "config.json"), Config.ToJson());
    }

    private static Decoder Build(ModelConfig c, Decoder.Placement placement, Func<string, long, Tensor> vector,
        Func<string, long, long, Weight> matrix, Func<string, DenseWeight> table)
    {
        var embedding = table("model.embed_tokens.weight");
        var layers = new Decoder.Layer[c.Layers];
        for (var i = 0; i < layers.Length; i++)
        {
            var prefix = $"model.layers.{i}.";
            Linear Linear(string name, long rows, long columns, bool bias) =>
                new(prefix + name, matrix(prefix + name + ".weight", rows, columns), bias ? vector(prefix + name + ".bias", rows) : null);
            var (queries, keys) = ((long)c.Heads * c.HeadSize, (long)c.KeyValueHeads * c.HeadSize);
            layers[i] = new Decoder.Layer
            {
                InputNorm = vector(prefix + "input_layernorm.weight", c.HiddenSize),
                Query = Linear("self_attn.q_proj", queries, c.HiddenSize, c.AttentionBias),
                Key = Linear("self_attn.k_proj", keys, c.HiddenSize, c.AttentionBias),
                Value = Linear("self_attn.v_proj", keys, c.HiddenSize, c.AttentionBias),
                Output = Linear("self_attn.o_proj", c.HiddenSize, queries, c.OutputBias),
                MlpNorm = vector(prefix + "post_attention_layernorm.weight", c.HiddenSize),
                Gate = Linear("mlp.gate_proj", c.IntermediateSize, c.HiddenSize, c.MlpBias),
                Up = Linear("mlp.up_proj", c.IntermediateSize, c.HiddenSize, c.MlpBias),
                Down = Linear("mlp.down_proj", c.HiddenSize, c.IntermediateSize, c.MlpBias),
                QueryNorm = c.QueryKeyNorm ? vector(prefix + "self_attn.q_norm.weight", c.HeadSize) : null,
                KeyNorm = c.QueryKeyNorm ? vector(prefix + "self_attn.k_norm.weight", c.HeadSize) : null,
            };
        }
        return new Decoder(c, placement, embedding, layers, vector("model.norm.weight", c.HiddenSize),
            c.TieEmbeddings ? null : table("lm_head.weight"));
    }

    private static string HashOf(string directory)
    {
        using var files = WeightFiles.Open(directory);
        return files.Hash();
    }

    private static void Check(string directory, ModelConfig config, WeightFiles files)
    {
        var missing = new List<string>();
        var quantized = files.Names.Select(WeightFormats.Owner).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var known = new HashSet<string>(StringComparer.Ordinal) { "lm_head.weight" };
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
            .Where(n => !known.Contains(WeightFormats.Owner(n) ?? n) && !n.EndsWith("rotary_emb.inv_freq", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .FirstOrDefault() is { } unused)
            throw new LabException($"{directory}: tensor '{unused}' has no place in a {config.ModelType} decoder as config.json describes "
                + "it; the model is of another kind");
    }

    /// <inheritdoc/>
    public void Dispose() => Decoder.Dispose();
}

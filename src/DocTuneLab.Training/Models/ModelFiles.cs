using DocTuneLab.Conversations;
using DocTuneLab.Tokenization;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Checkpoints.Gguf;

namespace DocTuneLab.Training.Models;

/// <summary>The parts of a model, wherever they lie: a folder in Hugging Face layout, or a GGUF file, which has them all.</summary>
public abstract class ModelFiles : IDisposable
{
    private WeightFiles? _weights;

    private protected ModelFiles(string path) => Path = path;

    /// <summary>The folder or the file.</summary>
    public string Path { get; }

    /// <summary>Shape of the model.</summary>
    public abstract ModelConfig Config { get; }

    /// <summary>The weights.</summary>
    /// <exception cref="LabException">They are missing or damaged.</exception>
    public WeightFiles Weights => _weights ??= OpenWeights();

    /// <summary>Name for people: that of the folder, or of the file without its ending.</summary>
    public string Name => IsGguf(Path) ? System.IO.Path.GetFileNameWithoutExtension(Path)
        : System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(Path)));

    /// <summary>Where the chat format is, or would be.</summary>
    internal abstract string TemplatePath { get; }

    /// <summary>Opens them; weights are looked at when they are asked for.</summary>
    /// <param name="path">A folder, or a GGUF file: the first where it is in shards.</param>
    /// <exception cref="LabException">There is neither, a part is missing or damaged, or the model is not supported.</exception>
    public static ModelFiles Open(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (File.Exists(path)) return new GgufParts(path);
        if (!Directory.Exists(path))
            throw new LabException(IsGguf(path) ? $"{path}: no such file"
                : $"{path}: no such folder; a base model is a folder in Hugging Face layout (config.json, model.safetensors, "
                    + "tokenizer.json) or a .gguf file");
        return new FolderParts(path);
    }

    /// <summary>Where a model is: a path as it is, else from the hub, of which the weights are downloaded only where the model can be
    /// loaded. See <see cref="ModelHub.Resolve"/>.</summary>
    /// <exception cref="LabException">It is neither, cannot be had, or is not supported.</exception>
    public static string Resolve(string model, IProgress<ModelDownload>? progress = null, CancellationToken cancel = default) =>
        ModelHub.Resolve(model, progress, Check, cancel);

    /// <summary>Fails where a folder's configuration is of a model that cannot be loaded here; a folder without one may be an adapter's.
    /// </summary>
    internal static void Check(string folder)
    {
        var path = System.IO.Path.Combine(folder, "config.json");
        if (File.Exists(path)) ModelConfig.Load(path);
    }

    /// <summary>Whether a path names a GGUF file.</summary>
    public static bool IsGguf(string path) => path?.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>The tokenizer of a model, or of a <c>tokenizer.json</c> by itself.</summary>
    /// <param name="path">A folder, a GGUF file or a <c>tokenizer.json</c>.</param>
    /// <exception cref="LabException">It is missing or damaged, or not supported.</exception>
    public static HuggingFaceTokenizer LoadTokenizer(string path)
    {
        if (File.Exists(path) && !IsGguf(path)) return HuggingFaceTokenizer.Load(path);
        if (Directory.Exists(path)) return HuggingFaceTokenizer.Load(System.IO.Path.Combine(path, "tokenizer.json"));
        using var file = GgufModel.Open(path);
        return GgufTokenizer.Read(file);
    }

    /// <summary>A folder with the <c>tokenizer.json</c> of a model: its own, or where it is a GGUF file another, into which it is written.
    /// </summary>
    /// <param name="model">A folder, a GGUF file or a <c>tokenizer.json</c>.</param>
    /// <param name="written">Where it is written for a GGUF file.</param>
    /// <exception cref="LabException">There is none, or it is damaged or not supported.</exception>
    public static string TokenizerFolder(string model, string written)
    {
        if (!IsGguf(model))
        {
            var folder = File.Exists(model) ? System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(model))! : model;
            return File.Exists(System.IO.Path.Combine(folder, "tokenizer.json")) ? folder
                : throw new LabException($"{model}: no tokenizer.json in it; name a model folder in Hugging Face layout or a .gguf file");
        }
        var json = LoadTokenizer(model).File.ToJson();
        Directory.CreateDirectory(written);
        File.WriteAllText(System.IO.Path.Combine(written, "tokenizer.json"), json);
        return written;
    }

    /// <summary>Reads the tokenizer.</summary>
    /// <exception cref="LabException">It is missing or damaged, or not supported.</exception>
    public abstract HuggingFaceTokenizer Tokenizer();

    /// <summary>Reads the chat template; null where there is none.</summary>
    /// <exception cref="LabException">The template needs what is not supported.</exception>
    public abstract ChatTemplate? Template();

    /// <summary>Reads a chat template from a file of its own, with the marks of this model.</summary>
    /// <param name="file">A Jinja template.</param>
    /// <exception cref="LabException">There is no such file, or the template needs what is not supported.</exception>
    public ChatTemplate TemplateOf(string file)
    {
        if (!File.Exists(file)) throw new LabException($"{file}: no such file; a chat template is a Jinja text");
        return ChatTemplate.Of(file, File.ReadAllText(file), Marks());
    }

    /// <summary>Writes all parts but the weights into a folder in Hugging Face layout.</summary>
    internal abstract void CopyTo(string folder);

    private protected abstract WeightFiles OpenWeights();

    /// <summary>Texts of the marks that templates name.</summary>
    internal abstract IReadOnlyDictionary<string, string> Marks();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes the files.</summary>
    protected virtual void Dispose(bool disposing) => _weights?.Dispose();

    private sealed class FolderParts(string folder) : ModelFiles(folder)
    {
        private ModelConfig? _config;

        public override ModelConfig Config => _config ??= ModelConfig.Load(At("config.json"));

        internal override string TemplatePath => At("tokenizer_config.json");

        public override HuggingFaceTokenizer Tokenizer() => HuggingFaceTokenizer.Load(At("tokenizer.json"));

        public override ChatTemplate? Template() => ChatTemplate.LoadOrNull(TemplatePath);

        internal override IReadOnlyDictionary<string, string> Marks() => ChatTemplate.TokensOf(TemplatePath);

        internal override void CopyTo(string folder)
        {
            foreach (var file in Directory.EnumerateFiles(Path)
                .Where(f => System.IO.Path.GetExtension(f) is ".json" or ".jinja" or ".txt" or ".md"
                    && !f.EndsWith(".index.json", StringComparison.Ordinal)))
                File.Copy(file, System.IO.Path.Combine(folder, System.IO.Path.GetFileName(file)), overwrite: true);
        }

        private protected override WeightFiles OpenWeights()
        {
            var layout = Config.Layout;
            return WeightFiles.Open(Path).ByNamesOf(layout.Embedding, layout.Head);
        }

        private string At(string file) => System.IO.Path.Combine(Path, file);
    }

    private sealed class GgufParts : ModelFiles
    {
        private readonly GgufModel _file;

        public GgufParts(string path) : base(path)
        {
            _file = GgufModel.Open(path);
            try
            {
                Config = ModelConfig.Read(path, GgufConfiguration.Of(_file));
            }
            catch
            {
                _file.Dispose();
                throw;
            }
        }

        public override ModelConfig Config { get; }

        internal override string TemplatePath => Path;

        public override HuggingFaceTokenizer Tokenizer() => GgufTokenizer.Read(_file);

        public override ChatTemplate? Template() => GgufTokenizer.Template(_file);

        internal override IReadOnlyDictionary<string, string> Marks() => GgufTokenizer.Tokens(_file);

        internal override void CopyTo(string folder)
        {
            File.WriteAllText(System.IO.Path.Combine(folder, "config.json"), Config.ToJson());
            File.WriteAllText(System.IO.Path.Combine(folder, "tokenizer.json"), Tokenizer().File.ToJson());
            var json = new System.Text.Json.Nodes.JsonObject();
            foreach (var (name, text) in Marks()) json[name] = text;
            if (Template() is { } template) json["chat_template"] = template.Source;
            File.WriteAllText(System.IO.Path.Combine(folder, "tokenizer_config.json"), json.ToJsonString() + "\n");
        }

        private protected override WeightFiles OpenWeights() => WeightFiles.Of(GgufConfiguration.Turns(_file)
            ? new GgufTensors(_file, Config.Heads, Config.KeyValueHeads) : new GgufTensors(_file, 0, 0));

        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            _file.Dispose();
        }
    }
}

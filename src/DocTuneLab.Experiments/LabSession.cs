using DocTuneLab.Corpus.Structural;
using DocTuneLab.Evaluation;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Experiments.Setup;
using DocTuneLab.Experiments.Stages;
using DocTuneLab.Storage;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Recipes;

namespace DocTuneLab.Experiments;

/// <summary>
/// The lab in a notebook or a program: one experiment from documents to evaluation. What was read or made so far stands in its properties;
/// the stages are made of that, and say which earlier step is missing.
/// </summary>
public sealed class LabSession : IDisposable
{
    private readonly Experiment _experiment = new();
    private PrivateLibrary? _library;

    /// <summary>Seed of everything random. Default 1.</summary>
    public int Seed => _experiment.Seed;

    /// <summary>The databases, opened when first used. Default in artifacts/lab.</summary>
    public Lab Storage => _experiment.Storage;

    /// <summary>How models are asked.</summary>
    public Wordings Wordings => _experiment.Wordings;

    /// <summary>Dialects, metrics, kinds of samples and chunker of your own.</summary>
    public LabHooks Hooks => _experiment.Hooks;

    /// <summary>What <see cref="ParseDocs"/> found, in this session or an earlier one.</summary>
    public DocumentStage? Documents
    {
        get => field ??= _experiment.Kept is null ? null : DocumentStage.Reopen(Storage, _library, Hooks);
        private set;
    }

    /// <summary>The private library.</summary>
    public PrivateLibrary? Library => _library ??= Documents?.Library;

    /// <summary>Held-out tasks.</summary>
    public Suite? Suite
    {
        get => field ??= _experiment.Kept?.Suite();
        private set;
    }

    /// <summary>What the folder that the lab was opened with says of the library; null where no folder says it.</summary>
    public LibraryFolder? Folder { get; private set; }

    /// <summary>The base model.</summary>
    public BaseModel? Model { get; private set; }

    /// <summary>The adapter that was trained or loaded last.</summary>
    public LoraAdapter? Adapter => _experiment.Adapter;

    /// <summary>The samples that training takes.</summary>
    public GeneratedCorpus? Corpus => _experiment.Corpus;

    /// <summary>How training went.</summary>
    public TrainingResult? Training => _experiment.Training;

    /// <summary>What the last evaluation found.</summary>
    public EvaluationReport? Report => _experiment.Report;

    /// <summary>Writes samples. Without held-out tasks nothing is held out, and <see cref="CorpusStage.Warning"/> says so.</summary>
    /// <exception cref="LabException">Documents are missing.</exception>
    public CorpusStage CorpusStage => new(_experiment, Earlier.Needs(Documents, "#!docs"), Suite ?? Suite.Empty,
        Model is null ? TokenCounting.Characters : TokenCounting.Of(Model));

    /// <summary>Chooses wordings.</summary>
    /// <exception cref="LabException">Documents are missing.</exception>
    public PromptStage PromptStage => new(CorpusStage);

    /// <summary>Takes decisions on samples; without documents, edited ones are not judged again.</summary>
    public ReviewStage ReviewStage => Documents is null ? new(Storage) : new(CorpusStage);

    /// <summary>Trains adapters.</summary>
    /// <exception cref="LabException">The base model or the corpus is missing.</exception>
    public TrainingStage TrainingStage => new(_experiment, Earlier.Needs(Model, "#!base"), Earlier.Needs(Corpus, "#!corpus").Samples);

    /// <summary>Compares models.</summary>
    /// <exception cref="LabException">The library or held-out tasks are missing.</exception>
    public EvaluationStage EvaluationStage => new(_experiment, Earlier.Needs(Library, "#!docs"), Earlier.Needs(Suite, "#!suite"),
        Model is null ? LocalModels.None : Adapter is null ? new(Model) : new(Model, Adapter));

    /// <summary>
    /// Goes on in another folder, with another seed. What earlier sessions made there is restored when it is asked for, but for models.
    /// </summary>
    /// <param name="path">The lab's folder.</param>
    /// <param name="seed">Seed of everything random.</param>
    /// <param name="library">What it is about; null for what a <c>library.yaml</c> in the lab's folder says, if there is one.</param>
    /// <returns>What it is about, which <see cref="ParseDocs"/> and <see cref="LoadSuite"/> read; null where no folder says it.</returns>
    /// <exception cref="LabException">Another process writes to the lab, or it cannot be read.</exception>
    public LibraryFolder? Open(string path, int seed, LibraryFolder? library = null)
    {
        Folder = library ?? (File.Exists(Path.Combine(path, LibraryFolder.FileName)) ? LibraryFolder.Read(path) : null);
        _experiment.Open(path, seed);
        (Documents, _library, Suite) = (null, null, null);
        return Folder;
    }

    /// <summary>Reads documentation and assemblies into the lab, counting with the base model's tokenizer where one is loaded.</summary>
    /// <param name="options">At most one folder of pages, page or package; the library; how passages are cut. Where no assembly
    /// is named, those of the folder that the lab was opened with, and its pages where none are named either.</param>
    /// <param name="code">Files and folders of C# that usages are mined from; null for those of the folder, if it is read.</param>
    /// <exception cref="LabException">A folder or assembly is missing, or no library is named.</exception>
    public ParseReport ParseDocs(ParseOptions? options = null, IReadOnlyList<string>? code = null)
    {
        options ??= new ParseOptions { Sources = [] };
        string? name = null;
        if (options.Assemblies.Count == 0 && !options.Sources.Any(s => s.EndsWith(".nupkg", StringComparison.OrdinalIgnoreCase)))
        {
            var folder = Folder ?? throw new LabException("which library? Name its pages and assemblies (#!docs DIR --assembly DLL) or a "
                + "package (#!docs FILE.nupkg), or open the lab with a folder that holds them (#!lab --library DIR).");
            options = options with
            {
                Sources = options.Sources is [] && folder.Docs is { } docs ? [docs] : options.Sources,
                Assemblies = folder.Assemblies,
                References = [.. folder.References, .. options.References],
            };
            (name, code) = (folder.Name, [.. folder.Sources, .. code ?? []]);
        }
        LibraryFolder.CheckSources(code ?? []);
        var (stage, report) = DocumentStage.Parse(Storage,
            options with { TokenizerDirectory = options.TokenizerDirectory ?? TokenizerFolder() }, Hooks, name);
        (Documents, _library) = (stage, stage.Library);
        Storage.Remember(i => i with { Name = name, Code = [.. (code ?? []).Select(Path.GetFullPath)] });
        return report;
    }

    // A file's tokenizer is laid beside the lab's databases, where its passages are counted by it and known again.
    private string? TokenizerFolder() =>
        Model is null ? null : ModelFiles.TokenizerFolder(Model.Directory, Path.Combine(_experiment.Path, "tokenizer"));

    /// <summary>Loads the library without reading its documentation anew; the lab's chunks stay as they are.</summary>
    /// <param name="assemblies">The library.</param>
    /// <param name="references">What it needs, where that is not found otherwise.</param>
    /// <exception cref="LabException">An assembly is missing.</exception>
    public PrivateLibrary LoadLibrary(IReadOnlyList<string> assemblies, IReadOnlyList<string>? references = null) =>
        _library = PrivateLibrary.Load(assemblies, references);

    /// <summary>Loads held-out tasks.</summary>
    /// <param name="directory">Their folder or file; null for those of the folder that the lab was opened with, which may have none.
    /// </param>
    /// <exception cref="LabException">No library is named, or a task is wrong.</exception>
    public Suite LoadSuite(string? directory = null)
    {
        if (directory is null)
        {
            var folder = Folder ?? throw new LabException("which tasks? Name their folder (#!suite DIR), or open the lab with a folder "
                + "that holds the library and them (#!lab --library DIR).");
            directory = folder.HasTasks ? folder.Tasks : null;
        }
        Suite = directory is null ? Suite.Empty : Suite.Load(directory);
        Storage.Remember(i => i with { Suite = directory is null ? null : Path.GetFullPath(directory) });
        return Suite;
    }

    /// <summary>Loads the base model: a folder, a GGUF file, or <c>owner/name</c> on the hub. One that is loaded in the same way
    /// already stays.</summary>
    /// <param name="directory">Which.</param>
    /// <param name="options">How; default as <see cref="ModelLoadOptions"/> says.</param>
    /// <exception cref="LabException">A file is missing or corrupt, or there is no such device.</exception>
    public BaseModel LoadBase(string directory, ModelLoadOptions? options = null)
    {
        options ??= new();
        directory = ModelFiles.Resolve(directory);
        // 'auto' and the device that it stands for are one.
        var device = ComputeDevices.Resolve(options.Device).ToString();
        if (Model?.Directory == directory && Model.Device == device && Model.Loading with { Device = options.Device } == options)
            return Model;
        var model = BaseModel.Load(directory, options);
        _experiment.Take(null);
        Model?.Dispose();
        return Model = model;
    }

    /// <summary>Loads an adapter that was trained before.</summary>
    /// <exception cref="LabException">A file is missing, or the adapter does not fit the base model.</exception>
    public LoraAdapter LoadAdapter(string directory)
    {
        var adapter = LoraAdapter.Load(Earlier.Needs(Model, "#!base"), directory);
        _experiment.Take(adapter);
        return adapter;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _experiment.Dispose();
        Model?.Dispose();
    }
}

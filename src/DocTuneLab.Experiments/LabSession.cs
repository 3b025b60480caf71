using DocTuneLab.Corpus.Structural;
using DocTuneLab.Evaluation;
using DocTuneLab.Evaluation.Suites;
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

    /// <summary>Seed of everything random. Default 1.</summary>
    public int Seed => _experiment.Seed;

    /// <summary>The databases, opened when first used. Default in artifacts/lab.</summary>
    public Lab Storage => _experiment.Storage;

    /// <summary>How models are asked.</summary>
    public Wordings Wordings => _experiment.Wordings;

    /// <summary>Dialects, metrics, kinds of samples and chunker of your own.</summary>
    public LabHooks Hooks => _experiment.Hooks;

    /// <summary>What <see cref="ParseDocs"/> found.</summary>
    public DocumentStage? Documents { get; private set; }

    /// <summary>The private library.</summary>
    public PrivateLibrary? Library { get; private set; }

    /// <summary>Held-out tasks.</summary>
    public Suite? Suite { get; private set; }

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

    /// <summary>Folder of the last evaluation: answers, verdicts and reports.</summary>
    public string? EvaluationDirectory => _experiment.EvaluationDirectory;

    /// <summary>Writes samples.</summary>
    /// <exception cref="LabException">Documents or held-out tasks are missing.</exception>
    public CorpusStage CorpusStage =>
        new(_experiment, Earlier.Needs(Documents, "#!docs"), Earlier.Needs(Suite, "#!suite"),
            Model is null ? TokenCounting.Characters : TokenCounting.Of(Model));

    /// <summary>Chooses wordings.</summary>
    /// <exception cref="LabException">Documents or held-out tasks are missing.</exception>
    public PromptStage PromptStage => new(CorpusStage);

    /// <summary>Takes decisions on samples; without documents and held-out tasks, edited ones are not judged again.</summary>
    public ReviewStage ReviewStage => Documents is null || Suite is null ? new(Storage) : new(CorpusStage);

    /// <summary>Trains adapters.</summary>
    /// <exception cref="LabException">The base model or the corpus is missing.</exception>
    public TrainingStage TrainingStage => new(_experiment, Earlier.Needs(Model, "#!base"), Earlier.Needs(Corpus, "#!corpus").Samples);

    /// <summary>Compares models.</summary>
    /// <exception cref="LabException">The library or held-out tasks are missing.</exception>
    public EvaluationStage EvaluationStage => new(_experiment, Earlier.Needs(Library, "#!docs"), Earlier.Needs(Suite, "#!suite"),
        Model is null ? LocalModels.None : Adapter is null ? new(Model) : new(Model, Adapter));

    /// <summary>Goes on in another folder, with another seed.</summary>
    public void Open(string path, int seed) => _experiment.Open(path, seed);

    /// <summary>Reads documentation and assemblies into the lab, counting with the base model's tokenizer where one is loaded.</summary>
    /// <param name="directory">Folder of pages, a page or a package.</param>
    /// <param name="assemblies">The library; may be empty for a package.</param>
    /// <param name="options">How passages are cut; default as <see cref="ParseOptions"/> says.</param>
    /// <exception cref="LabException">A folder or assembly is missing, or no assembly is given.</exception>
    public ParseReport ParseDocs(string directory, IReadOnlyList<string> assemblies, ParseOptions? options = null)
    {
        options = (options ?? ParseOptions.Settings.Defaults) with { Sources = [directory], Assemblies = assemblies };
        var (stage, report) = DocumentStage.Parse(Storage,
            options with { TokenizerDirectory = options.TokenizerDirectory ?? TokenizerFolder() }, Hooks);
        (Documents, Library) = (stage, stage.Library);
        return report;
    }

    // A file's tokenizer is laid beside the lab's databases, where its passages are counted by it and known again.
    private string? TokenizerFolder()
    {
        if (Model is null || !ModelFiles.IsGguf(Model.Directory)) return Model?.Directory;
        var folder = Path.Combine(_experiment.Path, "tokenizer");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), Model.Tokenizer.File.ToJson());
        return folder;
    }

    /// <summary>Loads the library without reading its documentation anew; the lab's chunks stay as they are.</summary>
    /// <exception cref="LabException">An assembly is missing.</exception>
    public PrivateLibrary LoadLibrary(IReadOnlyList<string> assemblies) => Library = PrivateLibrary.Load(assemblies);

    /// <summary>Loads held-out tasks.</summary>
    public Suite LoadSuite(string directory) => Suite = Suite.Load(directory);

    /// <summary>Loads the base model: a folder, a GGUF file, or <c>owner/name</c> on the hub. One that is loaded in the same way already stays.
    /// </summary>
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

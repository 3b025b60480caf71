using DocTuneLab.Corpus.Structural;
using DocTuneLab.Evaluation;
using DocTuneLab.Storage;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Recipes;

namespace DocTuneLab.Experiments.Stages;

/// <summary>One experiment in a lab: where it is kept, the seed of everything random, and what its stages have made so far.</summary>
public sealed class Experiment : IDisposable
{
    private Lab? _lab;

    /// <summary>Seed of everything random. Default 1.</summary>
    public int Seed { get; set; } = 1;

    /// <summary>Folder of the databases and runs. Default artifacts/lab.</summary>
    public string Path { get; private set; } = Lab.DefaultFolder;

    /// <summary>The databases, opened when first used.</summary>
    public Lab Storage => _lab ??= Lab.Open(Path);

    /// <summary>How models are asked.</summary>
    public Wordings Wordings { get; } = new();

    /// <summary>Parts that a program can add to or replace.</summary>
    public LabHooks Hooks { get; } = new();

    /// <summary>The samples that training takes: what <see cref="CorpusStage"/> made last.</summary>
    public GeneratedCorpus? Corpus
    {
        get => field ??= Kept?.Corpus(Hooks.Kinds.All);
        internal set;
    }

    /// <summary>The adapter that was trained or loaded last, in this session: one of an earlier session lies where
    /// <see cref="TrainingResult.AdapterDirectory"/> of <see cref="Training"/> says.</summary>
    public LoraAdapter? Adapter { get; private set; }

    /// <summary>How training went, here or in an earlier session.</summary>
    public TrainingResult? Training
    {
        get => field ??= Kept?.Training();
        private set;
    }

    /// <summary>What the last evaluation found.</summary>
    public EvaluationReport? Report
    {
        get => field ??= Kept?.Report();
        internal set;
    }

    /// <summary>Folder of the last evaluation: answers, verdicts and reports.</summary>
    public string? EvaluationDirectory
    {
        get => field ??= Kept?.EvaluationDirectory;
        internal set;
    }

    /// <summary>What the lab holds of earlier sessions, once it was opened by its path.</summary>
    internal KeptStages? Kept { get; private set; }

    /// <summary>Goes on in another folder, with another seed.</summary>
    /// <exception cref="LabException">Another process writes to the lab, or it cannot be read.</exception>
    public void Open(string path, int seed)
    {
        _lab?.Dispose();
        (_lab, Path, Seed) = (Lab.Open(path), path, seed);
        (Kept, Corpus, Report, EvaluationDirectory) = (new(_lab), null, null, null);
        if (Adapter is null) Training = null;
    }

    /// <summary>Takes an adapter in the place of the last one, which is disposed of.</summary>
    internal void Take(LoraAdapter? adapter, TrainingResult? training = null)
    {
        Adapter?.Dispose();
        (Adapter, Training) = (adapter, training);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Adapter?.Dispose();
        _lab?.Dispose();
    }
}

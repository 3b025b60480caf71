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
    public GeneratedCorpus? Corpus { get; internal set; }

    /// <summary>The adapter that was trained or loaded last.</summary>
    public LoraAdapter? Adapter { get; private set; }

    /// <summary>How training went, where <see cref="Adapter"/> was trained here.</summary>
    public TrainingResult? Training { get; private set; }

    /// <summary>What the last evaluation found.</summary>
    public EvaluationReport? Report { get; internal set; }

    /// <summary>Folder of the last evaluation: answers, verdicts and reports.</summary>
    public string? EvaluationDirectory { get; internal set; }

    /// <summary>Goes on in another folder, with another seed.</summary>
    /// <exception cref="LabException">Another process writes to the lab, or it cannot be read.</exception>
    public void Open(string path, int seed)
    {
        _lab?.Dispose();
        (_lab, Path, Seed) = (Lab.Open(path), path, seed);
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

using DocTuneLab.Corpus;
using DocTuneLab.Experiments.Runs;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Recipes;
using DocTuneLab.Training.Telemetry;

namespace DocTuneLab.Experiments.Stages;

/// <summary>A training run that can begin: the adapter is made, samples are divided, and what it will take is known.</summary>
public sealed class PreparedTraining : IDisposable
{
    private readonly SupervisedTuning _trainer;

    /// <summary>Divides samples and makes an adapter.</summary>
    /// <param name="model">The frozen base.</param>
    /// <param name="samples">All samples, in any order.</param>
    /// <param name="validation">How many of them are held out for the validation loss.</param>
    /// <param name="config">The adapter, or the one to go on from, and the recipe.</param>
    /// <param name="seed">Seed of the order of samples and of the initial adapter.</param>
    internal PreparedTraining(BaseModel model, IReadOnlyList<Sample> samples, int validation, TrainingConfig config, int seed)
    {
        var options = config.Options;
        if (options is { Overwrite: true, Resume: false } && config.Adapter is { } given && Path.GetFullPath(given)
            .StartsWith(Path.GetFullPath(options.OutputDirectory) + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            throw new LabException($"{given}: the adapter that training goes on from lies in the folder that is to be overwritten; name "
                + "another folder (--out)");
        var shuffled = samples.ToArray();
        new Random(seed).Shuffle(shuffled);
        (Options, ValidationCount, SampleCount) = (options, validation, shuffled.Length - validation);
        Adapter = config.Adapter is { } start ? LoraAdapter.Load(model, start) : LoraAdapter.Create(model, config.Lora, seed);
        try
        {
            if (config.Adapter is not null) Adapter.RefuseOthers(config.Lora);
            _trainer = new SupervisedTuning(model, Adapter, shuffled[validation..], shuffled[..validation], options);
        }
        catch
        {
            Adapter.Dispose();
            throw;
        }
    }

    /// <summary>The adapter, untrained until <see cref="Run"/> ends.</summary>
    public LoraAdapter Adapter { get; }

    /// <summary>The recipe.</summary>
    public SftOptions Options { get; }

    /// <summary>Samples that are trained on, those too long among them.</summary>
    public int SampleCount { get; }

    /// <summary>Samples that the validation loss is measured on.</summary>
    public int ValidationCount { get; }

    /// <summary>Samples that are longer than the recipe allows.</summary>
    public int LeftOut => _trainer.LeftOut;

    /// <summary>What is worth knowing before it begins, a sentence each.</summary>
    public IReadOnlyList<string> Warnings => _trainer.Warnings;

    /// <summary>What training will take, and what there is.</summary>
    public MemoryEstimate Estimate() => _trainer.Estimate();

    /// <summary>Trains; what steps measure is kept by <paramref name="recorder"/>, where there is one.</summary>
    internal TrainingResult Run(RunRecorder? recorder, Action onBegin, Action<TrainingStep>? onStep, CancellationToken cancel)
    {
        _trainer.OnBegin = onBegin;
        var result = _trainer.Run(step =>
        {
            recorder?.Add(step);
            onStep?.Invoke(step);
        }, cancel);
        recorder?.Finish(result);
        return result;
    }

    /// <inheritdoc/>
    public void Dispose() => Adapter.Dispose();
}

using DocTuneLab.Corpus;
using DocTuneLab.Experiments.Runs;
using DocTuneLab.Storage;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Recipes;
using DocTuneLab.Training.Telemetry;

namespace DocTuneLab.Experiments.Stages;

/// <summary>From samples to an adapter over a frozen base model.</summary>
public sealed class TrainingStage
{
    private readonly BaseModel _model;
    private readonly IReadOnlyList<Sample> _samples;
    private readonly Lab? _lab;
    private readonly Experiment? _experiment;

    /// <summary>Training without a lab: nothing but the output folder is written.</summary>
    public TrainingStage(BaseModel model, IReadOnlyList<Sample> samples) => (_model, _samples) = (model, samples);

    /// <summary>Training whose runs a lab keeps.</summary>
    public TrainingStage(Lab lab, BaseModel model, IReadOnlyList<Sample> samples) : this(model, samples) => _lab = lab;

    /// <summary>Training whose runs the experiment's lab keeps, with the experiment's seed; the adapter becomes the experiment's.</summary>
    public TrainingStage(Experiment experiment, BaseModel model, IReadOnlyList<Sample> samples) : this(model, samples)
    {
        ArgumentNullException.ThrowIfNull(experiment);
        (_lab, _experiment) = (experiment.Storage, experiment);
    }

    /// <summary>What training would take; nothing is trained or kept.</summary>
    /// <param name="config">Adapter, recipe and the share that is held out.</param>
    public PreparedTraining Prepare(TrainingConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new(_model, _samples, config.ValidationCount(_samples.Count), config, _experiment?.Seed ?? config.Options.Seed);
    }

    /// <summary>Trains a new adapter; a tenth of the samples, 120 at most, is held out for the validation loss.</summary>
    public TrainingResult Run(LoraConfig lora, SftOptions options, Action<TrainingStep>? onStep = null,
        CancellationToken cancel = default) =>
        Run(new TrainingConfig { Lora = lora, Options = options }, keepOutput: false, null, onStep, cancel);

    /// <summary>Trains a new adapter, or one that is given further. The settings in effect lie beside it as <c>config.yaml</c>.</summary>
    /// <param name="config">Adapter, recipe and the share that is held out.</param>
    /// <param name="keepOutput">Whether the recipe's output folder counts;
    /// otherwise it is the run's in the lab, where there is one.</param>
    /// <param name="onPrepared">Told what will be trained, before it is.</param>
    /// <param name="onStep">Told of every step.</param>
    /// <param name="cancel">Stops with a checkpoint.</param>
    /// <exception cref="LabException">A setting is out of range, memory does not suffice, or training diverged.</exception>
    public TrainingResult Run(TrainingConfig config, bool keepOutput, Action<PreparedTraining>? onPrepared = null,
        Action<TrainingStep>? onStep = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(config);
        var recorder = _lab is null ? null : new RunRecorder(_lab, _model, config, [.. _samples.Select(s => s.Id)]);
        PreparedTraining? prepared = null;
        try
        {
            if (recorder is not null && !keepOutput)
                config = config with { Options = config.Options with { OutputDirectory = Interrupted(config) ?? recorder.Directory } };
            prepared = Prepare(config);
            onPrepared?.Invoke(prepared);
            // Not before it is known that the folder is this run's.
            void Begin() => File.WriteAllText(Path.Combine(config.Options.OutputDirectory, "config.yaml"),
                (config with { Model = _model.Loading, Lora = prepared.Adapter.Config }).ToYaml());
            var result = prepared.Run(recorder, Begin, onStep, cancel);
            if (_experiment is null) prepared.Dispose();
            else _experiment.Take(prepared.Adapter, result);
            return result;
        }
        catch
        {
            prepared?.Dispose();
            recorder?.Fail();
            throw;
        }
    }

    // Where a run that is resumed left its checkpoints.
    private string? Interrupted(TrainingConfig config) => !config.Options.Resume ? null
        : _lab!.Runs.List("train").LastOrDefault(r => Directory.Exists(Path.Combine(r.Directory, "checkpoints"))
            && (r.Status != "done" || r.Results?.Contains("\"Interrupted\":true", StringComparison.Ordinal) == true))?.Directory;
}

using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Text;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Compute;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Telemetry;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Recipes;

/// <summary>What a run trains on, as far as the run itself must know it.</summary>
/// <param name="StepsPerEpoch">Optimiser steps of one pass over the data.</param>
/// <param name="Validation">Batches for the validation loss.</param>
/// <param name="LargestBatch">Tokens of the largest batch.</param>
/// <param name="DataHash">Identifies the data, so that a run is not resumed on other data.</param>
/// <param name="Settings">What else must be the same in a run that is resumed, by name.</param>
internal sealed record TrainingPlan(int StepsPerEpoch, IReadOnlyList<PackedBatch> Validation, int LargestBatch, string DataHash,
    IReadOnlyDictionary<string, string> Settings);

/// <summary>What a recipe says of a step that it has done.</summary>
/// <param name="Batches">Batches of the step.</param>
/// <param name="Loss">Per trained token, in nats.</param>
/// <param name="ReplayLoss">Divergence per replayed token, or null where nothing was replayed.</param>
/// <param name="GradNorm">What <see cref="TrainingRun.Update"/> gave.</param>
internal readonly record struct StepOutcome(IReadOnlyList<PackedBatch> Batches, double Loss, double? ReplayLoss, double GradNorm);

/// <summary>
/// What stands around the loop of a recipe: the optimiser, checkpoints and going on from them, validation, the log, and a watch over the
/// loss. Everything random follows from the seed and the step number, so a resumed run goes on as if it had never stopped.
/// </summary>
internal sealed class TrainingRun : IDisposable
{
    private readonly BaseModel _model;
    private readonly IReadOnlyDictionary<string, Tensor> _parameters;
    private readonly Gradients _gradients;
    private readonly TrainingPlan _plan;
    private readonly SftOptions _options;
    private readonly Kernels _kernels;
    private readonly AdamW _optimizer;
    private readonly TrainingCheckpoints _checkpoints;
    private readonly BestParameters _best;
    private readonly DivergenceWatch _watch;
    private readonly ResourceMonitor? _monitor;
    private readonly RunLog? _log;
    private readonly double _peakGigaflops;
    private readonly Stopwatch _clock = new();
    private readonly List<TrainingStep> _history = [];
    private readonly List<string> _warnings = [];
    private Progress _progress;
    private TimeSpan _stepStarted, _stepTime;
    private long _memoryPeak;
    private bool _interrupted, _stoppedEarly;

    // Of the whole run, over resumptions; saved in checkpoints.
    private sealed record Progress(int Step, long Tokens, double? BestLoss, int BestStep, int WorseValidations, double FirstLosses);

    /// <param name="model">The model.</param>
    /// <param name="parameters">Trained tensors by name.</param>
    /// <param name="gradients">Their gradients, into which the recipe's passes add.</param>
    /// <param name="plan">What is trained on.</param>
    /// <param name="options">Settings.</param>
    /// <exception cref="LabException">The output folder holds another run, or the checkpoint to go on from was made with other settings or
    /// data.</exception>
    public TrainingRun(
        BaseModel model, IReadOnlyDictionary<string, Tensor> parameters, Gradients gradients, TrainingPlan plan, SftOptions options)
    {
        (_model, _parameters, _gradients, _plan, _options) = (model, parameters, gradients, plan, options);
        TotalSteps = Math.Min(Math.Max(1, (int)Math.Ceiling(plan.StepsPerEpoch * options.Epochs)), options.MaxSteps ?? int.MaxValue);
        RunFolder.Claim(options);
        _checkpoints = new TrainingCheckpoints(options.OutputDirectory, options.KeepCheckpoints);
        _best = new BestParameters(parameters);
        _kernels = Kernels.For(model.Decoder);
        _optimizer = new AdamW(parameters, gradients, _kernels, new AdamWOptions
        {
            WeightDecay = options.WeightDecay,
            // Of an adapter all that there is, as PEFT's users have it; of a whole model not its norms and biases.
            Decays = (name, tensor) => tensor.dim() > 1 || name.EndsWith("lora_magnitude_vector", StringComparison.Ordinal),
            Beta1 = options.AdamBeta1,
            Beta2 = options.AdamBeta2,
            Epsilon = options.AdamEpsilon,
            EightBit = options.StateInEightBits,
            Paged = options.StateIsPaged,
            RateFactor = name => name.Contains("lora_B", StringComparison.Ordinal) ? options.LoraPlusRatio : 1,
        });
        try
        {
            _progress = options.Resume ? Restore() : new Progress(0, 0, null, 0, 0, 0);
            FirstStep = _progress.Step;
            _watch = new DivergenceWatch(options, LastGood);
            _peakGigaflops = MatmulPeak.Gigaflops(model.Decoder.ComputeType, model.Decoder.Device);
            _monitor = new ResourceMonitor(model.Decoder.Device);
            _log = new RunLog(options.OutputDirectory, FirstStep);
        }
        catch
        {
            Dispose();
            throw;
        }
        _clock.Start();
    }

    /// <summary>The step to begin with, from 0: after the last one of the checkpoint that the run goes on from.</summary>
    public int FirstStep { get; }

    /// <summary>Steps of the whole run.</summary>
    public int TotalSteps { get; }

    /// <summary>Whether another step is to be done: not after the last one, when validation stopped improving, or when the run is cancelled
    /// or its time is over.</summary>
    public bool GoesOn(int step, CancellationToken cancel)
    {
        if (step >= TotalSteps || _stoppedEarly) return false;
        if (cancel.IsCancellationRequested || _clock.Elapsed > _options.MaxDuration)
        {
            _interrupted = true;
            return false;
        }
        _stepStarted = _clock.Elapsed;
        return true;
    }

    /// <summary>Clips the gradients that were summed up, updates the parameters with them, and forgets them.</summary>
    /// <returns>Norm of the gradients before clipping.</returns>
    /// <exception cref="LabException">Loss or norm is not finite; nothing was updated.</exception>
    public double Update(int step, double loss)
    {
        var norm = _kernels.Length(_gradients.All);
        if (!double.IsFinite(loss) || !double.IsFinite(norm))
            throw new LabException($"the loss is {loss} and the gradient norm {norm} at step {step + 1}; nothing of this step was applied. "
                + $"Lower the learning rate (now {_options.LearningRate}) or the clipping norm (now {_options.MaxGradNorm}), or compute in "
                + $"fp32. {LastGood()}");
        var clip = _options.MaxGradNorm > 0 && norm > _options.MaxGradNorm ? _options.MaxGradNorm / (norm + 1e-6) : 1;
        _optimizer.Update(_options.LearningRateAt(step, TotalSteps), clip);
        _stepTime = _clock.Elapsed - _stepStarted;
        return norm;
    }

    /// <summary>Validates, logs, and writes a checkpoint where the step is due for it.</summary>
    /// <param name="step">From 0.</param>
    /// <param name="outcome">What the step came to.</param>
    /// <param name="pass">For validation.</param>
    /// <param name="onStep">Told of the step, or null.</param>
    /// <exception cref="LabException">The loss diverges.</exception>
    public void EndStep(int step, StepOutcome outcome, TrainingPass pass, Action<TrainingStep>? onStep)
    {
        var (tokens, last) = (outcome.Batches.Sum(b => b.Tokens), step + 1 == TotalSteps);
        _progress = _progress with
        {
            Step = step + 1,
            Tokens = _progress.Tokens + tokens,
            FirstLosses = _progress.FirstLosses + (step < DivergenceWatch.WatchedLosses ? outcome.Loss : 0)
        };
        double? evalLoss =
            _plan.Validation.Count > 0 && _options.EvalEvery > 0 && ((step + 1) % _options.EvalEvery == 0 || last) ? Validate(pass) : null;
        if (evalLoss is { } eval) Judge(eval);

        var (use, seconds, elapsed) = (_monitor!.Last, _stepTime.TotalSeconds, _clock.Elapsed);
        _memoryPeak = Math.Max(_memoryPeak, use.MemoryBytes);
        var gigaflops = outcome.Batches.Sum(pass.Operations) / seconds / 1e9;
        var record = new TrainingStep
        {
            Step = step + 1,
            TotalSteps = TotalSteps,
            Epoch = (step + 1.0) / _plan.StepsPerEpoch,
            Tokens = _progress.Tokens,
            Loss = outcome.Loss,
            EvalLoss = evalLoss,
            ReplayLoss = outcome.ReplayLoss,
            LearningRate = _options.LearningRateAt(step, TotalSteps),
            GradNorm = outcome.GradNorm,
            TokensPerSecond = tokens / seconds,
            GigaflopsPerSecond = gigaflops,
            ShareOfPeak = gigaflops / _peakGigaflops,
            CpuPercent = use.CpuPercent,
            MemoryBytes = use.MemoryBytes,
            PowerWatts = use.PowerWatts,
            GpuPercent = use.GpuPercent,
            GpuMemoryBytes = use.GpuMemoryBytes,
            GpuPowerWatts = use.GpuPowerWatts,
            Elapsed = elapsed,
            Remaining = elapsed / (step + 1 - FirstStep) * (TotalSteps - step - 1),
        };
        _history.Add(record);
        _log!.Add(record);
        onStep?.Invoke(record);
        _watch.Check(record, _progress.FirstLosses);
        if (_options.SaveEvery > 0 && (step + 1) % _options.SaveEvery == 0 && !last)
        {
            _log.Flush();
            TryCheckpoint();
        }
    }

    /// <summary>What to throw where memory runs out in a step. Nothing of the step was applied:
    /// what was trained before it is kept in a checkpoint.</summary>
    public LabException OutOfMemory(int step, ExternalException e)
    {
        if (step > 0) TryCheckpoint();
        var onDevice = _model.Decoder.Device.type != TorchSharp.DeviceType.CPU;
        var remedy = _options.GradientCheckpointing is GradientCheckpointing.Auto or GradientCheckpointing.Off
            ? $"set gradient checkpointing to {(onDevice ? "offload" : "on")} and resume"
            : $"end what else uses it and resume, or start again with fewer batch tokens (now {_options.BatchTokens})";
        return ComputeDevices.OutOfMemory(_model.Decoder.Device, $"step {step + 1}", $"{remedy}. {LastGood()}", e);
    }

    /// <summary>Writes a checkpoint if the run was interrupted, and what was trained: the best of it where that was asked for.</summary>
    /// <param name="save">Writes the result into a folder.</param>
    /// <exception cref="LabException">It could not be written.</exception>
    public TrainingResult Finish(Action<string> save)
    {
        if (_interrupted) Checkpoint();
        if (_best.Any && _progress.BestStep != _progress.Step) _best.Use();
        _best.Dispose();
        var result = Path.Combine(_options.OutputDirectory, "adapter");
        try
        {
            save(result);
        }
        catch (IOException e)
        {
            throw new LabException(
                $"what was trained could not be written to {result} ({e.Message}); make room on the disk and resume. {LastGood()}", e);
        }
        _log!.Finish(_history);
        var resources = _monitor!.Samples;
        return new TrainingResult
        {
            AdapterDirectory = result,
            Steps = _progress.Step,
            Tokens = _progress.Tokens,
            Elapsed = _clock.Elapsed,
            History = _history,
            FinalLoss = _history.TakeLast(20).Select(h => h.Loss).DefaultIfEmpty(double.NaN).Average(),
            BestEvalLoss = _progress.BestLoss,
            BestStep = _progress.BestLoss is null ? null : _progress.BestStep,
            Interrupted = _interrupted,
            StoppedEarly = _stoppedEarly,
            Warnings = _warnings,
            Resources = resources,
            PeakMemoryBytes = Math.Max(_memoryPeak, _monitor.Last.MemoryBytes),
            PeakGpuMemoryBytes = resources.Max(s => s.GpuMemoryBytes),
        };
    }

    public void Dispose()
    {
        _log?.Dispose();
        _monitor?.Dispose();
        _optimizer.Dispose();
        _kernels.Dispose();
        _best.Dispose();
    }

    private double Validate(TrainingPass pass)
    {
        var (sum, count) = (0.0, 0L);
        foreach (var batch in _plan.Validation)
        {
            sum += pass.Run(batch, 0, new StepKey(_options.Seed, -1, 0));
            count += batch.Targets.Length;
        }
        return sum / count;
    }

    private void Judge(double loss)
    {
        if (_progress.BestLoss is { } best && !(loss < best))
        {
            _progress = _progress with { WorseValidations = _progress.WorseValidations + 1 };
            _stoppedEarly = _options.EarlyStoppingPatience > 0 && _progress.WorseValidations >= _options.EarlyStoppingPatience;
            return;
        }
        if (_options.KeepBest || _options.EarlyStoppingPatience > 0) _best.Keep();
        _progress = _progress with { BestLoss = loss, BestStep = _progress.Step, WorseValidations = 0 };
    }

    private string LastGood() =>
        _checkpoints.Newest is { } newest
            ? $"The last good checkpoint is {newest}; resume from it."
            : "There is no checkpoint yet; start again.";

    private void TryCheckpoint()
    {
        try
        {
            Checkpoint();
        }
        catch (LabException e)
        {
            // The disk may have room again at the next one; what was trained is in memory.
            _warnings.Add(e.Message);
        }
    }

    private void Checkpoint()
    {
        var tensors = _parameters.Select(p => KeyValuePair.Create("parameter." + p.Key, p.Value))
            .Concat(_optimizer.State())
            .Concat(_best.Tensors.Select(p => KeyValuePair.Create("best." + p.Key, p.Value)));
        var state = new JsonObject
        {
            ["progress"] = JsonSerializer.SerializeToNode(_progress),
            ["settings"] = JsonSerializer.SerializeToNode(Settings())
        };
        try
        {
            _checkpoints.Write(_progress.Step, tensors, state);
        }
        catch (IOException e)
        {
            throw new LabException($"the checkpoint of step {_progress.Step} could not be written ({e.Message}); "
                + $"make room on the disk of {_options.OutputDirectory}. {LastGood()}", e);
        }
    }

    private Progress Restore()
    {
        if (_checkpoints.Open(_warnings) is not var (state, file))
            return _checkpoints.Newest is null
                ? new Progress(0, 0, null, 0, 0, 0)
                : throw new LabException(
                    $"{_options.OutputDirectory}: no checkpoint to go on from is whole: {string.Join("; ", _warnings)}. "
                    + "Begin anew (--overwrite), or in another folder");
        using (file)
        {
            var saved = state["settings"].Deserialize<Dictionary<string, string>>() ?? [];
            var others = Settings().Where(s => saved.GetValueOrDefault(s.Key) != s.Value)
                .Select(s => $"{s.Key} {saved.GetValueOrDefault(s.Key) ?? "(not said)"}, this run has {s.Value}").ToArray();
            if (others.Length > 0)
                throw new LabException($"{file.Path}: the checkpoint was made with {string.Join("; with ", others)}; "
                    + "resume with the same settings and data, or start without resuming, in another folder");
            var progress = state["progress"].Deserialize<Progress>()!;
            using var scope = NewDisposeScope();
            using var _ = no_grad();
            foreach (var (name, parameter) in _parameters)
            {
                parameter.copy_(file.Read("parameter." + name, parameter.shape));
                if (file.Entries.ContainsKey("best." + name)) _best.Restore(name, file.Read("best." + name, parameter.shape));
            }
            _optimizer.Restore(progress.Step, (name, shape) => file.Read(name, shape));
            // The parameters of the lowest loss so far are not there where nobody asked for them until now.
            return (_options.KeepBest || _options.EarlyStoppingPatience > 0) && !_best.Any
                ? progress with { BestLoss = null, BestStep = 0, WorseValidations = 0 } : progress;
        }
    }

    // What must be the same for a resumed run to continue the curve.
    private Dictionary<string, string> Settings()
    {
        var result = new Dictionary<string, string>(_plan.Settings, StringComparer.Ordinal)
        {
            ["data"] = _plan.DataHash,
            ["steps"] = $"{TotalSteps}",
            ["base"] = _model.Hash,
            ["quantisation"] = $"{_model.Loading.Quantization}{(_model.Loading.QuantizeHead ? ", head in 8 bits" : "")}",
            ["computed in"] = _model.ComputeType,
            ["trained tensors"] = ContentHash.Of([.. _parameters.OrderBy(p => p.Key, StringComparer.Ordinal)
                .Select(p => $"{p.Key} {string.Join('x', p.Value.shape)}")]),
        };
        foreach (var setting in SftOptions.Settings)
            if (!s_free.Contains(setting.Property)) result[setting.Field] = setting.Text(setting.Get(_options));
        return result;
    }

    // What a run keeps, and where, does not bend the curve; its length does, through the learning rate, and is compared as steps.
    private static readonly HashSet<string> s_free =
    [
        nameof(SftOptions.Epochs), nameof(SftOptions.MaxSteps), nameof(SftOptions.MaxDuration), nameof(SftOptions.GradientCheckpointing),
        nameof(SftOptions.EvalEvery), nameof(SftOptions.EarlyStoppingPatience), nameof(SftOptions.KeepBest), nameof(SftOptions.SaveEvery),
        nameof(SftOptions.KeepCheckpoints), nameof(SftOptions.LossLimit), nameof(SftOptions.OutputDirectory), nameof(SftOptions.Resume),
        nameof(SftOptions.Overwrite),
    ];
}

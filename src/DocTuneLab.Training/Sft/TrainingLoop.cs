using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Settings;
using DocTuneLab.Training.Models;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Sft;

/// <summary>What to train on.</summary>
/// <param name="StepsPerEpoch">Optimiser steps of one pass over the data.</param>
/// <param name="At">Batches of a step, counted from 0; the same for the same step, whenever it is asked.</param>
/// <param name="Validation">Batches for the validation loss.</param>
/// <param name="LargestBatch">Tokens of the largest batch.</param>
/// <param name="DataHash">Identifies the data, so that a run is not resumed on other data.</param>
internal sealed record TrainingPlan(int StepsPerEpoch, Func<int, IReadOnlyList<PackedBatch>> At, IReadOnlyList<PackedBatch> Validation, int LargestBatch, string DataHash);

/// <summary>
/// The recipe: one loop for adapters and for whole models. Everything random follows from the seed and the step number, so
/// a resumed run goes on as if it had never stopped.
/// </summary>
internal sealed class TrainingLoop(BaseModel model, IReadOnlyDictionary<string, Tensor> parameters, TrainingPlan plan, SftOptions options, Action<string> save)
{
    private const int WatchedLosses = 20;
    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
    private readonly Checkpoints _checkpoints = new(options.OutputDirectory, options.KeepCheckpoints);
    private readonly List<string> _warnings = [];
    private readonly Dictionary<string, Tensor> _best = new(StringComparer.Ordinal);

    // Of the whole run, over resumptions; saved in checkpoints.
    private sealed record Progress(int Step, long Tokens, double? BestLoss, int BestStep, int WorseValidations, double FirstLosses);

    public MemoryEstimate Estimate() => MemoryEstimate.Of(model, parameters.Values.Sum(p => p.numel()), plan.LargestBatch, options, ranks: parameters.Where(p => p.Key.Contains("lora_A", StringComparison.Ordinal)).Sum(p => p.Value.shape[0]));

    public TrainingResult Run(Action<TrainingStep>? onStep, CancellationToken cancel)
    {
        options.Validate();
        Directory.CreateDirectory(options.OutputDirectory);
        var estimate = Estimate();
        estimate.Require(options);
        var total = Math.Min(Math.Max(1, (int)Math.Ceiling(plan.StepsPerEpoch * options.Epochs)), options.MaxSteps ?? int.MaxValue);
        using var gradients = new Gradients(parameters.Values);
        using var teacher = options.ReplayShare > 0 ? new Teacher(model, estimate.KeepsWeights) : null;
        using var pass = new TrainingPass(model, gradients, new PassOptions(estimate.KeepsActivations, estimate.KeepsWeights, options.NeftuneAlpha, estimate.OffloadsActivations), teacher);
        using var kernels = Kernels.For(model.Decoder);
        using var optimizer = new AdamW(parameters, gradients, kernels, options.WeightDecay, options.StateInEightBits, options.StateIsPaged,
            name => name.Contains("lora_B", StringComparison.Ordinal) ? options.LoraPlusRatio : 1);
        var progress = options.Resume ? Restore(optimizer, total) : new Progress(0, 0, null, 0, 0, 0);
        var first = progress.Step;
        var peak = MatmulPeak.Gigaflops(model.Decoder.ComputeType, model.Decoder.Device);
        var (history, recent, overLimit, memoryPeak) = (new List<TrainingStep>(), new Queue<double>(), 0, 0L);
        var (interrupted, stoppedEarly) = (false, false);
        using var monitor = new ResourceMonitor(model.Decoder.Device);
        using var log = new RunLog(options.OutputDirectory, first);
        var clock = Stopwatch.StartNew();
        for (var step = first; step < total && !stoppedEarly; step++)
        {
            if (cancel.IsCancellationRequested || clock.Elapsed > options.MaxDuration)
            {
                interrupted = true;
                break;
            }
            var started = clock.Elapsed;
            var learningRate = options.LearningRateAt(step, total);
            Computed computed;
            try
            {
                computed = Compute(pass, step);
            }
            catch (ExternalException e) when (Devices.IsOutOfMemory(e))
            {
                // Nothing of this step was applied: what was trained before it is kept.
                if (step > 0) TryCheckpoint(optimizer, progress, total);
                throw OutOfMemory(step, e);
            }
            var (batches, loss, divergence, replayed) = computed;
            var norm = kernels.Length(gradients.All);
            if (!double.IsFinite(loss + divergence) || !double.IsFinite(norm)) throw NotFinite(step, loss + divergence, norm);
            optimizer.Update(learningRate, options.MaxGradNorm > 0 && norm > options.MaxGradNorm ? options.MaxGradNorm / (norm + 1e-6) : 1);

            var (tokens, last) = (batches.Sum(b => b.Tokens), step + 1 == total);
            var seconds = (clock.Elapsed - started).TotalSeconds;
            progress = progress with { Step = step + 1, Tokens = progress.Tokens + tokens, FirstLosses = progress.FirstLosses + (step < WatchedLosses ? loss : 0) };
            double? evalLoss = plan.Validation.Count > 0 && options.EvalEvery > 0 && ((step + 1) % options.EvalEvery == 0 || last) ? Validate(pass) : null;
            if (evalLoss is { } eval) (progress, stoppedEarly) = Judge(progress, eval);

            var use = monitor.Last;
            memoryPeak = Math.Max(memoryPeak, use.MemoryBytes);
            var flops = batches.Sum(pass.Operations) / seconds / 1e9;
            var elapsed = clock.Elapsed;
            var record = new TrainingStep(step + 1, total, loss, evalLoss, learningRate, norm, tokens / seconds, progress.Tokens,
                use.CpuPercent, use.MemoryBytes, use.GpuPercent, use.GpuMemoryBytes, elapsed, elapsed / (step + 1 - first) * (total - step - 1))
            {
                ReplayLoss = replayed > 0 ? divergence / replayed : null, GigaflopsPerSecond = flops, ShareOfPeak = flops / peak, PowerWatts = use.PowerWatts, GpuPowerWatts = use.GpuPowerWatts, Epoch = (step + 1.0) / plan.StepsPerEpoch,
            };
            history.Add(record);
            log.Add(record);
            onStep?.Invoke(record);
            Watch(record, recent, progress, ref overLimit);
            if (options.SaveEvery > 0 && (step + 1) % options.SaveEvery == 0 && !last)
            {
                log.Flush();
                TryCheckpoint(optimizer, progress, total);
            }
        }
        if (interrupted) Checkpoint(optimizer, progress, total);
        UseBest(progress);
        var result = Path.Combine(options.OutputDirectory, "adapter");
        try
        {
            save(result);
        }
        catch (IOException e)
        {
            throw new LabException($"what was trained could not be written to {result} ({e.Message}); make room on the disk and resume. {LastGood()}", e);
        }
        log.Finish(history);
        return new TrainingResult(result, progress.Step, history.TakeLast(20).Select(h => h.Loss).DefaultIfEmpty(double.NaN).Average(), progress.BestLoss, progress.Tokens, clock.Elapsed,
            Math.Max(memoryPeak, monitor.Last.MemoryBytes), interrupted, history)
        {
            BestStep = progress.BestLoss is null ? null : progress.BestStep, StoppedEarly = stoppedEarly, Warnings = _warnings, Resources = monitor.Samples, PeakGpuMemoryBytes = monitor.Samples.Max(s => s.GpuMemoryBytes),
        };
    }

    // Loss per trained token of the samples; divergence and number of replayed tokens.
    private readonly record struct Computed(IReadOnlyList<PackedBatch> Batches, double Loss, double Divergence, long Replayed);

    private Computed Compute(TrainingPass pass, int step)
    {
        var batches = plan.At(step);
        long targets = batches.Sum(b => b.Replayed ? 0L : b.Targets.Length), replayed = batches.Sum(b => (long)b.Targets.Length) - targets;
        double sum = 0, divergence = 0;
        for (var part = 0; part < batches.Count; part++)
        {
            var key = new StepKey(options.Seed, step, part);
            if (batches[part].Replayed) divergence += pass.Run(batches[part], options.ReplayWeight / replayed, key);
            else sum += pass.Run(batches[part], 1.0 / targets, key);
        }
        return new Computed(batches, sum / targets, divergence, replayed);
    }

    private bool KeepsBest => options.KeepBest || options.EarlyStoppingPatience > 0;

    private double Validate(TrainingPass pass)
    {
        var (sum, count) = (0.0, 0L);
        foreach (var batch in plan.Validation)
        {
            sum += pass.Run(batch, 0, new StepKey(options.Seed, -1, 0));
            count += batch.Targets.Length;
        }
        return sum / count;
    }

    private (Progress Progress, bool Stop) Judge(Progress progress, double loss)
    {
        if (progress.BestLoss is { } best && !(loss < best))
        {
            progress = progress with { WorseValidations = progress.WorseValidations + 1 };
            return (progress, options.EarlyStoppingPatience > 0 && progress.WorseValidations >= options.EarlyStoppingPatience);
        }
        if (KeepsBest)
        {
            using var _ = no_grad();
            foreach (var (name, parameter) in parameters)
            {
                if (_best.TryGetValue(name, out var kept)) kept.copy_(parameter);
                else _best[name] = parameter.detach().clone().DetachFromDisposeScope();
            }
        }
        return (progress with { BestLoss = loss, BestStep = progress.Step, WorseValidations = 0 }, false);
    }

    private void UseBest(Progress progress)
    {
        if (_best.Count == 0) return;
        using var _ = no_grad();
        foreach (var (name, parameter) in parameters)
        {
            if (progress.BestStep != progress.Step) parameter.copy_(_best[name]);
            _best[name].Dispose();
        }
        _best.Clear();
    }

    // Gradients that explode are clipped; this finds what clipping does not cure.
    private void Watch(TrainingStep step, Queue<double> recent, Progress progress, ref int overLimit)
    {
        overLimit = step.Loss > options.LossLimit ? overLimit + 1 : 0;
        recent.Enqueue(step.Loss);
        if (recent.Count > WatchedLosses) recent.Dequeue();
        var start = progress.FirstLosses / WatchedLosses;
        var diverges = options.LossLimit is null && step.Step >= 2 * WatchedLosses && recent.Count == WatchedLosses && recent.Average() > 1.5 * start + 0.5;
        if (overLimit < 3 && !diverges) return;
        var found = diverges ? $"the mean loss of the last {WatchedLosses} steps is {recent.Average():F2}, at the start it was {start:F2}" : $"the loss was above {options.LossLimit} three times in a row, last {step.Loss:F2}";
        throw new LabException($"training diverges at step {step.Step}: {found}; lower the learning rate (now {options.LearningRate}), raise the warm-up, or clip at a lower norm (now {options.MaxGradNorm}). {LastGood()}");
    }

    private LabException NotFinite(int step, double loss, double norm) =>
        new($"the loss is {loss} and the gradient norm {norm} at step {step + 1}; nothing of this step was applied. Lower the learning rate (now {options.LearningRate}) or the clipping norm (now {options.MaxGradNorm}), or compute in fp32. {LastGood()}");

    private LabException OutOfMemory(int step, ExternalException e)
    {
        var onDevice = model.Decoder.Device.type != TorchSharp.DeviceType.CPU;
        var remedy = options.GradientCheckpointing is GradientCheckpointing.Auto or GradientCheckpointing.Off ? $"set gradient checkpointing to {(onDevice ? "offload" : "on")} and resume" : $"end what else uses it and resume, or start again with fewer batch tokens (now {options.BatchTokens})";
        return Devices.OutOfMemory(model.Decoder.Device, $"step {step + 1}", $"{remedy}. {LastGood()}", e);
    }

    private string LastGood() => _checkpoints.Newest is { } newest ? $"The last good checkpoint is {newest}; resume from it." : "There is no checkpoint yet; start again.";

    private void TryCheckpoint(AdamW optimizer, Progress progress, int total)
    {
        try
        {
            Checkpoint(optimizer, progress, total);
        }
        catch (LabException e)
        {
            // The disk may have room again at the next one; what was trained is in memory.
            _warnings.Add(e.Message);
        }
    }

    private void Checkpoint(AdamW optimizer, Progress progress, int total)
    {
        var tensors = parameters.Select(p => KeyValuePair.Create("parameter." + p.Key, p.Value)).Concat(optimizer.State()).Concat(_best.Select(p => KeyValuePair.Create("best." + p.Key, p.Value)));
        var state = new JsonObject { ["progress"] = JsonSerializer.SerializeToNode(progress), ["settings"] = JsonSerializer.SerializeToNode(Settings(total)) };
        try
        {
            _checkpoints.Write(progress.Step, tensors, state);
        }
        catch (IOException e)
        {
            throw new LabException($"the checkpoint of step {progress.Step} could not be written ({e.Message}); make room on the disk of {options.OutputDirectory}. {LastGood()}", e);
        }
    }

    private Progress Restore(AdamW optimizer, int total)
    {
        if (_checkpoints.Open(_warnings) is not var (state, file)) return new Progress(0, 0, null, 0, 0, 0);
        using (file)
        {
            var saved = state["settings"].Deserialize<Dictionary<string, string>>() ?? [];
            foreach (var (name, value) in Settings(total))
                if (saved.GetValueOrDefault(name) is var old && old != value)
                    throw new LabException($"{file.Path}: the checkpoint was made with {name} {old ?? "(none)"}, this run has {value}; resume with the same settings and data, or start without resuming");
            var progress = state["progress"].Deserialize<Progress>()!;
            using var scope = NewDisposeScope();
            using var _ = no_grad();
            foreach (var (name, parameter) in parameters)
            {
                parameter.copy_(file.Read("parameter." + name, parameter.shape));
                if (file.Entries.ContainsKey("best." + name)) _best[name] = file.Read("best." + name, parameter.shape).DetachFromDisposeScope();
            }
            optimizer.Restore(progress.Step, (name, shape) => file.Read(name, shape));
            return progress;
        }
    }

    // What must be the same for a resumed run to continue the curve.
    private Dictionary<string, string> Settings(int total) => new()
    {
        ["seed"] = $"{options.Seed}", ["data"] = plan.DataHash, ["steps"] = $"{total}", ["learning rate"] = $"{options.LearningRate}", ["scheduler"] = $"{SettingNames.Of(options.Scheduler)}, warm-up {options.WarmupRatio}",
        ["batch tokens"] = $"{options.BatchTokens}, accumulation {options.GradientAccumulation}, packing {options.Packing}", ["optimizer"] = $"{SettingNames.Of(options.Optimizer)}, weight decay {options.WeightDecay}, LoRA+ {options.LoraPlusRatio}",
        ["clipping norm"] = $"{options.MaxGradNorm}", ["NEFTune"] = $"{options.NeftuneAlpha}", ["replay"] = $"{options.ReplayShare}, weight {options.ReplayWeight}", ["base"] = model.Hash, ["trained tensors"] = ContentHash.Of([.. parameters.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key} {string.Join('x', p.Value.shape)}")]),
    };
}

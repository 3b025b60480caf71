using System.Text.Json;
using DocTuneLab.Storage;
using DocTuneLab.Text;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Recipes;
using DocTuneLab.Training.Telemetry;

namespace DocTuneLab.Experiments.Runs;

/// <summary>A training run in a lab: its settings at the start, measurements as they come, results at the end.</summary>
internal sealed class RunRecorder
{
    private readonly Lab _lab;
    private readonly LabRun _run;
    private readonly List<Metric> _pending = [];

    /// <summary>Begins a run.</summary>
    public RunRecorder(Lab lab, BaseModel model, TrainingConfig config, IReadOnlyList<string> sampleIds)
    {
        _lab = lab;
        _run = lab.Runs.Begin("train",
            JsonSerializer.Serialize(new
            {
                lora = config.Lora,
                options = config.Options,
                StartingAdapter = config.Adapter,
                BaseModel = model.Hash,
                Samples = sampleIds.Count,
                Corpus = ContentHash.Of([.. sampleIds]),
            }));
    }

    /// <summary>The run's folder.</summary>
    public string Directory => _run.Directory;

    /// <summary>Keeps what a step measured; written in batches.</summary>
    public void Add(TrainingStep step)
    {
        _pending.AddRange(
        [
            new Metric("loss", step.Step, step.Loss), new Metric("learning_rate", step.Step, step.LearningRate),
            new Metric("grad_norm", step.Step, step.GradNorm),
            new Metric("tokens_per_second", step.Step, step.TokensPerSecond),
            new Metric("gigaflops_per_second", step.Step, step.GigaflopsPerSecond),
            new Metric("share_of_peak", step.Step, step.ShareOfPeak),
            new Metric("cpu_percent", step.Step, step.CpuPercent), new Metric("memory_bytes", step.Step, step.MemoryBytes),
        ]);
        if (step.ReplayLoss is { } replay) _pending.Add(new Metric("replay_loss", step.Step, replay));
        if (step.EvalLoss is { } eval) _pending.Add(new Metric("eval_loss", step.Step, eval));
        if (_pending.Count >= 400) Flush();
    }

    /// <summary>Ends the run with its results, the use of the machine second by second among its measurements.</summary>
    public void Finish(TrainingResult result)
    {
        foreach (var sample in result.Resources)
        {
            _pending.Add(new Metric("second.cpu_percent", sample.Second, sample.CpuPercent));
            _pending.Add(new Metric("second.memory_bytes", sample.Second, sample.MemoryBytes));
            if (sample.GpuPercent is { } gpu) _pending.Add(new Metric("second.gpu_percent", sample.Second, gpu));
            if (sample.GpuMemoryBytes is { } gpuMemory) _pending.Add(new Metric("second.gpu_memory_bytes", sample.Second, gpuMemory));
            if (sample.GpuPowerWatts is { } gpuWatts) _pending.Add(new Metric("second.gpu_power_watts", sample.Second, gpuWatts));
            if (sample.PowerWatts is { } watts) _pending.Add(new Metric("second.power_watts", sample.Second, watts));
        }
        Flush();
        double? final = double.IsFinite(result.FinalLoss) ? result.FinalLoss : null;
        _lab.Runs.Finish(_run.Id, JsonSerializer.Serialize(new
        {
            result.AdapterDirectory,
            result.Steps,
            FinalLoss = final,
            result.BestEvalLoss,
            result.BestStep,
            result.Tokens,
            result.Elapsed,
            result.PeakMemoryBytes,
            result.PeakGpuMemoryBytes,
            result.Interrupted,
            result.StoppedEarly,
            result.Warnings,
        }));
    }

    /// <summary>Ends the run as failed; what was measured stays.</summary>
    public void Fail()
    {
        Flush();
        _lab.Runs.Finish(_run.Id, failed: true);
    }

    private void Flush()
    {
        _lab.Runs.AppendMetrics(_run.Id, _pending);
        _pending.Clear();
    }
}

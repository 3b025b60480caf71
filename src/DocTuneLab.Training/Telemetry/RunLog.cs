using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DocTuneLab.Training.Telemetry;

/// <summary>
/// What other tools watch a run by: <c>trainer_log.jsonl</c> with the fields of LLaMA-Factory beside our own, TensorBoard
/// events, and at the end the loss as <c>loss.svg</c>.
/// </summary>
internal sealed class RunLog : IDisposable
{
    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
    private readonly string _directory;
    private readonly StreamWriter _lines;
    private readonly TensorBoardEvents _events;
    private long _flushed = Stopwatch.GetTimestamp();

    /// <summary>Opens the log of a run; lines after step <paramref name="first"/> belong to steps that are done again and go.</summary>
    public RunLog(string directory, int first)
    {
        _directory = directory;
        var path = Path.Combine(directory, "trainer_log.jsonl");
        if (first > 0 && File.Exists(path))
        {
            var kept = File.ReadLines(path).TakeWhile(l => StepOf(l) is { } step && step <= first).ToArray();
            File.WriteAllLines(path + ".tmp", kept);
            File.Move(path + ".tmp", path, overwrite: true);
        }
        _lines = new StreamWriter(path, append: first > 0);
        _events = new TensorBoardEvents(Path.Combine(directory, "tensorboard"));
    }

    public void Add(TrainingStep step)
    {
        var line = JsonSerializer.SerializeToNode(step, s_json)!.AsObject();
        line["current_steps"] = step.Step;
        line["lr"] = step.LearningRate;
        line["percentage"] = Math.Round(100.0 * step.Step / step.TotalSteps, 2);
        line["elapsed_time"] = step.Elapsed.ToString(@"hh\:mm\:ss", CultureInfo.InvariantCulture);
        line["remaining_time"] = step.Remaining.ToString(@"d\.hh\:mm\:ss", CultureInfo.InvariantCulture);
        line["throughput"] = Math.Round(step.TokensPerSecond, 1);
        line["total_tokens"] = step.Tokens;
        line["vram_allocated"] = step.GpuMemoryBytes;
        _lines.WriteLine(line.ToJsonString());
        // Once a second is soon enough for who watches, and a killed run writes its last steps again.
        if (Stopwatch.GetElapsedTime(_flushed) > TimeSpan.FromSeconds(1)) Flush();
        _events.Add(step.Step, Scalars(step));
    }

    /// <summary>Writes out what was added: before a checkpoint, from which a killed run goes on without its earlier lines.</summary>
    public void Flush()
    {
        _lines.Flush();
        _events.Flush();
        _flushed = Stopwatch.GetTimestamp();
    }

    /// <summary>Draws the loss curve.</summary>
    public void Finish(IReadOnlyList<TrainingStep> history)
    {
        if (history.Count > 0) File.WriteAllText(Path.Combine(_directory, "loss.svg"), LossChart.Svg(history));
    }

    private static IEnumerable<(string Tag, double Value)> Scalars(TrainingStep s)
    {
        yield return ("train/loss", s.Loss);
        yield return ("train/learning_rate", s.LearningRate);
        yield return ("train/grad_norm", s.GradNorm);
        yield return ("train/tokens_per_second", s.TokensPerSecond);
        yield return ("train/gigaflops_per_second", s.GigaflopsPerSecond);
        yield return ("system/memory_bytes", s.MemoryBytes);
        yield return ("system/cpu_percent", s.CpuPercent);
        if (s.ReplayLoss is { } replay) yield return ("train/replay_loss", replay);
        if (s.EvalLoss is { } eval) yield return ("eval/loss", eval);
    }

    private static int? StepOf(string line)
    {
        try
        {
            return (int?)JsonNode.Parse(line)?["step"];
        }
        catch (JsonException)
        {
            return null; // Cut off by a crash.
        }
    }

    public void Dispose()
    {
        _lines.Dispose();
        _events.Dispose();
    }
}

using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Models;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Sft;

/// <summary>Token ids of a batch and which of its positions are trained.</summary>
/// <param name="Ids">[rows × length], row-major, padded at the end of each row.</param>
/// <param name="Rows">Sequences.</param>
/// <param name="Length">Their padded length.</param>
/// <param name="Positions">Flat indices of positions whose next token is trained.</param>
/// <param name="Targets">Those next tokens.</param>
/// <param name="Tokens">Tokens that are not padding.</param>
internal sealed record Batch(long[] Ids, int Rows, int Length, long[] Positions, long[] Targets, int Tokens);

/// <summary>
/// The recipe: one loop for adapters and for whole models. Everything random follows from the seed and the step number, so
/// a resumed run goes on as if it had never stopped.
/// </summary>
internal sealed class TrainingLoop(BaseModel model, IReadOnlyDictionary<string, Tensor> parameters, Func<int, Batch> batchAt, int plannedSteps, IReadOnlyList<Batch> validation, SftOptions options, Action<string> save)
{
    private const long Ignored = -100;
    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public TrainingResult Run(Action<TrainingStep>? onStep, CancellationToken cancel)
    {
        options.Validate();
        Directory.CreateDirectory(options.OutputDirectory);
        var total = Math.Min(plannedSteps, options.MaxSteps ?? int.MaxValue);
        using var optimizer = new AdamW(parameters, options.WeightDecay);
        using var monitor = new ResourceMonitor();
        var history = new List<TrainingStep>();
        var (tokens, peak, first) = (0L, 0L, 0);
        if (options.Resume && Directory.Exists(CheckpointDirectory)) (first, tokens) = Restore(optimizer);
        var logPath = Path.Combine(options.OutputDirectory, "trainer_log.jsonl");
        using var log = new StreamWriter(logPath, append: first > 0);
        var clock = Stopwatch.StartNew();
        var interrupted = false;
        for (var step = first; step < total; step++)
        {
            if (cancel.IsCancellationRequested || clock.Elapsed > options.MaxDuration)
            {
                interrupted = true;
                break;
            }
            var started = clock.Elapsed;
            var batch = batchAt(step);
            var learningRate = options.LearningRateAt(step, total);
            random.manual_seed(options.Seed + step);
            double loss;
            using (NewDisposeScope())
            {
                var value = Loss(batch);
                value.backward();
                loss = value.item<float>();
            }
            if (!double.IsFinite(loss))
                throw new LabException($"the loss is {loss} at step {step + 1}; lower the learning rate (now {options.LearningRate}) and resume: the last checkpoint is in {CheckpointDirectory}");
            var norm = optimizer.ClipGradients(options.MaxGradNorm);
            optimizer.Update(learningRate);
            tokens += batch.Tokens;
            var last = step + 1 == total;
            double? evalLoss = validation.Count > 0 && options.EvalEvery > 0 && ((step + 1) % options.EvalEvery == 0 || last) ? Validate() : null;
            var (cpu, memory, gpu, gpuMemory) = monitor.Read();
            peak = Math.Max(peak, memory);
            var elapsed = clock.Elapsed;
            var record = new TrainingStep(step + 1, total, loss, evalLoss, learningRate, norm, batch.Tokens / (elapsed - started).TotalSeconds, tokens,
                cpu, memory, gpu, gpuMemory, elapsed, elapsed / (step + 1 - first) * (total - step - 1));
            history.Add(record);
            log.WriteLine(JsonSerializer.Serialize(record, s_json));
            onStep?.Invoke(record);
            if (options.SaveEvery > 0 && (step + 1) % options.SaveEvery == 0 && !last) Checkpoint(optimizer, step + 1, tokens);
        }
        log.Flush();
        var done = first + history.Count;
        if (interrupted) Checkpoint(optimizer, done, tokens);
        var result = Path.Combine(options.OutputDirectory, "adapter");
        save(result);
        var recent = history.TakeLast(20).Select(h => h.Loss).DefaultIfEmpty(double.NaN).Average();
        var best = history.Where(h => h.EvalLoss is not null).Select(h => h.EvalLoss).Min();
        return new TrainingResult(result, done, recent, best, tokens, clock.Elapsed, peak, interrupted, history);
    }

    private string CheckpointDirectory => Path.Combine(options.OutputDirectory, "checkpoint");

    private Tensor Loss(Batch batch)
    {
        var ids = tensor(batch.Ids, [batch.Rows, batch.Length]);
        var hidden = model.Decoder.Forward(ids);
        // Only trained positions reach the vocabulary: with short answers this saves most of the largest product.
        // Their number is rounded up with ignored ones, again to keep shapes few.
        var count = (batch.Positions.Length + 127) / 128 * 128;
        var positions = new long[count];
        var targets = new long[count];
        Array.Fill(targets, Ignored);
        batch.Positions.CopyTo(positions, 0);
        batch.Targets.CopyTo(targets, 0);
        var chosen = hidden.view(-1, model.Config.HiddenSize).index_select(0, tensor(positions));
        return nn.functional.cross_entropy(model.Decoder.Logits(chosen), tensor(targets), ignore_index: Ignored);
    }

    private double Validate()
    {
        using var _ = no_grad();
        var (sum, count) = (0.0, 0L);
        foreach (var batch in validation)
        {
            using var scope = NewDisposeScope();
            sum += Loss(batch).item<float>() * batch.Targets.Length;
            count += batch.Targets.Length;
        }
        return sum / count;
    }

    private void Checkpoint(AdamW optimizer, int step, long tokens)
    {
        // Written beside the old one and renamed, so that a crash leaves one good checkpoint.
        var fresh = CheckpointDirectory + ".partial";
        if (Directory.Exists(fresh)) Directory.Delete(fresh, recursive: true);
        Directory.CreateDirectory(fresh);
        SafetensorsFile.Write(Path.Combine(fresh, "state.safetensors"), parameters.Select(p => KeyValuePair.Create("parameter." + p.Key, p.Value)).Concat(optimizer.State()));
        File.WriteAllText(Path.Combine(fresh, "state.json"), new JsonObject { ["step"] = step, ["tokens"] = tokens, ["seed"] = options.Seed }.ToJsonString());
        var old = CheckpointDirectory + ".old";
        if (Directory.Exists(old)) Directory.Delete(old, recursive: true);
        if (Directory.Exists(CheckpointDirectory)) Directory.Move(CheckpointDirectory, old);
        Directory.Move(fresh, CheckpointDirectory);
        if (Directory.Exists(old)) Directory.Delete(old, recursive: true);
    }

    private (int Step, long Tokens) Restore(AdamW optimizer)
    {
        var state = JsonNode.Parse(File.ReadAllBytes(Path.Combine(CheckpointDirectory, "state.json")))!;
        if ((int)state["seed"]! != options.Seed)
            throw new LabException($"{CheckpointDirectory}: the checkpoint was made with seed {state["seed"]}, this run has {options.Seed}; resume with the same seed or start without --resume");
        using var file = SafetensorsFile.Open(Path.Combine(CheckpointDirectory, "state.safetensors"));
        using (NewDisposeScope())
        using (no_grad())
        {
            foreach (var (name, parameter) in parameters) parameter.copy_(file.Read("parameter." + name, parameter.shape));
        }
        optimizer.Restore((int)state["step"]!, (name, shape) => file.Read(name, shape));
        return ((int)state["step"]!, (long)state["tokens"]!);
    }
}

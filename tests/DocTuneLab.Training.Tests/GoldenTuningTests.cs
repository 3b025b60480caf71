using System.Text.Json.Nodes;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Compute;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Recipes;
using DocTuneLab.Training.Telemetry;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Tests;

/// <summary>Training beside PEFT's, step by step: from its own initial adapter, over its data in its order. The folder that DOCTUNE_GOLDEN
/// names has the curves.</summary>
public sealed class GoldenTuningTests : IDisposable
{
    private readonly string _out = Directory.CreateTempSubdirectory("tuning-").FullName;

    private static string? Golden => Environment.GetEnvironmentVariable("DOCTUNE_GOLDEN") is { Length: > 0 } folder ? folder : null;

    /// <summary>Names of the variants; one without a name where there are none.</summary>
    public static TheoryData<string> Variants => Golden is null
        ? [""]
        : [.. Directory.GetDirectories(Path.Combine(Golden, "sft", "tiny")).Select(d => Path.GetFileName(d)).Order(StringComparer.Ordinal)];

    public void Dispose() => Directory.Delete(_out, recursive: true);

    [Theory]
    [MemberData(nameof(Variants))]
    public void Training_gives_the_curve_that_PEFT_has_from_the_same_start(string variant)
    {
        Assert.SkipWhen(Golden is null, "DOCTUNE_GOLDEN names no folder");
        var folder = Path.Combine(Golden!, "sft", "tiny", variant);
        var run = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "run.json")))!;
        using var model = Load(Path.GetFullPath(Path.Combine(Golden!, "sft", (string)run["base"]!)));
        var steps = run["steps"]!.AsArray();
        using var adapter = LoraAdapter.Load(model, Path.Combine(folder, "initial"));
        var curve = Train(model, adapter, Samples("tiny"), run);
        // PEFT's groups of LoRA+ are told apart in the file: what is written there is not the rate of A.
        Compare(steps, curve, rates: variant != "loraplus", 1e-3);

        using var final = SafetensorsFile.Open(Path.Combine(folder, "final", "adapter_model.safetensors"));
        using var written = SafetensorsFile.Open(Path.Combine(_out, "run", "adapter", "adapter_model.safetensors"));
        Assert.Equal(final.Entries.Keys.Order(StringComparer.Ordinal), written.Entries.Keys.Order(StringComparer.Ordinal));
        using var scope = NewDisposeScope();
        foreach (var (name, entry) in final.Entries)
        {
            var ours = written.Entries[name];
            Assert.Equal((entry.Type, string.Join('x', entry.Shape)), (ours.Type, string.Join('x', ours.Shape)));
            var difference = (final.Read(name) - written.Read(name)).abs().max().item<float>();
            Assert.True(difference <= 2e-3, $"{name}: {difference} apart");
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void An_adapter_is_written_with_the_files_the_fields_and_the_types_that_PEFT_writes(string variant)
    {
        Assert.SkipWhen(Golden is null, "DOCTUNE_GOLDEN names no folder");
        var folder = Path.Combine(Golden!, "sft", "tiny", variant, "initial");
        var run = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "..", "run.json")))!;
        using var model = Load(Path.GetFullPath(Path.Combine(Golden!, "sft", (string)run["base"]!)));
        using (var adapter = LoraAdapter.Load(model, folder)) adapter.Save(_out);
        Assert.Equal(Directory.GetFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal),
            Directory.GetFiles(_out).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        var (theirs, ours) = (Fields(folder), Fields(_out));
        Assert.Equal(theirs.Select(f => f.Key), ours.Select(f => f.Key));
        foreach (var (name, value) in theirs)
        {
            if (name == "target_modules")
                Assert.Equal(value!.AsArray().Select(v => (string)v!).Order(StringComparer.Ordinal),
                    ours[name]!.AsArray().Select(v => (string)v!).Order(StringComparer.Ordinal));
            else Assert.True(JsonNode.DeepEquals(value, ours[name]), $"{name}: {value?.ToJsonString()}, here {ours[name]?.ToJsonString()}");
        }
        using var their = SafetensorsFile.Open(Path.Combine(folder, "adapter_model.safetensors"));
        using var our = SafetensorsFile.Open(Path.Combine(_out, "adapter_model.safetensors"));
        using var scope = NewDisposeScope();
        Assert.Equal(their.Entries.Keys.Order(StringComparer.Ordinal), our.Entries.Keys.Order(StringComparer.Ordinal));
        Assert.All(their.Entries.Keys, k => Assert.Equal(their.Read(k).bytes.ToArray(), our.Read(k).bytes.ToArray()));

        static JsonObject Fields(string folder) =>
            JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "adapter_config.json")))!.AsObject();
    }

    [Fact]
    public void A_pretrained_model_gives_the_curve_that_PEFT_has()
    {
        Assert.SkipWhen(Golden is null, "DOCTUNE_GOLDEN names no folder");
        var folder = Path.Combine(Golden!, "sft", "smollm2");
        var run = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "run.json")))!;
        using var model = Load(Path.Combine(Golden!, "..", "models", "SmolLM2-135M-Instruct.Q4_1.gguf"));
        using var adapter = LoraAdapter.Load(model, Path.Combine(folder, "initial"));
        var steps = run["steps"]!.AsArray();
        Compare(steps, Train(model, adapter, Samples("smollm2"), run), rates: true, 5e-3);
        foreach (var (name, norm) in run["final_norms"]!.AsObject())
        {
            var key = name.Replace(".default", "", StringComparison.Ordinal);
            var (theirs, ours) = ((double)norm!, adapter.Parameters[key].norm().item<float>());
            Assert.True(Math.Abs(theirs - ours) <= 0.01 * theirs, $"{name}: norm {theirs}, here {ours}");
        }
    }

    private static BaseModel Load(string path) => BaseModel.Load(path,
        new ModelLoadOptions { Quantization = "none", ComputeType = ActivationType.Float32, Device = "cpu" });

    private static TokenizedSample[] Samples(string kind) =>
        [.. File.ReadLines(Path.Combine(Golden!, "sft", kind, "data.jsonl")).Select(line =>
        {
            var json = JsonNode.Parse(line)!;
            int[] Numbers(string field) => [.. json[field]!.AsArray().Select(n => (int)n!)];
            return new TokenizedSample(Numbers("input_ids"), Numbers("labels").TakeWhile(l => l < 0).Count());
        })];

    private List<TrainingStep> Train(BaseModel model, LoraAdapter adapter, TokenizedSample[] samples, JsonNode run)
    {
        var (o, steps, curve) = (run["options"]!, run["steps"]!.AsArray(), new List<TrainingStep>());
        var ratio = (double)o["loraplus_ratio"]!;
        var options = new SftOptions
        {
            Epochs = 1,
            LearningRate = (double)o["learning_rate"]!,
            Scheduler = (string?)o["schedule"] == "constant" ? Scheduler.Constant : Scheduler.Cosine,
            WarmupSteps = (int)o["warmup_steps"]!,
            AdamBeta1 = (double)o["betas"]![0]!,
            AdamBeta2 = (double)o["betas"]![1]!,
            AdamEpsilon = (double)o["eps"]!,
            // PEFT's groups of LoRA+ take a decay of their own, which is 0.
            WeightDecay = ratio == 1 ? (double)o["weight_decay"]! : 0,
            MaxGradNorm = (double?)o["max_grad_norm"] ?? 0,
            LabelSmoothing = (double)o["label_smoothing"]!,
            LoraPlusRatio = ratio,
            SaveEvery = 0,
            EvalEvery = 0,
            OutputDirectory = Path.Combine(_out, "run"),
        };
        PackedBatch[][] batches = [.. steps.Select(s => s!["batches"]!.AsArray()
            .Select(b => PackedBatch.Of([.. b!.AsArray().Select(i => samples[(int)i!])], share: false)).ToArray())];
        new SupervisedTuning(model, adapter, batches, options).Run(curve.Add);
        Assert.Equal(steps.Count, curve.Count);
        return curve;
    }

    private static void Compare(JsonArray expected, List<TrainingStep> curve, bool rates, double tolerance)
    {
        for (var i = 0; i < curve.Count; i++)
        {
            var (theirs, ours) = (expected[i]!, curve[i]);
            var (loss, norm) = ((double)theirs["loss"]!, (double)theirs["grad_norm"]!);
            Assert.True(Math.Abs(loss - ours.Loss) <= (i < 2 ? 1e-5 : i < 10 ? 1e-3 : tolerance),
                $"step {i + 1}: loss {loss}, here {ours.Loss}");
            if (i < 10) Assert.True(Math.Abs(norm - ours.GradNorm) <= 1e-3 * norm, $"step {i + 1}: norm {norm}, here {ours.GradNorm}");
            if (rates) Assert.Equal((double)theirs["learning_rate"]!, ours.LearningRate, 1e-9);
        }
    }
}

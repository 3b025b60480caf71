using DocTuneLab.Corpus;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Recipes;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Tests;

/// <summary>A run's folder, going on from its checkpoints, and going on from an adapter.</summary>
public sealed class RunTests : IDisposable
{
    private static readonly Sample[] s_samples =
    [
        TinyModel.Sample("What does Tank.Fill return?", "level"), TinyModel.Sample("How many valves?", "3"),
        TinyModel.Sample("Which builder makes a tank?", "TankBuilder"), TinyModel.Sample("What is the new level?", "the level of the tank"),
    ];

    private readonly TinyModel _tiny = new(outputScale: 8);

    public void Dispose() => _tiny.Dispose();

    [Fact]
    public void A_folder_that_holds_a_run_is_refused_gone_on_with_or_begun_anew()
    {
        var options = Options("run") with { MaxSteps = 6, SaveEvery = 2 };
        Run(options);
        var config = new LoraConfig { Rank = 4, Alpha = 8 };
        var message = Assert.Throws<LabException>(() => Run(options with { MaxSteps = 2 }, config)).Message;
        Assert.Contains("the folder holds another run (checkpoints)", message, StringComparison.Ordinal);
        Assert.Contains("--overwrite", message, StringComparison.Ordinal);
        Assert.Equal(6, Run(options with { Resume = true }).Steps);
        // Its checkpoints have lower numbers than those that were there, and are the ones that stay.
        Assert.Equal(4, Run(options with { MaxSteps = 4, Overwrite = true }, config).Steps);
        Assert.Equal("step-000002",
            Path.GetFileName(Assert.Single(Directory.GetDirectories(Path.Combine(options.OutputDirectory, "checkpoints")))));
        Assert.Equal(4, File.ReadLines(Path.Combine(options.OutputDirectory, "trainer_log.jsonl")).Count());
        // How it was begun is no setting of the run.
        Assert.Equal(4, Run(options with { MaxSteps = 4, Resume = true }, config).Steps);
        // One that has ended, and left nothing to go on from, is not done again over its result.
        var ended = Options("ended") with { MaxSteps = 2 };
        Run(ended);
        message = Assert.Throws<LabException>(() => Run(ended with { Resume = true })).Message;
        Assert.Contains("has ended", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_is_killed_anywhere_and_resumed_ends_with_the_same_bytes()
    {
        const int Steps = 41;
        var options = Options("whole") with { MaxSteps = Steps, SaveEvery = 3, BatchTokens = 64 };
        var whole = Bytes(Run(options));
        for (var killed = 1; killed < Steps; killed++)
        {
            var cut = options with { OutputDirectory = Path.Combine(_tiny.Directory, $"cut-{killed}") };
            Assert.Throws<TimeoutException>(() => Run(cut, kill: killed));
            Assert.Equal(whole, Bytes(Run(cut with { Resume = true })));
            Directory.Delete(cut.OutputDirectory, recursive: true);
        }

        static byte[] Bytes(TrainingResult result) => File.ReadAllBytes(Path.Combine(result.AdapterDirectory, "adapter_model.safetensors"));
    }

    /// <summary>What a run that is resumed has otherwise, and what the message says of it.</summary>
    public static TheoryData<string, string> Differences => new()
    {
        { "alpha", "alpha 8, this run has 16" },
        { "dropout", "dropout 0, this run has 0.5" },
        { "rslora", "use_rs_lora false, this run has true" },
        { "targets", "target_modules" },
        { "quantisation", "quantisation nf4, this run has none" },
        { "betas", "adam_beta2 0.999, this run has 0.9" },
        { "epsilon", "adam_epsilon 1E-08, this run has 1E-06" },
        { "smoothing", "label_smoothing 0, this run has 0.1" },
        { "warm-up", "warmup_steps" },
        { "decay", "weight_decay 0, this run has 0.1" },
        { "start", "starting adapter none" },
    };

    [Theory]
    [MemberData(nameof(Differences))]
    public void Resuming_with_another_setting_is_refused_by_its_name(string difference, string message)
    {
        var options = Options("run") with { MaxSteps = 4, SaveEvery = 1 };
        Run(options);
        var lora = new LoraConfig { Rank = 4, Alpha = 8 };
        lora = difference switch
        {
            "alpha" => lora with { Alpha = 16 },
            "dropout" => lora with { Dropout = 0.5 },
            "rslora" => lora with { UseRsLora = true },
            "targets" => lora with { TargetModules = ["q_proj", "o_proj"] },
            _ => lora,
        };
        options = options with { Resume = true };
        options = difference switch
        {
            "betas" => options with { AdamBeta2 = 0.9 },
            "epsilon" => options with { AdamEpsilon = 1e-6 },
            "smoothing" => options with { LabelSmoothing = 0.1 },
            "warm-up" => options with { WarmupSteps = 2 },
            "decay" => options with { WeightDecay = 0.1 },
            _ => options,
        };
        var from = difference == "start" ? Path.Combine(options.OutputDirectory, "adapter") : null;
        Assert.Contains(message,
            Assert.Throws<LabException>(() => Run(options, lora, nf4: difference != "quantisation", start: from)).Message,
            StringComparison.Ordinal);
        // With the same it goes on.
        Assert.Equal(4, Run(options with
        {
            AdamBeta2 = 0.999,
            AdamEpsilon = 1e-8,
            LabelSmoothing = 0,
            WarmupSteps = null,
            WeightDecay = 0,
        }).Steps);
    }

    [Fact]
    public void Checkpoints_that_are_all_damaged_end_the_run_at_its_beginning()
    {
        var options = Options("run") with { MaxSteps = 4, SaveEvery = 1 };
        Run(options);
        foreach (var checkpoint in Directory.GetDirectories(Path.Combine(options.OutputDirectory, "checkpoints")))
            File.WriteAllText(Path.Combine(checkpoint, "state.json"), "{");
        Assert.Contains("no checkpoint to go on from is whole",
            Assert.Throws<LabException>(() => Run(options with { Resume = true })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Training_goes_on_from_an_adapter_which_keeps_its_shape()
    {
        var first = Run(Options("first") with { MaxSteps = 30 },
            new LoraConfig { Rank = 4, Alpha = 8, UseRsLora = true, TargetModules = ["model.layers.0.self_attn.q_proj", "down_proj"] });
        using (var model = _tiny.Load())
        using (var adapter = LoraAdapter.Load(model, first.AdapterDirectory))
        {
            adapter.RefuseOthers(new LoraConfig());
            Assert.Contains("rank is 8, but the adapter that training goes on from has 4",
                Assert.Throws<LabException>(() => adapter.RefuseOthers(new LoraConfig { Rank = 8 })).Message, StringComparison.Ordinal);
        }
        var second = Run(Options("second") with { MaxSteps = 30 }, start: first.AdapterDirectory);
        Assert.True(second.History[0].Loss < 0.8 * first.History[0].Loss, $"{first.History[0].Loss}, then {second.History[0].Loss}");
        Assert.True(second.FinalLoss < first.FinalLoss);
        using var before = PeftFolder.Open(first.AdapterDirectory);
        using var after = PeftFolder.Open(second.AdapterDirectory);
        Assert.Equal((before.Rank, before.Alpha, before.UseRsLora), (after.Rank, after.Alpha, after.UseRsLora));
        using var again = _tiny.Load();
        using var loaded = LoraAdapter.Load(again, second.AdapterDirectory);
        Assert.Equal(loaded.Parameters.Keys.Order(StringComparer.Ordinal), Keys(first.AdapterDirectory));

        static IEnumerable<string> Keys(string folder)
        {
            using var file = SafetensorsFile.Open(Path.Combine(folder, "adapter_model.safetensors"));
            return [.. file.Entries.Keys.Order(StringComparer.Ordinal)];
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Label_smoothing_is_the_published_loss_with_its_gradient(bool composed)
    {
        using var scope = NewDisposeScope();
        var (rows, vocabulary, share) = (5, 77, 0.1f);
        var logits = randn(rows, vocabulary, generator: new Generator(3, CPU));
        int[] targets = [3, 0, 76, 40, 8];
        var x = logits.clone().requires_grad_(true);
        var own = x.log_softmax(-1);
        var right = own.gather(1, tensor([.. targets.Select(t => (long)t)]).unsqueeze(1)).squeeze(1);
        var each = (right * (1 - share) + own.mean([1L]) * share).neg();
        (each.sum() * 0.25).backward();
        var memory = new Compute.Workspace(CPU, ScalarType.Float32);
        using Compute.Kernels kernels = composed ? new Compute.ComposedKernels(memory) : new Compute.ProcessorKernels(memory);
        var losses = kernels.CrossEntropy(logits, targets, 0, 0.25f, share);
        Assert.Equal([.. each.data<float>().ToArray().Select(v => (double)v)], losses.data<double>().ToArray(),
            (double a, double b) => Math.Abs(a - b) < 1e-5);
        Assert.True((logits - x.grad!).abs().max().item<float>() < 1e-6);
    }

    private SftOptions Options(string name) => new()
    {
        LearningRate = 1e-2,
        Epochs = 1000,
        EvalEvery = 0,
        SaveEvery = 0,
        OutputDirectory = Path.Combine(_tiny.Directory, name),
    };

    private TrainingResult Run(SftOptions options, LoraConfig? lora = null, int kill = 0, bool nf4 = true, string? start = null)
    {
        using var model = _tiny.Load(nf4);
        using var adapter = start is null
            ? LoraAdapter.Create(model, lora ?? new LoraConfig { Rank = 4, Alpha = 8 }, 1) : LoraAdapter.Load(model, start);
        return new SupervisedTuning(model, adapter, s_samples, [], options).Run(step =>
        {
            // Nothing is written any more, as where the process is killed.
            if (step.Step == kill) throw new TimeoutException();
        });
    }
}

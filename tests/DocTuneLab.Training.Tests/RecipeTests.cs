using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using DocTuneLab.Corpus;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Compute;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Inference;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Quantization;
using DocTuneLab.Training.Recipes;
using DocTuneLab.Training.Simd;
using DocTuneLab.Training.Telemetry;
using TorchSharp;

namespace DocTuneLab.Training.Tests;

public sealed class RecipeTests
{
    private static readonly Sample[] s_samples =
    [
        TinyModel.Sample("What does Tank.Fill return?", "level"), TinyModel.Sample("How many valves?", "3"),
        TinyModel.Sample("Which builder makes a tank?", "TankBuilder"),
        TinyModel.Sample("水箱的水位是多少？", "Tank"),
        TinyModel.Sample("Count the valves of the tank", "return tank.Valves.Count;"),
        TinyModel.Sample("What is the new level?", "the level of the tank"),
    ];

    [Fact]
    public void The_losses_do_not_depend_on_how_a_step_is_cut_into_batches()
    {
        using var tiny = new TinyModel(outputScale: 8);
        // All samples in one step: as one batch, or as several summed.
        var whole = Losses(tiny, o => o with { BatchTokens = 4096, MaxSteps = 8 });
        foreach (var packing in (bool[])[false, true])
        {
            var cut = Losses(tiny, o => o with { BatchTokens = 64, GradientAccumulation = 64, MaxSteps = 8, Packing = packing });
            Near(whole, cut, 1e-4);
        }
    }

    [Theory]
    [InlineData("lora")]
    [InlineData("dora")]
    [InlineData("pissa")]
    [InlineData("dropout")]
    [InlineData("neftune")]
    [InlineData("8bit")]
    [InlineData("lora+")]
    public void Every_recipe_lowers_the_loss_and_recomputing_changes_nothing(string recipe)
    {
        using var tiny = new TinyModel(outputScale: 8);
        var lora = new LoraConfig
        {
            Rank = 32,
            Alpha = 32,
            UseDora = recipe == "dora",
            Initialization = recipe == "pissa" ? AdapterInitialization.Pissa : AdapterInitialization.Default,
            Dropout = recipe == "dropout" ? 0.1 : 0
        };
        SftOptions Options(SftOptions o) => o with
        {
            MaxSteps = 20,
            BatchTokens = 256,
            NeftuneAlpha = recipe == "neftune" ? 5 : 0,
            Optimizer = recipe == "8bit" ? Optimizer.AdamW8Bit : Optimizer.AdamW,
            LoraPlusRatio = recipe == "lora+" ? 4 : 1
        };
        var kept = Losses(tiny, o => Options(o) with { GradientCheckpointing = GradientCheckpointing.Off }, lora);
        var again = Losses(tiny, o => Options(o) with { GradientCheckpointing = GradientCheckpointing.On }, lora);
        Assert.Equal(kept, again);
        Assert.True(kept[^4..].Average() < 0.8 * kept[..4].Average(), $"{recipe}: {kept[0]} to {kept[^1]}");
    }

    [Fact]
    public void Packing_fills_batches_within_their_budget_and_loses_nothing()
    {
        var random = new Random(3);
        var samples = Enumerable.Range(0, 400)
            .Select(i => new TokenizedSample([.. Enumerable.Repeat(i, random.Next(4, 200))], 2))
            .ToArray();
        var bins = SupervisedTuning.BestFit(samples, 512, new Random(1)).ToArray();
        Assert.Equal(samples.Select(s => s.Ids[0]).Order(), bins.SelectMany(b => b).Select(s => s.Ids[0]).Order());
        Assert.All(bins, b => Assert.True(b.Sum(s => s.Ids.Length) <= 512));
        var fill = samples.Sum(s => s.Ids.Length) / (512.0 * bins.Length);
        Assert.True(fill > 0.97, $"filled to {fill:P1}");
    }

    [Fact]
    public void Early_stopping_ends_the_run_and_the_best_parameters_are_the_result()
    {
        using var tiny = new TinyModel(outputScale: 8);
        using var model = tiny.Load();
        using var adapter = LoraAdapter.Create(model, new LoraConfig { Rank = 8, Alpha = 32 }, 1);
        // Validation on other answers to the same questions: learning makes it worse sooner or later.
        var other = s_samples.Select(s => TinyModel.Sample(s.Messages[0].Content, "public static int Count")).ToArray();
        var result = new SupervisedTuning(model, adapter, s_samples, other,
            Options(tiny) with { Epochs = 400, EvalEvery = 2, EarlyStoppingPatience = 2, LossLimit = 50 })
            .Run();
        Assert.True(result.StoppedEarly);
        Assert.True(result.BestStep < result.Steps);
        using var again = LoraAdapter.Load(model, result.AdapterDirectory);
        var check = new SupervisedTuning(model, again, s_samples, other, Options(tiny) with
        {
            MaxSteps = 1,
            LearningRate = 1e-12,
            EvalEvery = 1,
            OutputDirectory = Path.Combine(tiny.Directory, "check")
        })
            .Run();
        Assert.Equal(result.BestEvalLoss!.Value, check.BestEvalLoss!.Value, 1e-5);
    }

    [Fact]
    public void Validation_is_without_dropout_and_noise()
    {
        using var tiny = new TinyModel(outputScale: 8);
        using var model = tiny.Load();
        using var adapter = LoraAdapter.Create(model, new LoraConfig { Rank = 8, Alpha = 32, Dropout = 0.5 }, 1);
        var result = new SupervisedTuning(model, adapter, s_samples, s_samples,
            Options(tiny) with { MaxSteps = 12, EvalEvery = 12, NeftuneAlpha = 5 })
            .Run();
        var scores = new LocalModel(model, adapter).Score([.. s_samples.Select(s => s.Messages)]);
        Assert.Equal(-scores.Sum(s => s.LogProbability) / scores.Sum(s => s.TokenCount), result.BestEvalLoss!.Value, 1e-4);
    }

    [Fact]
    public void A_loss_that_is_not_finite_or_grows_stops_the_run_and_leaves_the_last_checkpoint()
    {
        using var tiny = new TinyModel(outputScale: 8);
        using var model = tiny.Load();
        using var adapter = LoraAdapter.Create(model, new LoraConfig { Rank = 4, Alpha = 32 }, 1);
        var trainer = new SupervisedTuning(model, adapter, s_samples, [], Options(tiny) with { Epochs = 50, SaveEvery = 3 });
        var message = Assert.Throws<LabException>(() => trainer.Run(s =>
        {
            if (s.Step != 7) return;
            using var _ = torch.no_grad();
            adapter.Parameters.Values.First().fill_(float.NaN);
        })).Message;
        Assert.Contains("at step 8", message);
        Assert.Contains("step-000006", message);
        Assert.True(File.Exists(Path.Combine(tiny.Directory, "run", "checkpoints", "step-000006", "state.safetensors")));

        using var fresh = LoraAdapter.Create(model, new LoraConfig { Rank = 4, Alpha = 32 }, 1);
        Assert.Contains("diverges at step 3",
            Assert.Throws<LabException>(() =>
                new SupervisedTuning(model, fresh, s_samples, [], Options(tiny) with { LossLimit = 0.1 }).Run()).Message);
    }

    [Fact]
    public void Memory_that_runs_out_in_the_middle_costs_no_step()
    {
        using var tiny = new TinyModel(outputScale: 8);
        using var model = tiny.Load();
        using var adapter = LoraAdapter.Create(model, new LoraConfig { Rank = 4, Alpha = 32 }, 1);
        var projections = (Linear[])((AttentionMixer)model.Decoder.Layers[0].Mixer).Projections;
        var weight = new ScarceWeight(projections[0].Weight);
        projections[0] = new Linear(projections[0].Name, weight, null);
        var options = Options(tiny) with { MaxSteps = 6, SaveEvery = 0, EvalEvery = 0 };
        TrainingResult Run(SftOptions o, Action<TrainingStep>? onStep = null) =>
            new SupervisedTuning(model, adapter, s_samples, [], o).Run(onStep);
        var message = Assert.Throws<LabException>(() => Run(options, s => weight.IsShort = s.Step == 4)).Message;
        Assert.Matches("^main memory was not enough for step 5 \\(.*DefaultCPUAllocator.*\\); set gradient checkpointing to on and "
            + "resume\\. The last good checkpoint is .*step-000004; resume from it\\.$", message);
        Assert.DoesNotContain('\n', message);
        weight.IsShort = false;
        Assert.Equal([5, 6],
            Run(options with { Resume = true, GradientCheckpointing = GradientCheckpointing.On }).History.Select(h => h.Step));
    }

    // Asks for more memory than any machine has, where it is told to.
    private sealed class ScarceWeight(Weight inner) : Weight
    {
        public bool IsShort { get; set; }

        public override long Rows => inner.Rows;

        public override long Columns => inner.Columns;

        public override long Bytes => inner.Bytes;

        public override torch.Tensor Materialize(torch.ScalarType type) => IsShort ? torch.zeros(1L << 50) : inner.Materialize(type);

        protected internal override Weight OnDevice(torch.Device device) => this;

        internal override void Multiply(RowSpan x, RowSpan y) => inner.Multiply(x, y);

        public override void Dispose() => inner.Dispose();
    }

    [Fact]
    public void A_damaged_checkpoint_is_passed_over_and_other_settings_are_refused()
    {
        using var tiny = new TinyModel();
        var options = Options(tiny) with { BatchTokens = 64, Epochs = 4, SaveEvery = 2 };
        var whole = Losses(tiny, _ => options);
        var newest = Directory.GetDirectories(Path.Combine(tiny.Directory, "run", "checkpoints")).Order().Last();
        File.WriteAllText(Path.Combine(newest, "state.safetensors"), "cut off");
        var step = int.Parse(Path.GetFileName(newest)[5..]) - 2;
        Assert.Equal(whole[step..], Losses(tiny, _ => options with { Resume = true }));
        using var model = tiny.Load();
        using var adapter = LoraAdapter.Create(model, new LoraConfig { Rank = 8, Alpha = 32 }, 1);
        Assert.Contains("learning_rate 0.01, this run has 0.001",
            Assert.Throws<LabException>(() =>
                new SupervisedTuning(model, adapter, s_samples, [], options with { Resume = true, LearningRate = 1e-3 }).Run()).Message);
    }

    [Fact]
    public void Logs_are_what_other_tools_read()
    {
        using var tiny = new TinyModel();
        Losses(tiny, o => o with { MaxSteps = 3, EvalEvery = 0 });
        var run = Path.Combine(tiny.Directory, "run");
        var line = JsonNode.Parse(File.ReadLines(Path.Combine(run, "trainer_log.jsonl")).Last())!;
        Assert.Equal(3, (int)line["current_steps"]!);
        Assert.Equal(100.0, (double)line["percentage"]!);
        Assert.True((double)line["share_of_peak"]! > 0);
        Assert.StartsWith("<svg", File.ReadAllText(Path.Combine(run, "loss.svg")));
        var records = TensorBoard(Directory.GetFiles(Path.Combine(run, "tensorboard")).Single()).ToArray();
        Assert.Equal(4, records.Length);
        Assert.Contains("brain.Event:2", records[0]);
        Assert.All(records[1..], r => Assert.Contains("train/loss", r));
    }

    [Fact]
    public void Memory_that_is_not_there_is_said_before_the_start()
    {
        using var tiny = new TinyModel();
        using var model = tiny.Load();
        var options = Options(tiny) with { GradientCheckpointing = GradientCheckpointing.Off };
        var estimate = MemoryEstimate.Of(model, 1000, 1 << 20, options, 1L << 20);
        Assert.Contains("set gradient checkpointing to auto or on", Assert.Throws<LabException>(() => estimate.Require(options)).Message);
        var again = MemoryEstimate.Of(model, 1000, 1 << 20, options with { GradientCheckpointing = GradientCheckpointing.On }, 1L << 40);
        Assert.True(again.Total < estimate.Total);
        // On the processor there is no other memory to wait in.
        Assert.Equal(again,
            MemoryEstimate.Of(model, 1000, 1 << 20,
                options with { GradientCheckpointing = GradientCheckpointing.Offload, Optimizer = Optimizer.PagedAdamW }, 1L << 40));
    }

    [Fact]
    public void On_a_device_what_does_not_fit_waits_on_the_host()
    {
        using var tiny = new TinyModel(change: c => c with { Layers = 6 });
        using var model = BaseModel.LoadOn(new TorchSharp.torch.Device(TorchSharp.DeviceType.META), composed: false, tiny.Directory,
            new ModelLoadOptions { ComputeType = ActivationType.BFloat16 });
        MemoryEstimate Of(GradientCheckpointing checkpointing, long available, Optimizer optimizer = Optimizer.AdamW) =>
            MemoryEstimate.Of(model, 1 << 20, 1 << 20, Options(tiny) with { GradientCheckpointing = checkpointing, Optimizer = optimizer },
                available);
        var (kept, again, offloaded) = (Of(GradientCheckpointing.Off, 1L << 40), Of(GradientCheckpointing.On, 1L << 40),
            Of(GradientCheckpointing.Offload, 1L << 40));
        Assert.True(kept.Total > again.Total && again.Total > offloaded.Total);
        Assert.Equal((0, 0), (kept.Host, again.Host));
        Assert.True(offloaded is { OffloadsActivations: true, KeepsActivations: false, Host: > 0 });
        Assert.Equal(kept.Total, Of(GradientCheckpointing.Auto, 3 * kept.Total).Total);
        Assert.Equal(again.Total, Of(GradientCheckpointing.Auto, again.Total + 1).Total);
        Assert.Equal(offloaded.Total, Of(GradientCheckpointing.Auto, again.Total - 1).Total);
        // Eight bytes of state for each element that is trained.
        Assert.Equal(8L << 20, again.Trained - Of(GradientCheckpointing.On, 1L << 40, Optimizer.PagedAdamW).Trained);
        Assert.Equal(8L << 20, Of(GradientCheckpointing.On, 1L << 40, Optimizer.PagedAdamW).Host);
        Assert.Contains("MB are to wait in the memory of the host",
            Assert.Throws<LabException>(() => (offloaded with { Host = 1L << 60 }).Require(Options(tiny))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Sixteen_bits_halve_what_a_device_keeps()
    {
        using var tiny = new TinyModel();
        MemoryEstimate Of(string compute)
        {
            using var model = tiny.Load(compute: compute, composed: true);
            return MemoryEstimate.Of(model, 1000, 1 << 20, Options(tiny) with { GradientCheckpointing = GradientCheckpointing.Off },
                1L << 40);
        }
        Assert.InRange((double)Of("bf16").Activations / Of("fp32").Activations, 0.45, 0.6);
    }

    // The format's own check sums, so that a reader other than ours would take it.
    private static IEnumerable<string> TensorBoard(string path)
    {
        var bytes = File.ReadAllBytes(path);
        for (var at = 0; at < bytes.Length;)
        {
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at));
            Assert.Equal(Masked(bytes.AsSpan(at, 8)), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 8)));
            Assert.Equal(Masked(bytes.AsSpan(at + 12, length)), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 12 + length)));
            yield return Encoding.Latin1.GetString(bytes, at + 12, length);
            at += length + 16;
        }

        static uint Masked(ReadOnlySpan<byte> data)
        {
            var crc = uint.MaxValue;
            foreach (var b in data)
            {
                crc ^= b;
                for (var bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? crc >> 1 ^ 0x82F63B78 : crc >> 1;
            }
            crc = ~crc;
            return (crc >> 15 | crc << 17) + 0xA282EAD8;
        }
    }

    private static double[] Losses(TinyModel tiny, Func<SftOptions, SftOptions> change, LoraConfig? lora = null)
    {
        using var model = tiny.Load();
        using var adapter = LoraAdapter.Create(model, lora ?? new LoraConfig { Rank = 4, Alpha = 32 }, 1);
        return [.. new SupervisedTuning(model, adapter, s_samples, [], change(Options(tiny))).Run().History.Select(h => h.Loss)];
    }

    private static void Near(double[] expected, double[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], tolerance * expected[i]);
    }

    private static SftOptions Options(TinyModel tiny) =>
        new()
        {
            LearningRate = 1e-2,
            Epochs = 1000,
            EvalEvery = 0,
            SaveEvery = 0,
            OutputDirectory = Path.Combine(tiny.Directory, "run"),
            Overwrite = true,
        };
}

using DocTuneLab.Conversations;
using DocTuneLab.Corpus;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Datasets;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Inference;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Recipes;

namespace DocTuneLab.Training.Tests;

public sealed class TrainingTests
{
    private static readonly Sample[] s_samples =
    [
        TinyModel.Sample("What does Tank.Fill return?", "level"), TinyModel.Sample("How many valves?", "3"),
        TinyModel.Sample("Which builder makes a tank?", "TankBuilder"), TinyModel.Sample("水箱的水位是多少？", "Tank"),
    ];

    [Fact]
    public void An_adapter_learns_its_samples_by_heart_over_a_frozen_model()
    {
        using var tiny = new TinyModel(tied: false, outputScale: 20);
        using var model = tiny.Load();
        using var adapter = LoraAdapter.Create(model, new LoraConfig { Rank = 8, Alpha = 16 }, 1);
        var before = new LocalModel(model).Score([s_samples[0].Messages])[0].LogProbability;
        var result = new SupervisedTuning(model, adapter, s_samples, s_samples, Options(tiny) with { Epochs = 150, EvalEvery = 50 }).Run();
        Assert.True(result.FinalLoss < 0.1, $"loss {result.FinalLoss}");
        Assert.Equal(result.Steps, result.History.Count);
        Assert.Equal("TankBuilder",
            new LocalModel(model, adapter).Generate([[s_samples[2].Messages[0]]], new SamplingOptions(12))[0].Trim());
        Assert.Equal(before, new LocalModel(model).Score([s_samples[0].Messages])[0].LogProbability, 1e-9);
        Assert.True(File.Exists(Path.Combine(result.AdapterDirectory, "adapter_model.safetensors")));
        Assert.Equal(result.Steps, File.ReadLines(Path.Combine(tiny.Directory, "run", "trainer_log.jsonl")).Count());
    }

    [Fact]
    public void The_same_seed_gives_the_same_losses_and_a_resumed_run_continues_bit_for_bit()
    {
        using var tiny = new TinyModel();
        using var model = tiny.Load();
        double[] Losses(SftOptions options, CancellationToken cancel = default, CancellationTokenSource? stopAt = null, int stop = 0)
        {
            using var adapter = LoraAdapter.Create(model, new LoraConfig { Rank = 4, Alpha = 32, Dropout = 0.1 }, 1);
            return [.. new SupervisedTuning(model, adapter, s_samples, [], options)
                .Run(s => { if (s.Step == stop) stopAt!.Cancel(); }, cancel).History
                .Select(h => h.Loss)];
        }
        var options = Options(tiny) with { Epochs = 10, BatchTokens = 64 };
        var whole = Losses(options);
        Assert.Equal(whole, Losses(options));
        using var source = new CancellationTokenSource();
        var interrupted = options with { OutputDirectory = Path.Combine(tiny.Directory, "resumed") };
        var first = Losses(interrupted, source.Token, source, stop: 7);
        Assert.Equal(7, first.Length);
        Assert.Equal(whole, first.Concat(Losses(interrupted with { Resume = true })));
        Assert.NotEqual(whole, Losses(options with { Seed = 2 }));
    }

    [Fact]
    public void Replayed_text_is_kept_while_the_samples_are_learnt_as_well()
    {
        using var tiny = new TinyModel(tied: false, outputScale: 20);
        using var model = tiny.Load();
        string[] text = [string.Concat(Enumerable.Repeat("public static int Count(Tank tank) => tank.Valves.Count;\n", 30))];
        (double Text, double Answer) Bits(double share)
        {
            using var adapter = LoraAdapter.Create(model, new LoraConfig { Rank = 8, Alpha = 16 }, 1);
            var result = new SupervisedTuning(model, adapter, s_samples, [],
                Options(tiny) with
                {
                    Epochs = 60,
                    MaxLength = 48,
                    ReplayShare = share,
                    OutputDirectory = Path.Combine(tiny.Directory, $"replay-{share}")
                },
                text).Run();
            Assert.True(share == 0
                || result.Tokens
                    > 1.5 * s_samples.Sum(s => model.Tokenizer.Encode(model.ChatTemplate.Render(s.Messages, false), true).Count) * 60);
            var tuned = new LocalModel(model, adapter);
            return (tuned.ScoreText([text[0][..200]])[0].BitsPerByte, tuned.Score([s_samples[0].Messages])[0].BitsPerByte);
        }
        var known = new LocalModel(model).ScoreText([text[0][..200]])[0].BitsPerByte;
        var (forgotten, learnt) = Bits(0);
        var (kept, alsoLearnt) = Bits(1);
        Assert.True(Math.Abs(kept - known) < 0.2 * (forgotten - known), $"{known} before; {forgotten} without replay, {kept} with it");
        Assert.True(learnt < 1 && alsoLearnt < 1, $"{learnt}, {alsoLearnt}");
    }

    [Fact]
    public void A_small_share_of_replay_leaves_some_steps_without_it()
    {
        using var tiny = new TinyModel();
        using var model = tiny.Load();
        string[] text = [string.Concat(Enumerable.Repeat("public static int Count(Tank tank) => tank.Valves.Count;\n", 30))];
        using var adapter = LoraAdapter.Create(model, new LoraConfig { Rank = 4, Alpha = 32 }, 1);
        var result = new SupervisedTuning(model, adapter, s_samples, [],
            Options(tiny) with { Epochs = 30, MaxLength = 48, ReplayShare = 0.1, OutputDirectory = Path.Combine(tiny.Directory, "seldom") },
            text).Run();
        var replayed = result.History.Count(h => h.ReplayLoss is not null);
        Assert.InRange(replayed, 1, result.Steps - 1);
        Assert.All(result.History, h => Assert.True(h.Loss > 0 && h.ReplayLoss is null or >= 0));
        Assert.Contains("replay_loss", File.ReadAllText(Path.Combine(tiny.Directory, "seldom", "trainer_log.jsonl")),
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_text_for_replay_is_drawn_by_its_seed_from_documentation_and_source()
    {
        var texts = PretrainingText.Replay(30_000, 1);
        Assert.InRange(texts.Sum(t => t.Length), 30_000, 150_000);
        Assert.Contains(texts, t => t.Contains("/// <summary>", StringComparison.Ordinal));
        Assert.Contains(texts, t => t.StartsWith("using ", StringComparison.Ordinal));
        Assert.NotEqual(PretrainingText.Documentation(30_000, new Random(1)), PretrainingText.Documentation(30_000, new Random(2)));
        Assert.Equal(texts, PretrainingText.Replay(30_000, 1));
    }

    [Fact]
    public void The_text_of_the_base_model_is_plain_code_and_messages_without_repetition()
    {
        var source = PretrainingText.Source(150_000, 1, TestContext.Current.CancellationToken);
        Assert.InRange(source.Sum(t => t.Length), 100_000, 1_500_000);
        Assert.Equal(source.Count, source.Distinct().Count());
        Assert.Contains(source, t => t.Contains("namespace System", StringComparison.Ordinal));
        // Also of packages, under their licence.
        Assert.Contains(source,
            t => t.Contains("namespace Microsoft.CodeAnalysis", StringComparison.Ordinal)
                || t.Contains("namespace ICSharpCode.Decompiler", StringComparison.Ordinal));
        Assert.All(source,
            t => Assert.True(t.Count(char.IsAsciiDigit) < t.Length / 12 && !t.Contains("goto IL_", StringComparison.Ordinal)));
        var chinese = PretrainingText.Chinese(20_000);
        Assert.InRange(chinese.Sum(t => t.Length), 10_000, 22_000);
        Assert.All(chinese, t => Assert.True(t.Count(c => c is >= '\u4e00' and <= '\u9fff') > t.Length / 5));
    }

    [Fact]
    public void The_same_loop_trains_a_whole_model()
    {
        using var tiny = new TinyModel();
        string[] texts = [string.Concat(Enumerable.Repeat("return new TankBuilder().WithValve(3).Build();\n", 40))];
        using var model = BaseModel.Create(tiny.Directory, tiny.Config, 1, ActivationType.Float32, "cpu");
        var result = new Pretraining(model, texts, [],
            Options(tiny) with { MaxLength = 32, BatchTokens = 128, Epochs = 12, LearningRate = 5e-3 })
            .Run();
        Assert.True(result.FinalLoss < 0.5 * result.History[0].Loss, $"{result.History[0].Loss} to {result.FinalLoss}");
        using var saved = tiny.Load(nf4: false);
        Assert.True(new LocalModel(saved).ScoreText([texts[0][..48]])[0].BitsPerByte < 2);
    }

    [Fact]
    public void Settings_out_of_range_and_samples_that_do_not_fit_are_named()
    {
        using var tiny = new TinyModel();
        using var model = tiny.Load();
        using var adapter = LoraAdapter.Create(model, new LoraConfig(), 1);
        string Fails(SftOptions options) =>
            Assert.Throws<LabException>(() => new SupervisedTuning(model, adapter, s_samples, [], options)).Message;
        Assert.Contains("scheduler is 7; expected cosine, linear or constant", Fails(Options(tiny) with { Scheduler = (Scheduler)7 }));
        Assert.Contains("learning_rate is 0; expected a number above 0 and below 1", Fails(Options(tiny) with { LearningRate = 0 }));
        Assert.Contains("none of the 4 training samples fits into 8 tokens", Fails(Options(tiny) with { MaxLength = 8 }));
        Assert.Contains("rank is 0",
            Assert.Throws<LabException>(() => LoraAdapter.Create(model, new LoraConfig { Rank = 0, Alpha = 32 }, 1)).Message);
        Assert.Contains("'c_attn' is no linear layer",
            Assert.Throws<LabException>(() => LoraAdapter.Create(model, new LoraConfig { TargetModules = ["c_attn"] }, 1)).Message);
    }

    [Fact]
    public void The_learning_rate_warms_up_and_decays()
    {
        var options = new SftOptions { LearningRate = 1e-3, WarmupRatio = 0.1 };
        Assert.Equal(0, options.LearningRateAt(0, 100));
        Assert.Equal(1e-4, options.LearningRateAt(1, 100), 1e-9);
        Assert.Equal(1e-3, options.LearningRateAt(10, 100), 1e-9);
        Assert.Equal(5e-4, options.LearningRateAt(55, 100), 1e-9);
        Assert.InRange(options.LearningRateAt(99, 100), 0, 1e-6);
    }

    private static SftOptions Options(TinyModel tiny) =>
        new()
        {
            LearningRate = 1e-2,
            EvalEvery = 0,
            SaveEvery = 0,
            OutputDirectory = Path.Combine(tiny.Directory, "run"),
            Overwrite = true,
        };
}

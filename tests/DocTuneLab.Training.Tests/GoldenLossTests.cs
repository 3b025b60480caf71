using System.Globalization;
using DocTuneLab.Corpus;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Recipes;

namespace DocTuneLab.Training.Tests;

/// <summary>
/// The losses of each recipe as they were when it was held against autograd: whatever changes them changes what users get.
/// To accept a change, put the line that a failure prints into <c>Golden/losses.txt</c>.
/// </summary>
public sealed class GoldenLossTests
{
    private const int Steps = 8;

    private static readonly Sample[] s_samples = [.. Enumerable.Range(0, 12)
        .Select(i => TinyModel.Sample($"How many valves has tank {i}?", $"return tank.Valves.Count + {i * i};"))];

    public static TheoryData<string> Recipes =>
    [
        "lora", "rslora", "dora", "pissa", "dropout", "neftune", "lora+", "8-bit", "packing", "accumulation", "linear decay", "fp4", "int8",
        "whole model"
    ];

    [Theory]
    [MemberData(nameof(Recipes))]
    public void The_loss_curve_of_a_recipe_is_the_recorded_one(string recipe) => Curve(recipe, composed: false);

    [Theory]
    [MemberData(nameof(Recipes))]
    public void It_is_the_same_with_the_operations_that_run_on_any_device(string recipe) => Curve(recipe, composed: true);

    [Theory]
    [InlineData("lora")]
    [InlineData("8-bit")]
    public void It_is_the_same_with_the_optimisers_state_and_the_layers_inputs_on_the_host(string recipe) =>
        Curve(recipe, composed: true, paged: true, GradientCheckpointing.Offload);

    private static void Curve(string recipe, bool composed, bool paged = false,
        GradientCheckpointing checkpointing = GradientCheckpointing.Auto)
    {
        using var tiny = new TinyModel("qwen2", outputScale: 8);
        var options = new SftOptions
        {
            LearningRate = 5e-3,
            Epochs = 1000,
            MaxSteps = Steps,
            BatchTokens = 256,
            MaxLength = 128,
            EvalEvery = 0,
            SaveEvery = 0,
            OutputDirectory = Path.Combine(tiny.Directory, "run"),
            WeightDecay = 0.01,
            NeftuneAlpha = recipe == "neftune" ? 5 : 0,
            LoraPlusRatio = recipe == "lora+" ? 8 : 1,
            Optimizer = (paged, recipe == "8-bit") switch
            {
                (false, false) => Optimizer.AdamW,
                (false, true) => Optimizer.AdamW8Bit,
                (true, false) => Optimizer.PagedAdamW,
                _ => Optimizer.PagedAdamW8Bit
            },
            GradientCheckpointing = checkpointing,
            Packing = recipe == "packing",
            GradientAccumulation = recipe == "accumulation" ? 3 : 1,
            Scheduler = recipe == "linear decay" ? Scheduler.Linear : Scheduler.Cosine,
        };
        var losses = recipe == "whole model" ? Whole(tiny, options, composed) : Adapter(tiny, options, recipe, composed);
        var line = $"{recipe}: {string.Join(' ', losses.Select(l => l.ToString("G7", CultureInfo.InvariantCulture)))}";
        var recorded = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Golden", "losses.txt"))
            .FirstOrDefault(l => l.StartsWith(recipe + ":", StringComparison.Ordinal));
        Assert.True(recorded is not null, $"not recorded; now it is\n{line}");
        var expected = recorded[(recipe.Length + 2)..].Split(' ').Select(v => double.Parse(v, CultureInfo.InvariantCulture)).ToArray();
        Assert.True(expected.Length == losses.Length && expected.Zip(losses).All(p => Math.Abs(p.First - p.Second) <= 1e-4 * p.First),
            $"recorded\n{recorded}\nnow\n{line}");
    }

    private static double[] Adapter(TinyModel tiny, SftOptions options, string recipe, bool composed)
    {
        using var model = BaseModel.LoadOn(TinyModel.DeviceOf(composed), composed, tiny.Directory,
            new ModelLoadOptions { ComputeType = "fp32", Quantization = recipe is "fp4" or "int8" ? recipe : "nf4" });
        using var adapter = LoraAdapter.Create(model, new LoraConfig
        {
            // State of fewer than 4,096 elements stays in 32 bits.
            Rank = recipe == "8-bit" ? 64 : 32,
            Alpha = 32,
            UseRsLora = recipe == "rslora",
            UseDora = recipe == "dora",
            Initialization = recipe == "pissa" ? AdapterInitialization.Pissa : AdapterInitialization.Default,
            Dropout = recipe == "dropout" ? 0.2 : 0,
        }, 1);
        return [.. new SupervisedTuning(model, adapter, s_samples, [], options).Run().History.Select(h => h.Loss)];
    }

    private static double[] Whole(TinyModel tiny, SftOptions options, bool composed)
    {
        using var model = BaseModel.CreateOn(TinyModel.DeviceOf(composed), composed, tiny.Directory, tiny.Config, 1, "fp32");
        return [.. new Pretraining(model, [string.Concat(s_samples.Select(s => s.Messages[1].Content + "\n"))], [],
            options with { MaxLength = 32 })
            .Run().History
            .Select(h => h.Loss)];
    }
}

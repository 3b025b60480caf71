using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Compute;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Tests;

public sealed class GradientTests
{
    private static readonly StepKey s_step = new(1, 0, 0);

    [Theory]
    [InlineData("llama", true, "lora", true)]
    [InlineData("llama", false, "lora", false)]
    [InlineData("qwen3", true, "lora", true)]
    [InlineData("mistral", false, "lora", false)]
    [InlineData("qwen2", true, "rslora", true)]
    [InlineData("llama", true, "dora", true)]
    [InlineData("qwen2", false, "pissa", false)]
    [InlineData("llama", true, "attention only", true)]
    [InlineData("llama", true, "lora", true, true)]
    [InlineData("qwen3", false, "rslora", false, true)]
    [InlineData("mistral", false, "lora", false, true)]
    [InlineData("llama", true, "dora", true, true)]
    [InlineData("qwen2", false, "pissa", false, true)]
    public void Loss_and_gradients_of_an_adapter_are_those_of_the_plain_composition(string type, bool tied, string kind, bool keep,
        bool composed = false)
    {
        using var tiny = new TinyModel(type, tied, outputScale: 8);
        using var model = tiny.Load(composed: composed);
        using var adapter = LoraAdapter.Create(model, Config(kind), 1);
        Perturb(adapter.Parameters);
        using var attached = adapter.Attach(training: true);
        Compare(model, adapter.Parameters, keep);
    }

    [Theory]
    [InlineData("llama", true)]
    [InlineData("qwen2", false)]
    [InlineData("qwen3", true)]
    [InlineData("qwen2", true, true)]
    [InlineData("qwen3", false, true)]
    public void Loss_and_gradients_of_a_whole_model_are_those_of_the_plain_composition(string type, bool tied, bool composed = false)
    {
        using var tiny = new TinyModel(type, tied);
        using var model = BaseModel.CreateOn(TinyModel.DeviceOf(composed), composed, tiny.Directory, tiny.Config, 5,
            ActivationType.Float32);
        Perturb(model.Parameters);
        Compare(model, model.Parameters, keep: true);
    }

    [Theory]
    [InlineData("lora")]
    [InlineData("dropout")]
    [InlineData("pissa")]
    [InlineData("dropout", true)]
    public void Gradients_are_the_slopes_of_the_loss(string kind, bool composed = false)
    {
        using var tiny = new TinyModel(outputScale: 8);
        using var model = tiny.Load(composed: composed);
        using var adapter = LoraAdapter.Create(model, Config(kind), 1);
        Perturb(adapter.Parameters);
        using var attached = adapter.Attach(training: true);
        using var gradients = new Gradients(adapter.Parameters.Values);
        using var pass = new TrainingPass(model, gradients, new PassOptions(true, false));
        var batch = Batch(model);
        pass.Run(batch, 1.0 / batch.Targets.Length, s_step);
        foreach (var (name, parameter) in adapter.Parameters)
        {
            // Along the gradient itself the slope is its squared norm; a wrong gradient has no such direction.
            using var scope = NewDisposeScope();
            using var _ = no_grad();
            var gradient = gradients.Of(parameter)!.clone();
            var length = gradient.norm().item<float>();
            var direction = gradient / length;
            const float Step = 3e-2f;
            parameter.add_(direction, alpha: Step);
            var above = Loss();
            parameter.add_(direction, alpha: -2 * Step);
            var below = Loss();
            parameter.add_(direction, alpha: Step);
            var slope = (above - below) / (2 * Step);
            Assert.True(Math.Abs(slope - length) < 0.02 * length + 2e-4, $"{name}: slope {slope}, gradient {length}");

            double Loss()
            {
                // The same dropout as in the step, and parameters of a new version.
                using var other = new Gradients(adapter.Parameters.Values);
                using var again = new TrainingPass(model, other, new PassOptions(true, false));
                return again.Run(batch, 1.0 / batch.Targets.Length, s_step) / batch.Targets.Length;
            }
        }
    }

    [Theory]
    [InlineData("lora", false)]
    [InlineData("dropout", true)]
    [InlineData("pissa", false)]
    [InlineData("dora", true)]
    [InlineData("lora", true, true)]
    [InlineData("dropout", false, true)]
    [InlineData("pissa", true, true)]
    [InlineData("dora", false, true)]
    public void In_16_bits_losses_and_gradients_are_those_of_32_but_for_their_rounding(string kind, bool keep, bool composed = false)
    {
        using var tiny = new TinyModel("qwen2", outputScale: 8);
        var (narrow, wide) = (Run("bf16", composed), Run("fp32", composed: false));
        for (var i = 0; i < 2; i++)
        {
            var ((loss, gradient), (expected, right)) = (narrow[i], wide[i]);
            Assert.Equal(expected, loss, 0.02 * expected + 2e-5);
            var (dot, a, b) = (gradient.Zip(right, (x, y) => (double)x * y).Sum(), gradient.Sum(x => (double)x * x),
                right.Sum(x => (double)x * x));
            Assert.True(dot / Math.Sqrt(a * b) > 0.998 && Math.Abs(Math.Sqrt(a / b) - 1) < 0.03,
                $"{(i == 0 ? "trained" : "replayed")}: cosine {dot / Math.Sqrt(a * b)}, length {Math.Sqrt(a / b)}");
        }

        (double Loss, float[] Gradient)[] Run(string compute, bool composed)
        {
            using var model = tiny.Load(compute: compute, composed: composed);
            using var adapter = LoraAdapter.Create(model, Config(kind), 1);
            // So far from the model without it that its divergence is no rounding.
            Perturb(adapter.Parameters);
            Perturb(adapter.Parameters);
            using var attached = adapter.Attach(training: true);
            using var gradients = new Gradients(adapter.Parameters.Values);
            using var teacher = new Teacher(model, keepWeights: keep);
            using var pass = new TrainingPass(model, gradients, new PassOptions(keep, keep), teacher);
            return [.. new[] { Batch(model), PackedBatch.Of(Sequences(model)) with { Replayed = true } }.Select(batch =>
            {
                gradients.Clear();
                return (pass.Run(batch, 1.0 / batch.Targets.Length, s_step) / batch.Targets.Length,
                    adapter.Parameters.Values.SelectMany(p => gradients.Of(p)!.cpu().data<float>().ToArray()).ToArray());
            })];
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Replayed_text_pulls_the_model_back_to_what_it_said_without_its_adapter(bool composed)
    {
        using var tiny = new TinyModel(outputScale: 8);
        using var model = tiny.Load(composed: composed);
        using var kernels = Kernels.For(model.Decoder);
        using var adapter = LoraAdapter.Create(model, Config("lora"), 1);
        var batch = PackedBatch.Of(Sequences(model)) with { Replayed = true };
        var targets = batch.Targets.Length;
        using var attached = adapter.Attach(training: true);
        using var gradients = new Gradients(adapter.Parameters.Values);
        using var teacher = new Teacher(model, keepWeights: true);
        using var pass = new TrainingPass(model, gradients, new PassOptions(true, true), teacher);
        // B is zero, so the model is its own teacher.
        Assert.Equal(0, pass.Run(batch, 1.0 / targets, s_step) / targets, 1e-6);
        Assert.Equal(0, kernels.Length(gradients.All), 1e-4);
        Perturb(adapter.Parameters);
        gradients.Clear();
        using var again = new TrainingPass(model, gradients, new PassOptions(true, true), teacher);
        var before = again.Run(batch, 1.0 / targets, s_step) / targets;
        Assert.True(before > 1e-4, $"{before}");
        using (no_grad())
            foreach (var parameter in adapter.Parameters.Values)
                parameter.add_(gradients.Of(parameter)!, alpha: -0.1f * (float)(before / Math.Pow(kernels.Length(gradients.All), 2)));
        using var after = new TrainingPass(model, gradients, new PassOptions(true, true), teacher);
        Assert.InRange(after.Run(batch, 0, s_step) / targets, 0.8 * before, 0.95 * before);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_packed_batch_has_the_loss_and_the_gradient_of_its_sequences_one_by_one(bool composed)
    {
        using var tiny = new TinyModel(outputScale: 8);
        using var model = tiny.Load(composed: composed);
        using var adapter = LoraAdapter.Create(model, Config("lora"), 1);
        Perturb(adapter.Parameters);
        using var attached = adapter.Attach(training: true);
        var sequences = Sequences(model);
        using var packed = new Gradients(adapter.Parameters.Values);
        using var single = new Gradients(adapter.Parameters.Values);
        using var first = new TrainingPass(model, packed, new PassOptions(true, true));
        using var second = new TrainingPass(model, single, new PassOptions(false, false));
        var targets = PackedBatch.Of(sequences).Targets.Length;
        var together = first.Run(PackedBatch.Of(sequences), 1.0 / targets, s_step);
        var apart = sequences.Sum(s => second.Run(PackedBatch.Of([s]), 1.0 / targets, s_step));
        Assert.Equal(apart, together, 1e-5 * together);
        foreach (var parameter in adapter.Parameters.Values) Close(single.Of(parameter)!, packed.Of(parameter)!, "packed");
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("mistral")]
    [InlineData("llama", true)]
    [InlineData("mistral", true)]
    public void A_beginning_that_sequences_share_is_computed_once_and_changes_nothing(string type, bool composed = false)
    {
        using var tiny = new TinyModel(type, outputScale: 8, change: c => type == "mistral" ? c with { SlidingWindow = 5 } : c);
        using var model = tiny.Load(composed: composed);
        using var adapter = LoraAdapter.Create(model, Config("lora"), 1);
        Perturb(adapter.Parameters);
        using var attached = adapter.Attach(training: true);
        int[] Ids(string text) => [0, .. model.Tokenizer.Encode(text)];
        var question = Ids("What does Tank.Fill return? ");
        // Answers to one question, a question that goes on from another's beginning, one sequence twice, and one alone.
        TokenizedSample[] sequences =
        [
            new([.. question, .. model.Tokenizer.Encode("the level")], question.Length),
            new([.. question, .. model.Tokenizer.Encode("return new Tank();")], question.Length),
            new(Ids("What does Tank.Count return? 3"), 8), new(Ids("return new TankBuilder()"), 2), new(Ids("return new TankBuilder()"), 2),
            new(Ids("水箱的水位是多少？"), 1),
        ];
        using var together = new Gradients(adapter.Parameters.Values);
        using var single = new Gradients(adapter.Parameters.Values);
        using var first = new TrainingPass(model, together, new PassOptions(true, true));
        using var second = new TrainingPass(model, single, new PassOptions(true, false));
        var batch = PackedBatch.Of(sequences);
        Assert.True(batch.Ids.Length < PackedBatch.Of(sequences, share: false).Ids.Length - question.Length);
        var loss = first.Run(batch, 1.0 / batch.Targets.Length, s_step);
        Assert.Equal(sequences.Sum(s => second.Run(PackedBatch.Of([s]), 1.0 / batch.Targets.Length, s_step)), loss, 1e-5 * loss);
        foreach (var (name, parameter) in adapter.Parameters) Close(single.Of(parameter)!, together.Of(parameter)!, name);
    }

    [Fact]
    public void Inputs_of_layers_that_wait_on_the_host_change_nothing()
    {
        using var tiny = new TinyModel("qwen3", outputScale: 8);
        using var model = tiny.Load(composed: true);
        using var adapter = LoraAdapter.Create(model, Config("dropout"), 1);
        Perturb(adapter.Parameters);
        using var attached = adapter.Attach(training: true);
        var (kept, waiting) = (Run(offload: false), Run(offload: true));
        Assert.Equal(kept.Loss, waiting.Loss);
        Assert.Equal(kept.Gradient, waiting.Gradient);

        (double Loss, float[] Gradient) Run(bool offload)
        {
            using var gradients = new Gradients(adapter.Parameters.Values);
            using var pass = new TrainingPass(model, gradients, new PassOptions(false, false, NoiseAlpha: 5, Offload: offload));
            // Twice, of two sizes: what waits belongs to the batch.
            pass.Run(PackedBatch.Of(Sequences(model).AsSpan(0, 2)), 0.1, s_step);
            gradients.Clear();
            return (pass.Run(Batch(model), 0.1, s_step), gradients.All.cpu().data<float>().ToArray());
        }
    }

    private static LoraConfig Config(string kind) => new()
    {
        Rank = 4,
        Alpha = 8,
        UseRsLora = kind == "rslora",
        UseDora = kind == "dora",
        Initialization = kind == "pissa" ? AdapterInitialization.Pissa : AdapterInitialization.Default,
        Dropout = kind == "dropout" ? 0.2 : 0,
        TargetModules = kind == "attention only" ? ["q_proj", "v_proj"] : new LoraConfig().TargetModules,
    };

    // B starts at zero, where half of the gradients vanish: compare away from it.
    private static void Perturb(IReadOnlyDictionary<string, Tensor> parameters)
    {
        using var _ = no_grad();
        var generator = new Generator(11, CPU);
        foreach (var parameter in parameters.Values)
            parameter.add_(randn(parameter.shape, generator: generator).to(parameter.device), alpha: 0.05f);
    }

    private static TokenizedSample[] Sequences(BaseModel model)
    {
        string[] texts =
        [
            "What does Tank.Fill return?", "public static int Count(Tank tank) => tank.Valves.Count;",
            "水箱的水位是多少？ new TankBuilder().WithValve(3)", "a",
            string.Concat(Enumerable.Repeat("return the new level of the tank ", 6))
        ];
        return [.. texts.Select((t, i) => new TokenizedSample([0, .. model.Tokenizer.Encode(t)], i % 3))];
    }

    private static PackedBatch Batch(BaseModel model) => PackedBatch.Of(Sequences(model));

    private static void Compare(BaseModel model, IReadOnlyDictionary<string, Tensor> parameters, bool keep)
    {
        using var scope = NewDisposeScope();
        using var gradients = new Gradients(parameters.Values);
        using var pass = new TrainingPass(model, gradients, new PassOptions(keep, keep));
        var sequences = Sequences(model);
        var batch = PackedBatch.Of(sequences);
        var loss = pass.Run(batch, 1.0 / batch.Targets.Length, s_step) / batch.Targets.Length;
        var plain = zeros(1, device: model.Decoder.Device);
        foreach (var (ids, start) in sequences)
        {
            var logits = model.Decoder.Logits(
                model.Decoder.Forward(tensor(ids.Select(i => (long)i).ToArray(), [1, ids.Length], device: model.Decoder.Device)))[0];
            var from = Math.Max(1, start);
            plain = plain + nn.functional.cross_entropy(logits[(from - 1)..^1],
                tensor(ids[from..].Select(i => (long)i).ToArray(), device: model.Decoder.Device), reduction: nn.Reduction.Sum);
        }
        plain = plain / batch.Targets.Length;
        plain.backward();
        Assert.Equal(plain.item<float>(), loss, 1e-4);
        foreach (var (name, parameter) in parameters) Close(parameter.grad!, gradients.Of(parameter)!, name);
    }

    private static void Close(Tensor expected, Tensor actual, string name)
    {
        using var scope = NewDisposeScope();
        var (difference, size) = ((expected - actual).norm().item<float>(), expected.norm().item<float>());
        Assert.True(size > 0 && difference < 2e-4 * size, $"{name}: difference {difference} of {size}");
    }
}

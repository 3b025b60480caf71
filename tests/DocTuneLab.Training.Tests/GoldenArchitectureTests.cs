using System.Text.Json.Nodes;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Compute;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Inference;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Models.Layout;
using DocTuneLab.Training.Quantization;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Tests;

/// <summary>Small models of each architecture against what transformers computes with them. The folder that DOCTUNE_GOLDEN names has
/// them all; some are kept here.</summary>
public sealed class GoldenArchitectureTests : IDisposable
{
    private static readonly StepKey s_step = new(0, -1, 0);
    private readonly string _copy = Directory.CreateTempSubdirectory("architectures-").FullName;

    static GoldenArchitectureTests() => set_num_threads(1);

    public void Dispose() => Directory.Delete(_copy, recursive: true);

    private static string? Folder =>
        Environment.GetEnvironmentVariable("DOCTUNE_GOLDEN") is { Length: > 0 } folder ? Path.Combine(folder, "architectures") : null;

    private static string KeptFolder => Path.Combine(AppContext.BaseDirectory, "Models");

    /// <summary>Each folder with each of its configurations, of those kept here where DOCTUNE_GOLDEN names none.</summary>
    public static TheoryData<string, string> All =>
        [.. Folders.SelectMany(f => Directory.GetFiles(f, "config*.json").Order(StringComparer.Ordinal)
            .Select(c => (f, Path.GetFileName(c))))];

    public static TheoryData<string> Models => [.. Folders];

    private static IEnumerable<string> Folders =>
        Directory.GetDirectories(Folder ?? KeptFolder).Order(StringComparer.Ordinal);

    [Theory]
    [MemberData(nameof(All))]
    public void Logits_are_those_of_transformers(string folder, string config)
    {
        using var model = Load(folder, config);
        using var expected = SafetensorsFile.Open(Path.Combine(folder, "expected.safetensors"));
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var none = new Gradients([]);
        using var pass = new TrainingPass(model, none, new PassOptions(KeepActivations: false, KeepWeights: false));
        var sequences = Sequences(expected);
        for (var s = 0; s < sequences.Length; s++)
        {
            var ids = tensor(sequences[s].Select(i => (long)i).ToArray(), [1, sequences[s].Length]);
            Near(expected.Read($"logits.{s}"), model.Decoder.Logits(model.Decoder.Forward(ids))[0], $"plain composition, sequence {s}");
            Near(expected.Read($"logits.{s}"), model.Decoder.Logits(pass.Outputs(Batch(sequences[s]), s_step)), $"pass, sequence {s}");
        }
        // Beside each other in one batch they do not see each other.
        var together = Batch(sequences);
        Near(cat([.. together.Order.Select(s => expected.Read($"logits.{s}"))]), model.Decoder.Logits(pass.Outputs(together, s_step)),
            "both in a batch");
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Loss_and_gradients_are_those_of_transformers(string folder, string config)
    {
        var expected = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "expected.json")))!;
        using var model = Load(folder, config);
        using var values = SafetensorsFile.Open(Path.Combine(folder, "expected.safetensors"));
        var ids = Sequences(values)[(int)expected["loss"]!["sequence"]!];
        var tensors = Trained(model).DistinctBy(t => t.Tensor.Handle).ToList();
        foreach (var (_, tensor) in tensors) tensor.requires_grad = true;
        using var gradients = new Gradients(tensors.Select(t => t.Tensor));
        using var pass = new TrainingPass(model, gradients, new PassOptions(KeepActivations: true, KeepWeights: false));
        var batch = PackedBatch.Of([new TokenizedSample(ids, 1)]);
        Assert.Equal((double)expected["loss"]!["value"]!, pass.Run(batch, 1.0 / batch.Targets.Length, s_step) / batch.Targets.Length, 1e-4);
        var norms = tensors.GroupBy(t => t.Name).ToDictionary(g => g.Key,
            g => Math.Sqrt(g.Sum(t => Math.Pow(gradients.Of(t.Tensor)!.norm().item<float>(), 2))));
        var wrong = expected["gradient_norms"]!.AsObject()
            .Select(e => (e.Key, Expected: (double)e.Value!, Found: norms.GetValueOrDefault(e.Key, double.NaN)))
            .Where(e => !(Math.Abs(e.Expected - e.Found) <= 1e-4 + 1e-4 * e.Expected))
            .Select(e => $"{e.Key}: {e.Found}, expected {e.Expected}").ToList();
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void With_a_cache_the_likeliest_tokens_are_those_of_transformers(string folder, string config)
    {
        var expected = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "expected.json")))!;
        using var model = Load(folder, config);
        using var values = SafetensorsFile.Open(Path.Combine(folder, "expected.safetensors"));
        var sequences = Sequences(values);
        using var pass = new DecodingPass(model, keepWeights: false);
        if (expected["greedy"] is not JsonArray greedy)
        {
            // Where the reference's cache is not what it computes without one, ours is: a token at a time is as all at once.
            using var scope = NewDisposeScope();
            using var _ = no_grad();
            for (var s = 0; s < sequences.Length; s++)
            {
                var logits = pass.Read([sequences[s][..5]], sequences[s].Length);
                for (var i = 5; i < sequences[s].Length; i++) logits = pass.Add([0], [sequences[s][i]], [i]);
                Near(values.Read($"logits.{s}")[-1], logits[0], $"sequence {s}");
            }
            return;
        }
        foreach (var group in (int[][])[[0], [1], [0, 1]])
        {
            using var scope = NewDisposeScope();
            var found = group.Select(_ => new List<long>()).ToArray();
            var logits = pass.Read([.. group.Select(s => sequences[s])], 64);
            for (var step = 0; step < 16; step++)
            {
                var next = logits.argmax(-1).data<long>().ToArray();
                for (var i = 0; i < group.Length; i++) found[i].Add(next[i]);
                logits = pass.Add([.. Enumerable.Range(0, group.Length)], [.. next.Select(t => (int)t)],
                    [.. group.Select(s => sequences[s].Length + step)]);
            }
            for (var i = 0; i < group.Length; i++)
                Assert.Equal(greedy[group[i]]!.AsArray().Select(t => (long)t!), found[i]);
        }
    }

    /// <summary>Over NF4, in two sequences of a batch, against autograd over the plain composition.</summary>
    [Theory]
    [MemberData(nameof(Models))]
    public void Adapters_learn_by_the_gradient_of_the_plain_composition(string folder)
    {
        using var model = Load(folder, "config.json", "nf4");
        using var adapter = LoraAdapter.Create(model, new LoraConfig { Rank = 4, Alpha = 8 }, 1);
        using (no_grad())
        {
            var generator = new Generator(11, CPU);
            foreach (var parameter in adapter.Parameters.Values) parameter.add_(randn(parameter.shape, generator: generator), alpha: 0.05f);
        }
        using var attached = adapter.Attach(training: true);
        using var values = SafetensorsFile.Open(Path.Combine(folder, "expected.safetensors"));
        var sequences = Sequences(values).Select(s => new TokenizedSample(s, 3)).ToArray();
        using var scope = NewDisposeScope();
        using var gradients = new Gradients(adapter.Parameters.Values);
        using var pass = new TrainingPass(model, gradients, new PassOptions(KeepActivations: false, KeepWeights: false));
        var batch = PackedBatch.Of(sequences, share: !model.Config.Layout.FollowsLength);
        var loss = pass.Run(batch, 1.0 / batch.Targets.Length, s_step) / batch.Targets.Length;
        var plain = zeros(1);
        foreach (var (ids, start) in sequences)
        {
            var logits = model.Decoder.Logits(model.Decoder.Forward(tensor(ids.Select(i => (long)i).ToArray(), [1, ids.Length])))[0];
            plain = plain + nn.functional.cross_entropy(logits[(start - 1)..^1], tensor(ids[start..].Select(i => (long)i).ToArray()),
                reduction: nn.Reduction.Sum);
        }
        plain = plain / batch.Targets.Length;
        plain.backward();
        Assert.Equal(plain.item<float>(), loss, 1e-4);
        foreach (var (name, parameter) in adapter.Parameters)
        {
            // An expert that no token chose has none.
            var own = parameter.grad ?? zeros_like(parameter);
            var (difference, size) = ((own - gradients.Of(parameter)!).norm().item<float>(), own.norm().item<float>());
            Assert.True(difference <= 5e-4 * size + 1e-6, $"{name}: difference {difference} of {size}");
        }
    }

    private BaseModel Load(string folder, string config, string quantization = "none")
    {
        foreach (var file in Directory.GetFiles(folder))
            if (!Path.GetFileName(file).StartsWith("config", StringComparison.Ordinal))
                File.Copy(file, Path.Combine(_copy, Path.GetFileName(file)), overwrite: true);
        File.Copy(Path.Combine(folder, config), Path.Combine(_copy, "config.json"), overwrite: true);
        return BaseModel.LoadOn(CPU, composed: false, _copy,
            new ModelLoadOptions { Quantization = quantization, ComputeType = ActivationType.Float32 });
    }

    private static int[][] Sequences(SafetensorsFile expected) =>
        [.. Enumerable.Range(0, 2).Select(s => expected.Read($"input_ids.{s}").to_type(ScalarType.Int32).flatten().data<int>().ToArray())];

    // A token after each sequence, so that the last one is followed by something; it is not read.
    private static PackedBatch Batch(params int[][] sequences) =>
        PackedBatch.Of([.. sequences.Select(s => new TokenizedSample([.. s, 0], 1))], share: false, unread: 1);

    private static void Near(Tensor expected, Tensor actual, string what)
    {
        using var scope = NewDisposeScope();
        var excess = ((expected - actual).abs() - 1e-4 - 1e-4 * expected.abs()).max().item<float>();
        Assert.True(excess <= 0, $"{what}: beyond what is allowed by {excess}");
    }

    // By their names in the checkpoint; those of one stack share a name.
    private static IEnumerable<(string Name, Tensor Tensor)> Trained(BaseModel model)
    {
        var (decoder, layout) = (model.Decoder, model.Config.Layout);
        yield return (layout.Embedding, decoder.Embedding.Tensor);
        if (decoder.Positions is { } positions) yield return (layout.Positions!, positions);
        foreach (var layer in decoder.Layers)
        {
            foreach (var found in (IEnumerable<(string, Tensor)>)
            [
                .. Of(layer.InputNorm), .. Of(layer.MixerOutputNorm), .. Of(layer.FeedForwardNorm), .. Of(layer.FeedForwardOutputNorm),
                .. layer.Linears.Zip(layer.Layout.Linears).SelectMany(l => Of(l.First, l.Second)),
            ])
                yield return found;
            if (layer.Mixer is AttentionMixer attention)
            {
                foreach (var found in Of(attention.QueryNorm).Concat(Of(attention.KeyNorm))) yield return found;
                if (attention.Sinks is { } sinks) yield return (attention.Layout.Sinks!, sinks);
            }
            if (layer.Mixer is ConvolutionMixer convolution)
            {
                yield return (convolution.Layout.Kernel + ".weight", convolution.Kernel);
                if (convolution.Bias is { } bias) yield return (convolution.Layout.Kernel + ".bias", bias);
            }
            if (layer.FeedForward is not Mixture mixture) continue;
            yield return (mixture.Layout.Router + ".weight", mixture.Router);
            if (mixture.RouterBias is { } routerBias) yield return (mixture.Layout.Router + ".bias", routerBias);
            if (mixture.SharedGate is { } gate) yield return (mixture.Layout.SharedGate + ".weight", gate);
        }
        foreach (var found in Of(decoder.FinalNorm)) yield return found;
        yield return (layout.HeadTensor, decoder.Head.Tensor);
        if (decoder.HeadBias is { } headBias) yield return (layout.Head + ".bias", headBias);
    }

    private static IEnumerable<(string, Tensor)> Of(Norm? norm) => norm is null ? []
        : norm.Layout.HasWeight
            ? norm.Tensors.Zip((string[])[".weight", ".bias"], (t, n) => (norm.Layout.Name + n, t))
            : norm.Tensors.Select(t => (norm.Layout.Name + ".bias", t));

    private static IEnumerable<(string, Tensor)> Of(Linear linear, LinearLayout layout)
    {
        yield return (layout.Tensor, ((DenseWeight)linear.Weight).Tensor);
        if (linear.Bias is { } bias) yield return (layout.Bias!, bias);
    }
}

using System.Text.Json.Nodes;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Compute;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Export;
using DocTuneLab.Training.Inference;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Models.Layout;
using DocTuneLab.Training.Quantization;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Tests;

/// <summary>Tests that run alone. Of TorchSharp's operations each sum makes a scalar, which the collector may take while libtorch still
/// reads it ("Expected false to be true"); only what other threads allocate meanwhile makes it run then.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

/// <summary>Small models of each architecture against what transformers computes with them. The folder that DOCTUNE_GOLDEN names has
/// them all; some are kept here.</summary>
[Collection(nameof(Alone))]
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

    public static TheoryData<string, bool> ModelsOnAnyDevice =>
        [.. Folders.SelectMany(f => (IEnumerable<(string, bool)>)[(f, false), (f, true)])];

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
        // Null where the reference's cache is not what it computes without one: then what was read is held against that.
        var greedy = expected["greedy"] as JsonArray ?? [null, null];
        foreach (var group in (int[][])[[0], [1], [0, 1]])
        {
            using var scope = NewDisposeScope();
            using var _ = no_grad();
            var found = group.Select(_ => new List<long>()).ToArray();
            var logits = pass.Read([.. group.Select(s => sequences[s])], 64);
            for (var i = 0; i < group.Length; i++) Near(values.Read($"logits.{group[i]}")[-1], logits[i], $"sequence {group[i]}");
            for (var step = 0; step < 16; step++)
            {
                var next = logits.argmax(-1).data<long>().ToArray();
                for (var i = 0; i < group.Length; i++) found[i].Add(next[i]);
                logits = pass.Add([.. Enumerable.Range(0, group.Length)], [.. next.Select(t => (int)t)],
                    [.. group.Select(s => sequences[s].Length + step)]);
            }
            for (var i = 0; i < group.Length; i++)
                if (greedy[group[i]] is not null) Assert.Equal(greedy[group[i]]!.AsArray().Select(t => (long)t!), found[i]);
        }
    }

    /// <summary>Over NF4, in two sequences of a batch, against autograd over the plain composition.</summary>
    [Theory]
    [MemberData(nameof(ModelsOnAnyDevice))]
    public void Adapters_learn_by_the_gradient_of_the_plain_composition(string folder, bool composed)
    {
        using var model = Load(folder, "config.json", "nf4", composed: composed);
        using var adapter = LoraAdapter.Create(model, new LoraConfig { Rank = 4, Alpha = 8 }, 1);
        using (no_grad())
        {
            var generator = new Generator(11, CPU);
            foreach (var parameter in adapter.Parameters.Values)
                parameter.add_(randn(parameter.shape, generator: generator).to(parameter.device), alpha: 0.05f);
        }
        using var attached = adapter.Attach(training: true);
        using var values = SafetensorsFile.Open(Path.Combine(folder, "expected.safetensors"));
        var sequences = Sequences(values).Select(s => new TokenizedSample(s, 3)).ToArray();
        using var scope = NewDisposeScope();
        using var gradients = new Gradients(adapter.Parameters.Values);
        using var pass = new TrainingPass(model, gradients, new PassOptions(KeepActivations: false, KeepWeights: false));
        var batch = PackedBatch.Of(sequences, share: !model.Config.Layout.FollowsLength);
        var loss = pass.Run(batch, 1.0 / batch.Targets.Length, s_step) / batch.Targets.Length;
        var (plain, device) = (zeros(1, device: model.Decoder.Device), model.Decoder.Device);
        foreach (var (ids, start) in sequences)
        {
            var logits = model.Decoder.Logits(model.Decoder.Forward(
                tensor(ids.Select(i => (long)i).ToArray(), [1, ids.Length], device: device)))[0];
            plain = plain + nn.functional.cross_entropy(logits[(start - 1)..^1],
                tensor(ids[start..].Select(i => (long)i).ToArray(), device: device), reduction: nn.Reduction.Sum);
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

    [Theory]
    [MemberData(nameof(Models))]
    public void Merged_into_the_checkpoint_an_adapter_does_what_it_does_beside_it(string folder)
    {
        using var model = Load(folder, "config.json");
        using var adapter = LoraAdapter.Create(model, new LoraConfig { Rank = 4, Alpha = 8 }, 1);
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        foreach (var parameter in adapter.Parameters.Values) parameter.add_(0.05);
        adapter.Save(Path.Combine(_copy, "adapter"));
        SafetensorsExporter.Write(_copy, Path.Combine(_copy, "merged"), Path.Combine(_copy, "adapter"));
        var ids = tensor(Enumerable.Range(0, 9).Select(i => (long)(i * 11 % 250)).ToArray(), [1, 9]);
        using var loaded = LoraAdapter.Load(model, Path.Combine(_copy, "adapter"));
        Tensor beside;
        using (loaded.Attach()) beside = model.Decoder.Logits(model.Decoder.Forward(ids));
        using var merged = BaseModel.LoadOn(CPU, composed: false, Path.Combine(_copy, "merged"),
            new ModelLoadOptions { Quantization = "none", ComputeType = ActivationType.Float32 });
        Assert.True((beside - model.Decoder.Logits(model.Decoder.Forward(ids))).abs().max().item<float>() > 1e-2);
        Near(beside[0], merged.Decoder.Logits(merged.Decoder.Forward(ids))[0], "merged");
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void A_new_model_is_saved_by_the_names_and_shapes_of_its_checkpoints(string folder)
    {
        using var original = Load(folder, "config.json");
        var expected = original.Config.Parameters().ToDictionary(p => p.Name, p => string.Join('x', p.Shape));
        foreach (var file in Directory.GetFiles(_copy, "*.safetensors*")) File.Delete(file);
        using var created = BaseModel.Create(_copy, original.Config, 1, ActivationType.Float32, "cpu");
        created.Save();
        using var files = WeightFiles.Open(_copy);
        Assert.Equal(expected, files.Names.ToDictionary(n => n, n => string.Join('x', files.Find(n)!.Shape)));
        using var again = BaseModel.LoadOn(CPU, composed: false, _copy,
            new ModelLoadOptions { Quantization = "none", ComputeType = ActivationType.Float32 });
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var ids = tensor(Enumerable.Range(0, 9).Select(i => (long)(i * 11 % 250)).ToArray(), [1, 9]);
        var (before, after) = (created.Decoder.Logits(created.Decoder.Forward(ids)), again.Decoder.Logits(again.Decoder.Forward(ids)));
        // Saved in 16 bits.
        Assert.True((before - after).norm().item<float>() < 0.05 * before.norm().item<float>());
    }

    /// <summary>Mean loss of the second sequence after changes of config.json, as transformers computes it.</summary>
    [Theory]
    [InlineData("llama-gqa", """
        {"rope_scaling":{"rope_type":"yarn","factor":4.0,"original_max_position_embeddings":32,"rope_theta":500000.0}}
        """, 7.4327)]
    [InlineData("llama-rope-yarn", """
        {"original_max_position_embeddings":32,"rope_parameters":{"factor":4.0,"rope_theta":10000.0,"rope_type":"yarn"}}
        """, 8.1926)]
    [InlineData("llama-rope-llama3", """{"original_max_position_embeddings":64}""", 8.2167)]
    [InlineData("llama-rope-yarn", """
        {"rope_parameters":
        {"factor":4.0,"original_max_position_embeddings":32,"rope_theta":10000.0,"rope_type":"yarn","truncate":false}}
        """, 8.1483)]
    public void Settings_of_rotation_are_read_where_transformers_reads_them(string name, string changes, double loss)
    {
        Assert.SkipUnless(Folder is not null, "DOCTUNE_GOLDEN is not set; it names the folder of golden values");
        using var model = Load(Path.Combine(Folder!, name), "config.json", change: json =>
        {
            foreach (var (field, value) in JsonNode.Parse(changes)!.AsObject()) json[field] = value?.DeepClone();
        });
        using var values = SafetensorsFile.Open(Path.Combine(Folder!, name, "expected.safetensors"));
        Assert.Equal(loss, -new LocalModel(model).LogProbabilities(Sequences(values)[1]).Average(), 5e-4);
    }

    /// <summary>As GPT-2 is published: the checkpoint of the model below the output layer.</summary>
    [Theory]
    [InlineData("gpt2", "transformer.")]
    [InlineData("cohere", "model.")]
    public void A_checkpoint_saved_without_the_output_layer_is_the_same_model(string name, string prefix)
    {
        var folder = Path.Combine(Folder ?? KeptFolder, name);
        double[] expected;
        int[] ids;
        using (var model = Load(folder, "config.json"))
        using (var values = SafetensorsFile.Open(Path.Combine(folder, "expected.safetensors")))
        {
            ids = Sequences(values)[1];
            expected = [.. new LocalModel(model).LogProbabilities(ids)];
        }
        var path = Path.Combine(_copy, "model.safetensors");
        using (var scope = NewDisposeScope())
        {
            Dictionary<string, Tensor> tensors;
            using (var file = SafetensorsFile.Open(path))
                tensors = file.Entries.Keys.ToDictionary(n => n[prefix.Length..], n => file.Read(n));
            // With the mask that is stored beside them, too.
            if (name == "gpt2") tensors["h.0.attn.bias"] = ones(1, 1, 8, 8);
            SafetensorsFile.Write(path, tensors);
        }
        using var same = BaseModel.LoadOn(CPU, composed: false, _copy,
            new ModelLoadOptions { Quantization = "none", ComputeType = ActivationType.Float32 });
        Assert.Equal(expected, new LocalModel(same).LogProbabilities(ids));
    }

    [Fact]
    public void A_head_in_the_files_goes_before_the_word_that_it_is_the_embedding()
    {
        Assert.SkipUnless(Folder is not null, "DOCTUNE_GOLDEN is not set; it names the folder of golden values");
        var folder = Path.Combine(Folder!, "llama-gqa");
        using var untied = Load(folder, "config.json");
        using var values = SafetensorsFile.Open(Path.Combine(folder, "expected.safetensors"));
        var expected = new LocalModel(untied).LogProbabilities(Sequences(values)[1]);
        using var tied = Load(folder, "config.json", change: json => json["tie_word_embeddings"] = true);
        Assert.False(tied.Config.TieEmbeddings);
        Assert.Equal(expected, new LocalModel(tied).LogProbabilities(Sequences(values)[1]));
    }

    private BaseModel Load(string folder, string config, string quantization = "none", Action<JsonObject>? change = null,
        bool composed = false)
    {
        foreach (var file in Directory.GetFiles(folder))
            if (!Path.GetFileName(file).StartsWith("config", StringComparison.Ordinal))
                File.Copy(file, Path.Combine(_copy, Path.GetFileName(file)), overwrite: true);
        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, config)))!.AsObject();
        change?.Invoke(json);
        File.WriteAllText(Path.Combine(_copy, "config.json"), json.ToJsonString());
        return BaseModel.LoadOn(TinyModel.DeviceOf(composed), composed, _copy,
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
        yield return (layout.Embedding, ((DenseWeight)decoder.Embedding).Tensor);
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
        yield return (layout.HeadTensor, ((DenseWeight)decoder.Head).Tensor);
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

using System.Text.Json.Nodes;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Compute;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Export;
using DocTuneLab.Training.Inference;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Models.Families;
using DocTuneLab.Training.Quantization;
using DocTuneLab.Training.Quantization.Formats;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Tests;

/// <summary>What a program adds without a fork: a family of decoders, a quantisation, an export format.</summary>
public sealed class HookTests
{
    static HookTests()
    {
        Architectures.All.Add(new Heron());
        Architectures.All.Add(new Ibis());
        WeightFormats.All.Add(new RowSigns());
        ExportFormats.All.Add(new TensorList());
    }

    [Fact]
    public void A_family_of_decoders_that_a_program_adds_is_loaded_as_its_config_says()
    {
        using var tiny = new TinyModel("heron", change: c => c with { AttentionBias = true }, scale: n => n.EndsWith(".bias") ? 0.3 : 1);
        using var same = new TinyModel("qwen2", scale: n => n.EndsWith(".bias") ? 0.3 : 1);
        using var model = tiny.Load();
        using var qwen = same.Load();
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var ids = tensor([.. Enumerable.Range(0, 12).Select(i => (long)(i * 7 % 300))], [1, 12]);
        Assert.Equal(qwen.Decoder.Forward(ids).data<float>().ToArray(), model.Decoder.Forward(ids).data<float>().ToArray());

        var path = Path.Combine(tiny.Directory, "config.json");
        var json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        Assert.Equal(("heron", "HeronForCausalLM"), ((string?)json["model_type"], (string?)json["architectures"]![0]));
        json.Remove("max_position_embeddings");
        json["use_qkv_bias"] = false;
        File.WriteAllText(path, json.ToJsonString());
        Assert.Equal((77, false), (ModelConfig.Load(path).MaxPositions, ModelConfig.Load(path).AttentionBias));
        // A part of the network that the family says it does not have is no part to leave out silently.
        Assert.Contains("has no place in a heron decoder", Assert.Throws<LabException>(() => tiny.Load()).Message);
        Assert.Equal("heron models are not written as GGUF here; export safetensors, which llama.cpp's own converter reads",
            Assert.Throws<LabException>(() => GgufExporter.Write(tiny.Directory, path + ".gguf")).Message);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_family_of_another_form_is_trained_by_the_gradient_of_its_plain_composition(bool composed)
    {
        using var tiny = new TinyModel("ibis", outputScale: 20);
        using var model = tiny.Load(composed: composed);
        using var adapter = LoraAdapter.Create(model, new LoraConfig { Rank = 4, Alpha = 8 }, 1);
        using (no_grad())
        {
            var generator = new Generator(11, CPU);
            foreach (var parameter in adapter.Parameters.Values)
                parameter.add_(randn(parameter.shape, generator: generator).to(parameter.device), alpha: 0.05f);
        }
        using var attached = adapter.Attach(training: true);
        using var scope = NewDisposeScope();
        int[] ids = [.. Enumerable.Range(0, 20).Select(i => i * 7 % 300)];
        using var gradients = new Gradients(adapter.Parameters.Values);
        using var pass = new TrainingPass(model, gradients, new PassOptions(KeepActivations: true, KeepWeights: true));
        var loss = pass.Run(PackedBatch.Of([new TokenizedSample(ids, 1)]), 1.0 / 19, new StepKey(0, -1, 0)) / 19;
        var device = model.Decoder.Device;
        var logits = model.Decoder.Logits(model.Decoder.Forward(tensor(ids.Select(i => (long)i).ToArray(), [1, 20], device: device)))[0];
        var plain = nn.functional.cross_entropy(logits[..^1], tensor(ids[1..].Select(i => (long)i).ToArray(), device: device));
        plain.backward();
        Assert.Equal(plain.item<float>(), loss, 1e-4);
        foreach (var (name, parameter) in adapter.Parameters)
        {
            var own = parameter.grad!;
            var (difference, size) = ((own - gradients.Of(parameter)!).norm().item<float>(), own.norm().item<float>());
            Assert.True(difference < 5e-4 * size, $"{name}: {difference} of {size}");
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_quantisation_that_a_program_adds_loads_saves_moves_and_multiplies(bool composed)
    {
        using var tiny = new TinyModel("llama", tied: false);
        var folder = Path.Combine(tiny.Directory, "signs");
        SafetensorsExporter.Write(tiny.Directory, folder, quantization: "row_signs");
        using var loaded = Load(tiny.Directory, "row_signs");
        using var stored = Load(folder, "none");
        using var plain = Load(tiny.Directory, "none");
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        foreach (var (a, b) in loaded.Decoder.Linears.Zip(stored.Decoder.Linears))
        {
            Assert.IsType(composed ? typeof(DenseWeight) : typeof(SignWeight), a.Weight);
            var values = a.Weight.Materialize(ScalarType.Float32);
            Assert.Equal(values.cpu().data<float>().ToArray(), b.Weight.Materialize(ScalarType.Float32).cpu().data<float>().ToArray());
            // Of a row two numbers are left, and zero where a weight is zero.
            Assert.True(values[0].abs().unique().Item1.numel() <= 2);
        }
        Assert.True(loaded.WeightBytes < plain.WeightBytes);

        // One token at a time multiplies by the stored matrix; all at once dequantises it before.
        int[] ids = [5, 90, 7, 250, 31];
        var expected = loaded.Decoder.Logits(loaded.Decoder.Forward(tensor(ids.Select(i => (long)i).ToArray(), [1, 5],
            device: loaded.Decoder.Device)))[0];
        using var pass = new DecodingPass(loaded, keepWeights: false);
        var logits = pass.Read([[ids[0]]], 8);
        for (var i = 0; i < ids.Length; i++)
        {
            if (i > 0) logits = pass.Add([0], [ids[i]], [i]);
            Assert.True((logits[0] - expected[i]).abs().max().item<float>() < 1e-4, $"token {i}");
        }

        BaseModel Load(string directory, string format) => BaseModel.LoadOn(TinyModel.DeviceOf(composed), composed, directory,
            new ModelLoadOptions { Quantization = format, ComputeType = ActivationType.Float32 });
    }

    [Fact]
    public void A_quantisation_that_a_program_adds_is_a_value_of_the_setting()
    {
        ModelLoadOptions.Settings.Validate(new ModelLoadOptions { Quantization = "row_signs" });
        Assert.Equal("quantization is 'row_sings'; expected none, nf4, fp4, int8 or row_signs",
            Assert.Throws<LabException>(() => ModelLoadOptions.Settings.Validate(new ModelLoadOptions { Quantization = "row_sings" }))
                .Message);
        using var tiny = new TinyModel();
        Assert.Equal("quantisation 'row_sings' is unknown; expected none, nf4, fp4, int8, row_signs", Assert.Throws<LabException>(
            () => BaseModel.Load(tiny.Directory, new ModelLoadOptions { Quantization = "row_sings", Device = "cpu" })).Message);
    }

    [Fact]
    public void An_export_format_that_a_program_adds_writes_what_an_export_asks_for()
    {
        using var tiny = new TinyModel();
        var path = Path.Combine(tiny.Directory, "tensors.txt");
        var result = ExportFormats.All["tensor-list"].Write(new ExportRequest { Model = tiny.Directory, Target = path },
            TestContext.Current.CancellationToken);
        Assert.Equal((path, new FileInfo(path).Length), (result.Path, result.Bytes));
        Assert.Equal(tiny.Config.Parameters().Count(), File.ReadAllLines(path).Length);
        Assert.Equal("model.embed_tokens.weight 20480", File.ReadLines(path).First());
        Assert.Equal(["gguf", "gguf-adapter", "safetensors", "ollama", "tensor-list"], ExportFormats.All.Names);
    }
}

using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Export;
using DocTuneLab.Training.Inference;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Quantization.Formats;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Tests;

public sealed class AdapterTests
{
    private static readonly int[] s_ids = [5, 9, 200, 31, 31, 7, 120, 44];

    [Theory]
    [InlineData("nf4")]
    [InlineData("fp4")]
    [InlineData("int8")]
    public void An_adapter_is_merged_into_the_base_after_the_rounding_that_is_named(string format)
    {
        using var tiny = new TinyModel();
        var folder = Path.Combine(tiny.Directory, "adapter");
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using (var model = tiny.Load(nf4: false))
        using (var adapter = LoraAdapter.Create(model, new LoraConfig { Rank = 4, Alpha = 8 }, 1))
        {
            foreach (var parameter in adapter.Parameters.Values) parameter.add_(randn(parameter.shape, generator: new Generator(3, CPU)));
            adapter.Save(folder);
        }
        using var plain = new MergedWeights(tiny.Directory);
        using var stored = new MergedWeights(tiny.Directory, folder);
        using var rounded = new MergedWeights(tiny.Directory, folder, format);
        foreach (var linear in plain.Config.Layout.Linears)
        {
            long[] shape = [linear.Rows, linear.Columns];
            var weight = plain.Read(linear.Tensor, shape);
            using var quantized = WeightFormats.All[format].Quantize(weight.to_type(plain.StoredType(linear.Tensor)), ScalarType.Float32);
            var expected = quantized.Materialize(ScalarType.Float32) + stored.Read(linear.Tensor, shape) - weight;
            Assert.True((expected - rounded.Read(linear.Tensor, shape)).abs().max().item<float>() < 1e-4, linear.Name);
            Assert.False(expected.eq(stored.Read(linear.Tensor, shape)).all().item<bool>());
        }
        Assert.True(rounded.Difference > 0);
    }

    [Theory]
    [InlineData("lora")]
    [InlineData("rslora")]
    [InlineData("dora")]
    [InlineData("pissa")]
    public void Several_adapters_are_loaded_switched_and_merged(string kind)
    {
        using var tiny = new TinyModel("qwen3", tied: false, outputScale: 8);
        using var model = tiny.Load(nf4: false);
        string[] folders = [Path.Combine(tiny.Directory, "one"), Path.Combine(tiny.Directory, "two")];
        foreach (var (folder, seed) in folders.Zip([1, 2])) Write(model, kind, seed, folder);
        var plain = new LocalModel(model).LogProbabilities(s_ids);
        using var first = LoraAdapter.Load(model, folders[0]);
        using var second = LoraAdapter.Load(model, folders[1]);
        var (one, two) = (new LocalModel(model, first).LogProbabilities(s_ids), new LocalModel(model, second).LogProbabilities(s_ids));
        Assert.True(Apart(one, two) > 1e-2 && Apart(one, plain) > 1e-2);
        // In any order, each gives what it gave, and the base is untouched.
        Assert.Equal(two, new LocalModel(model, second).LogProbabilities(s_ids));
        Assert.Equal(plain, new LocalModel(model).LogProbabilities(s_ids));
        Assert.Equal(one, new LocalModel(model, first).LogProbabilities(s_ids));
        // Merged into a folder of its own, each is the same model but for the folder's 16 bits.
        foreach (var (folder, adapted) in folders.Zip([one, two]))
        {
            var merged = folder + "-merged";
            SafetensorsExporter.Write(tiny.Directory, merged, folder);
            using var loaded = BaseModel.Load(merged,
                new ModelLoadOptions { Quantization = "none", ComputeType = ActivationType.Float32, Device = "cpu" });
            Assert.True(Apart(new LocalModel(loaded).LogProbabilities(s_ids), adapted) < 0.1 * Apart(adapted, plain));
        }
    }

    private static void Write(BaseModel model, string kind, int seed, string folder)
    {
        using var adapter = LoraAdapter.Create(model,
            new LoraConfig
            {
                Rank = 4,
                Alpha = 8,
                UseRsLora = kind == "rslora",
                UseDora = kind == "dora",
                Initialization = kind == "pissa" ? AdapterInitialization.Pissa : AdapterInitialization.Default
            },
            seed);
        using (no_grad())
        {
            var generator = new Generator((ulong)seed, CPU);
            foreach (var parameter in adapter.Parameters.Values) parameter.add_(randn(parameter.shape, generator: generator), alpha: 0.1f);
        }
        adapter.Save(folder);
    }

    private static double Apart(IReadOnlyList<double> a, IReadOnlyList<double> b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max();
}

using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Export;
using DocTuneLab.Training.Inference;
using DocTuneLab.Training.Models;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Tests;

public sealed class AdapterTests
{
    private static readonly int[] s_ids = [5, 9, 200, 31, 31, 7, 120, 44];

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

using System.Text.Json.Nodes;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Compute;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Export;
using DocTuneLab.Training.Inference;
using DocTuneLab.Training.Models;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Tests;

/// <summary>Adapter folders that PEFT wrote against what PEFT computes with them: equal, or refused by the field's name. The folder that
/// DOCTUNE_GOLDEN names has them.</summary>
public sealed class GoldenAdapterTests : IDisposable
{
    private static readonly StepKey s_step = new(0, -1, 0);
    private readonly string _copy = Directory.CreateTempSubdirectory("adapters-").FullName;

    private static string? Folder =>
        Environment.GetEnvironmentVariable("DOCTUNE_GOLDEN") is { Length: > 0 } folder ? Path.Combine(folder, "adapters") : null;

    /// <summary>Names of the cases; one without a name where there are none.</summary>
    public static TheoryData<string> Cases => Folder is null ? [""] : [.. Read().Select(c => c.Key)];

    public void Dispose() => Directory.Delete(_copy, recursive: true);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Adapters_compute_what_PEFT_computes_or_are_refused_by_name(string name)
    {
        var (folder, its) = Case(name);
        using var model = Base(its);
        if ((string)its["expect"]! != "equal")
        {
            var error = Assert.Throws<LabException>(() => LoraAdapter.Load(model, folder)).Message;
            Assert.Contains((string)its["word"]!, error, StringComparison.OrdinalIgnoreCase);
            return;
        }
        using var adapter = LoraAdapter.Load(model, folder);
        using var expected = SafetensorsFile.Open(Path.Combine(folder, "expected.safetensors"));
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var ids = expected.Read("input_ids").to_type(ScalarType.Int64);
        var before = LogProbabilities(model.Decoder.Logits(model.Decoder.Forward(ids)), ids);
        using (adapter.Attach())
        {
            var wanted = expected.Read("logprobs");
            Near(its, wanted, LogProbabilities(model.Decoder.Logits(model.Decoder.Forward(ids)), ids), "plain composition");
            using var none = new Gradients([]);
            using var pass = new TrainingPass(model, none, new PassOptions(KeepActivations: false, KeepWeights: false));
            using var decoding = new DecodingPass(model, keepWeights: false);
            for (var row = 0; row < ids.size(0); row++)
            {
                int[] sequence = [.. ids[row].data<long>().ToArray().Select(i => (int)i)];
                var batch = PackedBatch.Of([new TokenizedSample([.. sequence, 0], 1)]);
                var logits = model.Decoder.Logits(pass.Outputs(batch, s_step)).unsqueeze(0);
                Near(its, wanted[row].unsqueeze(0), LogProbabilities(logits, ids[row].unsqueeze(0)), $"training pass, row {row}");
                var last = decoding.Read([sequence], 32)[0];
                var all = expected.Read("logits")[row][-1];
                Near(its, all.log_softmax(-1), last.log_softmax(-1), $"decoding, row {row}");
            }
        }
        // The model is again what it was.
        Near(its, before, LogProbabilities(model.Decoder.Logits(model.Decoder.Forward(ids)), ids), "afterwards");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Merged_weights_compute_what_PEFT_merges_or_say_why_not(string name)
    {
        var (folder, its) = Case(name);
        if ((string)its["expect"]! != "equal") return;
        using var expected = SafetensorsFile.Open(Path.Combine(folder, "expected.safetensors"));
        using (var model = Base(its))
        {
            var target = Path.Combine(_copy, "merged");
            if (!expected.Entries.ContainsKey("merged_logits"))
            {
                Assert.Contains("cannot be merged", Assert.Throws<LabException>(() =>
                    SafetensorsExporter.Write(model.Directory, target, folder)).Message, StringComparison.Ordinal);
                return;
            }
            SafetensorsExporter.Write(model.Directory, target, folder);
        }
        using var merged = Load(Path.Combine(_copy, "merged"));
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var ids = expected.Read("input_ids").to_type(ScalarType.Int64);
        Near(its, LogProbabilities(expected.Read("merged_logits"), ids),
            LogProbabilities(merged.Decoder.Logits(merged.Decoder.Forward(ids)), ids), "merged");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_is_written_again_computes_the_same(string name)
    {
        var (folder, its) = Case(name);
        if ((string)its["expect"]! != "equal") return;
        using var model = Base(its);
        using var adapter = LoraAdapter.Load(model, folder);
        var target = Path.Combine(_copy, "again");
        using var expected = SafetensorsFile.Open(Path.Combine(folder, "expected.safetensors"));
        if (BringsOthers(folder))
        {
            var message = Assert.Throws<LabException>(() => adapter.Save(target)).Message;
            Assert.Contains("cannot be written again", message, StringComparison.Ordinal);
            return;
        }
        adapter.Save(target);
        using var again = LoraAdapter.Load(model, target);
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var ids = expected.Read("input_ids").to_type(ScalarType.Int64);
        Tensor Logits(LoraAdapter one)
        {
            using (one.Attach()) return model.Decoder.Logits(model.Decoder.Forward(ids));
        }
        Assert.True(Logits(adapter).eq(Logits(again)).all().item<bool>());
        Assert.Equal(adapter.Parameters.Keys.Order(StringComparer.Ordinal), again.Parameters.Keys.Order(StringComparer.Ordinal));
    }

    // Whether a folder holds more than low-rank updates of linear layers.
    private static bool BringsOthers(string folder)
    {
        using var file = SafetensorsFile.Open(Path.Combine(folder, "adapter_model.safetensors"));
        string[] parts = [".lora_A.weight", ".lora_B.weight", ".lora_magnitude_vector"];
        return file.Entries.Keys.Any(k => !parts.Any(p => k.EndsWith(p, StringComparison.Ordinal))
            || k.Contains("lm_head", StringComparison.Ordinal) || k.Contains("embed_tokens", StringComparison.Ordinal));
    }

    private static JsonObject Read() =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(Folder!, "cases.json")))!["cases"]!.AsObject();

    private static (string Folder, JsonNode Case) Case(string name)
    {
        Assert.SkipWhen(Folder is null, "DOCTUNE_GOLDEN names no folder");
        return (Path.Combine(Folder!, name), Read()[name]!);
    }

    // Where the vocabulary grew before training, the base is widened, as PEFT's users do.
    private BaseModel Base(JsonNode its)
    {
        var folder = Path.Combine(Folder!, (string)its["base"]!);
        if (its["vocabulary"] is not { } vocabulary) return Load(folder);
        var wide = Path.Combine(_copy, "base");
        Directory.CreateDirectory(wide);
        foreach (var file in Directory.GetFiles(folder)) File.Copy(file, Path.Combine(wide, Path.GetFileName(file)));
        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(wide, "config.json")))!.AsObject();
        json["vocab_size"] = (int)vocabulary;
        File.WriteAllText(Path.Combine(wide, "config.json"), json.ToJsonString());
        using var scope = NewDisposeScope();
        using (var stored = SafetensorsFile.Open(Path.Combine(folder, "model.safetensors")))
        {
            var tensors = stored.Entries.Keys.ToDictionary(k => k, k => stored.Read(k).clone(), StringComparer.Ordinal);
            foreach (var table in (string[])["model.embed_tokens.weight", "lm_head.weight"])
                tensors[table] = cat([tensors[table], zeros((int)vocabulary - tensors[table].size(0), tensors[table].size(1))]);
            SafetensorsFile.Write(Path.Combine(wide, "model.safetensors"), tensors);
        }
        return Load(wide);
    }

    private static BaseModel Load(string folder) => BaseModel.Load(folder,
        new ModelLoadOptions { Quantization = "none", ComputeType = ActivationType.Float32, Device = "cpu" });

    // Of each token given those before it.
    private static Tensor LogProbabilities(Tensor logits, Tensor ids) => logits.narrow(1, 0, logits.size(1) - 1).log_softmax(-1)
        .gather(-1, ids.narrow(1, 1, ids.size(1) - 1).unsqueeze(-1)).squeeze(-1);

    private static void Near(JsonNode its, Tensor expected, Tensor actual, string what)
    {
        using var scope = NewDisposeScope();
        var difference = (expected - actual).abs().max().item<float>();
        Assert.True(difference <= (float)its["tolerance"]!, $"{what}: {difference} apart");
    }
}

using System.Text.Json.Nodes;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Compute;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Export;
using DocTuneLab.Training.Inference;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Quantization;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Tests;

/// <summary>Checkpoints that bitsandbytes wrote: what they stand for, and that ours have the same bytes. The folder that DOCTUNE_GOLDEN
/// names has them.</summary>
public sealed class GoldenBitsAndBytesTests : IDisposable
{
    private const string State = ".quant_state.bitsandbytes__";
    private readonly string _out = Directory.CreateTempSubdirectory("bitsandbytes-").FullName;

    private static string? Folder =>
        Environment.GetEnvironmentVariable("DOCTUNE_GOLDEN") is { Length: > 0 } folder ? Path.Combine(folder, "bitsandbytes") : null;

    /// <summary>Names of the cases; one without a name where there are none.</summary>
    public static TheoryData<string> Cases => Folder is null ? [""] : [.. Read().Select(c => c.Key)];

    /// <summary>Those whose matrices are known before they were rounded.</summary>
    public static TheoryData<string> Rounded => Folder is null ? [""]
        : [.. Read().Select(c => c.Key).Where(c => c is not ("nf4-rows-across-blocks" or "nf4-storage-bf16"))];

    public void Dispose() => Directory.Delete(_out, recursive: true);

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_checkpoint_stands_for_what_bitsandbytes_makes_of_it(string name)
    {
        Assert.SkipWhen(Folder is null, "DOCTUNE_GOLDEN names no folder");
        var folder = Path.Combine(Folder!, name);
        using var model = BaseModel.Load(folder,
            new ModelLoadOptions { Quantization = "none", ComputeType = ActivationType.Float32, Device = "cpu" });
        using var expected = SafetensorsFile.Open(Path.Combine(folder, "expected.safetensors"));
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var matrices = 0;
        foreach (var linear in model.Decoder.Linears)
        {
            if (!expected.Entries.ContainsKey($"dequantized.{linear.Name}.weight")) continue;
            // Zeros of FP4 have either sign.
            var difference = expected.Read($"dequantized.{linear.Name}.weight") - linear.Weight.Materialize(ScalarType.Float32);
            Assert.True(difference.abs().max().item<float>() == 0, $"{linear.Name}: {difference.abs().max().item<float>()} apart");
            matrices++;
        }
        Assert.True(matrices > 0);
        var ids = expected.Read("input_ids").to_type(ScalarType.Int64);
        var wanted = expected.Read("fp32_logits");
        Near(wanted, model.Decoder.Logits(model.Decoder.Forward(ids)), "plain composition");
        using var none = new Gradients([]);
        using var pass = new TrainingPass(model, none, new PassOptions(KeepActivations: false, KeepWeights: false));
        using var decoding = new DecodingPass(model, keepWeights: false);
        for (var row = 0; row < ids.size(0); row++)
        {
            int[] sequence = [.. ids[row].data<long>().ToArray().Select(i => (int)i)];
            var batch = PackedBatch.Of([new TokenizedSample([.. sequence, 0], 1)]);
            Near(wanted[row], model.Decoder.Logits(pass.Outputs(batch, new StepKey(0, -1, 0))), $"training pass, row {row}");
            // The last token alone, from the matrices as they are stored.
            decoding.Read([sequence[..^1]], 32);
            Near(wanted[row][-1], decoding.Add([0], [sequence[^1]], [sequence.Length - 1])[0], $"decoding, row {row}");
        }
    }

    [Theory]
    [MemberData(nameof(Rounded))]
    public void A_matrix_is_written_with_the_bytes_that_bitsandbytes_writes(string name)
    {
        Assert.SkipWhen(Folder is null, "DOCTUNE_GOLDEN names no folder");
        using var theirs = SafetensorsFile.Open(Path.Combine(Folder!, name, "model.safetensors"));
        using var source = SafetensorsFile.Open(Path.Combine(Folder!, Source(name), "model.safetensors"));
        using var scope = NewDisposeScope();
        var matrices = 0;
        foreach (var tensor in source.Entries.Keys)
        {
            var state = theirs.Entries.Keys.FirstOrDefault(k => k.StartsWith(tensor + State, StringComparison.Ordinal));
            var eight = theirs.Entries.ContainsKey(tensor[..^6] + "SCB");
            if (state is null && !eight) continue;
            var type = state is null ? ScalarType.Float16
                : TorchNames.TypeOf((string?)JsonNode.Parse(theirs.Read(state).bytes.ToArray())!["dtype"])!.Value;
            var matrix = source.Read(tensor).to_type(type);
            var ours = (state is null
                ? Int8Tensor.Quantize(matrix).Tensors(tensor)
                : FourBitTensor.Quantize(matrix, FourBitCode.Of(state[^3..]), theirs.Entries.ContainsKey(tensor + ".nested_absmax"))
                    .Tensors(tensor)).ToDictionary();
            Assert.All(ours, part =>
            {
                var entry = theirs.Entries[part.Key];
                Assert.Equal((part.Key, entry.Type, string.Join('x', entry.Shape)),
                    (part.Key, part.Value.dtype, string.Join('x', part.Value.shape)));
                Assert.Equal(theirs.Read(part.Key).bytes.ToArray(), part.Value.bytes.ToArray());
            });
            Assert.DoesNotContain(theirs.Entries.Keys,
                k => k.StartsWith(tensor, StringComparison.Ordinal) && !ours.ContainsKey(k));
            matrices++;
        }
        Assert.True(matrices > 0);
    }

    [Theory]
    [InlineData("nf4-double", "nf4", StoredFloats.Stored)]
    [InlineData("nf4-double-bf16", "nf4", StoredFloats.BFloat16)]
    [InlineData("nf4-double-fp16", "nf4", StoredFloats.Float16)]
    [InlineData("int8", "int8", StoredFloats.Float16)]
    [InlineData("int8-outliers", "int8", StoredFloats.Float16)]
    public void An_exported_folder_has_the_tensors_and_the_description_that_transformers_writes(
        string name, string format, StoredFloats floats)
    {
        Assert.SkipWhen(Folder is null, "DOCTUNE_GOLDEN names no folder");
        SafetensorsExporter.Write(new ExportRequest
        {
            Model = Path.Combine(Folder!, Source(name)),
            Target = Path.Combine(_out, "model"),
            Weights = format,
            Floats = floats,
        });
        using (var theirs = SafetensorsFile.Open(Path.Combine(Folder!, name, "model.safetensors")))
        using (var ours = SafetensorsFile.Open(Path.Combine(_out, "model", "model.safetensors")))
        {
            using var scope = NewDisposeScope();
            Assert.Equal(theirs.Entries.Keys.Order(StringComparer.Ordinal), ours.Entries.Keys.Order(StringComparer.Ordinal));
            Assert.All(theirs.Entries.Keys, k =>
            {
                Assert.Equal((k, theirs.Entries[k].Type), (k, ours.Entries[k].Type));
                Assert.Equal(theirs.Read(k).bytes.ToArray(), ours.Read(k).bytes.ToArray());
            });
        }
        var (their, our) = (Config(Path.Combine(Folder!, name)), Config(Path.Combine(_out, "model")));
        Assert.Equal((string?)their["dtype"], (string?)our["dtype"]);
        var (described, description) = (their["quantization_config"]!.AsObject(), our["quantization_config"]!.AsObject());
        Assert.Equal(described.Select(f => f.Key), description.Select(f => f.Key));
        Assert.All(described,
            f => Assert.True(JsonNode.DeepEquals(f.Value, description[f.Key]), $"{f.Key}: {f.Value}, here {description[f.Key]}"));

        // What was quantised goes back to the type that it had.
        SafetensorsExporter.Write(Path.Combine(_out, "model"), Path.Combine(_out, "back"));
        using var back = SafetensorsFile.Open(Path.Combine(_out, "back", "model.safetensors"));
        var type = TorchNames.TypeOf((string?)their["dtype"])!.Value;
        Assert.All(back.Entries, e => Assert.Equal((e.Key, type), (e.Key, e.Value.Type)));
        Assert.Null(Config(Path.Combine(_out, "back"))["quantization_config"]);

        static JsonObject Config(string folder) => JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "config.json")))!.AsObject();
    }

    private static string Source(string name) => name == "int8-outliers" ? "source-llama-outliers" : "source-llama";

    private static JsonObject Read() =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(Folder!, "cases.json")))!["cases"]!.AsObject();

    private static void Near(Tensor expected, Tensor actual, string what)
    {
        var difference = (expected - actual).abs().max().item<float>();
        Assert.True(difference <= 1e-4, $"{what}: {difference} apart");
    }
}

using DocTuneLab.Conversations;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Compute;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Inference;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Quantization;
using DocTuneLab.Training.Simd;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Tests;

/// <summary>Products with weights as they are stored, and the passes that use them, against the plain composition.</summary>
public sealed class DecodingTests
{
    private static readonly int[] s_ids = [.. Enumerable.Range(0, 14).Select(i => i * 37 % 300)];

    [Fact]
    public void An_answer_has_the_room_that_its_own_prompt_leaves_whatever_else_is_in_the_batch()
    {
        using var tiny = new TinyModel();
        using var model = tiny.Load();
        var (local, options) = (new LocalModel(model), new SamplingOptions(60));
        int[][] prompts = [[.. Enumerable.Range(0, model.Config.MaxPositions - 5).Select(i => i * 37 % 300)], s_ids];
        var alone = prompts.Select(p => local.Complete([p], options)[0]).ToArray();
        Assert.Equal(alone, local.Complete(prompts, options));
        Assert.True(alone[1].Length > alone[0].Length);
        var budget = new GuideBudget();
        Assert.Equal(alone, local.Complete(prompts, [null, null], options, budget).Select(r => r.Text));
    }

    public static TheoryData<string> Formats => ["fp32", "bf16", "fp16", "int8", "nf4", "fp4", "nf4 plain", "nf4 of bf16", "fp4 of fp16"];

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_product_with_stored_weights_is_that_with_the_dequantised_matrix(string format)
    {
        using var _ = no_grad();
        var generator = new Generator(5, CPU);
        // Rows and columns that fill vectors, blocks and parts, and such that do not; the last has several parts.
        foreach (var (rows, columns) in ((int, int)[])
        [
            (1, 1), (2, 7), (3, 16), (5, 30), (7, 96), (4, 100), (9, 197), (33, 176), (601, 320)
        ])
        {
            using var scope = NewDisposeScope();
            var matrix = randn(rows, columns, generator: generator) * 0.02;
            // Too small for a normal number in half precision, and the largest one.
            matrix[0, 0] = 3e-6f;
            if (format == "fp16" && columns > 16) matrix[rows - 1, 5] = 65504f;
            using Weight weight = format switch
            {
                "fp32" => new DenseWeight(matrix),
                "bf16" => new DenseWeight(matrix.to_type(ScalarType.BFloat16)),
                "fp16" => new DenseWeight(matrix.to_type(ScalarType.Float16)),
                "int8" => new Int8Weight(Int8Tensor.Quantize(matrix)),
                // What it stands for is rounded to the type that the matrix had.
                "nf4 of bf16" => new FourBitWeight(FourBitTensor.Quantize(matrix.to_type(ScalarType.BFloat16))),
                "fp4 of fp16" => new FourBitWeight(FourBitTensor.Quantize(matrix.to_type(ScalarType.Float16), FourBitCode.Fp4)),
                _ => new FourBitWeight(FourBitTensor.Quantize(matrix, FourBitCode.Of(format[..3]), nested: format != "nf4 plain")),
            };
            var x = randn(MatrixVector.MaxVectors, columns + 3, generator: generator);
            var plain = weight.Materialize(ScalarType.Float32);
            var expected = x.narrow(1, 0, columns).mm(plain.t());
            var most = x.narrow(1, 0, columns).abs().mm(plain.abs().t());
            var alone = zeros(1, rows);
            for (var vectors = 1; vectors <= MatrixVector.MaxVectors; vectors++)
            {
                // Rows of x and y lie apart, as parts of wider matrices do.
                var y = full(vectors, rows + 2, 7f);
                weight.Multiply(x.narrow(0, 0, vectors).Rows(), y.Rows());
                var part = y.narrow(1, 0, rows);
                Assert.True(((part - expected.narrow(0, 0, vectors)).abs() <= most.narrow(0, 0, vectors) * 2e-6).all().item<bool>(),
                    $"{format} {rows}x{columns}, {vectors} vectors");
                Assert.True((y.narrow(1, rows, 2) == 7).all().item<bool>());
                if (vectors == 1) alone.copy_(part);
                // What stands beside a vector changes nothing of its result.
                Assert.Equal(alone[0].data<float>().ToArray(), part[0].data<float>().ToArray());
            }
        }
    }

    [Theory]
    [InlineData("none", "")]
    [InlineData("nf4", "")]
    [InlineData("int8", "")]
    [InlineData("int8", "", true)]
    [InlineData("none", "lora")]
    [InlineData("nf4", "lora")]
    [InlineData("nf4", "dora")]
    [InlineData("none", "pissa")]
    [InlineData("nf4", "lora", false, true)]
    [InlineData("int8", "pissa", true, true)]
    [InlineData("none", "dora", false, true)]
    public void A_token_at_a_time_gives_the_logits_of_the_plain_composition(string format, string adapterKind, bool roundHead = false,
        bool composed = false)
    {
        using var tiny = new TinyModel("qwen2", outputScale: 8);
        using var model = BaseModel.LoadOn(TinyModel.DeviceOf(composed), composed, tiny.Directory,
            new ModelLoadOptions { Quantization = format, QuantizeHead = roundHead, ComputeType = ActivationType.Float32 });
        using var adapter = adapterKind == "" ? null : Adapter(model, adapterKind);
        using var attached = adapter?.Attach();
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var expected = model.Decoder.Logits(
            model.Decoder.Forward(tensor(s_ids.Select(i => (long)i).ToArray(), [1, s_ids.Length], device: model.Decoder.Device)))[0];
        // One sequence, four that are read together and go on as two, seven; eleven are more than the kernels take.
        foreach (var sequences in (int[])[1, 4, 7, 11])
        {
            using var pass = new DecodingPass(model, keepWeights: sequences == 11);
            var numbers = Enumerable.Range(0, sequences).ToArray();
            var logits = pass.Read([.. numbers.Select(n => s_ids[..(1 + n % 3)])], s_ids.Length);
            var positions = numbers.Select(n => 1 + n % 3).ToArray();
            for (var step = 0; positions.Min() < s_ids.Length; step++)
            {
                for (var i = 0; i < numbers.Length; i++)
                    Assert.True((logits[i] - expected[positions[i] - 1]).abs().max().item<float>() < (roundHead ? 2e-2f : 2e-4f),
                        $"{sequences} sequences, step {step}, sequence {numbers[i]}");
                if (step == 4 && sequences == 4) (numbers, positions) = ([1, 3], [positions[1], positions[3]]);
                if (positions.Max() == s_ids.Length) break;
                logits = pass.Add(numbers, [.. positions.Select(p => s_ids[p])], positions);
                positions = [.. positions.Select(p => p + 1)];
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_vocabulary_rounded_to_eight_bits_is_within_half_a_step_of_itself(bool tied)
    {
        using var tiny = new TinyModel("qwen2", tied: tied);
        using var plain = BaseModel.Load(tiny.Directory, new ModelLoadOptions { ComputeType = ActivationType.Float32, Device = "cpu" });
        using var rounded = BaseModel.Load(tiny.Directory,
            new ModelLoadOptions { QuantizeHead = true, ComputeType = ActivationType.Float32, Device = "cpu" });
        using var scope = NewDisposeScope();
        var (before, after) = (plain.Decoder.Head.Materialize(ScalarType.Float32), rounded.Decoder.Head.Materialize(ScalarType.Float32));
        // The stored matrix is of 16 bits, so a code's value is rounded once more.
        Assert.True(((after - before).abs() <= before.abs().amax([1], keepdim: true) / 254 * 1.01 + after.abs() / 256).all().item<bool>());
        Assert.True((after - before).abs().max().item<float>() > 0);
        Assert.Equal(tied,
            (rounded.Decoder.Embedding.Materialize(ScalarType.Float32) - plain.Decoder.Embedding.Materialize(ScalarType.Float32)).abs()
                .max()
                .item<float>() > 0);
    }

    [Fact]
    public void Weights_of_sixteen_bits_stay_so_and_are_widened_once_for_training()
    {
        using var tiny = new TinyModel(tied: false);
        using var files = WeightFiles.Open(tiny.Directory);
        // Made in 32 bits and written in 16: one matrix in the other half-precision type, one wide.
        var tensors = files.Names.ToDictionary(n => n,
            n => n.EndsWith("up_proj.weight", StringComparison.Ordinal) ? files.Read(n).to_type(ScalarType.Float16)
                : n.EndsWith("down_proj.weight", StringComparison.Ordinal) ? files.Read(n).to_type(ScalarType.Float32)
                : files.Read(n));
        using var mixed = tiny.WithWeights(tensors);
        using var model = mixed.Load(nf4: false);
        ScalarType TypeOf(string name) =>
            ((DenseWeight)model.Decoder.Linears.First(l => l.Name.EndsWith(name, StringComparison.Ordinal)).Weight).Tensor.dtype;
        Assert.Equal((ScalarType.BFloat16, ScalarType.Float16, ScalarType.Float32),
            (TypeOf("gate_proj"), TypeOf("up_proj"), TypeOf("down_proj")));
        Assert.Equal(ScalarType.BFloat16, ((DenseWeight)model.Decoder.Head).Tensor.dtype);
        var before = new LocalModel(model).LogProbabilities(s_ids);
        using var adapter = LoraAdapter.Create(model, new LoraConfig { Rank = 4, Alpha = 32 }, 1);
        using (adapter.Attach(training: true))
        using (var gradients = new Gradients(adapter.Parameters.Values))
        using (new TrainingPass(model, gradients, new PassOptions(true, true)))
            Assert.Equal(ScalarType.Float32, ((DenseWeight)model.Decoder.Head).Tensor.dtype);
        Assert.Equal(before, new LocalModel(model).LogProbabilities(s_ids));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("nf4")]
    [InlineData("int8")]
    public void An_answer_is_the_same_alone_and_among_many(string format)
    {
        using var tiny = new TinyModel(outputScale: 30, scale: _ => 4);
        using var model = BaseModel.Load(tiny.Directory,
            new ModelLoadOptions { Quantization = format, ComputeType = ActivationType.Float32, Device = "cpu" });
        using var adapter = Adapter(model, "lora");
        var local = new LocalModel(model, adapter);
        int[][] prompts = [.. Enumerable.Range(0, 11).Select(p => s_ids[..(3 + p)])];
        var options = new SamplingOptions(MaxTokens: 24);
        var together = local.Complete(prompts, options);
        Assert.All(prompts.Zip(together), p => Assert.Equal(p.Second, local.Complete([p.First], options).Single()));
        Assert.Contains(together, t => t.Length > 10);
    }

    private static LoraAdapter Adapter(BaseModel model, string kind)
    {
        var adapter = LoraAdapter.Create(model,
            new LoraConfig
            {
                Rank = 5,
                Alpha = 32,
                UseDora = kind == "dora",
                Initialization = kind == "pissa" ? AdapterInitialization.Pissa : AdapterInitialization.Default
            },
            1);
        using var _ = no_grad();
        var generator = new Generator(11, CPU);
        foreach (var parameter in adapter.Parameters.Values)
            parameter.add_(randn(parameter.shape, generator: generator).to(parameter.device), alpha: 0.05f);
        return adapter;
    }
}

using DocTuneLab.Conversations;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Compute;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Inference;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Quantization;
using DocTuneLab.Training.Simd;
using TorchSharp;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Tests;

/// <summary>What runs on any device, as far as a machine without one can tell.</summary>
public sealed class DeviceTests
{
    private static readonly Device s_meta = new(DeviceType.META);

    [Theory]
    [InlineData("nf4")]
    [InlineData("nf4 plain")]
    [InlineData("fp4")]
    [InlineData("int8")]
    public void A_matrix_on_a_device_has_the_same_numbers(string format)
    {
        using var _ = no_grad();
        var generator = new Generator(5, CPU);
        // A part of a block, parts of the blocks of scales, and more elements than are dequantised at once.
        foreach (var (rows, columns) in ((int, int)[])[(1, 1), (5, 30), (3, 64), (301, 192), (4099, 4100)])
        {
            using var scope = NewDisposeScope();
            var matrix = randn(rows, columns, generator: generator) * 0.02;
            using Weight weight = format == "int8"
                ? new Int8Weight(Int8Tensor.Quantize(matrix))
                : new FourBitWeight(FourBitTensor.Quantize(matrix, FourBitCode.Of(format[..3]), nested: format != "nf4 plain"));
            using var moved = weight.OnDevice(TinyModel.DeviceOf(composed: true));
            Assert.Equal((weight.Rows, weight.Columns, weight.Bytes), (moved.Rows, moved.Columns, moved.Bytes));
            foreach (var type in (ScalarType[])[ScalarType.Float32, ScalarType.BFloat16])
            {
                Assert.True((weight.Materialize(type) == moved.Materialize(type).cpu()).all().item<bool>(),
                    $"{format} {rows}x{columns} {type}");
                // Into a part of another matrix.
                var there = zeros(rows + 2, columns, dtype: type, device: TinyModel.DeviceOf(composed: true));
                moved.CopyTo(there.narrow(0, 1, rows));
                var target = there.cpu();
                Assert.True((target.narrow(0, 1, rows) == weight.Materialize(type)).all().item<bool>());
                Assert.Equal(0,
                    target.to_type(ScalarType.Float32)[0].abs().sum().item<float>()
                        + target.to_type(ScalarType.Float32)[rows + 1].abs().sum().item<float>());
            }
        }
    }

    /// <summary>Tensors of torch's meta device have no numbers, but meet none of another device:
    /// an operation that mixes them fails.</summary>
    [Theory]
    [InlineData("lora", "fp32")]
    [InlineData("lora", "bf16", false)]
    [InlineData("dora", "bf16")]
    [InlineData("dropout", "bf16")]
    public void Everything_that_a_step_computes_with_is_on_the_models_device(string kind, string compute, bool tied = true)
    {
        using var tiny = new TinyModel("qwen3", tied, change: c => c with { SlidingWindow = 6 });
        using var model = BaseModel.LoadOn(s_meta, composed: false, tiny.Directory,
            new ModelLoadOptions { ComputeType = TinyModel.TypeOf(compute) });
        using var adapter = LoraAdapter.Create(model,
            new LoraConfig { Rank = 4, Alpha = 32, UseDora = kind == "dora", Dropout = kind == "dropout" ? 0.1 : 0 }, 1);
        var parameters = adapter.Parameters;
        using var attached = adapter.Attach(training: true);
        using var gradients = new Gradients(parameters.Values);
        using var kernels = Kernels.For(model.Decoder);
        using var optimizer = new AdamW(parameters, gradients, kernels, new AdamWOptions { WeightDecay = 0.1, EightBit = true });
        using var pass = new TrainingPass(model, gradients,
            new PassOptions(KeepActivations: false, KeepWeights: false, NoiseAlpha: kind == "lora" ? 5 : 0),
            kernels: new MetaKernels(model.Decoder.ComputeType));
        Assert.Equal((tied ? DeviceType.META : DeviceType.CPU, DeviceType.META),
            (((DenseWeight)model.Decoder.Embedding).Tensor.device_type, ((DenseWeight)model.Decoder.Head).Tensor.device_type));
        int[] question = [5, 6, 7, 8, 9, 10];
        var batch = PackedBatch.Of([new([.. question, 11, 12], 6), new([.. question, 13, 14, 15], 7), new([1, 2, 3], 1)]);
        Assert.Contains(batch.Shared, s => s.Length > 0);
        // The losses are read when all is done, which here they cannot be.
        var end = Assert.ThrowsAny<Exception>(() => pass.Run(batch, 0.1, new StepKey(1, 0, 0)));
        Assert.Contains("Cannot copy out of meta tensor", end.Message, StringComparison.Ordinal);
        Assert.Equal(DeviceType.META, kernels.Distill(zeros(2, 9, device: s_meta), zeros(2, 9, device: s_meta), 0.5f).device_type);
        optimizer.Update(1e-3, 0.5);
        Assert.All(parameters.Values.Concat(optimizer.State().Select(s => s.Value)).Append(gradients.All),
            t => Assert.Equal(DeviceType.META, t.device_type));
        using var decoding = new DecodingPass(model, keepWeights: true, new MetaKernels(model.Decoder.ComputeType));
        Assert.Equal(DeviceType.META, decoding.Read([question, [1, 2]], 10).device_type);
        Assert.Equal(DeviceType.META, decoding.Add([0], [3], [6]).device_type);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(300)]
    public void Attention_of_long_sequences_is_cut_into_parts_and_stays_the_same(int window)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        // Short neighbours, one longer than a part that begins with another's rows, one that is whole and long, and short ones again.
        int[] Ids(int first, int length) => [.. Enumerable.Range(0, length).Select(i => first * 10_000 + i)];
        var batch = PackedBatch.Of(
        [
            new(Ids(1, 400), 300), new(Ids(1, 700), 350), new([.. Ids(2, 600), .. Ids(3, 2000)], 500),
            new([.. Ids(2, 600), .. Ids(4, 20)], 1), new(Ids(5, 2300), 1), new(Ids(6, 3), 1)
        ]);
        Assert.True(batch.Shared.Sum(s => s.Length) > 900);
        var shape = new AttentionShape(4, 2, 8, window, 1 / MathF.Sqrt(8));
        using var processor = new ProcessorKernels(new Workspace(CPU, ScalarType.Float32));
        using var composed = new ComposedKernels(new Workspace(TinyModel.DeviceOf(composed: true), ScalarType.Float32));
        foreach (var rows in (AttentionRows[])[batch.All, batch.Trained])
        {
            var (count, queries, generator) = (batch.Ids.Length, rows.Positions.Length, new Generator(3, CPU));
            Tensor Random(int height, int width) => randn(height, width, generator: generator);
            var (q, k, v, d) = (Random(queries, 32), Random(count, 16), Random(count, 16), Random(queries, 32));
            Tensor[] Run(Kernels kernels)
            {
                var device = kernels.Memory.Device;
                Tensor There(Tensor x) => x.to(device);
                var (output, sums, dq, dk, dv) = (There(empty(queries, 32)), There(empty(queries, 4)), There(empty(queries, 32)),
                    There(zeros(count, 16)), There(zeros(count, 16)));
                kernels.Begin();
                var read = new AttentionTensors(There(q), There(k), There(v), output, sums);
                kernels.Attend(read, rows, shape);
                kernels.AttendBackward(read, new AttentionTensorGradients(There(d), dq, dk, dv), rows, shape);
                return [output.cpu(), dq.cpu(), dk.cpu(), dv.cpu()];
            }
            foreach (var (expected, actual) in Run(processor).Zip(Run(composed)))
                Assert.True((expected - actual).abs().max().item<float>() < 2e-4f, $"{(expected - actual).abs().max().item<float>()}");
        }
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void The_optimisers_updates_are_those_of_the_processor(bool eightBit, bool paged)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var generator = new Generator(9, CPU);
        // More than is updated at once; tensors that are and are not of whole blocks, small ones, and one that does not decay.
        (string Name, long[] Shape)[] shapes =
        [
            ("a.lora_A", [16, 300]), ("a.lora_B", [8_400_001, 1]), ("b.lora_A", [16, 320]), ("b.lora_B", [300, 16]),
            ("c.magnitude", [5000]), ("d.lora_A", [3, 5])
        ];
        var start = shapes.ToDictionary(s => s.Name, s => randn(s.Shape, generator: generator));
        var slopes = Enumerable.Range(0, 3).Select(i => shapes.Select(s => randn(s.Shape, generator: generator) * 0.1).ToArray()).ToArray();
        Dictionary<string, Tensor> Run(Func<Workspace, Kernels> make, Device device)
        {
            var parameters = start.ToDictionary(p => p.Key, p => p.Value.clone().to(device));
            using var gradients = new Gradients(parameters.Values);
            using var kernels = make(new Workspace(device, ScalarType.Float32));
            using var optimizer = new AdamW(parameters, gradients, kernels, new AdamWOptions
            {
                WeightDecay = 0.1,
                EightBit = eightBit,
                Paged = paged,
                RateFactor = name => name.Contains("lora_B", StringComparison.Ordinal) ? 4 : 1
            });
            foreach (var step in slopes)
            {
                foreach (var (name, slope) in shapes.Select(s => s.Name).Zip(step)) gradients.Of(parameters[name])!.copy_(slope);
                Assert.Equal(Math.Sqrt(step.Sum(s => s.square().sum(ScalarType.Float64).item<double>())), kernels.Length(gradients.All),
                    0.01);
                optimizer.Update(0.01, 0.5);
            }
            return optimizer.State().Concat(parameters).ToDictionary(t => t.Key, t => t.Value.to_type(ScalarType.Float32).cpu().clone());
        }
        var (expected, actual) = (Run(m => new ProcessorKernels(m), CPU),
            Run(m => new ComposedKernels(m), TinyModel.DeviceOf(composed: true)));
        Assert.Equal(expected.Keys.Order(), actual.Keys.Order());
        foreach (var (name, value) in expected)
        {
            Assert.Equal(value.shape, actual[name].shape);
            var difference = (value - actual[name]).abs();
            // A number in the middle between two codes may become either.
            var tolerance = name.StartsWith("mean.", StringComparison.Ordinal) || name.StartsWith("square.", StringComparison.Ordinal)
                ? 1.5 : name.Contains("_scales", StringComparison.Ordinal) ? 1e-6 : 2e-3;
            if (eightBit) Assert.True((difference > tolerance).to_type(ScalarType.Float32).mean().item<float>() < 1e-4, name);
            else Assert.True(difference.max().item<float>() < 1e-5f, $"{name} {difference.max().item<float>()}");
        }
    }

    [Fact]
    public void Answers_and_scores_are_those_of_the_processor()
    {
        using var tiny = new TinyModel(outputScale: 30, scale: _ => 4);
        (IReadOnlyList<string> Answers, IReadOnlyList<string> Drawn, double[] Scores) Run(bool composed)
        {
            using var model = tiny.Load(composed: composed);
            using var adapter = LoraAdapter.Create(model, new LoraConfig { Rank = 4, Alpha = 32 }, 1);
            var generator = new Generator(11, CPU);
            using (no_grad())
                foreach (var parameter in adapter.Parameters.Values)
                    parameter.add_(randn(parameter.shape, generator: generator).to(parameter.device), alpha: 0.05f);
            var local = new LocalModel(model, adapter);
            int[][] prompts = [.. Enumerable.Range(0, 5).Select(p => Enumerable.Range(0, 4 + p).Select(i => (i + p) * 37 % 300).ToArray())];
            return (local.Complete(prompts, new SamplingOptions(MaxTokens: 12)),
                local.Complete(prompts, new SamplingOptions(Temperature: 0.8, MaxTokens: 12)),
                [
                    .. local.ScoreText(["return new Tank();", "水箱的水位是多少？"]).Select(s => s.LogProbability),
                    .. local.LogProbabilities(prompts[4])
                ]);
        }
        var (expected, actual) = (Run(composed: false), Run(composed: true));
        Assert.Equal(expected.Answers, actual.Answers);
        Assert.Equal(expected.Drawn, actual.Drawn);
        Assert.All(expected.Scores.Zip(actual.Scores), s => Assert.Equal(s.First, s.Second, 1e-3 * Math.Abs(s.First) + 1e-4));
    }

    [Fact]
    public void Memory_that_runs_out_is_said_in_words()
    {
        // More than any machine has.
        var message = Assert.Throws<LabException>(() =>
            ComputeDevices.Within(CPU, "the model in m", "take a smaller one", () => zeros(1L << 50))).Message;
        Assert.Matches(@"^main memory was not enough for the model in m \(.*DefaultCPUAllocator.*\); take a smaller one$", message);
        Assert.DoesNotContain('\n', message);
        // Anything else is left as it is.
        Assert.Throws<System.Runtime.InteropServices.ExternalException>(() =>
            ComputeDevices.Within(CPU, "m", "", () => zeros(2, 3).mm(zeros(2, 3))));
    }

    [Theory]
    [InlineData("gpu", "expected auto, cpu, cuda or cuda:N")]
    [InlineData("cuda:", "expected auto, cpu, cuda or cuda:N")]
    [InlineData("cuda:-1", "expected auto, cpu, cuda or cuda:N")]
    [InlineData("CUDA", "expected auto, cpu, cuda or cuda:N")]
    public void An_unknown_device_is_refused(string name, string expected) =>
        Assert.Contains(expected, Assert.Throws<LabException>(() => ComputeDevices.Resolve(name)).Message, StringComparison.Ordinal);

    [Fact]
    public void Without_a_device_auto_is_the_processor_and_cuda_says_what_is_missing()
    {
        Assert.SkipWhen(cuda.is_available(), "this machine has a CUDA device");
        Assert.Equal(DeviceType.CPU, ComputeDevices.Resolve("auto").type);
        Assert.Equal(DeviceType.CPU, ComputeDevices.Resolve("cpu").type);
        foreach (var name in (string[])["cuda", "cuda:3"])
            Assert.Matches($"there is no device '{name}': (this libtorch is the build for processors.*-p:Torch=cuda.*DOCTUNE_LIBTORCH|"
                + "libtorch has CUDA, but)", Assert.Throws<LabException>(() => ComputeDevices.Resolve(name)).Message);
        using var tiny = new TinyModel();
        Assert.Throws<LabException>(() => BaseModel.Load(tiny.Directory, new ModelLoadOptions { Device = "cuda" }));
    }

    // The meta device lacks this one operation.
    private sealed class MetaKernels(ScalarType type) : ComposedKernels(new Workspace(s_meta, type))
    {
        protected override Tensor FusedAttention(Tensor q, Tensor k, Tensor v, Tensor? mask) =>
            (q.matmul(k.transpose(-1, -2)) + (mask ?? zeros(q.shape[2], k.shape[2], dtype: q.dtype, device: s_meta))).softmax(-1).matmul(v);
    }
}

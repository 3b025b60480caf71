using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Conversations;
using DocTuneLab.Tokenization;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Compute;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Quantization;
using static TorchSharp.torch;

namespace DocTuneLab.Benchmarks;

/// <summary>
/// A QLoRA step of ours against the plain composition of the same operations: dequantise by table look-up, product, low-rank
/// update as separate float32 operations, full logits, autograd. Each side in child processes of its own, so that peaks of
/// memory are its own; rounds alternate, so that what else the machine does meets both.
/// <c>train A|B|nano [rounds]</c>; <c>train-long [steps]</c> watches live tensors and memory over many steps.
/// </summary>
internal static class TrainingStepComparison
{
    private sealed record Shape(ModelConfig Model, int Rows, int Length, int Rank, double Trained);

    private static readonly ModelConfig s_small = new()
    {
        ModelType = "llama",
        VocabularySize = 8192,
        HiddenSize = 256,
        IntermediateSize = 704,
        Layers = 8,
        Heads = 8,
        KeyValueHeads = 4,
        HeadSize = 32,
        NormEpsilon = 1e-6,
        RopeTheta = 1e4,
        TieEmbeddings = true,
        AttentionBias = false,
        MaxPositions = 1024,
        EndTokens = [0],
    };

    private static readonly ModelConfig s_wide = s_small with
    {
        VocabularySize = 151_936,
        HiddenSize = 896,
        IntermediateSize = 4864,
        Layers = 4,
        Heads = 14,
        KeyValueHeads = 2,
        HeadSize = 64,
        RopeTheta = 1e6,
    };

    // Half of the positions are trained, as with prompts before answers; "full" in the name trains all.
    private static readonly Dictionary<string, Shape> s_shapes = new(StringComparer.Ordinal)
    {
        ["A"] = new(s_wide, 2, 512, 16, 0.5),
        ["A-full"] = new(s_wide, 2, 512, 16, 1),
        ["B"] = new(s_small, 8, 256, 16, 0.5),
        ["B-full"] = new(s_small, 8, 256, 16, 1),
        ["nano"] = new(s_small with { IntermediateSize = 640, Layers = 5, Heads = 4, KeyValueHeads = 2, HeadSize = 64, NormEpsilon = 1e-5 },
            10, 80, 32, 0.31),
    };

    public static int Run(string[] args)
    {
        if (args is [_, var side, var shapeName, var count] && side is "ours" or "plain")
        {
            Console.WriteLine(Child(side, s_shapes[shapeName], int.Parse(count, CultureInfo.InvariantCulture)).ToJsonString());
            return 0;
        }
        var names = args.Length > 1 ? [args[1]] : s_shapes.Keys.ToArray();
        var rounds = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 3;
        Console.WriteLine($"{get_num_threads()} threads; matmul peak {MatmulPeak.Gigaflops(ScalarType.Float32):F0} GFLOP/s in fp32, "
            + $"{MatmulPeak.Gigaflops(ScalarType.BFloat16):F0} in bf16");
        Console.WriteLine("shape    side   type   tokens/s   GFLOP/s  of peak  peak MB  above start MB  loss");
        foreach (var name in names)
        {
            var results = new Dictionary<string, List<JsonNode>> { ["plain"] = [], ["ours"] = [] };
            for (var round = 0; round < rounds; round++)
                foreach (var side2 in (string[])["plain", "ours"])
                    results[side2].Add(InChild(side2, name, name[0] switch { 'A' => 4, 'B' => 12, _ => 100 }));
            double Median(string side2, string field) => results[side2].Select(r => (double)r[field]!).Order().ElementAt(rounds / 2);
            foreach (var side2 in (string[])["plain", "ours"])
                Console.WriteLine($"{name,-8} {side2,-6} {(string)results[side2][0]["type"]!,-4} {Median(side2, "tokens_per_second"),8:F0} "
                    + $"{Median(side2, "gigaflops"),9:F1} {Median(side2, "share"),8:P0} {Median(side2, "peak_mb"),8:F0} "
                    + $"{Median(side2, "above_mb"),15:F0}  {Median(side2, "loss"):F4}");
            Console.WriteLine($"{name,-8} ratio  {Median("ours", "tokens_per_second") / Median("plain", "tokens_per_second"),8:F2} x speed "
                + $"({Median("ours", "tokens_per_processor_second") / Median("plain", "tokens_per_processor_second"):F2} by processor "
                + $"time), {Median("ours", "peak_mb") / Median("plain", "peak_mb"):P0} of the peak memory, "
                + $"{Median("ours", "above_mb") / Median("plain", "above_mb"):P0} of what training adds");
        }
        return 0;
    }

    /// <summary>Many steps of a tiny model; live tensors and memory must be flat.</summary>
    public static int RunLong(int steps)
    {
        using var folder = new ModelFolder(s_small with
        {
            VocabularySize = 320,
            HiddenSize = 64,
            IntermediateSize = 96,
            Layers = 2,
            Heads = 4,
            KeyValueHeads = 2,
            HeadSize = 16,
            NormEpsilon = 1e-5,
            MaxPositions = 256
        });
        using var model = BaseModel.Load(folder.Path, new ModelLoadOptions { Device = "cpu" });
        using var adapter = LoraAdapter.Create(model, new LoraConfig { Rank = 4, Alpha = 32 }, 1);
        using var attached = adapter.Attach(training: true);
        using var gradients = new Gradients(adapter.Parameters.Values);
        using var pass = new TrainingPass(model, gradients, new PassOptions(true, true));
        using var kernels = Kernels.For(model.Decoder);
        using var optimizer = new AdamW(adapter.Parameters, gradients, kernels);
        var random = new Random(1);
        for (var step = 0; step <= steps; step++)
        {
            var batch = PackedBatch.Of(Sequences(random, 3 + step % 3, 20 + step % 17, 320, 0.5));
            pass.Run(batch, 1.0 / batch.Targets.Length, new StepKey(1, step, 0));
            optimizer.Update(1e-4, 1);
            if (step % Math.Max(1, steps / 10) != 0) continue;
            GC.Collect();
            GC.WaitForPendingFinalizers();
            Console.WriteLine(
                $"step {step,6}: {TorchSharp.torch.Tensor.TotalCount} live tensors, {Environment.WorkingSet / 1048576.0:F1} MB resident");
        }
        return 0;
    }

    private static JsonNode InChild(string side, string shape, int steps)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(typeof(TrainingStepComparison).Assembly.Location);
        foreach (var argument in (string[])["train", side, shape, steps.ToString(CultureInfo.InvariantCulture)])
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? JsonNode.Parse(output)! : throw new LabException($"the {side} side ended with {process.ExitCode}");
    }

    private static JsonObject Child(string side, Shape shape, int steps)
    {
        using var folder = new ModelFolder(shape.Model);
        using var model = BaseModel.Load(folder.Path, new ModelLoadOptions { Device = "cpu" });
        using var adapter = LoraAdapter.Create(model, new LoraConfig { Rank = shape.Rank, Alpha = 2 * shape.Rank }, 1);
        using var attached = adapter.Attach(training: true);
        var sequences = Sequences(new Random(7), shape.Rows, shape.Length, shape.Model.VocabularySize, shape.Trained);
        var batch = PackedBatch.Of(sequences);
        var peak = MatmulPeak.Measure(model.Decoder.ComputeType);
        GC.Collect();
        var before = Status("VmRSS");
        using var gradients = new Gradients(adapter.Parameters.Values);
        using var pass = new TrainingPass(model, gradients, new PassOptions(true, shape.Model.HiddenSize < 512));
        Action step;
        var loss = 0.0;
        if (side == "ours")
        {
            var kernels = Kernels.For(model.Decoder);
            var optimizer = new AdamW(adapter.Parameters, gradients, kernels);
            step = () =>
            {
                loss = pass.Run(batch, 1.0 / batch.Targets.Length, new StepKey(1, optimizer.Step, 0)) / batch.Targets.Length;
                optimizer.Update(1e-4, Math.Min(1, 1 / (kernels.Length(gradients.All) + 1e-6)));
            };
        }
        else
        {
            var plain = new PlainComposition(model, adapter);
            step = () => loss = plain.Step(sequences);
        }
        step();
        // The best of the steps, and the processor's own time: what else the machine does meets neither.
        var (seconds, processor) = (double.MaxValue, double.MaxValue);
        for (var i = 0; i < steps; i++)
        {
            var (began, used) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
            step();
            seconds = Math.Min(seconds, Stopwatch.GetElapsedTime(began).TotalSeconds);
            processor = Math.Min(processor, (Environment.CpuUsage.TotalTime - used).TotalSeconds);
        }
        // The better of before and after: whatever else ran must not make the share look larger.
        peak = Math.Max(peak, MatmulPeak.Measure(model.Decoder.ComputeType));
        var gigaflops = pass.Operations(batch) / seconds / 1e9;
        return new JsonObject
        {
            ["type"] = model.ComputeType,
            ["tokens_per_second"] = batch.Tokens / seconds,
            ["tokens_per_processor_second"] = batch.Tokens / processor,
            ["gigaflops"] = gigaflops,
            ["share"] = gigaflops / peak,
            ["peak_mb"] = Status("VmHWM"),
            ["above_mb"] = Status("VmHWM") - before,
            ["loss"] = loss,
        };
    }

    private static double Status(string field) =>
        double.Parse(File.ReadLines("/proc/self/status")
            .First(l => l.StartsWith(field, StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;

    /// <summary>A tokenizer of 300 tokens; ids of random batches go beyond it.</summary>
    internal static void WriteTokenizer(string folder)
    {
        string[] special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];
        var (vocabulary, merges) = BpeTrainer.Train(["return new Tank().Fill(level);"], 300, special);
        HuggingFaceTokenizer.Write(Path.Combine(folder, "tokenizer.json"), vocabulary, merges, special);
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"),
            JsonSerializer.Serialize(new { chat_template = ChatTemplate.ChatMl }));
    }

    private static TokenizedSample[] Sequences(Random random, int rows, int length, int vocabulary, double trained) =>
        [.. Enumerable.Range(0, rows)
            .Select(_ =>
                new TokenizedSample([.. Enumerable.Range(0, length).Select(_ => random.Next(vocabulary))], (int)(length * (1 - trained))))];

    /// <summary>A random model in Hugging Face layout.</summary>
    private sealed class ModelFolder : IDisposable
    {
        public ModelFolder(ModelConfig config)
        {
            Path = Directory.CreateTempSubdirectory("training-benchmark-").FullName;
            WriteTokenizer(Path);
            using var model = BaseModel.Create(Path, config, 1, ActivationType.Float32, "cpu");
            model.Save();
        }

        public string Path { get; }

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }

    /// <summary>The reference side: every operation as PEFT over eager PyTorch would issue it.</summary>
    private sealed class PlainComposition
    {
        private readonly BaseModel _model;
        private readonly Tensor[] _trained;
        private readonly Dictionary<Weight, Packed> _packed = [];
        private readonly (Tensor Mean, Tensor Square)[] _moments;
        private int _steps;

        private sealed record Packed(Tensor Codes, Tensor Scales, long[] Shape);

        public PlainComposition(BaseModel model, LoraAdapter adapter)
        {
            (_model, _trained) = (model, [.. adapter.Parameters.Values]);
            foreach (var linear in model.Decoder.Linears)
            {
                var quantized = ((FourBitWeight)linear.Weight).Quantized;
                var codes = tensor(quantized.Packed.ToArray(), dtype: ScalarType.Byte);
                var scales = tensor(Enumerable.Range(0, (int)(quantized.Shape[0] * quantized.Shape[1] / quantized.BlockSize))
                    .Select(quantized.Scale)
                    .ToArray());
                _packed[linear.Weight] = new Packed(codes.DetachFromDisposeScope(), scales.DetachFromDisposeScope(), quantized.Shape);
            }
            _moments = [.. _trained.Select(t => (zeros_like(t), zeros_like(t)))];
        }

        public double Step(TokenizedSample[] sequences)
        {
            using var scope = NewDisposeScope();
            var (rows, length) = (sequences.Length, sequences[0].Ids.Length);
            var decoder = _model.Decoder;
            var config = _model.Config;
            var x = ((DenseWeight)decoder.Embedding).Tensor.index_select(0,
                tensor(sequences.SelectMany(s => s.Ids).Select(i => (long)i).ToArray()))
                .view(rows, length, config.HiddenSize)
                .to_type(decoder.ComputeType);
            var (cosine, sine) = ((AttentionMixer)decoder.Layers[0].Mixer).Rotary!.Tables(length);
            (cosine, sine) = (cosine[..length].to_type(x.dtype), sine[..length].to_type(x.dtype));
            foreach (var layer in decoder.Layers)
            {
                var (h, attention, mlp) = (layer.InputNorm!.Apply(x), (AttentionMixer)layer.Mixer, (Mlp)layer.FeedForward);
                var (query, key, value) = (attention.Projections[0], attention.Projections[1], attention.Projections[2]);
                var (q, k, v) = (Rotate(Heads(Apply(query, h), config.Heads)),
                    Rotate(Heads(Apply(key, h), config.KeyValueHeads)), Heads(Apply(value, h), config.KeyValueHeads));
                var groups = config.Heads / config.KeyValueHeads;
                var attended = nn.functional.scaled_dot_product_attention(q, k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1),
                    null!, 0, true);
                x = x + Apply(attention.Output, attended.transpose(1, 2).reshape(rows, length, -1));
                h = layer.FeedForwardNorm!.Apply(x);
                x = x + Apply(mlp.Down, nn.functional.silu(Apply(mlp.Inputs[0], h)) * Apply(mlp.Inputs[1], h));
            }
            var logits = nn.functional.linear(decoder.FinalNorm!.Apply(x), decoder.Head.Materialize(x.dtype))
                .to_type(ScalarType.Float32)
                .view(-1, config.VocabularySize);
            var labels = new long[rows * length];
            Array.Fill(labels, -100);
            for (var r = 0; r < rows; r++)
                for (var i = Math.Max(1, sequences[r].AnswerStart); i < length; i++) labels[r * length + i - 1] = sequences[r].Ids[i];
            var loss = nn.functional.cross_entropy(logits, tensor(labels), ignore_index: -100);
            loss.backward();
            Update();
            return loss.item<float>();

            Tensor Heads(Tensor t, int heads) => t.view(rows, length, heads, config.HeadSize).transpose(1, 2);

            Tensor Rotate(Tensor t)
            {
                var halves = t.chunk(2, -1);
                return t * cosine + cat([-halves[1], halves[0]], -1) * sine;
            }
        }

        private void Update()
        {
            using var _ = no_grad();
            _steps++;
            var norm = stack([.. _trained.Select(t => t.grad!.norm())]).norm().item<float>();
            for (var i = 0; i < _trained.Length; i++)
            {
                var (grad, (mean, square)) = (_trained[i].grad!, _moments[i]);
                if (norm > 1) grad.mul_(1 / (norm + 1e-6));
                mean.mul_(0.9).add_(grad, alpha: 0.1);
                square.mul_(0.999).addcmul_(grad, grad, 1e-3);
                _trained[i].addcdiv_(mean, square.sqrt().div_(Math.Sqrt(1 - Math.Pow(0.999, _steps))).add_(1e-8),
                    -1e-4 / (1 - Math.Pow(0.9, _steps)));
                grad.zero_();
            }
        }

        private Tensor Apply(Linear linear, Tensor x)
        {
            var y = nn.functional.linear(x, Dequantize(_packed[linear.Weight]).to_type(x.dtype));
            if (linear.Adapter is not { } adapter) return y;
            var update = nn.functional.linear(nn.functional.linear(x.to_type(ScalarType.Float32), adapter.A), adapter.B) * adapter.Scale;
            return y + update.to_type(x.dtype);
        }

        private static Tensor Dequantize(Packed packed)
        {
            using var _ = no_grad();
            var codes = stack([packed.Codes.bitwise_right_shift(tensor((byte)4)), packed.Codes.bitwise_and(tensor((byte)15))], 1).view(-1);
            return (tensor(FourBitCode.Nf4.Values.ToArray()).index_select(0, codes.to_type(ScalarType.Int32))
                .view(-1, FourBitTensor.DefaultBlockSize) * packed.Scales.unsqueeze(1))
                .view(packed.Shape);
        }
    }
}

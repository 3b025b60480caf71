using System.Diagnostics;
using System.Globalization;
using DocTuneLab.Settings;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Compute;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Quantization.Formats;
using DocTuneLab.Training.Recipes;
using static TorchSharp.torch;

namespace DocTuneLab.Benchmarks;

/// <summary>
/// QLoRA steps over a model of random weights on a device: tokens a second, the share of the device's own measured peak, memory
/// beside its estimate. <c>device D SHAPE [--rows 2] [--length 2048] [--rank 16] [--steps 10] [--checkpointing on] [--optimizer adamw]
/// [--compute auto]</c>; on the processor the passes are composed of the operations that run on any device.
/// </summary>
internal static class DeviceBenchmark
{
    private static readonly ModelConfig s_llama = new()
    {
        ModelType = "llama",
        VocabularySize = 512,
        HiddenSize = 64,
        IntermediateSize = 128,
        Layers = 28,
        Heads = 4,
        KeyValueHeads = 2,
        HeadSize = 16,
        NormEpsilon = 1e-6,
        RopeTheta = 1e4,
        TieEmbeddings = true,
        AttentionBias = false,
        MaxPositions = 32_768,
        EndTokens = [0],
    };

    private static readonly ModelConfig s_qwen =
        s_llama with { ModelType = "qwen2", VocabularySize = 151_936, RopeTheta = 1e6, AttentionBias = true };

    // Qwen2.5 0.5B and 1.5B, Llama 3.2 3B, Llama 3.1 8B; and some that a test machine takes.
    private static readonly Dictionary<string, ModelConfig> s_shapes = new(StringComparer.Ordinal)
    {
        // So narrow that starting operations takes the time: what a device cannot be faster than.
        ["starts"] = s_llama,
        ["small"] = s_llama with
        {
            VocabularySize = 8192,
            HiddenSize = 512,
            IntermediateSize = 1408,
            Layers = 8,
            Heads = 8,
            KeyValueHeads = 4,
            HeadSize = 64
        },
        ["0.5B"] = s_qwen with { HiddenSize = 896, IntermediateSize = 4864, Layers = 24, Heads = 14, KeyValueHeads = 2, HeadSize = 64 },
        ["1.5B"] = s_qwen with { HiddenSize = 1536, IntermediateSize = 8960, Layers = 28, Heads = 12, KeyValueHeads = 2, HeadSize = 128 },
        ["3B"] = s_llama with
        {
            VocabularySize = 128_256,
            HiddenSize = 3072,
            IntermediateSize = 8192,
            Layers = 28,
            Heads = 24,
            KeyValueHeads = 8,
            HeadSize = 128,
            NormEpsilon = 1e-5,
            RopeTheta = 5e5,
            MaxPositions = 131_072
        },
        ["8B"] = s_llama with
        {
            VocabularySize = 128_256,
            HiddenSize = 4096,
            IntermediateSize = 14_336,
            Layers = 32,
            Heads = 32,
            KeyValueHeads = 8,
            HeadSize = 128,
            NormEpsilon = 1e-5,
            RopeTheta = 5e5,
            TieEmbeddings = false,
            MaxPositions = 131_072
        },
    };

    public static int Run(string[] args)
    {
        if (args is not [_, var deviceName, var shape, ..] || !s_shapes.TryGetValue(shape, out var config))
            throw new LabException($"expected a device and a shape ({string.Join(", ", s_shapes.Keys)})");
        string Option(string name, string usual) => Array.IndexOf(args, "--" + name) is var at and > 0 ? args[at + 1] : usual;
        int Number(string name, int usual) =>
            int.Parse(Option(name, usual.ToString(CultureInfo.InvariantCulture)), CultureInfo.InvariantCulture);
        var (rows, length, steps) = (Number("rows", 2), Number("length", 2048), Number("steps", 10));
        var device = ComputeDevices.Resolve(deviceName);
        var options = new SftOptions
        {
            GradientCheckpointing = Enum.Parse<GradientCheckpointing>(Option("checkpointing", "on"), ignoreCase: true),
            Optimizer = (Optimizer)(SettingNames.Parse(typeof(Optimizer), Option("optimizer", "adamw")) ?? Optimizer.AdamW),
            BatchTokens = rows * length
        };
        var folder = Directory.CreateTempSubdirectory("device-benchmark-").FullName;
        try
        {
            TrainingStepComparison.WriteTokenizer(folder);
            Write(folder, config);
            var began = Stopwatch.GetTimestamp();
            using var model = BaseModel.LoadOn(device, composed: true, folder,
                new ModelLoadOptions { ComputeType = Option("compute", "auto") });
            Console.WriteLine($"{shape} on {model.Device}: {model.ParameterCount / 1e9:F2} billion parameters, "
                + $"{model.WeightBytes / 1048576.0:F0} MB in NF4, loaded in {Stopwatch.GetElapsedTime(began).TotalSeconds:F1} s; "
                + $"{model.ComputeType}");
            using var adapter = LoraAdapter.Create(model, new LoraConfig { Rank = Number("rank", 16), Alpha = 2 * Number("rank", 16) }, 1);
            using var attached = adapter.Attach(training: true);
            var estimate = MemoryEstimate.Of(model, adapter.ParameterCount, rows * length, options,
                ranks: 7L * config.Layers * Number("rank", 16));
            Console.WriteLine(
                $"estimate {estimate.Total / 1048576.0:F0} MB beside the model ({estimate}), {estimate.Available / 1048576.0:F0} MB free");
            using var kernels = Kernels.For(model.Decoder);
            using var gradients = new Gradients(adapter.Parameters.Values);
            using var pass = new TrainingPass(model, gradients,
                new PassOptions(estimate.KeepsActivations, estimate.KeepsWeights, Offload: estimate.OffloadsActivations));
            using var optimizer = new AdamW(adapter.Parameters, gradients, kernels,
                new AdamWOptions { EightBit = options.StateInEightBits, Paged = options.StateIsPaged });
            var random = new Random(7);
            var batch = PackedBatch.Of(
                [.. Enumerable.Range(0, rows)
                    .Select(_ => new TokenizedSample([.. Enumerable.Range(0, length).Select(_ => random.Next(config.VocabularySize))], 1))],
                share: false);
            var (best, loss) = (double.MaxValue, 0.0);
            var free = ComputeDevices.FreeBytes(device);
            var least = free;
            for (var step = 0; step <= steps; step++)
            {
                var start = Stopwatch.GetTimestamp();
                // Reading the losses waits for the device.
                loss = pass.Run(batch, 1.0 / batch.Targets.Length, new StepKey(1, step, 0)) / batch.Targets.Length;
                optimizer.Update(1e-4, Math.Min(1, 1 / (kernels.Length(gradients.All) + 1e-6)));
                if (device.type == TorchSharp.DeviceType.CUDA) cuda.synchronize(device);
                if (step > 0) best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
                least = Math.Min(least, ComputeDevices.FreeBytes(device));
            }
            var (gigaflops, peak) = (pass.Operations(batch) / best / 1e9, MatmulPeak.Gigaflops(model.Decoder.ComputeType, device));
            Console.WriteLine($"{batch.Tokens / best:F0} tokens/s, {gigaflops:F0} GFLOP/s, {gigaflops / peak:P0} of a peak of {peak:F0}; "
                + $"{(free - least) / 1048576.0:F0} MB more in use than before; loss {loss:F4} after {steps + 1} steps");
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // In 4 bits as bitsandbytes stores them; every layer has the same random numbers, which makes no difference to speed or memory.
    private static void Write(string folder, ModelConfig config)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var generator = new Generator(1, CPU);
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var (name, shape) in config.Parameters())
        {
            if (name.StartsWith("model.layers.", StringComparison.Ordinal) && !name.StartsWith("model.layers.0.", StringComparison.Ordinal))
                continue;
            var numbers = shape.Length == 1 ? ones(shape) : randn(shape, generator: generator) * 0.02;
            var stored = shape.Length == 1 || !name.Contains(".layers.", StringComparison.Ordinal)
                ? [new(name, numbers.bfloat16())]
                : WeightFormats.All["nf4"].Tensors(name, numbers);
            foreach (var (part, tensor) in stored)
                for (var layer = 0; layer < (name.Contains(".layers.", StringComparison.Ordinal) ? config.Layers : 1); layer++)
                    tensors[part.Replace("layers.0.", $"layers.{layer}.", StringComparison.Ordinal)] = tensor;
        }
        SafetensorsFile.Write(Path.Combine(folder, "model.safetensors"), tensors);
        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJson());
    }
}

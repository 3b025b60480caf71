using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Conversations;
using DocTuneLab.Corpus;
using DocTuneLab.Documents.Model;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Checkpoints.Gguf;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Export;
using DocTuneLab.Training.Inference;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Recipes;

namespace DocTuneLab.Benchmarks;

/// <summary>
/// A random model of the shape of Qwen2.5-0.5B with the real tokenizer, from its weights to llama.cpp: made, loaded and
/// quantised, trained for 20 steps, exported with the adapter merged, opened and compared there, answers timed in both. Each
/// stage is a process of its own, so that its peak of memory is its own. <c>train-full FOLDER
/// [make|load|disk|tune|export|compare|decode]</c>; needs the Node packages of tests/DocTuneLab.Training.Tests/Node.
/// </summary>
internal static class FullModelRun
{
    private const string Node = "tests/DocTuneLab.Training.Tests/Node";
    internal static readonly ModelConfig Shape = new()
    {
        ModelType = "qwen2",
        VocabularySize = 151_936,
        HiddenSize = 896,
        IntermediateSize = 4864,
        Layers = 24,
        Heads = 14,
        KeyValueHeads = 2,
        HeadSize = 64,
        NormEpsilon = 1e-6,
        RopeTheta = 1e6,
        TieEmbeddings = true,
        AttentionBias = true,
        MaxPositions = 32_768,
        EndTokens = [151_645, 151_643],
    };
    private static readonly string[] s_stages = ["make", "load", "disk", "tune", "export", "compare", "decode"];

    public static int Run(string[] args)
    {
        var folder = args.Length > 1 ? Path.GetFullPath(args[1]) : throw new LabException("train-full needs a folder with 8 GB of room");
        if (args.Length > 2)
        {
            var clock = Stopwatch.StartNew();
            int Number(int at, int otherwise) => args.Length > at ? int.Parse(args[at], CultureInfo.InvariantCulture) : otherwise;
            var result = args[2] switch
            {
                "make" => Make(folder),
                "load" => Times(folder),
                "disk" => LoadFromDisk(folder),
                "tune" => Tune(folder),
                "export" => ExportAll(folder),
                "compare" => Compare(folder),
                "decode" => Decode(folder, Number(3, 2), 20, Number(4, 5)),
                _ => throw new LabException($"stage '{args[2]}' is unknown; expected {string.Join(", ", s_stages)}"),
            };
            (result["seconds"], result["peak_mb"]) = (Math.Round(clock.Elapsed.TotalSeconds, 1), Math.Round(Status("VmHWM")));
            Console.WriteLine($"{args[2]}: {result.ToJsonString()}");
            return 0;
        }
        foreach (var stage in s_stages)
        {
            using var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!,
                [
                    .. Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
                        ? (string[])[typeof(FullModelRun).Assembly.Location]
                        : [],
                    "train-full", folder, stage
                ]))!;
            process.WaitForExit();
            if (process.ExitCode != 0) return process.ExitCode;
        }
        return 0;
    }

    private static JsonObject Make(string folder)
    {
        Directory.CreateDirectory(folder);
        var tokenizer = Directory.GetFiles(Path.Combine(Node, "node_modules", "@lenml", "tokenizer-qwen2_5"), "tokenizer*.json",
            SearchOption.AllDirectories);
        foreach (var file in tokenizer) File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        using var model = BaseModel.Create(folder, Shape, 1, ActivationType.Float32, "cpu");
        model.Save();
        return new JsonObject
        {
            ["parameters"] = model.ParameterCount,
            ["bytes"] = new FileInfo(Path.Combine(folder, "model.safetensors")).Length
        };
    }

    // Two gigabytes, read from the disk itself: the file's pages are given up before each load.
    private static JsonObject LoadFromDisk(string folder)
    {
        var large = Path.Combine(folder, "two-gigabytes");
        var path = Path.Combine(large, "model.safetensors");
        if (!File.Exists(path))
        {
            Directory.CreateDirectory(large);
            foreach (var file in Directory.GetFiles(folder, "tokenizer*.json"))
                File.Copy(file, Path.Combine(large, Path.GetFileName(file)), overwrite: true);
            using var model = BaseModel.Create(large, Shape with { Layers = 60 }, 1, ActivationType.Float32, "cpu");
            model.Save();
        }
        var result = Times(large, fromDisk: true);
        result["bytes"] = new FileInfo(path).Length;
        return result;
    }

    private static void Evict(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.FlushToDisk(file);
        if (posix_fadvise((int)file.DangerousGetHandle(), 0, 0, 4) != 0) throw new LabException($"{path}: its pages cannot be given up");
    }

    [DllImport("libc")]
    private static extern int posix_fadvise(int file, long offset, long length, int advice);

    private static JsonObject Tune(string folder)
    {
        var path = Path.Combine(folder, "model.safetensors");
        var clock = Stopwatch.StartNew();
        ReadFile(path);
        var reading = clock.Elapsed.TotalSeconds;
        clock.Restart();
        using var model = BaseModel.Load(folder, new ModelLoadOptions { Device = "cpu" });
        var (loading, loaded) = (clock.Elapsed.TotalSeconds, Status("VmHWM"));
        using var adapter = LoraAdapter.Create(model, new LoraConfig { Rank = 16, Alpha = 32 }, 1);
        var pages = Directory.GetFiles("data/private-library/docs", "*.md",
            SearchOption.AllDirectories).Order(StringComparer.Ordinal).Take(60).Select(File.ReadAllText).ToArray();
        Sample[] samples = [.. pages.Select((text, i) => new Sample($"page-{i}", SampleKind.Qa,
            [
                Message.User("Go on: " + text[..Math.Min(200, text.Length / 2)]),
                Message.Assistant(text[Math.Min(200, text.Length / 2)..Math.Min(text.Length, 700)])
            ],
            new Evidence([], []), [], Split.Train))];
        var options = new SftOptions
        {
            MaxSteps = 20,
            BatchTokens = 256,
            LearningRate = 2e-4,
            EvalEvery = 0,
            SaveEvery = 0,
            OutputDirectory = Path.Combine(folder, "run")
        };
        var trainer = new SupervisedTuning(model, adapter, samples, [], options);
        var result = trainer.Run(s => Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"step {s.Step}: loss {s.Loss:F4}, {s.TokensPerSecond:F1} tokens/s, {s.ShareOfPeak:P0} of the peak")));
        return new JsonObject
        {
            ["computed_in"] = model.ComputeType,
            ["read_seconds"] = Math.Round(reading, 2),
            ["load_and_quantise_seconds"] = Math.Round(loading, 2),
            ["weights_mb"] = model.WeightBytes >> 20,
            ["peak_after_load_mb"] = Math.Round(loaded),
            ["first_loss"] = result.History[0].Loss,
            ["last_loss"] = result.History[^1].Loss,
            ["tokens_per_second"] = result.History.Skip(1).Average(h => h.TokensPerSecond),
        };
    }

    private static JsonObject ExportAll(string folder)
    {
        var result = new JsonObject();
        var adapter = Path.Combine(folder, "run", "adapter");
        foreach (var type in (string[])["f16", "q8_0"])
        {
            var written = GgufExporter.Write(folder, Path.Combine(folder, type + ".gguf"),
                Enum.Parse<GgufType>(type, ignoreCase: true), Directory.Exists(adapter) ? adapter : null);
            result[type] = $"{written.Bytes / 1e6:F0} MB, merge difference {written.MergeDifference:F2}";
        }
        return result;
    }

    // Log-probabilities of a text here, adapter unmerged, and there, merged in 16 bits.
    private static JsonObject Compare(string folder)
    {
        using var model = Load(folder, "none");
        using var adapter = LoraAdapter.Load(model, Path.Combine(folder, "run", "adapter"));
        var ids = Text(model);
        var ours = new LocalModel(model, adapter).LogProbabilities(ids);
        var result = new JsonObject();
        using var peer = new Peer();
        foreach (var type in (string[])["f16", "q8_0"])
        {
            peer.Ask(new { load = Path.Combine(folder, type + ".gguf"), threads = 2 });
            var theirs = peer.Ask(new { score = ids })["logProbabilities"]!.AsArray().Select(n => (double)n!).ToArray();
            result[type + "_largest_difference"] = Math.Round(ours.Zip(theirs, (a, b) => Math.Abs(a - b)).Max(), 5);
        }
        return result;
    }

    // Seconds to a model that is ready, by format; and of reading the file alone.
    private static JsonObject Times(string folder, bool fromDisk = false)
    {
        var path = Path.Combine(folder, "model.safetensors");
        var result = new JsonObject();
        foreach (var format in (string[])["", "none", "int8", "nf4"])
        {
            var (best, processor) = (double.MaxValue, double.MaxValue);
            for (var round = 0; round < 3; round++)
            {
                if (fromDisk) Evict(path);
                var (clock, used) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
                if (format == "") ReadFile(path);
                else Load(folder, format).Dispose();
                (best, processor) =
                    (Math.Min(best, clock.Elapsed.TotalSeconds), Math.Min(processor, (Environment.CpuUsage.TotalTime - used).TotalSeconds));
            }
            result[format == "" ? "file read" : format] = $"{best:F2} s ({processor:F2} s of processor)";
        }
        return result;
    }

    private static void ReadFile(string path)
    {
        using var file = File.OpenRead(path);
        var buffer = new byte[1 << 22];
        while (file.Read(buffer) > 0)
        {
        }
    }

    // Milliseconds a token, sides in turn. On a machine that does other work too, one thread and the processor time of each
    // side tell more than the clock: threads that wait for each other spin.
    private static JsonObject Decode(string folder, int threads, int tokens, int rounds)
    {
        TorchSharp.torch.set_num_threads(threads);
        var result = new JsonObject { ["threads"] = threads };
        using var peer = new Peer();
        foreach (var (format, type) in ((string, string?)[])[("none", "f16"), ("int8", "q8_0"), ("nf4", null)])
        {
            // As a Q8_0 file has it.
            using var model = Load(folder, format, roundHead: format == "int8");
            if (type is not null) peer.Ask(new { load = Path.Combine(folder, type + ".gguf"), threads });
            var ids = Text(model);
            using var pass = new DecodingPass(model, keepWeights: false);
            var (ours, theirs) = (new Best(), new Best());
            for (var round = 0; round < rounds; round++)
            {
                pass.Read([ids], ids.Length + tokens + 2);
                pass.Add([0], [ids[0]], [ids.Length]);
                ours.Measure(Process.GetCurrentProcess(), tokens, () =>
                {
                    for (var i = 1; i <= tokens; i++) pass.Add([0], [ids[i % ids.Length]], [ids.Length + i]);
                    return null;
                });
                // A prompt of one token: reading it is no more than a token of the answer.
                if (type is null) continue;
                theirs.Measure(peer.Process, tokens, () => (double)peer.Ask(new { time = tokens, prompt = ids[..1] })["seconds"]!);
            }
            result[format] = ours.ToString() + (type is null
                ? ""
                : $"; llama.cpp {type} {theirs}; ratio {ours.Wall / theirs.Wall:F2} by the clock, {ours.Processor / theirs.Processor:F2} "
                    + "by processor time");
            Console.Error.WriteLine($"{format}: {result[format]}");
        }
        return result;
    }

    private sealed class Best
    {
        public double Wall { get; private set; } = double.MaxValue;

        public double Processor { get; private set; } = double.MaxValue;

        public void Measure(Process process, int tokens, Func<double?> work)
        {
            process.Refresh();
            var (before, clock) = (process.TotalProcessorTime, Stopwatch.StartNew());
            var own = work();
            Wall = Math.Min(Wall, own ?? clock.Elapsed.TotalSeconds / tokens);
            process.Refresh();
            Processor = Math.Min(Processor, (process.TotalProcessorTime - before).TotalSeconds / tokens);
        }

        public override string ToString() =>
            string.Create(CultureInfo.InvariantCulture, $"{Wall * 1000:F1} ms ({Processor * 1000:F1} ms of processor)");
    }

    private static BaseModel Load(string folder, string format, bool roundHead = false) =>
        BaseModel.Load(folder,
            new ModelLoadOptions { Quantization = format, QuantizeHead = roundHead, ComputeType = ActivationType.Float32, Device = "cpu" });

    private static int[] Text(BaseModel model) =>
    [
        .. model.Tokenizer.Encode("public static int Count(Tank tank) => tank.Valves.Count; // 水箱的水位是多少？",
            specialTokens: false),
    ];

    private sealed class Peer : IDisposable
    {
        public Process Process { get; } = Process.Start(new ProcessStartInfo("node", ["llama.mjs"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = Node
        })!;

        public JsonNode Ask(object request)
        {
            Process.StandardInput.WriteLine(JsonSerializer.Serialize(request));
            Process.StandardInput.Flush();
            var answer = JsonNode.Parse(Process.StandardOutput.ReadLine() ?? throw new LabException("llama.cpp ended"))!;
            return answer["error"] is { } error ? throw new LabException((string)error!) : answer;
        }

        public void Dispose()
        {
            Process.StandardInput.Close();
            Process.WaitForExit(10_000);
            Process.Dispose();
        }
    }

    private static double Status(string field) =>
        double.Parse(File.ReadLines("/proc/self/status")
            .First(l => l.StartsWith(field, StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
}

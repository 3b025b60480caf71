using DocTuneLab.Conversations;
using DocTuneLab.Corpus;
using DocTuneLab.Documents.Model;
using DocTuneLab.Tokenization;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Training.Tests;

/// <summary>A real, small, random model folder made by the project itself.</summary>
internal sealed class TinyModel : IDisposable
{
    public static readonly string[] Special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];

    private static readonly string[] s_texts =
    [
        "public static int Count(Tank tank) => tank.Valves.Count; // returns the number of valves",
        "What does Tank.Fill return? It returns the new level. 水箱的水位是多少？",
        "return new TankBuilder().WithValve(3).Build();",
    ];

    // Classes run side by side, and matrices this small gain nothing from threads that wait for each other.
    static TinyModel() => TorchSharp.torch.set_num_threads(1);

    public TinyModel(string type = "llama", bool tied = true, int seed = 3, float outputScale = 1,
        Func<ModelConfig, ModelConfig>? change = null, Func<string, double>? scale = null)
    {
        Directory = System.IO.Directory.CreateTempSubdirectory("tiny-model-").FullName;
        var (vocabulary, merges) = BpeTrainer.Train(s_texts, 320, Special);
        HuggingFaceTokenizer.Write(Path.Combine(Directory, "tokenizer.json"), vocabulary, merges, Special);
        File.WriteAllText(Path.Combine(Directory, "tokenizer_config.json"),
            System.Text.Json.JsonSerializer.Serialize(new { chat_template = ChatTemplate.ChatMl }));
        Config = new ModelConfig
        {
            ModelType = type,
            VocabularySize = 320,
            HiddenSize = 64,
            IntermediateSize = 96,
            Layers = 2,
            Heads = 4,
            KeyValueHeads = 2,
            HeadSize = 16,
            NormEpsilon = 1e-5,
            RopeTheta = 10000,
            TieEmbeddings = tied,
            AttentionBias = type == "qwen2",
            MaxPositions = 256,
            EndTokens = [0, 2],
        };
        Config = change?.Invoke(Config) ?? Config;
        using var model = BaseModel.Create(Directory, Config, seed, "fp32", "cpu");
        // Freshly drawn output rows are so short that no hidden state can make a token likely; a trained model's are longer.
        using (TorchSharp.torch.no_grad())
            foreach (var (name, tensor) in model.Parameters)
                if (name.Contains("lm_head", StringComparison.Ordinal) || tied && name.Contains("embed_tokens", StringComparison.Ordinal))
                    tensor.mul_(outputScale);
        if (scale is not null)
        {
            using var scope = TorchSharp.torch.NewDisposeScope();
            // Of its own: tests that run meanwhile draw from the process's.
            var generator = new TorchSharp.torch.Generator((ulong)seed, TorchSharp.torch.CPU);
            using (TorchSharp.torch.no_grad())
                foreach (var (name, tensor) in model.Parameters)
                    if (name.EndsWith(".bias", StringComparison.Ordinal))
                        tensor.copy_(TorchSharp.torch.randn(tensor.shape, generator: generator) * scale(name));
                    else tensor.mul_(scale(name));
        }
        model.Save();
    }

    private TinyModel(TinyModel original)
    {
        (Directory, Config) = (System.IO.Directory.CreateTempSubdirectory("tiny-model-").FullName, original.Config);
        foreach (var file in System.IO.Directory.GetFiles(original.Directory, "*.json"))
            File.Copy(file, Path.Combine(Directory, Path.GetFileName(file)));
    }

    /// <summary>Where tests of what runs on any device run: on a CUDA device where there is one, else on the processor.</summary>
    public static TorchSharp.torch.Device DeviceOf(bool composed) =>
        composed && TorchSharp.torch.cuda.is_available()
            ? new TorchSharp.torch.Device(TorchSharp.DeviceType.CUDA, 0)
            : TorchSharp.torch.CPU;

    /// <summary>The same model with other weights.</summary>
    public TinyModel WithWeights(IReadOnlyDictionary<string, TorchSharp.torch.Tensor> weights)
    {
        var copy = new TinyModel(this);
        DocTuneLab.Training.Checkpoints.SafetensorsFile.Write(Path.Combine(copy.Directory, "model.safetensors"), weights);
        return copy;
    }

    public string Directory { get; }

    public ModelConfig Config { get; }

    public BaseModel Load(bool nf4 = true, string compute = "fp32", bool composed = false) =>
        BaseModel.LoadOn(DeviceOf(composed), composed, Directory,
            new ModelLoadOptions { Quantization = nf4 ? "nf4" : "none", ComputeType = compute });

    public static Sample Sample(string question, string answer) =>
        new(question, SampleKind.Qa, [Message.User(question), Message.Assistant(answer)], new Evidence([], []), [], Split.Train);

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);
}

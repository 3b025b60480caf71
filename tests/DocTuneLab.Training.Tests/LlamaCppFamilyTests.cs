using System.Text.Json.Nodes;
using DocTuneLab.Tokenization;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Checkpoints.Gguf;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Export;
using DocTuneLab.Training.Inference;
using DocTuneLab.Training.Models;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Tests;

/// <summary>A small model of each family, written as GGUF, in real llama.cpp against the same model here. The folder that DOCTUNE_GOLDEN
/// names has them all; some are kept here.</summary>
[Collection(nameof(Alone))]
public sealed class LlamaCppFamilyTests : IDisposable
{
    // GELU is looked up in a table of 16 bits there; without it the difference is below 1e-3.
    private const double Tolerance = 4e-3, Tie = 8e-3;

    private const string NoWindow = """ "sliding_window": null """;
    private readonly string _folder = Directory.CreateTempSubdirectory("llama-cpp-families-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Folder => Environment.GetEnvironmentVariable("DOCTUNE_GOLDEN") is { Length: > 0 } folder
        ? Path.Combine(folder, "architectures") : Path.Combine(AppContext.BaseDirectory, "Models");

    // Folder, changes of its config.json, and its layer that is the first here.
    public static TheoryData<string, string, int> Written =>
        [.. ((string Folder, string Changes, int First)[])
        [
            ("llama-gqa", "", 0), ("llama-biases", "", 0), ("llama-rope-llama3", "", 0), ("llama-rope-yarn", "", 0),
            ("mistral-head-dim", "", 0), ("mixtral", "", 0), ("qwen2-tied", "", 0), ("qwen2-moe", "", 0), ("qwen3", "", 0),
            ("qwen3-moe", """ "num_hidden_layers": 1, "decoder_sparse_step": 1, "mlp_only_layers": [] """, 1),
            ("gemma", "", 0), ("gemma2", "", 0), ("gemma3", "", 0),
            ("phi", "", 0), ("phi3", NoWindow, 0), ("phi3-longrope", "", 0), ("phi4-mini", "", 0),
            ("smollm3", "", 0), ("granite", "", 0), ("granitemoe", "", 0), ("starcoder2", NoWindow, 0),
            ("olmo", "", 0), ("olmo2", "", 0), ("olmo3", "", 0),
            ("cohere", """ "use_qk_norm": false """, 0), ("cohere2", "", 0),
            ("gpt2", "", 0), ("gpt-neox", "", 0), ("gpt-neox", """ "use_parallel_residual": false """, 0), ("stablelm", "", 0),
            ("internlm3", """ "max_position_embeddings": 128, "rope_parameters": { "rope_type": "default", "rope_theta": 10000.0 } """, 0),
            ("exaone4", NoWindow + """, "layer_types": null """, 0), ("glm", "", 0), ("glm4", "", 0),
            ("ministral", NoWindow + """, "layer_types": ["full_attention","full_attention","full_attention","full_attention"] """, 0),
            ("seed-oss", """ "attention_out_bias": false, "mlp_bias": false """, 0),
            ("gpt-oss", """
                "swiglu_limit": 7.0, "rope_parameters": { "rope_type": "yarn", "factor": 8.0, "rope_theta": 150000.0,
                  "original_max_position_embeddings": 64, "beta_fast": 8.0, "beta_slow": 1.0 }
                """, 0),
            ("lfm2", """ "conv_bias": false """, 0), ("nemotron", "", 0),
        ]];

    [Theory]
    [MemberData(nameof(Written))]
    public void A_model_written_as_gguf_computes_the_same_in_llama_cpp(string name, string changes, int first)
    {
        NodePeer.Require();
        Assert.SkipUnless(Directory.Exists(Path.Combine(Folder, name)), "DOCTUNE_GOLDEN is not set; it names the folder of golden values");
        Make(name, changes, first);
        var path = Path.Combine(_folder, "model.gguf");
        var notes = GgufExporter.Write(_folder, path, GgufType.F32).Notes;
        using var model = BaseModel.Load(_folder,
            new ModelLoadOptions { Quantization = "none", ComputeType = ActivationType.Float32, Device = "cpu" });
        using var peer = new NodePeer("llama.mjs");
        peer.Ask(new { load = path, exact = true });
        using var expected = SafetensorsFile.Open(Path.Combine(Folder, name, "expected.safetensors"));
        // Where factors depend on the length of the text, llama.cpp goes by the context that it is opened with.
        int[] sequences = notes.Any(n => n.Contains("long factors", StringComparison.Ordinal)) ? [1] : [0, 1];
        foreach (var sequence in sequences)
        {
            var ids = expected.Read($"input_ids.{sequence}").to_type(ScalarType.Int32).data<int>().ToArray();
            var ours = new LocalModel(model).LogProbabilities(ids).ToArray();
            var theirs = peer.Ask(new { score = ids })["logProbabilities"]!.AsArray().Select(n => (double)n!).ToArray();
            var worst = ours.Zip(theirs, (one, other) => Math.Abs(one - other)).Max();
            Assert.True(worst < Tolerance, $"{name}, sequence {sequence}: log-probabilities differ by {worst}");
            AssertGreedy(model, peer, ids);
        }
    }

    [Theory]
    [InlineData("qwen3-moe", "", "layers with experts beside layers without")]
    [InlineData("gpt-oss", """ "rope_parameters": { "rope_type": "default", "rope_theta": 150000.0 } """,
        "the bounds of the experts' gate")]
    [InlineData("gpt-oss", """ "swiglu_limit": 7.0 """, "truncate is false")]
    [InlineData("lfm2", "", "biases of convolutions")]
    [InlineData("cohere", "", "norms of queries and keys in Cohere models of 64 layers")]
    [InlineData("exaone4", "", "the window, or its lack, of layer 0")]
    [InlineData("seed-oss", "", "the bias of attention's output")]
    [InlineData("ministral3", "", "ministral3 models are not written as GGUF here")]
    [InlineData("gemma2", """ "layer_types": ["full_attention","full_attention","sliding_attention","full_attention"] """,
        "the window, or its lack, of layer 0")]
    [InlineData("smollm3", """ "no_rope_layers": [1, 1, 1, 1], "layer_types": null """, "the rotation, or its lack, of layer 3")]
    [InlineData("llama-gqa", """ "hidden_act": "gelu" """, "the activation Gelu")]
    [InlineData("qwen2-moe", """ "norm_topk_prob": true """, "weights of experts that sum to one")]
    [InlineData("qwen3", """ "attention_bias": true """, "the biases of queries, keys and values")]
    [InlineData("nemotron", """
        "rope_scaling": { "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 32 }
        """, "no rotary scaling of the type llama3 for nemotron")]
    public void What_llama_cpp_would_compute_otherwise_is_refused_by_name(string name, string changes, string message)
    {
        Assert.SkipUnless(Directory.Exists(Path.Combine(Folder, name)), "DOCTUNE_GOLDEN is not set; it names the folder of golden values");
        Make(name, changes, 0);
        var path = Path.Combine(_folder, "model.gguf");
        Assert.Contains(message, Assert.Throws<LabException>(() => GgufExporter.Write(_folder, path, GgufType.F32)).Message);
        Assert.False(File.Exists(path));
    }

    /// <summary>An adapter beside the file, and merged into it.</summary>
    [Theory]
    [InlineData("gpt2", "")]
    [InlineData("cohere2", "")]
    [InlineData("gpt-neox", "")]
    [InlineData("olmo", "")]
    [InlineData("lfm2", """ "conv_bias": false """)]
    public void An_adapter_written_beside_the_file_does_there_what_it_does_here(string name, string changes)
    {
        NodePeer.Require();
        Assert.SkipUnless(Directory.Exists(Path.Combine(Folder, name)), "DOCTUNE_GOLDEN is not set; it names the folder of golden values");
        Make(name, changes, 0);
        var (path, adapterPath, adapterFile) = (Path.Combine(_folder, "model.gguf"), Path.Combine(_folder, "adapter"),
            Path.Combine(_folder, "adapter.gguf"));
        using var model = BaseModel.Load(_folder,
            new ModelLoadOptions { Quantization = "none", ComputeType = ActivationType.Float32, Device = "cpu" });
        using var adapter = LoraAdapter.Create(model,
            new LoraConfig { Rank = 4, Alpha = 8 }, 1);
        using (no_grad())
        {
            var generator = new Generator(11, CPU);
            foreach (var parameter in adapter.Parameters.Values) parameter.add_(randn(parameter.shape, generator: generator), alpha: 0.1f);
        }
        adapter.Save(adapterPath);
        GgufExporter.Write(_folder, path, GgufType.F32);
        GgufExporter.WriteAdapter(_folder, adapterPath, adapterFile);
        using var peer = new NodePeer("llama.mjs");
        peer.Ask(new { load = path, adapter = adapterFile, exact = true });
        int[] ids = [.. Enumerable.Range(0, 24).Select(i => i * 37 % 250 + 3)];
        var plain = new LocalModel(model).LogProbabilities(ids).ToArray();
        using var attached = adapter.Attach();
        var ours = new LocalModel(model).LogProbabilities(ids).ToArray();
        var theirs = peer.Ask(new { score = ids })["logProbabilities"]!.AsArray().Select(n => (double)n!).ToArray();
        Assert.Contains(ours.Zip(plain), p => Math.Abs(p.First - p.Second) > 0.1);
        var worst = ours.Zip(theirs, (one, other) => Math.Abs(one - other)).Max();
        Assert.True(worst < Tolerance, $"{name}: log-probabilities differ by {worst}");
    }

    private static void AssertGreedy(BaseModel model, NodePeer peer, int[] ids)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var pass = new DecodingPass(model, keepWeights: false);
        var (ours, gaps) = (new List<int>(), new List<float>());
        var logits = pass.Read([ids], ids.Length + 16);
        while (true)
        {
            var (best, order) = logits[0].topk(2);
            gaps.Add((best[0] - best[1]).item<float>());
            ours.Add((int)order[0].item<long>());
            if (ours.Count == 16) break;
            logits = pass.Add([0], [ours[^1]], [ids.Length + ours.Count - 1]);
        }
        var certain = gaps.TakeWhile(g => g > Tie).Count();
        Assert.Equal(ours.Take(certain),
            peer.Ask(new { greedy = ids, count = 16 })["ids"]!.AsArray().Select(n => (int)n!).Take(certain));
    }

    // The model with a tokenizer that llama.cpp knows and its configuration changed, and of its tensors those that then belong to it.
    private void Make(string name, string changes, int first)
    {
        var (source, path) = (Path.Combine(Folder, name), Path.Combine(_folder, "config.json"));
        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(source, "config.json")))!.AsObject();
        if (changes.Length > 0)
            foreach (var (field, value) in JsonNode.Parse($"{{{changes}}}")!.AsObject()) json[field] = value?.DeepClone();
        File.WriteAllText(path, json.ToJsonString());
        // One piece for each byte.
        var (vocabulary, merges) = BpeTrainer.Train([], 256, []);
        HuggingFaceTokenizer.Write(Path.Combine(_folder, "tokenizer.json"), vocabulary, merges, []);
        using var files = WeightFiles.Open(source);
        using var scope = NewDisposeScope();
        var tensors = ModelConfig.Load(path).Parameters().ToDictionary(p => p.Name, p =>
        {
            var stored = first == 0 ? p.Name : p.Name.Replace(".layers.0.", $".layers.{first}.", StringComparison.Ordinal);
            return files.Contains(stored) ? files.Read(stored) : zeros(p.Shape);
        });
        SafetensorsFile.Write(Path.Combine(_folder, "model.safetensors"), tensors);
    }
}

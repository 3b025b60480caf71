using System.Text.Json.Nodes;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Checkpoints.Gguf;
using DocTuneLab.Training.Export;
using DocTuneLab.Training.Inference;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Models.Layout;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Tests;

/// <summary>Exported files in real llama.cpp against the same model here.</summary>
public sealed class LlamaCppTests : IDisposable
{
    private const int Prompts = 20, Tokens = 64;

    // Log-probabilities that may differ by 0.01 each may change places within this.
    private const float Tie = 0.02f;
    private NodePeer? _peer;

    public void Dispose() => _peer?.Dispose();

    public static TheoryData<string> Architectures =>
        ["llama", "llama tied", "llama llama3", "llama linear", "llama biases", "mistral", "qwen2", "qwen2 yarn", "qwen3", "qwen3 tied"];

    [Theory]
    [MemberData(nameof(Architectures))]
    public void A_model_exported_as_f16_speaks_the_same_and_gives_the_same_probabilities(string architecture)
    {
        using var tiny = Model(architecture);
        using var model = Start(tiny, "f16");
        var compared = 0;
        for (var p = 0; compared < Prompts; p++)
        {
            Assert.True(p < 10 * Prompts, $"only {compared} of {p} prompts are free of ties");
            var prompt = Prompt(p);
            var (ours, gaps) = Greedy(model, prompt);
            // Where two tokens are as good as equal, 16-bit keys and values decide, and the texts part for good.
            if (gaps.Min() < Tie) continue;
            compared++;
            var theirs = _peer!.Ask(new { greedy = prompt, count = Tokens })["ids"]!.AsArray().Select(n => (int)n!);
            Assert.Equal(ours, theirs);
            AssertSame(Score(model, [.. prompt, .. ours]), _peer.Ask(new { score = prompt.Concat(ours) }), 1e-2);
        }
    }

    [Theory]
    // llama.cpp keeps keys and values in 16 bits and rounds activations to the weights' type or to 8 bits.
    [InlineData("f32", 1e-2)]
    [InlineData("bf16", 0.1)]
    [InlineData("q8_0", 0.5)]
    [InlineData("q4_0", 0.9)]
    [InlineData("q4_k", 0.9)]
    public void Every_type_of_file_opens_and_computes_what_its_weights_say(string type, double tolerance)
    {
        using var tiny = Model("qwen2", hidden: 256);
        using var original = Start(tiny, type);
        // What the file holds, as a model here: the quantiser's own error is then out of the comparison.
        using var copy = tiny.WithWeights(Weights(tiny, type));
        using var model = copy.Load(nf4: false);
        var worst = 0.0;
        for (var p = 0; p < 5; p++)
        {
            int[] ids = [.. Prompt(p), .. Prompt(p + 7)];
            var (ours, theirs) = (Score(model, ids),
                _peer!.Ask(new { score = ids })["logProbabilities"]!.AsArray().Select(n => (double)n!).ToArray());
            for (var i = 0; i < ours.Length; i++)
                if (ours[i] > -12) worst = Math.Max(worst, Math.Abs(ours[i] - theirs[i]));
        }
        Assert.True(worst < tolerance, $"log-probabilities differ by {worst}");
    }

    [Theory]
    [InlineData("llama", false)]
    [InlineData("llama", true)]
    [InlineData("qwen3", true)]
    public void An_adapter_exported_as_gguf_gives_there_what_it_gives_here(string architecture, bool rsLora)
    {
        using var tiny = Model(architecture);
        var folder = Path.Combine(tiny.Directory, "adapter");
        WriteAdapter(tiny.Config, folder, rsLora, dora: false);
        var adapterFile = Path.Combine(tiny.Directory, "adapter.gguf");
        GgufExporter.WriteAdapter(tiny.Directory, folder, adapterFile);
        using var plain = Start(tiny, "f32", adapterFile);
        SafetensorsFile.Write(Path.Combine(tiny.Directory, "model.safetensors"), Merged(tiny.Directory, folder));
        using var model = tiny.Load(nf4: false);
        for (var p = 0; p < 5; p++)
        {
            var prompt = Prompt(p);
            var (ours, gaps) = Greedy(model, prompt);
            if (gaps.Min() > Tie)
                Assert.Equal(ours, _peer!.Ask(new { greedy = prompt, count = Tokens })["ids"]!.AsArray().Select(n => (int)n!));
            int[] ids = [.. prompt, .. ours];
            AssertSame(Score(model, ids), _peer!.Ask(new { score = ids }), 1e-2);
            Assert.Contains(Score(plain, ids).Zip(Score(model, ids)), s => Math.Abs(s.First - s.Second) > 0.1);
        }
        WriteAdapter(tiny.Config, folder, rsLora, dora: true);
        Assert.Contains("cannot apply a DoRA adapter",
            Assert.Throws<LabException>(() => GgufExporter.WriteAdapter(tiny.Directory, folder, adapterFile)).Message);
    }

    [Fact]
    public void The_exported_tokenizer_and_template_are_what_llama_cpp_uses()
    {
        using var tiny = Model("qwen2");
        using var model = Start(tiny, "f16");
        foreach (var text in (string[])
        [
            "public static int Count(Tank tank) => 3;", "水箱的水位是多少？ 1234", "  two  spaces\n\n\tand a tab",
            "<|im_start|>user\nHi<|im_end|>\n"
        ])
            Assert.Equal(model.Tokenizer.Encode(text, specialTokens: true),
                _peer!.Ask(new { tokenize = text, special = true })["ids"]!.AsArray().Select(n => (int)n!));
        var metadata = _peer!.Ask(new { metadata = true })["metadata"]!;
        Assert.Equal(model.ChatTemplate.Source, (string?)metadata["tokenizer"]!["chat_template"]);
    }

    private BaseModel Start(TinyModel tiny, string type, string? adapter = null)
    {
        var path = Path.Combine(tiny.Directory, "model.gguf");
        GgufExporter.Write(tiny.Directory, path, Enum.Parse<GgufType>(type, ignoreCase: true));
        _peer = new NodePeer("llama.mjs");
        Assert.Equal(tiny.Config.VocabularySize, (int)_peer.Ask(new { load = path, adapter })["vocabulary"]!);
        return tiny.Load(nf4: false);
    }

    // Weights large enough that the best token is well ahead: a freshly drawn model's choices are all but ties.
    private static TinyModel Model(string architecture, int hidden = 64)
    {
        NodePeer.Require();
        var words = architecture.Split(' ');
        return new TinyModel(words[0], tied: words.Contains("tied"), seed: 11, change: c =>
        {
            c = c with { HiddenSize = hidden, IntermediateSize = hidden * 2, HeadSize = words[0] == "qwen3" ? 32 : hidden / 4 };
            if (words[0] == "mistral") c = c with { SlidingWindow = 200 };
            if (words.Contains("llama3"))
                c = c with { RopeScaling = new RopeScaling("llama3", 8, 32) { LowFrequencyFactor = 1, HighFrequencyFactor = 4 } };
            if (words.Contains("linear")) c = c with { RopeScaling = new RopeScaling("linear", 4, 256) };
            if (words.Contains("yarn"))
                c = c with { RopeScaling = new RopeScaling("yarn", 4, 64) { AttentionFactor = 0.1 * Math.Log(4) + 1 } };
            if (words.Contains("biases")) c = c with { AttentionBias = true, MlpBias = true };
            return c;
        },
            scale: name => name.EndsWith("bias") ? 0.3
                : name.Contains("norm") ? 1
                : name.Contains("embed") ? words.Contains("tied") ? 12 : 25
                : (name.Contains("lm_head") ? 15 : 4) * Math.Sqrt(64.0 / hidden));
    }

    private static int[] Prompt(int number)
    {
        var random = new Random(number);
        return [.. Enumerable.Range(0, random.Next(4, 20)).Select(_ => random.Next(3, 320))];
    }

    private static (int[] Ids, float[] Gaps) Greedy(BaseModel model, int[] prompt)
    {
        using var pass = new DecodingPass(model, keepWeights: false);
        var (ids, gaps) = (new List<int>(), new List<float>());
        var logits = pass.Read([prompt], prompt.Length + Tokens);
        while (true)
        {
            using var scope = NewDisposeScope();
            var (best, order) = logits[0].topk(2);
            gaps.Add((best[0] - best[1]).item<float>());
            ids.Add((int)order[0].item<long>());
            if (ids.Count == Tokens) break;
            logits = pass.Add([0], [ids[^1]], [prompt.Length + ids.Count - 1]);
        }
        return ([.. ids], [.. gaps]);
    }

    private static double[] Score(BaseModel model, int[] ids)
    {
        return [.. new LocalModel(model).LogProbabilities(ids)];
    }

    private static void AssertSame(double[] ours, JsonNode answer, double tolerance)
    {
        var theirs = answer["logProbabilities"]!.AsArray();
        for (var i = 0; i < ours.Length; i++)
        {
            // Far down the tail a probability of a float's size has no digits left to compare.
            if (ours[i] < -12) continue;
            Assert.True(Math.Abs(ours[i] - (double)theirs[i]!) < tolerance,
                $"log-probability of token {i + 1}: {ours[i]} here, {theirs[i]} there");
        }
    }

    private static Dictionary<string, Tensor> Weights(TinyModel tiny, string type)
    {
        var path = Path.Combine(tiny.Directory, "again.gguf");
        GgufExporter.Write(tiny.Directory, path, Enum.Parse<GgufType>(type, ignoreCase: true));
        using var file = GgufFile.Open(path);
        return tiny.Config.Parameters().ToDictionary(p => p.Name, p => tensor(file.Read(Name(p.Name))).view(p.Shape));

        static string Name(string name) => name switch
        {
            "model.embed_tokens.weight" => "token_embd.weight",
            "model.norm.weight" => "output_norm.weight",
            "lm_head.weight" => "output.weight",
            _ =>
                name.Replace("model.layers", "blk").Replace("self_attn.", "attn_").Replace("attn_o", "attn_output").Replace("mlp.",
                    "ffn_").Replace("_proj", "").Replace("post_attention_layernorm", "ffn_norm").Replace("input_layernorm", "attn_norm"),
        };
    }

    private static Dictionary<string, Tensor> Merged(string model, string adapter)
    {
        using var weights = new MergedWeights(model, adapter);
        return weights.Config.Parameters().ToDictionary(p => p.Name, p => weights.Read(p.Name, p.Shape));
    }

    internal static void WriteAdapter(ModelConfig config, string folder, bool rsLora, bool dora)
    {
        using var scope = NewDisposeScope();
        var generator = new Generator(5, CPU);
        Directory.CreateDirectory(folder);
        var tensors = new Dictionary<string, Tensor>();
        foreach (var (name, shape) in config.Parameters()
            .Where(p => p.Name.Contains("q_proj.weight") || p.Name.Contains("v_proj.weight") || p.Name.Contains("down_proj.weight")))
        {
            var (layer, rank) = ("base_model.model." + name[..^".weight".Length], name.Contains("v_proj") ? 2 : 4);
            tensors[layer + ".lora_A.weight"] = randn(rank, shape[1], generator: generator) * 0.2;
            tensors[layer + ".lora_B.weight"] = randn(shape[0], rank, generator: generator) * 0.2;
            if (dora) tensors[layer + ".lora_magnitude_vector"] = rand(shape[0], generator: generator) + 0.5;
        }
        SafetensorsFile.Write(Path.Combine(folder, "adapter_model.safetensors"), tensors);
        File.WriteAllText(Path.Combine(folder, "adapter_config.json"), new JsonObject
        {
            ["peft_type"] = "LORA",
            ["r"] = 4,
            ["lora_alpha"] = 6,
            ["target_modules"] = new JsonArray("q_proj", "v_proj", "down_proj"),
            ["use_rslora"] = rsLora,
            ["use_dora"] = dora,
            ["rank_pattern"] = new JsonObject { ["v_proj"] = 2 },
            ["alpha_pattern"] = new JsonObject { [".*layers.0.mlp.down_proj"] = 12 },
        }.ToJsonString());
    }
}

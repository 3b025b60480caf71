using System.Text.Json.Nodes;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Checkpoints.Gguf;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Export;
using DocTuneLab.Training.Inference;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Recipes;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Tests;

/// <summary>A published model from its GGUF file alone, against what transformers computed of it. The file is in the folder
/// <c>models</c> beside the one that DOCTUNE_GOLDEN names.</summary>
public sealed class SmolLm2Tests : IDisposable
{
    private static readonly string? s_golden = Environment.GetEnvironmentVariable("DOCTUNE_GOLDEN") is { Length: > 0 } folder
        ? Path.Combine(folder, "smollm2") : null;
    private readonly BaseModel? _model;
    private readonly JsonNode? _expected;

    // Threads that wait for each other cost most on a machine that does other things.
    static SmolLm2Tests() => set_num_threads(1);

    public SmolLm2Tests()
    {
        var path = s_golden is null ? "" : Path.Combine(s_golden, "..", "..", "models", "SmolLM2-135M-Instruct.Q4_1.gguf");
        Assert.SkipUnless(File.Exists(path), "DOCTUNE_GOLDEN is not set, or SmolLM2 is not beside the folder it names");
        _expected = JsonNode.Parse(File.ReadAllText(Path.Combine(s_golden!, "expected.json")));
        _model = BaseModel.Load(path, new ModelLoadOptions { ComputeType = ActivationType.Float32, Device = "cpu" });
    }

    public void Dispose() => _model?.Dispose();

    [Fact]
    public void It_stays_in_the_blocks_of_the_file_and_takes_little_more_memory() =>
        Assert.InRange(_model!.WeightBytes, 1, (long)(1.05 * (long)_expected!["model"]!["bytes"]!));

    [Fact]
    public void Tokens_and_rendered_conversations_are_those_of_transformers()
    {
        foreach (var row in _expected!["tokens"]!.AsArray())
        {
            var text = (string)row!["text"]!;
            Assert.Equal(Numbers(row["ids"]!), _model!.Tokenizer.Encode(text, specialTokens: true));
            Assert.Equal(Numbers(row["with_marks"]!), _model.Tokenizer.EncodeDocument(text));
            Assert.Equal((string)row["decoded"]!, _model.Tokenizer.Decode(Numbers(row["ids"]!), skipSpecialTokens: false));
            Assert.Equal((string)row["decoded_skip"]!, _model.Tokenizer.Decode(Numbers(row["ids"]!)));
        }
        foreach (var row in _expected["rendered"]!.AsArray())
        {
            var messages = row!["messages"]!.AsArray();
            Assert.Equal((string)row["prompt"]!, _model!.ChatTemplate.Render(messages, addGenerationPrompt: true));
            Assert.Equal((string)row["whole"]!, _model.ChatTemplate.Render(messages, addGenerationPrompt: false));
        }
        Assert.Equal([2, 0], _model!.EndTokens.Order().Reverse());
        Assert.Equal(("<|im_start|>", "<|im_end|>"), (_model.ChatTemplate.BeginToken, _model.ChatTemplate.EndToken));
    }

    [Fact]
    public void Losses_are_those_of_transformers()
    {
        var local = new LocalModel(_model!);
        foreach (var row in _expected!["scores"]!.AsArray())
            Assert.Equal((double)row!["nll"]!, -local.LogProbabilities(Numbers(row["ids"]!)).Average(), 1e-4);
    }

    [Fact]
    public void Logits_and_greedy_answers_are_those_of_transformers_up_to_the_first_tie()
    {
        using var scope = NewDisposeScope();
        using var file = SafetensorsFile.Open(Path.Combine(s_golden!, "expected.safetensors"));
        using var pass = new DecodingPass(_model!, keepWeights: false);
        var prompts = _expected!["prompts"]!.AsArray();
        for (var p = 0; p < prompts.Count; p++)
        {
            var (prompt, greedy) = (Numbers(prompts[p]!["ids"]!), Numbers(prompts[p]!["greedy"]!));
            var margins = prompts[p]!["margins"]!.AsArray().Select(n => (double)n!).ToArray();
            var logits = pass.Read([prompt], prompt.Length + greedy.Length + 1);
            var difference = (logits[0] - file.Read($"logits.{p}").view(-1)).abs().max().item<float>();
            Assert.True(difference < 2e-3, $"prompt {p}: logits differ by {difference}");
            for (var i = 0; i < greedy.Length && margins[i] >= 0.01; i++)
            {
                using var step = NewDisposeScope();
                Assert.Equal(greedy[i], (int)logits[0].argmax().item<long>());
                if (i + 1 < greedy.Length) logits = pass.Add([0], [greedy[i]], [prompt.Length + i]).MoveToOuterDisposeScope();
            }
        }
    }

    [Fact]
    public void It_is_trained_over_merged_exported_and_opened_in_llama_cpp()
    {
        var folder = Directory.CreateTempSubdirectory("smollm2-").FullName;
        try
        {
            Corpus.Sample[] samples = [.. Enumerable.Range(1, 6).Select(i => TinyModel.Sample($"Which valve is number {i}?",
                $"Valve {i} is Fenmark.Valves.V{i}, which opens at {i * 10} bar."))];
            using var adapter = LoraAdapter.Create(_model!, new LoraConfig { Rank = 8, Alpha = 16 }, 1);
            var result = new SupervisedTuning(_model!, adapter, samples, [],
                new SftOptions { OutputDirectory = folder, MaxSteps = 8, LearningRate = 2e-3, WarmupRatio = 0, BatchTokens = 512 }).Run();
            Assert.True(result.FinalLoss < 0.7 * result.History[0].Loss, $"{result.History[0].Loss} fell to {result.FinalLoss}");
            var ids = _model!.Tokenizer.Encode(_model.ChatTemplate.Render(samples[0].Messages, addGenerationPrompt: false),
                specialTokens: true);
            var tuned = new LocalModel(_model, adapter).LogProbabilities(ids);
            var path = Path.Combine(folder, "tuned.gguf");
            Assert.Empty(GgufExporter.Write(_model.Directory, path, GgufType.Q8_0, result.AdapterDirectory).Notes);
            NodePeer.Require();
            using var peer = new NodePeer("llama.mjs");
            peer.Ask(new { load = path });
            foreach (var row in _expected!["tokens"]!.AsArray())
                Assert.Equal(Numbers(row!["ids"]!), Numbers(peer.Ask(new { tokenize = (string)row["text"]!, special = true })["ids"]!));
            var theirs = peer.Ask(new { score = ids })["logProbabilities"]!.AsArray().Select(n => (double)n!).Average();
            // It rounds activations to 8 bits, and the merged weights are of 8 bits.
            Assert.Equal(tuned.Average(), theirs, 0.06);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Dequantised_rows_are_those_of_the_reference_bit_for_bit()
    {
        using var scope = NewDisposeScope();
        using var expected = SafetensorsFile.Open(Path.Combine(s_golden!, "expected.safetensors"));
        using var parts = ModelFiles.Open(_model!.Directory);
        using var file = GgufFile.Open(_model.Directory);
        foreach (var name in (string[])["blk.0.attn_q.weight", "blk.3.ffn_down.weight", "output_norm.weight"])
            Same(expected.Read("tensor." + name), tensor(file.Read(name)).view(file.Tensors[name].Shape));
        Same(expected.Read("hf.layers.0.q_proj.rows"), parts.Weights.Read("model.layers.0.self_attn.q_proj.weight"));

        static void Same(Tensor rows, Tensor whole) => Assert.True(rows.eq(whole[..(int)rows.shape[0]]).all().item<bool>());
    }

    private static int[] Numbers(JsonNode node) => [.. node.AsArray().Select(n => (int)n!)];
}

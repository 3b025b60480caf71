using System.Text.Json.Nodes;
using DocTuneLab.Corpus;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Checkpoints.Gguf;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Export;
using DocTuneLab.Training.Inference;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Models.Layout;
using DocTuneLab.Training.Recipes;

namespace DocTuneLab.Training.Tests;

/// <summary>A model from a GGUF file is the model, whatever is done with it.</summary>
public sealed class GgufModelTests : IDisposable
{
    private static readonly int[] s_ids = [5, 9, 200, 31, 31, 7, 120, 44];
    private readonly string _folder = Directory.CreateTempSubdirectory("gguf-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("llama", "")]
    [InlineData("llama", "tied")]
    [InlineData("llama", "biases")]
    [InlineData("llama", "llama3")]
    [InlineData("llama", "linear")]
    [InlineData("llama", "yarn")]
    [InlineData("mistral", "")]
    [InlineData("qwen2", "tied")]
    [InlineData("qwen3", "")]
    public void What_was_written_in_32_bits_is_read_as_the_same_model(string family, string more)
    {
        using var tiny = new TinyModel(family, tied: more == "tied", outputScale: 8, change: c => more switch
        {
            "biases" => c with { AttentionBias = true, MlpBias = true },
            "llama3" => c with { RopeScaling = new RopeScaling("llama3", 8, 32) { LowFrequencyFactor = 1, HighFrequencyFactor = 4 } },
            "linear" => c with { RopeScaling = new RopeScaling("linear", 4, 256) },
            "yarn" => c with { RopeScaling = new RopeScaling("yarn", 4, 64) { AttentionFactor = 1.1, BetaFast = 16, BetaSlow = 2 } },
            _ => family == "mistral" ? c with { SlidingWindow = 5 } : c
        }, scale: name => name.EndsWith(".bias", StringComparison.Ordinal) ? 0.3 : 1);
        var path = Path.Combine(_folder, "model.gguf");
        var notes = GgufExporter.Write(tiny.Directory, path, GgufType.F32).Notes;
        Assert.Equal(more == "yarn" || family == "mistral" ? 1 : 0, notes.Count);
        using var original = tiny.Load(nf4: false);
        using var read = Load(path);
        Assert.Equal(new LocalModel(original).LogProbabilities(s_ids), new LocalModel(read).LogProbabilities(s_ids),
            (a, b) => Math.Abs(a - b) < 2e-5);
        Assert.Equal(original.EndTokens.Order(), read.EndTokens.Order());
        Assert.Equal(original.ChatTemplate.Source, read.ChatTemplate.Source);
        Assert.Equal("model", read.Name);
        // And back into a folder, which is the model again.
        var folder = Path.Combine(_folder, "folder");
        SafetensorsExporter.Write(path, folder);
        using var again = Load(folder);
        Assert.Equal(new LocalModel(read).LogProbabilities(s_ids), new LocalModel(again).LogProbabilities(s_ids),
            (a, b) => Math.Abs(a - b) < 2e-5);
        Assert.Equal(read.Tokenizer.Encode("int Count(水箱) <|im_end|>", specialTokens: true),
            again.Tokenizer.Encode("int Count(水箱) <|im_end|>", specialTokens: true));
        Assert.Equal(read.EndTokens.Order(), again.EndTokens.Order());
    }

    [Fact]
    public void An_adapter_is_trained_over_the_files_own_blocks_and_merged_into_them()
    {
        using var tiny = new TinyModel(outputScale: 8);
        var path = Path.Combine(_folder, "model.gguf");
        GgufExporter.Write(tiny.Directory, path, GgufType.Q4_0);
        // The default quantises what is stored as numbers; blocks are not touched.
        using var model = BaseModel.Load(path, new ModelLoadOptions { ComputeType = ActivationType.Float32, Device = "cpu" });
        Assert.Contains("blocks", model.WeightFormat);
        Assert.InRange(model.WeightBytes, 1, new FileInfo(path).Length);
        Sample[] samples = [TinyModel.Sample("How many valves?", "3"), TinyModel.Sample("What is the new level?", "the level of the tank")];
        using var adapter = LoraAdapter.Create(model, new LoraConfig { Rank = 8, Alpha = 16 }, 1);
        var before = new LocalModel(model).LogProbabilities(s_ids);
        var result = new SupervisedTuning(model, adapter, samples, [],
            new SftOptions { OutputDirectory = Path.Combine(_folder, "run"), MaxSteps = 12, LearningRate = 1e-2 }).Run();
        Assert.True(result.FinalLoss < result.History[0].Loss);
        Assert.Equal(before, new LocalModel(model).LogProbabilities(s_ids));
        var tuned = new LocalModel(model, adapter).LogProbabilities(s_ids);
        var merged = Path.Combine(_folder, "merged.gguf");
        GgufExporter.Write(path, merged, GgufType.F32, result.AdapterDirectory);
        using var read = Load(merged);
        Assert.Equal(tuned, new LocalModel(read).LogProbabilities(s_ids), (a, b) => Math.Abs(a - b) < 1e-3);
    }

    [Fact]
    public void A_field_that_may_change_the_result_is_refused_by_its_name()
    {
        using var tiny = new TinyModel();
        foreach (var (field, value, says) in ((string, object, string)[])
        [
            ("llama.attn_logit_softcapping", 30f, "llama.attn_logit_softcapping"), ("llama.expert_count", 8u, "llama.expert_count"),
            ("llama.strange", 1u, "llama.strange"), ("llama.rope.scaling.type", "longrope", "rope.scaling.type"),
            ("llama.rope.dimension_count", 8u, "rope.dimension_count"), ("tokenizer.ggml.pre", "own", "tokenizer.ggml.pre"),
            ("tokenizer.ggml.model", "t5", "tokenizer.ggml.model"), ("tokenizer.ggml.strange", true, "tokenizer.ggml.strange"),
            ("llama.attention.layer_norm_rms_epsilon", float.NaN, "layer_norm_rms_epsilon"), ("general.type", "adapter", "general.type"),
        ])
        {
            var path = Written(tiny, field, value);
            var message = Assert.Throws<LabException>(() => Load(path).Dispose()).Message;
            Assert.Contains(path, message);
            Assert.Contains(says, message);
        }
        Load(Written(tiny, "some.thing", 1f)).Dispose();
        Load(Written(tiny, "llama.expert_count", 0u)).Dispose();
        Assert.Equal([0, 2, 7], Ends(Written(tiny, "tokenizer.ggml.eot_token_id", 7u)));

        static IEnumerable<int> Ends(string path)
        {
            using var model = Load(path);
            return [.. model.EndTokens.Order()];
        }
    }

    [Fact]
    public void A_model_without_a_chat_template_is_scored_and_exported_and_only_conversations_need_one()
    {
        using var tiny = new TinyModel();
        File.Delete(Path.Combine(tiny.Directory, "tokenizer_config.json"));
        using var model = tiny.Load(nf4: false);
        Assert.Equal(s_ids.Length - 1, new LocalModel(model).LogProbabilities(s_ids).Count);
        Assert.False(model.HasChatTemplate);
        Assert.Contains("--chat-template FILE", Assert.Throws<LabException>(() =>
            new LocalModel(model).Generate([[Conversations.Message.User("x")]], new Conversations.SamplingOptions(MaxTokens: 2))).Message);
        GgufExporter.Write(tiny.Directory, Path.Combine(_folder, "bare.gguf"));
        var template = Path.Combine(_folder, "own.jinja");
        File.WriteAllText(template, "{% for m in messages %}<|im_start|>{{ m.content }}<|im_end|>{% endfor %}");
        using var given = BaseModel.Load(Path.Combine(_folder, "bare.gguf"),
            new ModelLoadOptions { ChatTemplate = template, Device = "cpu" });
        Assert.Equal("<|im_start|>x<|im_end|>", given.ChatTemplate.Render([Conversations.Message.User("x")], false));
    }

    [Fact]
    public void The_end_that_only_the_settings_of_generation_name_ends_an_answer()
    {
        using var tiny = new TinyModel(change: c => c with { EndTokens = [0] });
        File.WriteAllText(Path.Combine(tiny.Directory, "generation_config.json"), """{ "eos_token_id": [0, 77] }""");
        using var model = tiny.Load(nf4: false);
        Assert.Equal([0, 2, 77], model.EndTokens.Order());
        File.WriteAllText(Path.Combine(tiny.Directory, "generation_config.json"), """{ "eos_token_id": "end" }""");
        Assert.Contains("generation_config.json", Assert.Throws<LabException>(() => tiny.Load()).Message);
    }

    [Fact]
    public void A_template_that_never_ends_an_answer_is_warned_of()
    {
        using var tiny = new TinyModel();
        Sample[] samples = [TinyModel.Sample("How many valves?", "3")];
        Assert.Empty(Warnings());
        var config = new JsonObject
        {
            ["chat_template"] = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
                + "{% if add_generation_prompt %}assistant: {% endif %}"
        };
        File.WriteAllText(Path.Combine(tiny.Directory, "tokenizer_config.json"), config.ToJsonString());
        Assert.Contains("'<|im_end|>'", Assert.Single(Warnings()));

        IReadOnlyList<string> Warnings()
        {
            using var model = tiny.Load();
            using var adapter = LoraAdapter.Create(model, new LoraConfig { Rank = 4 }, 1);
            var options = new SftOptions { OutputDirectory = Path.Combine(_folder, "w") };
            return new SupervisedTuning(model, adapter, samples, [], options).Warnings;
        }
    }

    private string Written(TinyModel tiny, string field, object value)
    {
        var path = Path.Combine(_folder, "field.gguf");
        GgufExporter.Write(tiny.Directory, path, GgufType.F32);
        using var file = GgufModel.Open(path);
        using var writer = new GgufWriter();
        foreach (var name in file.Fields.Where(n => n != field)) writer.Set(name, file.Value(name)!);
        writer.Set(field, value);
        foreach (var name in file.Names)
        {
            var tensor = file.Find(name)!.Value;
            writer.Add(name, tensor.Tensor.Shape, tensor.Tensor.Type,
                stream => stream.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(tensor.File.Read(name))));
        }
        var changed = Path.Combine(_folder, "changed.gguf");
        writer.Save(changed);
        return changed;
    }

    private static BaseModel Load(string path) =>
        BaseModel.Load(path, new ModelLoadOptions { Quantization = "none", ComputeType = ActivationType.Float32, Device = "cpu" });
}

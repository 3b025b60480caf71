using System.Text.Json.Nodes;
using DocTuneLab.Conversations;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Inference;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Models.Layout;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Tests;

public sealed class ArchitectureTests
{
    [Fact]
    public void Queries_and_keys_of_qwen3_have_their_norms_and_a_head_size_of_its_own()
    {
        using var tiny = new TinyModel("qwen3", change: c => c with { HeadSize = 32 });
        using var model = tiny.Load();
        var names = model.Config.Parameters().Select(p => p.Name).ToHashSet();
        Assert.Contains("model.layers.1.self_attn.k_norm.weight", names);
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var before = Logits(model, 12);
        // A norm's weight of zero makes all scores equal: with it every token sees the plain mean, so the result must change.
        using var files = WeightFiles.Open(tiny.Directory);
        var tensors = files.Names.ToDictionary(n => n, n => n.EndsWith("q_norm.weight") ? zeros(32) : files.Read(n));
        SafetensorsFile.Write(Path.Combine(tiny.Directory, "model.safetensors"), tensors);
        using var changed = tiny.Load();
        Assert.True((Logits(changed, 12) - before).abs().max().item<float>() > 1e-4);
    }

    [Fact]
    public void With_a_sliding_window_no_token_depends_on_what_is_further_back_than_layers_times_window()
    {
        using var tiny = new TinyModel("mistral", change: c => c with { SlidingWindow = 5 });
        using var model = tiny.Load();
        Assert.Equal(5, model.Config.SlidingWindow);
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var ids = Enumerable.Range(0, 24).Select(i => (long)(i * 7 % 300)).ToArray();
        var whole = model.Decoder.Forward(tensor(ids, [1, 24]));
        ids[3] = 299;
        var changed = model.Decoder.Forward(tensor(ids, [1, 24]));
        var difference = (whole - changed).abs().amax([2L])[0].data<float>().ToArray();
        // Two layers, each looking four tokens back: token 3 reaches token 11 and no further.
        Assert.True(difference[11] > 0);
        Assert.All(difference[12..], d => Assert.Equal(0, d));
        // One token at a time, through the cache, it is the same.
        var expected = model.Decoder.Logits(changed)[0];
        using var pass = new DecodingPass(model, keepWeights: false);
        var logits = pass.Read([[(int)ids[0]]], 24);
        for (var i = 0; i < 24; i++)
        {
            if (i > 0) logits = pass.Add([0], [(int)ids[i]], [i]);
            Assert.True((logits[0] - expected[i]).abs().max().item<float>() < 1e-4, $"token {i}");
        }
    }

    [Theory]
    // Angles per position of pairs 0, 2 and 7 of a head of 16 at base 10000, worked out from the papers' formulas.
    [InlineData("""{"rope_type":"linear","factor":4}""", 0.25, 0.025, 7.905694150420948e-05, 1)]
    [InlineData("""{"rope_type":"llama3","factor":8,"low_freq_factor":1,"high_freq_factor":4,"original_max_position_embeddings":64}""", 1,
        0.013042256043820463, 3.952847075210474e-05, 1)]
    [InlineData("""{"rope_type":"yarn","factor":4,"original_max_position_embeddings":64}""", 1, 0.05, 7.905694150420948e-05,
        1.138629436111989)]
    [InlineData("""{"type":"dynamic","factor":2}""", 1, 0.1, 0.00031622776601683794, 1)]
    public void Stretched_rotary_embeddings_follow_the_published_formulas(string scaling, double first, double third, double last,
        double attention)
    {
        using var tiny = new TinyModel();
        var path = Path.Combine(tiny.Directory, "config.json");
        var json = JsonNode.Parse(File.ReadAllText(path))!;
        json["rope_scaling"] = JsonNode.Parse(scaling);
        File.WriteAllText(path, json.ToJsonString());
        var config = ModelConfig.Load(path);
        var frequencies = Rotary.Frequencies(Rope(config), 64);
        Assert.Equal(first, frequencies[0], 1e-12);
        Assert.Equal(third, frequencies[2], 1e-9);
        Assert.Equal(last, frequencies[7], 1e-12);
        Assert.Equal(attention, config.RopeScaling!.AttentionFactor, 1e-9);
        // Written and read again it is the same.
        File.WriteAllText(path, config.ToJson());
        Assert.Equal(config.RopeScaling, ModelConfig.Load(path).RopeScaling);
    }

    [Fact]
    public void Dynamic_scaling_starts_beyond_the_context_and_follows_the_length()
    {
        using var tiny = new TinyModel(change: c => c with { MaxPositions = 64, RopeScaling = new RopeScaling("dynamic", 2, 64) });
        using var model = tiny.Load();
        Assert.Equal(Rotary.Frequencies(Rope(model.Config), 64), Rotary.Frequencies(Rope(model.Config) with { Scaling = null }, 64));
        // Twice the context at factor 2: base x (2·2 - 1)^(16/14).
        Assert.Equal(Math.Pow(10000 * Math.Pow(3, 16 / 14.0), -7 / 8.0), Rotary.Frequencies(Rope(model.Config), 128)[7], 1e-12);
        using var scope = NewDisposeScope();
        using var rotary = new Rotary(Rope(model.Config), 64, TorchSharp.torch.CPU);
        float At(int length) => rotary.Rows([63], [length]).Sine[0, 7].item<float>();
        var near = At(64);
        Assert.NotEqual(near, At(128));
        Assert.Equal(near, At(64));
    }

    [Fact]
    public void The_newer_place_of_rope_settings_is_read_too()
    {
        using var tiny = new TinyModel();
        var path = Path.Combine(tiny.Directory, "config.json");
        var json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        json.Remove("rope_theta");
        json["rope_parameters"] = JsonNode.Parse(
            """{"rope_type":"yarn","rope_theta":500000.0,"factor":2.0,"original_max_position_embeddings":128}""");
        File.WriteAllText(path, json.ToJsonString());
        var config = ModelConfig.Load(path);
        Assert.Equal(500000, config.RopeTheta);
        Assert.Equal(("yarn", 2.0, 128), (config.RopeScaling!.Type, config.RopeScaling.Factor, config.RopeScaling.OriginalPositions));
    }

    [Fact]
    public void Shards_are_read_as_one_checkpoint_and_a_wrong_index_is_named()
    {
        using var tiny = new TinyModel(tied: false);
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Tensor expected;
        using (var model = tiny.Load()) expected = Logits(model, 9);
        var single = Path.Combine(tiny.Directory, "model.safetensors");
        var map = new JsonObject();
        using (var files = WeightFiles.Open(tiny.Directory))
        {
            foreach (var (group, number) in files.Names.Order().Chunk(9).Select((g, i) => (g, i + 1)))
            {
                var shard = $"model-{number:00000}-of-00003.safetensors";
                SafetensorsFile.Write(Path.Combine(tiny.Directory, shard), group.Select(n => KeyValuePair.Create(n, files.Read(n))));
                foreach (var name in group) map[name] = shard;
            }
        }
        File.Delete(single);
        var index = Path.Combine(tiny.Directory, "model.safetensors.index.json");
        File.WriteAllText(index, new JsonObject { ["metadata"] = new JsonObject(), ["weight_map"] = map }.ToJsonString());
        using (var model = tiny.Load()) Assert.Equal(0, (Logits(model, 9) - expected).abs().max().item<float>());

        File.WriteAllText(index, """{"weight_map":{"a":"../outside.safetensors"}}""");
        Assert.Contains("'../outside.safetensors' is no file name", Assert.Throws<LabException>(() => tiny.Load()).Message);
        map["nowhere.weight"] = "model-00001-of-00003.safetensors";
        File.WriteAllText(index, new JsonObject { ["weight_map"] = map.DeepClone() }.ToJsonString());
        Assert.Contains("tensor 'nowhere.weight' should be in model-00001-of-00003.safetensors",
            Assert.Throws<LabException>(() => tiny.Load()).Message);
        File.Delete(Path.Combine(tiny.Directory, "model-00002-of-00003.safetensors"));
        Assert.Contains("model-00002-of-00003.safetensors: no such file", Assert.Throws<LabException>(() => tiny.Load()).Message);
    }

    [Fact]
    public void A_tensor_that_the_architecture_has_no_place_for_is_named()
    {
        using var tiny = new TinyModel("qwen2");
        var path = Path.Combine(tiny.Directory, "config.json");
        File.WriteAllText(path,
            File.ReadAllText(path).Replace("\"qwen2\"", "\"llama\"").Replace("\"attention_bias\": true", "\"attention_bias\": false"));
        Assert.Contains("tensor 'model.layers.0.self_attn.k_proj.bias' has no place in a llama decoder",
            Assert.Throws<LabException>(() => tiny.Load()).Message);
    }

    [Theory]
    [InlineData("""{"final_logit_softcapping":30.0}""", "the field 'final_logit_softcapping' (30.0) is not understood for llama models")]
    [InlineData("""{"kv_lora_rank":64}""", "the field 'kv_lora_rank' (64) is not understood")]
    [InlineData("""{"hidden_act":"quick_gelu"}""", "hidden_act 'quick_gelu' is not supported")]
    [InlineData("""{"partial_rotary_factor":0.5}""", "partial_rotary_factor 0.5 is not supported for llama")]
    [InlineData("""{"layer_types":["full_attention","sliding_attention"]}""", "layer_types has 'sliding_attention'")]
    [InlineData("""{"layer_types":["full_attention"]}""", "layer_types has 1 entries, expected one for each of the 2 layers")]
    [InlineData("""{"rope_scaling":{"rope_type":"linear","factor":2.0,"alpha":3.0}}""",
        "the field 'alpha' is not understood for the type 'linear'")]
    [InlineData("""{"rope_scaling":{"rope_type":"yarn","factor":2.0,"beta_fast":1,"beta_slow":32}}""", "beta_fast 1 and beta_slow 32")]
    [InlineData("""{"rope_scaling":{"rope_type":"ntk","factor":2.0}}""", "rope scaling of type 'ntk' is not supported")]
    [InlineData("""{"rope_scaling":{"rope_type":"longrope","factor":2.0}}""", "the field 'short_factor' is missing or no list")]
    public void What_is_not_understood_of_a_configuration_is_refused_by_name(string changes, string expected)
    {
        using var tiny = new TinyModel();
        var path = Path.Combine(tiny.Directory, "config.json");
        var json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        foreach (var (field, value) in JsonNode.Parse(changes)!.AsObject()) json[field] = value?.DeepClone();
        File.WriteAllText(path, json.ToJsonString());
        Assert.Contains(expected, Assert.Throws<LabException>(() => ModelConfig.Load(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fields_without_effect_and_neutral_ones_are_no_obstacle()
    {
        using var tiny = new TinyModel();
        var path = Path.Combine(tiny.Directory, "config.json");
        var json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        foreach (var (field, value) in JsonNode.Parse("""
            {"hidden_act":"swish","pretraining_tp":1,"attention_dropout":0.1,"_name_or_path":"x","unsloth_version":"2025.1",
             "qk_layernorm":false,"logit_scale":null,"layer_types":["full_attention","full_attention"],
             "sliding_window":4096,"pad_token_id":7}
            """)!.AsObject()) json[field] = value?.DeepClone();
        File.WriteAllText(path, json.ToJsonString());
        Assert.Equal(2, ModelConfig.Load(path).Layers);
    }

    [Fact]
    public void Windows_follow_any_pattern_of_layers_and_mistral_has_one_where_none_is_given()
    {
        using var tiny = new TinyModel("qwen2", change: c => c with { Layers = 4 });
        var path = Path.Combine(tiny.Directory, "config.json");
        var json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        (json["use_sliding_window"], json["sliding_window"]) = (true, 9);
        json["layer_types"] = JsonNode.Parse("""["sliding_attention","full_attention","sliding_attention","full_attention"]""");
        File.WriteAllText(path, json.ToJsonString());
        Assert.Equal([9, null, 9, null], ModelConfig.Load(path).Layout.Layers.Select(l => l.Attention!.Window));
        (json["model_type"], json["use_sliding_window"]) = ("mistral", null);
        json.Remove("layer_types");
        json.Remove("sliding_window");
        json["attention_bias"] = false;
        File.WriteAllText(path, json.ToJsonString());
        Assert.All(ModelConfig.Load(path).Layout.Layers, l => Assert.Equal(4096, l.Attention!.Window));
        json["sliding_window"] = null;
        File.WriteAllText(path, json.ToJsonString());
        Assert.All(ModelConfig.Load(path).Layout.Layers, l => Assert.Null(l.Attention!.Window));
    }

    [Fact]
    public void A_model_without_a_chat_template_is_scored_and_continued_and_only_chats_need_one()
    {
        using var tiny = new TinyModel();
        File.WriteAllText(Path.Combine(tiny.Directory, "tokenizer_config.json"), """{"eos_token":"<|endoftext|>"}""");
        using var model = tiny.Load();
        var local = new LocalModel(model);
        int[] ids = [5, 90, 7, 250, 31];
        Assert.Equal(4, local.LogProbabilities(ids).Count);
        Assert.Single(local.Complete([ids], new SamplingOptions(3)));
        Assert.Contains(0, model.EndTokens);
        Assert.Contains("has no chat template",
            Assert.Throws<LabException>(() => local.Generate([[Message.User("Hi")]], new SamplingOptions(3))).Message);
    }

    private static RopeLayout Rope(ModelConfig config) => config.Layout.Layers[0].Attention!.Rope!;

    private static Tensor Logits(BaseModel model, int length) =>
        model.Decoder.Logits(
            model.Decoder.Forward(tensor(Enumerable.Range(0, length).Select(i => (long)(i * 11 % 300)).ToArray(), [1, length])));
}

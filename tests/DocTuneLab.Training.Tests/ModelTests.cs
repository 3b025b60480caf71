using DocTuneLab.Conversations;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Inference;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Tests;

public sealed class ModelTests
{
    private static readonly IReadOnlyList<Message>[] s_prompts =
        [
            [Message.User("What does Tank.Fill return?")], [Message.User("Count the valves of the tank, please, and tell me.")],
            [Message.User("Hi")]
        ];

    [Theory]
    [InlineData("llama", true)]
    [InlineData("qwen2", false)]
    public void Batched_generation_with_a_cache_is_what_one_row_at_a_time_without_one_gives(string type, bool tied)
    {
        using var tiny = new TinyModel(type, tied);
        using var model = tiny.Load();
        var answers = new LocalModel(model).Generate(s_prompts, new SamplingOptions(12));
        for (var i = 0; i < s_prompts.Length; i++)
        {
            using var scope = NewDisposeScope();
            using var _ = no_grad();
            var ids = model.Tokenizer.Encode(model.ChatTemplate.Render(s_prompts[i], addGenerationPrompt: true), specialTokens: true)
                .Select(t => (long)t)
                .ToList();
            var start = ids.Count;
            for (var step = 0; step < 12; step++)
            {
                var logits = model.Decoder.Logits(model.Decoder.Forward(tensor(ids.ToArray(), [1, ids.Count])));
                var next = logits[0, -1].argmax().item<long>();
                if (next is 0 or 2) break;
                ids.Add(next);
            }
            Assert.Equal(model.Tokenizer.Decode(ids.Skip(start).Select(t => (int)t)), answers[i]);
        }
    }

    [Fact]
    public void A_score_is_the_sum_of_next_token_log_probabilities_whatever_shares_the_batch()
    {
        using var tiny = new TinyModel();
        using var model = tiny.Load();
        var local = new LocalModel(model);
        var conversations = s_prompts.Select(p => (IReadOnlyList<Message>)[.. p, Message.Assistant("It returns the level.")]).ToArray();
        var together = local.Score(conversations);
        for (var i = 0; i < conversations.Length; i++)
        {
            var alone = local.Score([conversations[i]])[0];
            Assert.Equal(alone.LogProbability, together[i].LogProbability, 1e-3);
            Assert.Equal(alone.TokenCount, together[i].TokenCount);
            Assert.True(alone.LogProbability < 0);
        }
    }

    [Fact]
    public void The_same_seed_samples_the_same_text_and_another_seed_another()
    {
        using var tiny = new TinyModel();
        using var model = tiny.Load();
        var local = new LocalModel(model);
        string Text(int seed) => string.Concat(local.Generate(s_prompts, new SamplingOptions(24, Temperature: 1, TopP: 0.95, Seed: seed)));
        Assert.Equal(Text(1), Text(1));
        Assert.NotEqual(Text(1), Text(2));
    }

    [Fact]
    public void A_new_adapter_changes_nothing_and_a_saved_one_comes_back()
    {
        using var tiny = new TinyModel();
        using var model = tiny.Load();
        using var adapter = LoraAdapter.Create(model, new LoraConfig { Rank = 4, Alpha = 8 }, seed: 1);
        var conversation = new IReadOnlyList<Message>[] { [Message.User("Hi"), Message.Assistant("Tank")] };
        var plain = new LocalModel(model).Score(conversation)[0].LogProbability;
        Assert.Equal(plain, new LocalModel(model, adapter).Score(conversation)[0].LogProbability, 1e-6);
        using (no_grad())
            foreach (var (name, tensor) in adapter.Parameters)
                if (name.Contains("lora_B")) tensor.add_(0.1);
        var changed = new LocalModel(model, adapter).Score(conversation)[0].LogProbability;
        Assert.NotEqual(plain, changed, 1e-3);
        var folder = Path.Combine(tiny.Directory, "adapter");
        adapter.Save(folder);
        using var loaded = LoraAdapter.Load(model, folder);
        Assert.Equal(changed, new LocalModel(model, loaded).Score(conversation)[0].LogProbability, 1e-6);
        Assert.Contains("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight", adapter.Parameters.Keys);
        Assert.Equal(plain, new LocalModel(model).Score(conversation)[0].LogProbability, 1e-6);
    }

    [Fact]
    public void A_missing_or_misshaped_tensor_and_an_unknown_architecture_are_named()
    {
        using var tiny = new TinyModel();
        var path = Path.Combine(tiny.Directory, "config.json");
        var good = File.ReadAllText(path);
        Assert.Contains("model_type 'mamba'", Fails(good.Replace("\"llama\"", "\"mamba\"")));
        Assert.Contains("tensor 'model.layers.2.input_layernorm.weight' is missing",
            Fails(good.Replace("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3")));
        Assert.Contains("has shape [96, 64], expected [80, 64]",
            Fails(good.Replace("\"intermediate_size\": 96", "\"intermediate_size\": 80")));
        Assert.Contains("the field 'hidden_size' is missing", Fails(good.Replace("hidden_size\"", "size\"")));

        string Fails(string config)
        {
            File.WriteAllText(path, config);
            return Assert.Throws<LabException>(() => tiny.Load()).Message;
        }
    }
}

using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DocTuneLab.Conversations;
using DocTuneLab.Training.Compute;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Training.Tests;

/// <summary>A conversation is encoded as one text, as it is when a model is asked, and trained where the assistant speaks.</summary>
public sealed partial class EncodingTests
{
    private static string? Golden =>
        Environment.GetEnvironmentVariable("DOCTUNE_GOLDEN") is { Length: > 0 } folder ? Path.Combine(folder, "sft") : null;

    [GeneratedRegex(@"<\|im_start\|>(\w+)\n(.*?)<\|im_end\|>\n", RegexOptions.Singleline)]
    private static partial Regex Turn();

    [Theory]
    [InlineData("tiny", "../adapters/base-llama")]
    [InlineData("smollm2", "../../models/SmolLM2-135M-Instruct.Q4_1.gguf")]
    public void Ids_and_labels_are_those_that_a_trainer_for_transformers_was_given(string data, string basis)
    {
        Assert.SkipUnless(Golden is not null, "DOCTUNE_GOLDEN is not set; it names the folder of golden values");
        using var model = BaseModel.Load(Path.Combine(Golden!, basis),
            new ModelLoadOptions { ComputeType = ActivationType.Float32, Device = "cpu" });
        foreach (var line in File.ReadLines(Path.Combine(Golden!, data, "data.jsonl")))
        {
            var row = JsonNode.Parse(line)!;
            int[] ids = [.. row["input_ids"]!.AsArray().Select(n => (int)n!)], labels = [.. row["labels"]!.AsArray().Select(n => (int)n!)];
            var messages = Turn().Matches(model.Tokenizer.Decode(ids, skipSpecialTokens: false))
                .Select(m => new Message(m.Groups[1].Value, m.Groups[2].Value)).ToArray();
            var sample = TokenizedSample.Of(model, messages);
            // A sample that was cut is as far as it goes.
            if (sample.Ids.Length > ids.Length) continue;
            Assert.Equal(ids, sample.Ids);
            Assert.Equal(Enumerable.Range(0, ids.Length).Where(i => labels[i] != -100), sample.Trained());
        }
    }

    [Fact]
    public void All_turns_are_trained_on_request()
    {
        using var tiny = new TinyModel();
        using var model = tiny.Load();
        Message[] messages = [Message.User("valves?"), Message.Assistant("3"), Message.User("level?"), Message.Assistant("new level")];
        Assert.Equal("new level<|im_end|>\n", Text(TokenizedSample.Of(model, messages)));
        Assert.Equal("3<|im_end|>\nnew level<|im_end|>\n", Text(TokenizedSample.Of(model, messages, allTurns: true)));
        var batch = PackedBatch.Of([TokenizedSample.Of(model, messages, allTurns: true), TokenizedSample.Of(model, messages)]);
        Assert.Equal(2, batch.TargetStarts.Length - 1);
        Assert.Contains(batch.TargetStarts[1] - batch.TargetStarts[0], (int[])[
            TokenizedSample.Of(model, messages, allTurns: true).Trained().Count(), TokenizedSample.Of(model, messages).Trained().Count()]);

        string Text(TokenizedSample sample) =>
            model.Tokenizer.Decode(sample.Trained().Select(i => sample.Ids[i]), skipSpecialTokens: false);
    }

    [Fact]
    public void With_sentencepiece_an_answer_has_the_tokens_that_follow_its_prompt_and_a_continuation_keeps_its_space()
    {
        using var tiny = new TinyModel();
        Write(tiny.Directory);
        using var model = tiny.Load();
        // Encoded apart, the answer would begin with ▁ab.
        var sample = TokenizedSample.Of(model, [Message.User("b a"), Message.Assistant("ab a")]);
        Assert.Equal(model.Tokenizer.Encode("b a\nab a</s>", specialTokens: true), sample.Ids);
        Assert.Equal(["ab", "▁a", "</s>"], sample.Trained().Select(i => model.Tokenizer.Piece(sample.Ids[i])));
        Assert.Equal("a", Streamed(continues: false));
        Assert.Equal(" a", Streamed(continues: true));

        string Streamed(bool continues)
        {
            var stream = model.Tokenizer.Stream(continues: continues);
            return stream.Add(model.Tokenizer.File.Vocabulary["▁a"]) + stream.End();
        }
    }

    private static void Write(string folder)
    {
        string[] pieces =
            ["<unk>", "<s>", "</s>", .. Enumerable.Range(0, 256).Select(b => $"<0x{b:X2}>"), "▁", "a", "b", "ab", "▁a", "▁ab", "▁b"];
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), new JsonObject
        {
            ["added_tokens"] = new JsonArray([.. Enumerable.Range(0, 3).Select(i => (JsonNode)new JsonObject
                { ["id"] = i, ["content"] = pieces[i], ["special"] = true, ["normalized"] = false })]),
            ["normalizer"] = JsonNode.Parse("""
                {"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},
                {"type":"Replace","pattern":{"String":" "},"content":"▁"}]}
                """),
            ["decoder"] = JsonNode.Parse("""
                {"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},
                {"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}
                """),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["unk_token"] = "<unk>",
                ["fuse_unk"] = true,
                ["byte_fallback"] = true,
                ["vocab"] = new JsonObject(pieces.Select((p, i) => KeyValuePair.Create(p, (JsonNode?)i))),
                ["merges"] = new JsonArray("a b", "▁ ab", "▁ a", "▁ b"),
            },
        }.ToJsonString());
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), new JsonObject
        {
            ["eos_token"] = "</s>",
            ["chat_template"] = "{% for m in messages %}{{ m.content }}{{ '\n' if m.role == 'user' else '</s>' }}{% endfor %}"
        }.ToJsonString());
    }
}

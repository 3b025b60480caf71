using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using DocTuneLab.Training.Inference;

namespace DocTuneLab.Serving.Tests;

/// <summary>OpenAI's protocol as clients speak it.</summary>
public sealed class ProtocolTests(ServedNano served) : IClassFixture<ServedNano>
{
    private const string Chat = "/v1/chat/completions", Completions = "/v1/completions", Responses = "/v1/responses";
    private const string Ask = "\"messages\":[{\"role\":\"user\",\"content\":\"What is a string?\"}],\"max_tokens\":12,\"temperature\":0";

    private string Local(string adapter) => served.Models.TryGet(adapter, out var known)
        ? new LocalModel(served.Models.Base, known).Generate([[Conversations.Message.User("What is a string?")]], new(12))[0] : "";

    [Fact]
    public async Task A_stream_says_what_a_whole_answer_says_and_both_what_the_model_says()
    {
        var (status, whole) = await served.PostAsync(Chat, $"{{{Ask}}}");
        Assert.Equal(200, status);
        var choice = whole["choices"]![0]!;
        Assert.Equal("nano-b", (string)whole["model"]!);
        var events = await served.StreamAsync(Chat, $"{{\"stream\":true,{Ask}}}");
        Assert.Equal("[DONE]", events[^1].Data);
        var chunks = events.SkipLast(1).Select(e => JsonNode.Parse(e.Data)!).ToList();
        Assert.Single(chunks.Select(c => (string)c["id"]!).Distinct());
        Assert.Equal((string)choice["message"]!["content"]!,
            string.Concat(chunks.Select(c => (string?)c["choices"]![0]!["delta"]!["content"])));
        Assert.Equal((string)choice["finish_reason"]!, (string)chunks[^1]["choices"]![0]!["finish_reason"]!);
        Assert.All(chunks, c => Assert.Null(c["usage"]));
        var counted = await served.StreamAsync(Chat, $"{{\"stream\":true,\"stream_options\":{{\"include_usage\":true}},{Ask}}}");
        var last = JsonNode.Parse(counted[^2].Data)!;
        Assert.Empty(last["choices"]!.AsArray());
        Assert.Equal(whole["usage"]!.ToJsonString(), last["usage"]!.ToJsonString());
    }

    [Theory]
    [InlineData("nano")]
    [InlineData("nano-a")]
    public async Task Each_model_answers_by_its_name(string name)
    {
        var expected = Local(name);
        var (_, answer) = await served.PostAsync(Chat, $"{{\"model\":\"{name}\",{Ask}}}");
        Assert.Equal((name, expected), ((string)answer["model"]!, (string)answer["choices"]![0]!["message"]!["content"]!));
    }

    [Fact]
    public async Task Models_are_listed_and_found_by_name_and_another_name_is_none()
    {
        var list = JsonNode.Parse(await served.Http.GetStringAsync("/v1/models", TestContext.Current.CancellationToken))!;
        Assert.Equal(["nano", "nano-a", "nano-b"], list["data"]!.AsArray().Select(m => (string)m!["id"]!));
        Assert.All(list["data"]!.AsArray(), m => Assert.True((long)m!["created"]! > 1_700_000_000));
        var one = JsonNode.Parse(await served.Http.GetStringAsync("/v1/models/nano-a", TestContext.Current.CancellationToken))!;
        Assert.Equal("nano-a", (string)one["id"]!);
        using var none = await served.Http.GetAsync("/v1/models/gpt-5", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
        var (status, answer) = await served.PostAsync(Chat, $"{{\"model\":\"gpt-5\",{Ask}}}");
        Assert.Equal((404, "model_not_found", "model"), (status, (string)answer["error"]!["code"]!, (string)answer["error"]!["param"]!));
    }

    [Fact]
    public async Task Several_answers_log_probabilities_and_stops_are_heeded()
    {
        var (_, answer) = await served.PostAsync(Chat,
            $"{{\"n\":3,\"seed\":4,\"logprobs\":true,\"top_logprobs\":2,{Ask.Replace("\"temperature\":0", "\"temperature\":1.5")}}}");
        var choices = answer["choices"]!.AsArray();
        Assert.Equal([0, 1, 2], choices.Select(c => (int)c!["index"]!));
        Assert.Equal(3, choices.Select(c => (string)c!["message"]!["content"]!).Distinct().Count());
        Assert.All(choices.SelectMany(c => c!["logprobs"]!["content"]!.AsArray()), t =>
        {
            Assert.Equal(2, t!["top_logprobs"]!.AsArray().Count);
            Assert.True((double)t["logprob"]! <= (double)t["top_logprobs"]![0]!["logprob"]!);
            Assert.Equal(Encoding.UTF8.GetBytes((string)t["token"]!), t["bytes"]!.AsArray().Select(b => (byte)(int)b!));
        });
        var (_, free) = await served.PostAsync(Chat, $"{{{Ask}}}");
        var text = (string)free["choices"]![0]!["message"]!["content"]!;
        var stop = text[(text.Length / 2)..(text.Length / 2 + 1)];
        var (_, cut) = await served.PostAsync(Chat, $"{{\"stop\":[{JsonValue.Create(stop).ToJsonString()}],{Ask}}}");
        Assert.Equal(text[..text.IndexOf(stop, StringComparison.Ordinal)], (string)cut["choices"]![0]!["message"]!["content"]!);
        Assert.Equal("stop", (string)cut["choices"]![0]!["finish_reason"]!);
    }

    [Fact]
    public async Task A_text_is_scored_as_harnesses_ask_for_it()
    {
        var ids = served.Models.Base.Tokenizer.EncodeDocument("public static int Count");
        var (status, answer) = await served.PostAsync(Completions,
            $"{{\"model\":\"nano\",\"prompt\":[[{string.Join(',', ids)}]],\"max_tokens\":0,\"echo\":true,\"logprobs\":1}}");
        Assert.Equal(200, status);
        var told = answer["choices"]![0]!["logprobs"]!;
        var known = new LocalModel(served.Models.Base).LogProbabilities(ids);
        Assert.Null(told["token_logprobs"]![0]);
        Assert.All(known.Zip(told["token_logprobs"]!.AsArray().Skip(1)), p => Assert.Equal(p.First, (double)p.Second!, 1e-4));
        Assert.Equal(string.Concat(told["tokens"]!.AsArray().Select(t => (string)t!)), (string)answer["choices"]![0]!["text"]!);
        Assert.Equal(0, (int)answer["usage"]!["completion_tokens"]!);
    }

    [Theory]
    [InlineData("\"return\"", 1)]
    [InlineData("[\"return\",\"public static\"]", 2)]
    [InlineData("[12,13,14]", 1)]
    [InlineData("[[12,13],[14]]", 2)]
    public async Task A_prompt_may_be_text_or_ids_or_several(string prompt, int choices)
    {
        var (status, answer) = await served.PostAsync(Completions, $"{{\"prompt\":{prompt},\"max_tokens\":3,\"temperature\":0}}");
        Assert.Equal((200, choices), (status, answer["choices"]!.AsArray().Count));
        var events = await served.StreamAsync(Completions, $"{{\"prompt\":{prompt},\"max_tokens\":3,\"temperature\":0,\"stream\":true}}");
        var texts = events.SkipLast(1).Select(e => JsonNode.Parse(e.Data)!["choices"]![0]!)
            .ToLookup(c => (int)c["index"]!, c => (string)c["text"]!);
        Assert.All(answer["choices"]!.AsArray(), c => Assert.Equal((string)c!["text"]!, string.Concat(texts[(int)c["index"]!])));
    }

    [Fact]
    public async Task A_gap_is_filled_as_the_model_was_trained_to()
    {
        var local = new LocalModel(served.Models.Base);
        var expected = local.Complete([local.FillInMiddle("public static int Count(", ") => 1;")], new(6), continues: true)[0];
        var (status, answer) = await served.PostAsync(Completions,
            "{\"model\":\"nano\",\"prompt\":\"public static int Count(\",\"suffix\":\") => 1;\",\"max_tokens\":6,\"temperature\":0}");
        Assert.Equal((200, expected), (status, (string)answer["choices"]![0]!["text"]!));
    }

    [Fact]
    public async Task A_response_comes_whole_and_as_events_in_their_order()
    {
        const string Body = "\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"What is a string?\"}]}],"
            + "\"instructions\":\"Be brief.\",\"max_output_tokens\":8,\"temperature\":0";
        var (status, whole) = await served.PostAsync(Responses, $"{{{Body}}}");
        Assert.Equal((200, "response"), (status, (string)whole["object"]!));
        var text = (string)whole["output"]![0]!["content"]![0]!["text"]!;
        var events = await served.StreamAsync(Responses, $"{{\"stream\":true,{Body}}}");
        Assert.Equal(["response.created", "response.in_progress", "response.output_item.added", "response.content_part.added"],
            events.Take(4).Select(e => e.Name));
        Assert.Equal(["response.output_text.done", "response.content_part.done", "response.output_item.done",
            $"response.{(string)whole["status"]!}"], events.TakeLast(4).Select(e => e.Name));
        var data = events.Select(e => JsonNode.Parse(e.Data)!).ToList();
        Assert.Equal(Enumerable.Range(0, data.Count), data.Select(d => (int)d["sequence_number"]!));
        Assert.Equal(events.Select(e => e.Name), data.Select(d => (string)d["type"]!));
        Assert.Equal(text, string.Concat(data.Select(d => (string?)d["delta"])));
        Assert.Equal(whole["usage"]!.ToJsonString(), data[^1]["response"]!["usage"]!.ToJsonString());
    }

    public static TheoryData<string, string, string?, string> Refused => new()
    {
        { Chat, "{", null, "not valid JSON" },
        { Chat, "[]", null, "" },
        { Chat, "null", null, "must be a JSON object" },
        { Chat, "{}", "messages", "missing or empty" },
        { Chat, "{\"messages\":[]}", "messages", "missing or empty" },
        { Chat, "{\"messages\":[{\"role\":\"robot\",\"content\":\"x\"}]}", "messages[0].role", "must be system" },
        { Chat, "{\"messages\":[{\"role\":\"user\"}]}", "messages[0].content", "missing" },
        { Chat, "{\"messages\":[{\"role\":\"user\",\"content\":5}]}", "messages[0].content", "must be text" },
        { Chat, "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":5}]}]}", "messages[0].content[0].text",
            "must be text" },
        { Chat, "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"x\"}}]}]}",
            "messages[0].content[0].type", "reads text" },
        { Chat, "{\"messages\":[{\"role\":\"tool\",\"content\":\"x\",\"tool_call_id\":\"1\"}]}", "messages[0].role", "knows none" },
        { Chat, $"{{\"stream\":\"true\",{Ask}}}", "stream", "wrong type" },
        { Chat, $"{{{Ask.Replace("12", "1.5")}}}", "max_tokens", "wrong type" },
        { Chat, $"{{{Ask.Replace("12", "0")}}}", "max_tokens", "1 or more" },
        { Chat, $"{{{Ask.Replace("\"temperature\":0", "\"temperature\":9")}}}", "temperature", "at most 2" },
        { Chat, $"{{\"n\":0,{Ask}}}", "n", "1 or more" },
        { Chat, $"{{\"top_p\":0,{Ask}}}", "top_p", "above 0" },
        { Chat, $"{{\"presence_penalty\":9,{Ask}}}", "presence_penalty", "at most 2" },
        { Chat, $"{{\"top_logprobs\":2,{Ask}}}", "top_logprobs", "needs 'logprobs'" },
        { Chat, $"{{\"stop\":[1],{Ask}}}", "stop", "a text or a list" },
        { Chat, $"{{\"response_format\":{{\"type\":\"json_object\"}},{Ask}}}", "response_format", "not supported" },
        { Chat, $"{{\"tools\":[{{\"type\":\"function\",\"function\":{{\"name\":\"f\"}}}}],{Ask}}}", "tools", "not supported" },
        { Chat, $"{{\"tool_choice\":\"required\",{Ask}}}", "tool_choice", "not supported" },
        { Chat, "{\"messages\":[{\"role\":\"user\",\"content\":\"\\ud800\"}]}", null, "half a character" },
        { Completions, "{\"prompt\":[]}", "prompt", "must be a text" },
        { Completions, "{\"prompt\":[99999]}", "prompt", "go from 0" },
        { Completions, "{\"prompt\":\"x\",\"logprobs\":99}", "logprobs", "from 0 to" },
        { Responses, "{\"input\":\"x\",\"previous_response_id\":\"resp_1\"}", "previous_response_id", "nothing is kept" },
        { Responses, "{\"input\":5}", "input", "must be a text" },
        { "/v1/embeddings", "{\"input\":\"x\"}", null, "no embeddings" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task What_cannot_be_heeded_is_refused_by_its_field(string path, string body, string? param, string says)
    {
        var (status, answer) = await served.PostAsync(path, body);
        Assert.Equal(400, status);
        var error = answer["error"]!;
        Assert.Equal("invalid_request_error", (string)error["type"]!);
        if (param is not null) Assert.StartsWith(param, (string?)error["param"]);
        Assert.Contains(says, (string)error["message"]!);
    }

    [Theory]
    [InlineData("\"tool_choice\":\"none\",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]")]
    [InlineData("\"tools\":null,\"response_format\":null,\"stop\":null,\"n\":null,\"logprobs\":null,\"stream_options\":null")]
    [InlineData("\"response_format\":{\"type\":\"text\"},\"user\":\"u\",\"metadata\":{\"a\":\"b\"},\"store\":false")]
    public async Task What_asks_for_nothing_more_is_answered(string fields) =>
        Assert.Equal(200, (await served.PostAsync(Chat, $"{{{fields},{Ask}}}")).Status);

    [Fact]
    public async Task A_conversation_that_is_too_long_is_told_by_the_word_that_clients_look_for()
    {
        var text = string.Concat(Enumerable.Repeat("word ", 20_000));
        var (status, answer) = await served.PostAsync(Chat, $"{{\"messages\":[{{\"role\":\"user\",\"content\":\"{text}\"}}]}}");
        Assert.Equal((400, "context_length_exceeded"), (status, (string)answer["error"]!["code"]!));
    }

    [Fact]
    public async Task Methods_and_encodings_that_are_not_taken_are_told()
    {
        using var put = await served.Http.PutAsync(Chat, null, TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.MethodNotAllowed, "POST"), (put.StatusCode, string.Join(',', put.Content.Headers.Allow)));
        using var head = await served.Http.SendAsync(new(HttpMethod.Head, "/v1/models"), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        using var zipped = new StringContent("{}", Encoding.UTF8, "application/json");
        zipped.Headers.ContentEncoding.Add("gzip");
        using var refused = await served.Http.PostAsync(Chat, zipped, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, refused.StatusCode);
        using var plain = await served.Http.PostAsync(Chat, new StringContent($"{{{Ask}}}"), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, plain.StatusCode);
        using var large = new StringContent($"{{{Ask},\"user\":\"{new string('x', 2 << 20)}\"}}", Encoding.UTF8, "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, Chat) { Content = large };
        request.Headers.ExpectContinue = true;
        using var tooLarge = await served.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, tooLarge.StatusCode);
        using var nowhere = await served.Http.GetAsync("/v1/nothing", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, nowhere.StatusCode);
        Assert.Contains("/v1/chat/completions", await nowhere.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}

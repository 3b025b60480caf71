using DocTuneLab.Conversations;
using DocTuneLab.Corpus.Hosted;
using DocTuneLab.Endpoints;
using DocTuneLab.Endpoints.Accounting;
using DocTuneLab.Endpoints.Exchange;
using DocTuneLab.Endpoints.Retrying;
using DocTuneLab.Storage;
using DocTuneLab.Tests.Corpus;
using DocTuneLab.Tests.Prompts.Loopback;

namespace DocTuneLab.Tests.Prompts;

/// <summary>What servers refuse, in their own words; what models think aloud; and what a run does about it.</summary>
public sealed class RefusalTests(PrivateLibrary library) : IClassFixture<PrivateLibrary>, IAsyncLifetime
{
    private static readonly EngineOptions s_quick = new()
    {
        FirstDelay = TimeSpan.FromMilliseconds(2),
        LongestDelay = TimeSpan.FromMilliseconds(20),
        BreakerDelay = TimeSpan.FromMilliseconds(5),
        RequestTimeout = TimeSpan.FromSeconds(20),
        MaxAttempts = 2,
    };
    private readonly MemoryJournal _journal = new();
    private LoopbackServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await LoopbackServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private EndpointOptions Endpoint =>
        new() { Name = "loop", BaseUrl = _server.Url, Model = "m", MaxConcurrency = 8, KeyVariable = "DOCTUNE_TEST_NO_KEY" };

    private static ChatRequest Request(int i, int tokens = 64) =>
        ChatRequest.Create($"chunk{i}", "t", "m", [Message.User($"question {i}")], new SamplingOptions(tokens, 0.7, 1, i));

    private static string Completion(string message, string finish = ", \"finish_reason\": \"stop\"") =>
        $"{{\"choices\": [{{\"index\": 0, \"message\": {{\"role\": \"assistant\", {message}}}{finish}}}]}}";

    private static string Error(string message, string code = "null") =>
        $"{{\"error\": {{\"message\": \"{message}\", \"type\": \"x\", \"code\": {code}}}}}";

    [Theory]
    [InlineData(400, "The prompt triggered our content management policy", "\"content_filter\"", FailureKind.Filtered)]
    [InlineData(403, "Your input was flagged", "403", FailureKind.Filtered)]
    [InlineData(400, "This model's maximum context length is 4096 tokens", "\"context_length_exceeded\"", FailureKind.TooLong)]
    [InlineData(413, "too much", "null", FailureKind.TooLong)]
    [InlineData(400, "Unsupported value: 'temperature'", "null", FailureKind.BadRequest)]
    [InlineData(403, "this route is closed", "null", FailureKind.BadRequest)]
    public async Task A_refused_prompt_is_one_item_with_the_servers_words(int status, string words, string code, FailureKind kind)
    {
        _server.Verbatim = body => LoopbackServer.UserTurn(body) == "question 3" ? (status, Error(words, code), null) : null;
        using var engine = new RequestEngine([Endpoint], _journal, s_quick);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => engine.AskAsync(Request(i))));
        Assert.Equal((kind, 7), (outcomes[3].Failure, outcomes.Count(o => o.Text == "yes")));
        Assert.Equal($"HTTP {status}: {words}", outcomes[3].Detail);
        Assert.Null(engine.Status.StoppedBecause);
        Assert.Equal(1, engine.Status.Failed[kind.Name()]);
        Assert.Contains(words, engine.Status.Trouble);
        Assert.Equal(8, _server.Requests);
        Assert.True(engine.Status.Closes);
    }

    [Theory]
    [InlineData(401, "no such user")]
    [InlineData(403, "Your API key has no access to this model")]
    [InlineData(403, "Permission denied")]
    public async Task A_refusal_of_the_key_stops_the_run(int status, string words)
    {
        _server.Verbatim = _ => (status, Error(words), null);
        using var engine = new RequestEngine([Endpoint], _journal, s_quick);
        Assert.Equal(FailureKind.Unauthorized, (await engine.AskAsync(Request(0), TestContext.Current.CancellationToken)).Failure);
        Assert.Contains("refused the key", engine.Status.StoppedBecause);
        Assert.Contains(words, engine.Status.StoppedBecause);
    }

    [Theory]
    [InlineData(429, "You exceeded your current quota, please check your plan", "\"insufficient_quota\"")]
    [InlineData(402, "Insufficient credits", "402")]
    [InlineData(429, "insufficient balance", "null")]
    public async Task Without_quota_a_run_ends_at_once_and_goes_on_later(int status, string words, string code)
    {
        _server.Verbatim = _ => (status, Error(words, code), "86400");
        using (var engine = new RequestEngine([Endpoint with { MaxConcurrency = 1 }], _journal, s_quick))
        {
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 5).Select(i => engine.AskAsync(Request(i))));
            Assert.All(outcomes, o => Assert.Equal(FailureKind.NotAsked, o.Failure));
            Assert.Contains(words, engine.Status.StoppedBecause);
            Assert.True(engine.Status is { Closes: true, NotAsked: 5 });
            Assert.Equal(1, _server.Requests);
        }
        _server.Verbatim = _ => null;
        using var again = new RequestEngine([Endpoint], _journal, s_quick);
        Assert.Equal("yes", (await again.AskAsync(Request(0), TestContext.Current.CancellationToken)).Text);
    }

    [Fact]
    public async Task A_wait_beyond_the_limit_ends_the_run_and_a_shorter_one_is_said()
    {
        var told = new System.Collections.Concurrent.ConcurrentQueue<string>();
        _server.Verbatim = _ => (429, Error("come back tomorrow"), "86400");
        using (var engine = new RequestEngine([Endpoint], _journal, s_quick) { Live = new Told(told.Enqueue) })
        {
            var outcome = await engine.AskAsync(Request(0), TestContext.Current.CancellationToken);
            Assert.Equal(FailureKind.NotAsked, outcome.Failure);
            Assert.Contains("loop asks to wait 24 hours: HTTP 429: come back tomorrow", engine.Status.StoppedBecause);
            Assert.Contains("more than 10 minutes", engine.Status.StoppedBecause);
            Assert.Contains(told, t => t.Contains("24 hours", StringComparison.Ordinal));
            Assert.Contains("left alone until", engine.Status.Trouble);
        }
        // Another server of the same model goes on.
        await using var other = await LoopbackServer.StartAsync();
        using var both = new RequestEngine([Endpoint, Endpoint with { Name = "other", BaseUrl = other.Url }], _journal, s_quick);
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 6).Select(i => both.AskAsync(Request(i)))), o => Assert.Equal("yes", o.Text));
    }

    [Theory]
    [InlineData("{\"error\": {\"message\": \"upstream is down\", \"code\": 502}}", FailureKind.ServerError, "upstream is down")]
    [InlineData("{\"error\": \"model is loading\"}", FailureKind.ServerError, "model is loading")]
    [InlineData("{\"error\": {\"message\": \"slow down\", \"code\": 429}}", FailureKind.RateLimited, "slow down")]
    [InlineData("{\"object\": \"error\", \"message\": \"no such model\", \"code\": 404}", FailureKind.BadRequest, "no such model")]
    public async Task An_error_with_status_200_is_an_error_in_words(string body, FailureKind kind, string words)
    {
        _server.Verbatim = _ => (200, body, null);
        using var engine = new RequestEngine([Endpoint], _journal, s_quick with { MaxRefusals = 1 });
        var outcome = await engine.AskAsync(Request(0), TestContext.Current.CancellationToken);
        Assert.Equal((kind, $"HTTP 200: {words}"), (outcome.Failure, outcome.Detail));
    }

    [Theory]
    [InlineData("")]
    [InlineData(", \"finish_reason\": null")]
    public async Task An_answer_without_a_finish_reason_is_taken_at_the_first_try(string finish)
    {
        _server.Verbatim = _ => (200, Completion("\"content\": \"fine\"", finish), null);
        using var engine = new RequestEngine([Endpoint], _journal, s_quick);
        var outcome = await engine.AskAsync(Request(0), TestContext.Current.CancellationToken);
        Assert.Equal(("fine", 1, 1L), (outcome.Text, outcome.Attempts, _server.Requests));
    }

    [Theory]
    [InlineData("\"reasoning_content\": \"{ first\", \"content\": \"{}\"", "{}", "{ first")]
    [InlineData("\"reasoning\": \"hm\", \"content\": \"x\"", "x", "hm")]
    [InlineData("\"content\": \"<think>\\nor { perhaps\\n</think>\\n\\nx\"", "x", "perhaps")]
    [InlineData("\"content\": \"the first tag is missing</think>x\"", "x", "missing")]
    public async Task Reasoning_is_kept_apart_from_the_answer(string message, string text, string reasoning)
    {
        _server.Verbatim = _ => (200, Completion(message), null);
        using var engine = new RequestEngine([Endpoint], _journal, s_quick);
        var outcome = await engine.AskAsync(Request(0), TestContext.Current.CancellationToken);
        Assert.Equal(text, outcome.Text);
        Assert.Contains(reasoning, outcome.Answer!.Reasoning);
        // Kept as it came, and read the same way again.
        Assert.Equal(text, (await engine.AskAsync(Request(0), TestContext.Current.CancellationToken)).Text);
    }

    [Fact]
    public void Reasoning_in_streams_and_in_ollamas_lines_is_kept_apart_too()
    {
        var stream = RawAnswer.Parse("data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"so {\"}}]}\n\n"
            + "data: {\"choices\":[{\"delta\":{\"content\":\"<think>a\"}}]}\n\n"
            + "data: {\"choices\":[{\"delta\":{\"content\":\"</think>yes\"}}]}\n\n"
            + "data: [DONE]\n\n");
        Assert.Equal(("yes", "so {", "stop"), (stream.Text, stream.Reasoning, stream.FinishReason));
        var ollama = RawAnswer.Parse("{\"message\": {\"thinking\": \"so\", \"content\": \"yes\"}, \"done\": true}");
        Assert.Equal(("yes", "so"), (ollama.Text, ollama.Reasoning));
        Assert.Null(RawAnswer.Parse("data: {\"choices\":[{\"delta\":{\"content\":\"half\"}}]}\n\n").FinishReason);
    }

    [Fact]
    public async Task Cut_answers_are_counted_and_asked_again_once_the_limit_is_raised()
    {
        _server.FaultOf = (_, _) => Fault.Truncated;
        using (var engine = new RequestEngine([Endpoint], _journal, s_quick))
        {
            await Task.WhenAll(Enumerable.Range(0, 3).Select(i => engine.AskAsync(Request(i))));
            Assert.Equal((3, 3), (engine.Status.CutOff, engine.Status.Failed["truncated at max tokens"]));
            Assert.Contains("3 answers cut off", engine.Status.Trouble);
        }
        _server.FaultOf = (_, _) => Fault.None;
        using var again = new RequestEngine([Endpoint], _journal, s_quick);
        Assert.Equal("yes", (await again.AskAsync(Request(0), TestContext.Current.CancellationToken)).Text);
        // Whoever takes cut answers is not asked to pay twice, and the same question with more room is another one.
        var took = await again.AskAsync(Request(1) with { TakesCutOff = true }, TestContext.Current.CancellationToken);
        Assert.True(took is { Reused: true, IsCutOff: true });
        using var roomy = new RequestEngine([Endpoint with { ReasoningTokens = 512 }], _journal, s_quick);
        Assert.False((await roomy.AskAsync(Request(1) with { TakesCutOff = true }, TestContext.Current.CancellationToken)).Reused);
        Assert.Equal(64 + 512, (int)_server.Bodies.Last()["max_completion_tokens"]!);
    }

    [Fact]
    public async Task Answers_that_never_fit_stop_the_run_and_are_not_used_once_the_server_is_mended()
    {
        _server.Answer = _ => "{\"unexpected\": [1, 2]}";
        var folder = Directory.CreateTempSubdirectory("doctune-unusable-").FullName;
        using var lab = Lab.Open(folder);
        async Task<GenerationResult> RunAsync()
        {
            await using var journal = new LabJournal(lab);
            using var engine = new RequestEngine([Endpoint], journal, s_quick);
            return await new CorpusGenerator(engine, library.Api, library.Batched,
                new GenerationOptions { Count = 60, Seed = 3, LibraryName = "Fenmark", ChineseShare = 0 })
                .RunAsync(library.Chunks, null, TestContext.Current.CancellationToken);
        }
        var refused = await RunAsync();
        Assert.Contains("wrong schema", refused.Status.Requests.StoppedBecause);
        Assert.Contains("is missing", refused.Status.Requests.StoppedBecause);
        Assert.True(refused.Status.Closes && refused.Status.Requests.Closes, refused.Status.ToString());
        Assert.InRange(_server.Requests, 20, 60);
        var paid = lab.Answers.Spent();
        _server.Answer = library.Answers.Answer;
        var mended = await RunAsync();
        Assert.True(mended.Status.IsDone, mended.Status.ToString());
        // Only a second question that was not asked any more stands beside its first, unusable answer.
        Assert.True(mended.Status.Requests.Reused <= 8, mended.Status.ToString());
        // What was paid for nothing is still counted.
        Assert.True(lab.Answers.Spent().CompletionTokens > paid.CompletionTokens);
        Assert.True(lab.Answers.Failures()["wrong schema"] > 0);
        Assert.Empty(lab.Maintenance.Verify());
    }

    [Fact]
    public async Task Budgets_of_answers_are_options()
    {
        _server.Answer = library.Answers.Answer;
        using var engine = new RequestEngine([Endpoint with { ReasoningTokens = 3000 }], _journal, s_quick);
        await new CorpusGenerator(engine, library.Api, library.Batched,
            new GenerationOptions { Count = 4, Seed = 3, LibraryName = "Fenmark", ChineseShare = 0, AnswerTokens = 900 })
            .RunAsync(library.Chunks, null, TestContext.Current.CancellationToken);
        Assert.All(_server.Bodies, b => Assert.Equal(3900, (int)b["max_completion_tokens"]!));
    }

    [Fact]
    public void A_file_of_endpoints_says_what_is_dropped_renamed_and_added()
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, """
            - baseUrl: http://x/v1
              model: m
              reasoningTokens: 4000
              rename:
                max_completion_tokens: max_tokens
              parameters:
                temperature: null
                top_k: 20
                reasoning_effort: high
                "user": "1"
                chat_template_kwargs: { enable_thinking: true, stop: [a, 0.5] }
            """);
        var endpoint = EndpointOptions.Load(file).Single();
        Assert.Equal((4000, "max_completion_tokens=max_tokens"), (endpoint.ReasoningTokens, endpoint.RenamedParameters.Single()));
        Assert.Equal("{\"temperature\":null,\"top_k\":20,\"reasoning_effort\":\"high\",\"user\":\"1\","
            + "\"chat_template_kwargs\":{\"enable_thinking\":true,\"stop\":[\"a\",0.5]}}", endpoint.Parameters);
        File.WriteAllText(file, "- baseUrl: http://x/v1\n  model: m\n  parameters: temperature\n");
        Assert.Contains("expected a JSON object such as", Assert.Throws<LabException>(() => EndpointOptions.Load(file)).Message);
        File.Delete(file);
    }

    [Fact]
    public async Task Ollamas_fields_are_shaped_where_they_stand()
    {
        var endpoint = new EndpointOptions
        {
            Kind = EndpointKind.Ollama,
            BaseUrl = new Uri(_server.Url.GetLeftPart(UriPartial.Authority)),
            Model = "m",
            KeyVariable = "DOCTUNE_TEST_NO_KEY",
            Parameters = "{\"temperature\": null, \"think\": false}",
        };
        using var engine = new RequestEngine([endpoint], _journal, s_quick);
        await engine.AskAsync(Request(0), TestContext.Current.CancellationToken);
        var body = _server.Bodies.Single();
        Assert.False((bool)body["think"]!);
        Assert.Equal(64, (int)body["options"]!["num_predict"]!);
        Assert.False(body["options"]!.AsObject().ContainsKey("temperature"));
    }

    private sealed class Told(Action<string> say) : IProgress<LiveText>
    {
        public void Report(LiveText value) => say(value.Text);
    }
}

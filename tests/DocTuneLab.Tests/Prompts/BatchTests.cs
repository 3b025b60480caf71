using System.Collections.Concurrent;
using DocTuneLab.Conversations;
using DocTuneLab.Corpus.Hosted;
using DocTuneLab.Endpoints;
using DocTuneLab.Endpoints.Accounting;
using DocTuneLab.Endpoints.Exchange;
using DocTuneLab.Endpoints.Retrying;
using DocTuneLab.Endpoints.Transport;
using DocTuneLab.Storage;
using DocTuneLab.Tests.Corpus;
using DocTuneLab.Tests.Prompts.Loopback;
using Microsoft.Extensions.AI;

namespace DocTuneLab.Tests.Prompts;

/// <summary>Requests through the batch API: sent once, taken up again, paid for within the ceiling, failures named with the
/// server's file.</summary>
public sealed class BatchTests(PrivateLibrary library) : IClassFixture<PrivateLibrary>, IAsyncLifetime
{
    private static readonly BatchOptions s_quick = new() { Poll = TimeSpan.FromMilliseconds(1), Settle = TimeSpan.FromMilliseconds(150) };
    private readonly string _folder = Directory.CreateTempSubdirectory("doctune-batch-").FullName;
    private LoopbackServer _server = null!;
    private Lab _lab = null!;

    public async ValueTask InitializeAsync() => (_server, _lab) = (await LoopbackServer.StartAsync(), Lab.Open(_folder));

    public async ValueTask DisposeAsync()
    {
        _lab.Dispose();
        await _server.DisposeAsync();
        Directory.Delete(_folder, true);
    }

    private EndpointOptions Endpoint => new()
    {
        Name = "loop",
        BaseUrl = _server.Url,
        Model = "m",
        MaxConcurrency = 1000,
        KeyVariable = "DOCTUNE_TEST_NO_KEY",
        InputPrice = 1,
        OutputPrice = 10
    };

    private static ChatRequest Request(int i) =>
        ChatRequest.Create($"chunk{i}", "t", "m", [Message.User($"question {i}")], new SamplingOptions(64, 0.7, 1, i));

    private RequestEngine Engine(IAnswerJournal journal, EngineOptions? options = null, IProgress<LiveText>? live = null) =>
        new([(Endpoint, (IChatClient)new BatchChatClient(Endpoint, _lab.Answers, s_quick, live))], journal,
            BatchOptions.Patient(options ?? new EngineOptions { FirstDelay = TimeSpan.FromMilliseconds(2) }));

    [Fact]
    public async Task A_batch_is_sent_once_and_its_answers_serve_the_engine()
    {
        _server.FaultOf = (_, body) => LoopbackServer.UserTurn(body) == "question 3" ? Fault.ServerError : Fault.None;
        var requests = Enumerable.Range(0, 8).Select(Request).ToList();
        using (var stopped = new CancellationTokenSource())
        using (var transport = new BatchTransport(Endpoint, _lab.Answers, TimeSpan.FromMilliseconds(1)))
        {
            _server.BatchLooks = 100;
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
                transport.RunAsync(requests, new Told(_ => stopped.Cancel()), stopped.Token));
        }
        _server.BatchLooks = 0;
        using var again = new BatchTransport(Endpoint, _lab.Answers, TimeSpan.FromMilliseconds(1));
        var result = await again.RunAsync(requests, cancel: TestContext.Current.CancellationToken);
        Assert.Equal((7, 0, FailureKind.ServerError), (result.Answered, result.Missing, Assert.Single(result.Failed).Value.Kind));
        Assert.Equal(1, _server.Batches);
        Assert.All(_server.Asked, a => Assert.Equal(1, a.Value));
        await using var journal = new LabJournal(_lab);
        _server.FaultOf = (_, _) => Fault.None;
        using var engine = new RequestEngine([Endpoint], journal);
        await Task.WhenAll(requests.Select(r => engine.AskAsync(r)));
        Assert.Equal((7, 1), (engine.Status.Reused, engine.Status.Answered));
    }

    [Fact]
    public async Task A_batch_whose_name_never_arrived_is_found_by_its_mark_and_not_sent_twice()
    {
        var requests = Enumerable.Range(0, 5).Select(Request).ToList();
        _server.LosesBatch = true;
        using (var transport = new BatchTransport(Endpoint, _lab.Answers, TimeSpan.FromMilliseconds(1)))
            Assert.Contains("run again",
                (await Assert.ThrowsAsync<BatchRefusedException>(() =>
                    transport.RunAsync(requests, cancel: TestContext.Current.CancellationToken))).Message);
        using var again = new BatchTransport(Endpoint, _lab.Answers, TimeSpan.FromMilliseconds(1));
        Assert.Equal(5, (await again.RunAsync(requests, cancel: TestContext.Current.CancellationToken)).Answered);
        Assert.Equal(1, _server.Batches);
        Assert.All(_server.Asked, a => Assert.Equal(1, a.Value));
        // One that the server never got is sent.
        _lab.Answers.SaveBatch(new StoredBatch("mark-of-nothing", "loop", "sending", 3));
        Assert.Equal(1, (await again.RunAsync([Request(9)], cancel: TestContext.Current.CancellationToken)).Answered);
        Assert.Equal(2, _server.Batches);
    }

    [Fact]
    public async Task A_corpus_is_written_in_a_few_batches_and_a_second_run_asks_nothing()
    {
        _server.Answer = library.Answers.Answer;
        async Task<GenerationResult> RunAsync()
        {
            await using var journal = new LabJournal(_lab);
            using var engine = Engine(journal);
            return await new CorpusGenerator(engine, library.Api, library.Batched,
                new GenerationOptions { Count = 16, Seed = 3, LibraryName = "Fenmark", ChineseShare = 0 })
                .RunAsync(library.Chunks, null, TestContext.Current.CancellationToken);
        }
        var first = await RunAsync();
        Assert.True(first.Status is { IsDone: true, Closes: true, Requests.Closes: true }, first.Status.ToString());
        Assert.All(_server.Asked, a => Assert.Equal(1, a.Value));
        Assert.Equal(_server.Asked.Count, first.Status.Requests.Answered + first.Status.Requests.Failed.GetValueOrDefault("wrong schema"));
        Assert.True(_server.Batches < _server.Asked.Count, $"{_server.Batches} batches for {_server.Asked.Count} requests");
        Assert.Equal(_server.Asked.Count, _lab.Answers.Spent().Answers);
        Assert.Equal(first.Status.Requests.Cost, _lab.Answers.Spent().Cost, 9);
        var batches = _server.Batches;
        var second = await RunAsync();
        Assert.Equal(batches, _server.Batches);
        Assert.Equal(first.Samples.Select(s => s.Id), second.Samples.Select(s => s.Id));
    }

    [Fact]
    public async Task The_ceiling_holds_for_batches()
    {
        await using var journal = new LabJournal(_lab);
        // A request may cost 64 tokens received at 10 a million and some sent: 12 fit, whatever they cost in the end.
        using var engine = Engine(journal, new EngineOptions { CostCeiling = 12.5 * Endpoint.Cost(Request(0).EstimatedPromptTokens, 64) });
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => engine.AskAsync(Request(i))));
        Assert.Equal(12, outcomes.Count(o => o.Failure == FailureKind.None));
        Assert.All(outcomes.Where(o => o.Failure != FailureKind.None), o => Assert.Equal(FailureKind.NotAsked, o.Failure));
        Assert.Equal(12, _server.Asked.Count);
        Assert.Contains("ceiling", engine.Status.StoppedBecause);
        Assert.True(engine.Status.Closes);
    }

    [Fact]
    public async Task What_a_batch_fails_at_is_named_with_the_servers_file_and_asked_once_more()
    {
        _server.FaultOf = (_, body) => LoopbackServer.UserTurn(body) == "question 2" ? Fault.ServerError : Fault.None;
        var told = new ConcurrentQueue<string>();
        await using (var journal = new LabJournal(_lab))
        {
            using var engine = Engine(journal, live: new Told(told.Enqueue));
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => engine.AskAsync(Request(i))));
            Assert.Equal((FailureKind.ServerError, 2), (outcomes[2].Failure, outcomes[2].Attempts));
            Assert.Matches("batch batch_1, file file-[0-9]+: .*internal", outcomes[2].Detail);
        }
        Assert.Contains(told,
            t => t.StartsWith("batch batch_0: completed, 3 of 4 answered, 1 failed; the server's file of errors is file-",
                StringComparison.Ordinal));
        Assert.Contains(told, t => t.StartsWith("batch batch_0: in progress, ", StringComparison.Ordinal));
        // Once for each batch, not once more by the engine.
        Assert.Equal(2, _lab.Answers.Failures()["server error"]);
    }

    [Fact]
    public async Task What_expired_in_a_batch_is_asked_again_and_accounted_for()
    {
        var seen = new ConcurrentDictionary<string, int>();
        // Two of six expire once, one of them for good.
        _server.Expires = body => LoopbackServer.UserTurn(body) is var asked
            && (asked == "question 4" || (asked == "question 1" && seen.AddOrUpdate(asked, 1, (_, n) => n + 1) == 1));
        await using var journal = new LabJournal(_lab);
        using var engine = Engine(journal);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => engine.AskAsync(Request(i))));
        Assert.Equal([FailureKind.None, FailureKind.None, FailureKind.None, FailureKind.None, FailureKind.Expired, FailureKind.None],
            outcomes.Select(o => o.Failure));
        Assert.Contains("before the completion window expired", outcomes[4].Detail);
        Assert.Equal((5, 1), (engine.Status.Answered, engine.Status.Failed["expired in a batch"]));
        Assert.True(engine.Status.Closes);
        Assert.All(_server.Asked, a => Assert.Equal(1, a.Value));
        // A later run asks for what is missing, and for nothing else.
        _server.Expires = _ => false;
        using var again = Engine(journal);
        await Task.WhenAll(Enumerable.Range(0, 6).Select(i => again.AskAsync(Request(i))));
        Assert.Equal((5, 1), (again.Status.Reused, again.Status.Answered));
    }

    [Fact]
    public async Task A_batch_taken_up_that_has_expired_is_asked_again_at_once()
    {
        var requests = Enumerable.Range(0, 4).Select(Request).ToList();
        using (var stopped = new CancellationTokenSource())
        using (var transport = new BatchTransport(Endpoint, _lab.Answers, TimeSpan.FromMilliseconds(1)))
        {
            _server.BatchLooks = 100;
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
                transport.RunAsync(requests, new Told(_ => stopped.Cancel()), stopped.Token));
        }
        (_server.BatchLooks, var first) = (0, true);
        _server.Expires = body => first && LoopbackServer.UserTurn(body) is "question 2" or "question 3";
        using var again = new BatchTransport(Endpoint, _lab.Answers, TimeSpan.FromMilliseconds(1));
        const string Over = "batch batch_0: expired, 2 of 4 answered, 2 failed";
        var result = await again.RunAsync(requests, new Told(t => first &= !t.StartsWith(Over, StringComparison.Ordinal)),
            TestContext.Current.CancellationToken);
        Assert.Equal((4, 0, 0, 2), (result.Answered, result.Failed.Count, result.Missing, _server.Batches));
    }

    [Fact]
    public async Task A_batch_and_a_single_request_say_the_same()
    {
        var endpoint = Endpoint with
        {
            ReasoningTokens = 1000,
            RenamedParameters = ["max_completion_tokens=max_tokens"],
            Parameters = "{\"temperature\": null, \"reasoning_effort\": \"low\", \"chat_template_kwargs\": {\"enable_thinking\": false}}",
        };
        var request = ChatRequest.Create("c", "t", "m", [new("system", "s"), Message.User("q")], new SamplingOptions(64, 0.7, 0.9, 5),
            "{\"type\": \"object\"}");
        foreach (var each in (EndpointOptions[])[Endpoint, endpoint])
        {
            _server.Bodies.Clear();
            await using var journal = new LabJournal(_lab);
            using (var alone = new RequestEngine([each], journal))
                Assert.Equal("yes", (await alone.AskAsync(request with { Key = "alone" }, TestContext.Current.CancellationToken)).Text);
            using (var batch = new BatchTransport(each, _lab.Answers, TimeSpan.FromMilliseconds(1)))
                await batch.RunAsync([request with { Key = $"batch {each.ReasoningTokens}" }],
                    cancel: TestContext.Current.CancellationToken);
            var bodies = _server.Bodies.ToList();
            Assert.Equal(2, bodies.Count);
            Assert.True(System.Text.Json.Nodes.JsonNode.DeepEquals(bodies[0], bodies[1]), $"{bodies[0]}\n{bodies[1]}");
        }
        var sent = _server.Bodies.First();
        Assert.Equal((1064, "low", false), ((int)sent["max_tokens"]!, (string)sent["reasoning_effort"]!,
            (bool)sent["chat_template_kwargs"]!["enable_thinking"]!));
        Assert.False(sent.AsObject().ContainsKey("temperature") || sent.AsObject().ContainsKey("max_completion_tokens"));
    }

    [Fact]
    public async Task After_half_a_batch_no_more_is_asked_than_is_missing()
    {
        _server.Answer = library.Answers.Answer;
        var n = 0;
        // Half of what is asked first in a batch expires, and once more when it is asked again.
        _server.Expires = body => _server.Batches <= 2 && LoopbackServer.UserTurn(body).Length % 2 == 0 && Interlocked.Increment(ref n) > 0;
        await using var journal = new LabJournal(_lab);
        using var engine = Engine(journal);
        var result = await new CorpusGenerator(engine, library.Api, library.Batched, new GenerationOptions
        {
            Count = 16,
            Seed = 3,
            LibraryName = "Fenmark",
            ChineseShare = 0,
            Mix = new Dictionary<DocTuneLab.Corpus.SampleKind, double> { [DocTuneLab.Corpus.SampleKind.Explain] = 1 }
        }).RunAsync(library.Chunks, null, TestContext.Current.CancellationToken);
        Assert.True(n > 0);
        var status = result.Status;
        Assert.True(status is { IsDone: true, Closes: true }, status.ToString());
        var lost = status.Failed.GetValueOrDefault("expired in a batch");
        Assert.True(lost > 0, status.ToString());
        // What came was accepted at the usual rate; as many as were lost are planned again, not twice as many.
        Assert.True(status.Surplus <= 2, status.ToString());
    }

    [Fact]
    public async Task A_refused_batch_is_refused_in_words()
    {
        _server.RefusesBatches = "model 'm' has no batches";
        await using var journal = new LabJournal(_lab);
        using var engine = Engine(journal);
        var outcome = await engine.AskAsync(Request(0), TestContext.Current.CancellationToken);
        Assert.Equal((FailureKind.BadRequest, "loop: batch batch_0 was refused: line 1: model 'm' has no batches"),
            (outcome.Failure, outcome.Detail));
        Assert.Contains("no batch API",
            Assert.Throws<LabException>(() => new BatchTransport(Endpoint with { Kind = EndpointKind.Ollama }, _lab.Answers)).Message);
    }

    private sealed class Told(Action<string> say) : IProgress<string>, IProgress<LiveText>
    {
        public void Report(string value) => say(value);
        public void Report(LiveText value) => say(value.Text);
    }
}

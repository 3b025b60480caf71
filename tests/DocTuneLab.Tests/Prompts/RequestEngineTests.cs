using System.Collections.Concurrent;
using DocTuneLab.Conversations;
using DocTuneLab.Endpoints;
using DocTuneLab.Endpoints.Accounting;
using DocTuneLab.Endpoints.Exchange;
using DocTuneLab.Endpoints.Pool;
using DocTuneLab.Endpoints.Retrying;
using DocTuneLab.Endpoints.Transport;
using DocTuneLab.Storage;
using DocTuneLab.Tests.Prompts.Loopback;
using Microsoft.Extensions.Time.Testing;

namespace DocTuneLab.Tests.Prompts;

public sealed class RequestEngineTests : IAsyncLifetime
{
    private static readonly EngineOptions s_quick = new()
    {
        FirstDelay = TimeSpan.FromMilliseconds(2),
        LongestDelay = TimeSpan.FromMilliseconds(20),
        BreakerDelay = TimeSpan.FromMilliseconds(20),
        RequestTimeout = TimeSpan.FromSeconds(20)
    };
    private LoopbackServer _server = null!;
    private readonly MemoryJournal _journal = new();

    public async ValueTask InitializeAsync() => _server = await LoopbackServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private EndpointOptions Endpoint(string name = "loop") =>
        new() { Name = name, BaseUrl = _server.Url, Model = "m", MaxConcurrency = 8, KeyVariable = "DOCTUNE_TEST_NO_KEY" };

    private static ChatRequest Request(int i, string model = "m") =>
        ChatRequest.Create($"chunk{i}", "t", model, [Message.User($"question {i}")], new SamplingOptions(64, 0.7, 1, i));

    private static async Task<ChatOutcome[]> AskAll(RequestEngine engine, int count, CancellationToken cancel = default) =>
        await Task.WhenAll(Enumerable.Range(0, count).Select(i => engine.AskAsync(Request(i), cancel)));

    [Theory]
    [InlineData(Fault.RefusedWithWait, FailureKind.RateLimited)]
    [InlineData(Fault.Refused, FailureKind.RateLimited)]
    [InlineData(Fault.ServerError, FailureKind.ServerError)]
    [InlineData(Fault.Unavailable, FailureKind.ServerError)]
    [InlineData(Fault.Reset, FailureKind.ConnectionLost)]
    [InlineData(Fault.HalfClosedStream, FailureKind.EndedEarly)]
    [InlineData(Fault.WrongJson, FailureKind.Malformed)]
    [InlineData(Fault.NeverAnswers, FailureKind.TimedOut)]
    [InlineData(Fault.HalfClosedStream, FailureKind.EndedEarly, true)]
    [InlineData(Fault.DuplicatedChunks, FailureKind.RepeatedChunks, true)]
    public async Task A_passing_fault_is_named_and_overcome(Fault fault, FailureKind kind, bool streaming = false)
    {
        _server.Answer = body => "the answer to " + LoopbackServer.UserTurn(body) + ", at some length so that it takes several pieces";
        _server.FaultOf = (n, _) => n < 6 ? fault : Fault.None;
        using var engine = new RequestEngine([Endpoint() with { Streaming = streaming }], _journal,
            s_quick with { RequestTimeout = fault == Fault.NeverAnswers ? TimeSpan.FromSeconds(1) : s_quick.RequestTimeout });
        var outcomes = await AskAll(engine, 12);
        Assert.All(outcomes,
            (o, i) => Assert.Equal((FailureKind.None, $"the answer to question {i}, at some length so that it takes several pieces"),
                (o.Failure, o.Text)));
        Assert.Equal(6, _journal.Failures.Count(f => f.Failure == kind));
        Assert.True(engine.Status.Closes);
        Assert.Equal(12, _journal.Answers.Count);
    }

    [Theory]
    [InlineData(Fault.ServerError, FailureKind.ServerError)]
    [InlineData(Fault.WrongJson, FailureKind.Malformed)]
    [InlineData(Fault.Truncated, FailureKind.TruncatedAtMaxTokens)]
    [InlineData(Fault.HugeAnswer, FailureKind.TooLarge)]
    public async Task A_lasting_fault_is_named_and_given_up(Fault fault, FailureKind kind)
    {
        _server.FaultOf = (_, body) => LoopbackServer.UserTurn(body) == "question 1" ? fault : Fault.None;
        using var engine = new RequestEngine([Endpoint()], _journal, s_quick with { MaxAttempts = 3 });
        var outcomes = await AskAll(engine, 4);
        Assert.Equal([FailureKind.None, kind, FailureKind.None, FailureKind.None], outcomes.Select(o => o.Failure));
        Assert.Null(outcomes[1].Text);
        var status = engine.Status;
        Assert.True(status.Closes);
        Assert.Equal((3, 1), (status.Answered, status.Failed[kind.Name()]));
        // What was paid for and cannot be used is kept all the same.
        if (fault == Fault.WrongJson) Assert.Contains(_journal.Failures, f => f.Raw?.Contains("half") == true);
    }

    [Fact]
    public async Task A_second_run_asks_only_for_what_is_missing()
    {
        var folder = Directory.CreateTempSubdirectory("doctune-engine-").FullName;
        using (var lab = Lab.Open(folder))
        {
            await using var journal = new LabJournal(lab);
            using var engine = new RequestEngine([Endpoint()], journal, s_quick);
            await AskAll(engine, 30);
        }
        using var again = Lab.Open(folder);
        await using var kept = new LabJournal(again);
        using var second = new RequestEngine([Endpoint()], kept, s_quick);
        var outcomes = await AskAll(second, 40);
        Assert.All(outcomes, o => Assert.Equal("yes", o.Text));
        Assert.Equal((30, 10), (second.Status.Reused, second.Status.Answered));
        Assert.All(_server.Asked, a => Assert.Equal(1, a.Value));
        Assert.Equal(40, again.Answers.Spent().Answers);
        Assert.Empty(again.Maintenance.Verify());
    }

    [Fact]
    public async Task A_place_is_free_while_an_answer_goes_to_the_disk_and_nobody_has_it_before()
    {
        using var slow = new SlowJournal();
        using var engine = new RequestEngine([Endpoint() with { MaxConcurrency = 1 }], slow, s_quick);
        var outcomes = Enumerable.Range(0, 3).Select(i => engine.AskAsync(Request(i), TestContext.Current.CancellationToken)).ToList();
        // All three have been answered, though only one may be at the server at a time and none is on the disk.
        await slow.Waiting(3).WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        Assert.Equal((3, 1), (_server.Requests, _server.Peak));
        Assert.All(outcomes, o => Assert.False(o.IsCompleted));
        Assert.Equal((0, 0), (engine.Status.Answered, engine.Status.PromptTokens));
        slow.Disk.SetResult();
        Assert.All(await Task.WhenAll(outcomes), o => Assert.Equal("yes", o.Text));
        Assert.True(engine.Status.Closes);
    }

    /// <summary>Keeps nothing until the disk is ready.</summary>
    private sealed class SlowJournal : IAnswerJournal, IDisposable
    {
        private readonly SemaphoreSlim _arrived = new(0);
        public TaskCompletionSource Disk { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public async Task Waiting(int count)
        {
            for (var i = 0; i < count; i++) await _arrived.WaitAsync();
        }
        public string? Find(string key) => null;
        public async ValueTask KeepAsync(KeptAnswer answer)
        {
            _arrived.Release();
            await Disk.Task;
        }
        public void Note(FailedCall failed) { }
        public void Discard(FailedCall failed) { }
        public void Dispose() => _arrived.Dispose();
    }

    [Theory]
    [InlineData(Fault.None)]
    [InlineData(Fault.NoStreams)]
    public async Task One_answer_at_a_time_is_watched_while_it_comes(Fault fault)
    {
        var seen = new ConcurrentQueue<string>();
        _server.Answer = body => $"the answer to {LoopbackServer.UserTurn(body)}, at some length so that it takes several pieces";
        _server.FaultOf = (_, _) => fault;
        using var engine = new RequestEngine([Endpoint()], _journal, s_quick) { Live = new Shown(seen.Enqueue) };
        var outcomes = await AskAll(engine, 12);
        Assert.All(outcomes, (o, i) => Assert.Equal($"the answer to question {i}, at some length so that it takes several pieces", o.Text));
        Assert.Equal(12, _journal.Answers.Count);
        if (fault == Fault.NoStreams)
        {
            // Asked again without, once, and nobody is asked for a stream after that.
            Assert.Empty(seen);
            Assert.Equal((13, 1), (_server.Requests, _journal.Failures.Count));
            return;
        }
        // What is shown grows to a whole answer before the next is begun.
        Assert.Contains(seen, s => outcomes.Any(o => o.Text == s));
        var watched = _journal.Answers.Values.Count(a => a.Raw.StartsWith("data:", StringComparison.Ordinal));
        Assert.InRange(watched, 1, 12);
        Assert.All(seen, s => Assert.Contains(outcomes, o => o.Text!.StartsWith(s, StringComparison.Ordinal)));
        Assert.True(seen.Count(s => s.EndsWith("pieces", StringComparison.Ordinal)) >= watched);
    }

    [Fact]
    public void A_key_that_is_still_coming_is_not_shown()
    {
        Environment.SetEnvironmentVariable("DOCTUNE_TEST_LIVE_KEY", "quiet0river0stone0seven");
        Assert.NotNull(ApiKeys.Find("DOCTUNE_TEST_LIVE_KEY"));
        Assert.Equal("It is ", ApiKeys.RedactUnfinished("It is quiet0river0st"));
        Assert.Equal("It is [key], s", ApiKeys.RedactUnfinished("It is quiet0river0stone0seven, s"));
    }

    private sealed class Shown(Action<string> show) : IProgress<LiveText>
    {
        public void Report(LiveText value) => show(value.Text);
    }

    [Fact]
    public async Task The_same_key_at_the_same_time_is_asked_once()
    {
        _server.Latency = _ => TimeSpan.FromMilliseconds(50);
        using var engine = new RequestEngine([Endpoint()], _journal, s_quick);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => engine.AskAsync(Request(1))));
        Assert.All(outcomes, o => Assert.Equal("yes", o.Text));
        Assert.Equal((1, 1, 19), (_server.Requests, engine.Status.Answered, engine.Status.Reused));
    }

    [Fact]
    public async Task A_run_that_mostly_fails_stops_and_keeps_what_it_has()
    {
        _server.FaultOf = (_, body) => int.Parse(LoopbackServer.UserTurn(body)[9..]) % 4 == 0 ? Fault.None : Fault.WrongJson;
        using var engine = new RequestEngine([Endpoint()], _journal, s_quick with { MaxAttempts = 1 });
        var outcomes = await AskAll(engine, 400);
        var status = engine.Status;
        Assert.True(status.Closes);
        Assert.Contains("more than 50", status.StoppedBecause);
        Assert.True(status.NotAsked > 300, $"{status.NotAsked}");
        Assert.Equal(status.Answered, _journal.Answers.Count);
        Assert.Equal(status.Answered, outcomes.Count(o => o.Text == "yes"));
    }

    [Fact]
    public async Task Refusals_lower_the_limit_of_their_endpoint_alone()
    {
        await using var other = await LoopbackServer.StartAsync();
        _server.FaultOf = (_, _) => Fault.Refused;
        _server.Latency = other.Latency = _ => TimeSpan.FromMilliseconds(4);
        using var engine = new RequestEngine([Endpoint("tired"), Endpoint("fresh") with { BaseUrl = other.Url }], _journal, s_quick);
        await AskAll(engine, 200);
        var (tired, fresh) = (engine.Status.Endpoints[0], engine.Status.Endpoints[1]);
        Assert.Equal((200, 8), (fresh.Answers + tired.Answers, fresh.Limit));
        Assert.InRange(tired.Limit, 1, 3);
        Assert.True(tired.Refusals >= 5);
    }

    [Fact]
    public async Task Weights_divide_the_work()
    {
        await using var other = await LoopbackServer.StartAsync();
        _server.Latency = other.Latency = _ => TimeSpan.FromMilliseconds(5);
        using var engine = new RequestEngine(
            [Endpoint("one") with { MaxConcurrency = 16 }, Endpoint("three") with { BaseUrl = other.Url, Weight = 3, MaxConcurrency = 16 }],
            _journal, s_quick);
        await Parallel.ForEachAsync(Enumerable.Range(0, 400), new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (i, cancel) => await engine.AskAsync(Request(i), cancel));
        Assert.InRange(other.Requests, 250, 350);
    }

    [Fact]
    public async Task The_breaker_stops_asking_a_dead_endpoint_and_probes_it_later()
    {
        _server.FaultOf = (n, _) => n < 12 ? Fault.Unavailable : Fault.None;
        using var engine = new RequestEngine([Endpoint() with { MaxConcurrency = 4 }], _journal,
            s_quick with { MaxAttempts = 20, BreakerDelay = TimeSpan.FromMilliseconds(1) });
        var outcomes = await AskAll(engine, 4);
        Assert.All(outcomes, o => Assert.Equal(FailureKind.None, o.Failure));
        // Five failures open it; from then on one probe at a time.
        Assert.True(_server.Requests == 16 && _server.Peak <= 4);
    }

    [Fact]
    public async Task The_cost_stays_under_the_ceiling()
    {
        _server.Answer = _ => new string('a', 200);
        var endpoint = Endpoint() with { InputPrice = 1, OutputPrice = 10 };
        using var engine = new RequestEngine([endpoint], _journal, s_quick with { CostCeiling = 0.01 });
        var outcomes = await AskAll(engine, 100);
        var status = engine.Status;
        Assert.InRange(status.Cost, 0.003, 0.01);
        Assert.Contains("ceiling", status.StoppedBecause);
        Assert.True(status.Closes && status.NotAsked > 0);
        Assert.Equal(status.NotAsked, outcomes.Count(o => o.Failure == FailureKind.NotAsked));
        Assert.Throws<LabException>(() => new RequestEngine([Endpoint()], _journal, new EngineOptions { CostCeiling = 1 }));
    }

    [Fact]
    public async Task The_total_deadline_ends_a_run()
    {
        _server.Latency = _ => TimeSpan.FromMilliseconds(20);
        using var engine = new RequestEngine([Endpoint() with { MaxConcurrency = 2 }], _journal,
            s_quick with { TotalTimeout = TimeSpan.FromSeconds(1.5) });
        await AskAll(engine, 1000);
        Assert.Contains("time limit", engine.Status.StoppedBecause);
        Assert.True(engine.Status is { Closes: true, Answered: > 0, NotAsked: > 0 });
    }

    [Fact]
    public async Task A_refused_key_stops_the_run_and_stands_nowhere()
    {
        const string Variable = "DOCTUNE_TEST_KEY", Key = "sk-verysecret0123456789abcdef";
        Environment.SetEnvironmentVariable(Variable, Key);
        _server.FaultOf = (n, _) => n >= 5 ? Fault.EchoesKey : Fault.None;
        _server.Answer = _ => $"your key is {Key}";
        var folder = Directory.CreateTempSubdirectory("doctune-key-").FullName;
        var shown = new List<string>();
        using (var lab = Lab.Open(folder))
        {
            await using var journal = new LabJournal(lab);
            using var engine = new RequestEngine([Endpoint() with { KeyVariable = Variable, MaxConcurrency = 1 }], journal, s_quick);
            shown.AddRange((await AskAll(engine, 30)).Select(o => o.ToString()));
            shown.Add(engine.Status.ToString());
            Assert.Contains($"set {Variable}", engine.Status.StoppedBecause);
        }
        Assert.Contains($"Bearer {Key}", _server.Authorizations);
        foreach (var file in Directory.GetFiles(folder)) shown.Add(System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(file)));
        // Answers that are used come from the journal, so they do not hold it either.
        Assert.All(shown, text => Assert.DoesNotContain("verysecret", text));
    }

    [Theory]
    [InlineData(Fault.None)]
    [InlineData(Fault.HalfClosedStream)]
    [InlineData(Fault.DuplicatedChunks)]
    public async Task A_key_that_a_stream_cuts_into_pieces_is_found_all_the_same(Fault fault)
    {
        // Longer than a piece of the stream, and like no other key.
        const string Variable = "DOCTUNE_TEST_KEY_STREAMED", Key = "plain0words0and0digits0123456789x";
        Environment.SetEnvironmentVariable(Variable, Key);
        _server.FaultOf = (n, _) => n < 2 ? fault : Fault.None;
        _server.Answer = _ => $"the key that you sent me is {Key}, and here is some more text to make this answer long enough to be cut in "
            + "the middle of its stream of pieces";
        var folder = Directory.CreateTempSubdirectory("doctune-key-").FullName;
        var outcomes = new List<ChatOutcome>();
        using (var lab = Lab.Open(folder))
        {
            await using var journal = new LabJournal(lab);
            using var engine = new RequestEngine([Endpoint() with { KeyVariable = Variable, Streaming = true }], journal, s_quick);
            outcomes.AddRange(await AskAll(engine, 3));
        }
        Assert.All(outcomes, o => Assert.Contains("is [key], and", o.Text));
        using (var lab = Lab.Open(folder))
        {
            await using var journal = new LabJournal(lab);
            using var engine = new RequestEngine([Endpoint() with { KeyVariable = Variable, Streaming = true }], journal, s_quick);
            Assert.All(await AskAll(engine, 3), o => Assert.True(o.Reused && o.Text!.Contains("is [key], and", StringComparison.Ordinal)));
        }
        foreach (var file in Directory.GetFiles(folder))
            Assert.DoesNotContain("0digits0",
                System.Text.Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken)));
    }

    [Fact]
    public async Task Ollama_speaks_its_own_protocol()
    {
        _server.Answer = body => $"from {(string?)body["model"]}";
        var endpoint = new EndpointOptions
        {
            Kind = EndpointKind.Ollama,
            BaseUrl = new Uri(_server.Url.GetLeftPart(UriPartial.Authority)),
            Model = "llama",
            KeyVariable = "DOCTUNE_TEST_NO_KEY"
        };
        using var engine = new RequestEngine([endpoint], _journal, s_quick);
        var outcome = await engine.AskAsync(Request(1, "llama"));
        Assert.Equal(("from llama", 7, 3), (outcome.Text, outcome.Answer!.PromptTokens, outcome.Answer.CompletionTokens));
    }

    [Fact]
    public async Task A_budget_spreads_requests_over_the_minute()
    {
        var time = new FakeTimeProvider();
        using var budget = new RateBudget(60, time);
        var granted = 0;
        var all = Enumerable.Range(0, 10).Select(async _ =>
        {
            await budget.AcquireAsync(1, CancellationToken.None);
            Interlocked.Increment(ref granted);
        }).ToList();
        // A second's worth at once, then one a second.
        Assert.Equal(2, granted);
        for (var second = 1; second <= 8; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(2 + second, granted);
        }
        await Task.WhenAll(all);
    }

    [Theory]
    [InlineData("- baseUrl: http://x/v1\n  model: m\n  apiKey: sk-abc\n", ":3: keys are not read from files")]
    [InlineData("- baseUrl: x\n  model: m\n", ":1: baseUrl is 'x'; expected an http or https address")]
    [InlineData("- model: m\n", "lacks 'baseUrl'")]
    [InlineData("- baseUrl: http://x/v1\n  model: m\n  wieght: 2\n", "no field 'wieght'")]
    [InlineData("- baseUrl: http://x/v1\n  model: m\n  maxConcurrency: 0\n",
        ":3: maxConcurrency is '0'; expected a whole number of at least 1")]
    [InlineData("a: b\n", "expected a list of endpoints")]
    public void A_wrong_file_of_endpoints_is_named_with_its_line(string yaml, string expected)
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, yaml);
        Assert.Contains(expected, Assert.Throws<LabException>(() => EndpointOptions.Load(file)).Message);
        File.Delete(file);
    }

    [Fact]
    public void The_key_of_a_request_follows_from_all_that_decides_the_answer()
    {
        var request = Request(1);
        Assert.Equal(request.Key, Request(1).Key);
        Assert.NotEqual(request.Key, ChatRequest.Create("chunk1", "other", "m", request.Messages, request.Sampling).Key);
        Assert.NotEqual(request.Key, ChatRequest.Create("chunk1", "t", "m", request.Messages, request.Sampling with { Seed = 2 }).Key);
        Assert.NotEqual(request.Key, ChatRequest.Create("chunk1", "t", "m", request.Messages, request.Sampling, "{}").Key);
    }
}

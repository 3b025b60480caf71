using DocTuneLab.Conversations;
using DocTuneLab.Documents.Model;
using DocTuneLab.Endpoints.Accounting;
using DocTuneLab.Endpoints.Exchange;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Subjects;
using DocTuneLab.Evaluation.Suites;
using Microsoft.Extensions.AI;

namespace DocTuneLab.Evaluation.Tests;

public sealed class SubjectTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("doctune-answers-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>A client that gives the question back; from the n-th question on it fails.</summary>
    private sealed class Echo(int failAt = int.MaxValue) : IChatClient
    {
        public int Asked;
        public ChatOptions? Last { get; private set; }
        public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null,
            CancellationToken cancellationToken = default)
        {
            Last = options;
            if (Interlocked.Increment(ref Asked) >= failAt) throw new HttpRequestException("503");
            return Task.FromResult(new ChatResponse(new ChatMessage(ChatRole.Assistant, "to " + messages.Last().Text))
            {
                FinishReason = ChatFinishReason.Length
            });
        }
        public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages,
            ChatOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public object? GetService(Type serviceType, object? serviceKey = null) => null;
        public void Dispose() { }
    }

    private sealed class Journal : IAnswerJournal
    {
        private readonly System.Collections.Concurrent.ConcurrentDictionary<string, string> _kept = new();
        public string? Find(string key) => _kept.GetValueOrDefault(key);
        public void Note(FailedCall failed) { }
        public void Discard(FailedCall failed) => _kept.Remove(failed.Key, out _);
        public ValueTask KeepAsync(KeptAnswer answer)
        {
            _kept[answer.Key] = answer.Raw;
            return ValueTask.CompletedTask;
        }
    }

    private static HostedModel Hosted(IChatClient client, IAnswerJournal? journal = null) => new(
        new EndpointOptions { Name = "hosted", BaseUrl = new("http://127.0.0.1"), Model = "m", MaxConcurrency = 4 }, client,
        journal ?? new Journal(), new EngineOptions { MaxAttempts = 1 });

    private static IReadOnlyList<Message>[] Prompts(int count) =>
        [.. Enumerable.Range(0, count).Select(i => (IReadOnlyList<Message>)[Message.User($"p{i:000}")])];

    [Fact]
    public void A_hosted_model_answers_in_order_also_when_cut_off_and_tells_no_likelihoods()
    {
        var client = new Echo();
        using var model = Hosted(client);
        Assert.Equal(Enumerable.Range(0, 30).Select(i => $"to p{i:000}"), model.Generate(Prompts(30), new(50)));
        Assert.Equal((50, 0f), (client.Last!.MaxOutputTokens, client.Last.Temperature));
        Assert.False(model.CanScore);
        Assert.Contains("hosted", Assert.Throws<LabException>(() => model.Score([])).Message);
    }

    [Fact]
    public void A_hosted_model_is_evaluated_like_a_local_one_without_bits_per_byte()
    {
        var suite = new Suite([TinyLibrary.Task("a", "1.md")], [new QaTask("q", "Vat", ["Vat"], ["2.md"], Split.Test)]);
        using var model = Hosted(new Echo());
        var result = TinyLibrary.Evaluator().Run(model, suite, new(t => [Message.User(t.Reference)], t => [Message.User(t.Question)]),
            new EvaluationOptions { BootstrapDraws = 100 });
        Assert.Empty(result.References);
        Assert.Equal("to Vat", Assert.Single(result.Qa).Given);
    }

    /// <summary>A server whose filter refuses one question, and that cuts another short.</summary>
    private sealed class Filtering(string refused) : IChatClient
    {
        public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null,
            CancellationToken cancellationToken = default) => Task.FromResult(
            new ChatResponse(new ChatMessage(ChatRole.Assistant, "Vat"))
            {
                FinishReason = messages.Last().Text.StartsWith(refused, StringComparison.Ordinal) ? ChatFinishReason.ContentFilter
                    : messages.Last().Text.StartsWith("long", StringComparison.Ordinal) ? ChatFinishReason.Length : ChatFinishReason.Stop
            });
        public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages,
            ChatOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public object? GetService(Type serviceType, object? serviceKey = null) => null;
        public void Dispose() { }
    }

    [Fact]
    public void A_refused_prompt_is_one_item_without_an_answer_and_is_said()
    {
        QaTask Question(string id) => new(id, id, ["Vat"], ["2.md"], Split.Test);
        var suite = new Suite([TinyLibrary.Task("a", "1.md")], [Question("refused?"), Question("fine?"), Question("long?")]);
        using var model = Hosted(new Filtering("refused"));
        var result = TinyLibrary.Evaluator().Run(model, suite, new(t => [Message.User(t.Reference)], t => [Message.User(t.Question)]),
            new EvaluationOptions { BootstrapDraws = 100 });
        Assert.Equal([false, true, true], result.Qa.Select(q => q.Correct));
        Assert.Equal("filtered by the server", result.Answers.Single(a => a.Task == "refused?").Unanswered);
        var file = Path.Combine(_folder, "hosted.json");
        File.WriteAllText(file, result.ToJson());
        var again = EvaluationResult.Load(file);
        var headlines = Reports.MarkdownReport.Headlines(EvaluationReport.Of([again]));
        Assert.Contains(headlines, h => h.Contains("1 of 4 prompts were not answered and count as wrong (1 × filtered by the server)",
            StringComparison.Ordinal));
        Assert.Contains(headlines, h => h.Contains("1 of 4 answers were cut off", StringComparison.Ordinal));
        // Where nothing is answered, it is no matter of prompts.
        using var refusing = Hosted(new Filtering(""));
        Assert.Contains("none of 2 prompts was answered: filtered",
            Assert.Throws<LabException>(() => refusing.Generate(Prompts(2), new(50))).Message);
    }

    [Fact]
    public void What_was_answered_before_a_failure_is_not_asked_again()
    {
        var journal = new Journal();
        using var failing = Hosted(new Echo(20), journal);
        var error = Assert.Throws<LabException>(() => failing.Generate(Prompts(40), new(50)));
        Assert.StartsWith("hosted: prompt ", error.Message);
        Assert.Contains("503", error.Message);
        var client = new Echo();
        using var again = Hosted(client, journal);
        Assert.Equal(Enumerable.Range(0, 40).Select(i => $"to p{i:000}"), again.Generate(Prompts(40), new(50)));
        Assert.InRange(client.Asked, 21, 25);
    }

    [Fact]
    public void Recorded_answers_are_the_same_answers_also_for_samples_and_after_a_torn_line()
    {
        var script = Enumerable.Range(0, 60).ToDictionary(i => $"p{i:000}", i => new[] { $"greedy {i}", $"one {i}", $"two {i}" });
        var first = new RecordedModel(new ScriptedModel("m", script), "m", _folder);
        var sampled = first.Generate(Prompts(60), new(50, 0.8, 0.95, 7));
        Assert.Equal(Enumerable.Range(0, 60).Select(i => $"greedy {i}"), first.Generate(Prompts(60), new(50)));
        Assert.Equal(120, first.Asked);
        var file = Assert.Single(Directory.GetFiles(_folder));
        File.AppendAllText(file, "{\"key\":\"cut of");
        var second = new RecordedModel(new ScriptedModel("m", script), "m", _folder);
        Assert.Equal(sampled, second.Generate(Prompts(60), new(50, 0.8, 0.95, 7)));
        Assert.Equal(0, second.Asked);
        Assert.NotEmpty(second.Generate(Prompts(3), new(50)));
        Assert.Equal(3, second.Asked);
        Assert.Equal(0, Ask(new RecordedModel(new ScriptedModel("m", script), "m", _folder)));
        // Another model, or another version of it, has a file of its own.
        Assert.Equal(3, Ask(new RecordedModel(new ScriptedModel("m", script), "other", _folder)));

        static int Ask(RecordedModel model)
        {
            model.Generate(Prompts(3), new(50));
            return model.Asked;
        }
    }

    [Fact]
    public void Scores_are_recorded_as_answers_are()
    {
        IReadOnlyList<IReadOnlyList<Message>> asked = [[Message.User("p"), Message.Assistant("three")]];
        var first = new RecordedModel(new ScriptedModel("m", new Dictionary<string, string[]>()), "m", _folder);
        var (scored, text) = (first.Score(asked), first.ScoreText(["three"]));
        var silent = new RecordedModel(new Mute(), "m", _folder);
        Assert.Equal(scored, silent.Score(asked));
        Assert.Equal(text, silent.ScoreText(["three"]));
        // Another text, and a conversation of the same words, are others.
        Assert.Throws<NotSupportedException>(() => silent.ScoreText(["four"]));
        Assert.Throws<NotSupportedException>(() => silent.Score([[Message.Assistant("three")]]));
        Assert.Throws<NotSupportedException>(() => new RecordedModel(new Mute(), "other", _folder).Score(asked));
    }

    private sealed class Mute : ILanguageModel
    {
        public string Name => "mute";
        public bool CanScore => true;
        public IReadOnlyList<string> Generate(IReadOnlyList<IReadOnlyList<Message>> prompts, SamplingOptions options,
            IProgress<int>? progress = null, CancellationToken cancel = default) => throw new NotSupportedException();
        public IReadOnlyList<AnswerScore> Score(IReadOnlyList<IReadOnlyList<Message>> conversations, CancellationToken cancel = default) =>
            throw new NotSupportedException();
        public IReadOnlyList<AnswerScore> ScoreText(IReadOnlyList<string> texts, CancellationToken cancel = default) =>
            throw new NotSupportedException();
    }

    [Fact]
    public void Documents_go_before_the_question_within_their_budget_and_not_before_plain_tasks()
    {
        Chunk Passage(string text, int tokens) => new()
        {
            Id = text,
            DocumentPath = "a.md",
            Span = new(0, 1),
            HeadingPath = [],
            Text = text,
            CodeBlocks = [],
            Symbols = [],
            TokenCount = tokens,
        };
        var queries = new List<string>();
        var plain = new PromptRenderer(t => [new("system", "s"), Message.User(t.Instruction)], t => [Message.User(t.Question)]);
        var with = plain.WithDocuments(new(q =>
        {
            queries.Add(q);
            return [Passage("first", 60), Passage("too long", 50), Passage("second", 30)];
        }, 100));
        Assert.Equal("first\n\nsecond\n\nwhat?", with.Qa(new QaTask("q", "what?", ["x"], ["a.md"], Split.Test))[0].Content);
        var code = with.Code(TinyLibrary.Task());
        Assert.Equal(("system", "s"), (code[0].Role, code[0].Content));
        Assert.StartsWith("first\n\nsecond\n\nReturn the salinity", code[1].Content);
        Assert.Equal("Return the salinity", with.Code(TinyLibrary.Task() with { GoldSymbols = [] })[1].Content[..19]);
        Assert.Equal(2, queries.Count);
    }
}

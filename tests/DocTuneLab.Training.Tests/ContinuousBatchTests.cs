using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Inference;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Training.Tests;

/// <summary>Many answers side by side, against each asked alone.</summary>
public sealed class ContinuousBatchTests : IDisposable
{
    private static readonly string[] s_questions =
        ["What does Tank.Fill return?", "return new", "public static int Count(Tank tank)", "水箱", "a", "Build the tank with valves."];

    private readonly TinyModel _tiny = new();
    private readonly BaseModel _model;

    public ContinuousBatchTests() => _model = _tiny.Load();

    public void Dispose()
    {
        _model.Dispose();
        _tiny.Dispose();
    }

    private DecodingRequest Request(string question, int tokens = 30) =>
        new() { Prompt = _model.Tokenizer.Encode(question), Sampling = new(tokens) };

    private string Alone(string question, int tokens = 30, LoraAdapter? adapter = null) =>
        new LocalModel(_model, adapter).Complete([_model.Tokenizer.Encode(question)], new(tokens))[0];

    [Fact]
    public async Task Asked_alone_an_answer_is_that_of_the_local_model()
    {
        string[] alone = [.. s_questions.Select(q => Alone(q))];
        using var batch = new ContinuousBatch(_model);
        foreach (var (question, expected) in s_questions.Zip(alone))
        {
            var answer = await batch.AskAsync(Request(question), TestContext.Current.CancellationToken);
            Assert.Equal(expected, answer.Text);
            Assert.Equal(answer.End == DecodingEnd.Stop ? answer.Tokens.Count + 1 : 30, answer.Decoded);
        }
    }

    [Fact]
    public async Task Answers_that_come_and_go_beside_others_are_the_same()
    {
        string[] alone = [.. s_questions.Select((q, i) => Alone(q, 5 + (7 * i)))];
        // Two at once, so that each joins where another has left, and places are used again.
        using var batch = new ContinuousBatch(_model, most: 2);
        var answers = await Task.WhenAll(s_questions.Select((q, i) => batch.AskAsync(Request(q, 5 + (7 * i)),
            TestContext.Current.CancellationToken)));
        Assert.Equal(alone, answers.Select(a => a.Text));
        Assert.Equal(s_questions.Sum(q => _model.Tokenizer.Count(q)), batch.PromptTokensRead);
        Assert.Equal(answers.Sum(a => a.Decoded), batch.TokensDecoded);
    }

    [Fact]
    public async Task Room_grows_under_answers_that_are_being_written()
    {
        var text = string.Concat(Enumerable.Repeat("return new TankBuilder(); ", 20));
        int[] prompt = [.. _model.Tokenizer.Encode(text).Take(_model.Config.MaxPositions - 20)];
        var expected = (Alone("a", 60), new LocalModel(_model).Complete([prompt], new(20))[0]);
        using var batch = new ContinuousBatch(_model, cacheBytes: 1);
        var pieces = 0;
        using var begun = new ManualResetEventSlim();
        var small = batch.AskAsync(Request("a", 60) with
        {
            OnPiece = _ =>
            {
                if (++pieces == 3) begun.Set();
            },
        }, TestContext.Current.CancellationToken);
        begun.Wait(TestContext.Current.CancellationToken);
        var large = batch.AskAsync(new() { Prompt = prompt, Sampling = new(20) }, TestContext.Current.CancellationToken);
        Assert.Equal(expected, ((await small).Text, (await large).Text));
    }

    [Fact]
    public async Task Each_adapter_answers_for_itself_beside_the_base()
    {
        using var first = Changed(1);
        using var second = Changed(2);
        LoraAdapter?[] adapters = [null, first, second];
        var alone = adapters.Select(a => Alone(s_questions[0], adapter: a)).ToArray();
        Assert.Equal(3, alone.Distinct().Count());
        using var batch = new ContinuousBatch(_model);
        var answers = await Task.WhenAll(Enumerable.Range(0, 9).Select(i => batch.AskAsync(
            Request(s_questions[0]) with { Adapter = adapters[i % 3] }, TestContext.Current.CancellationToken)));
        Assert.Equal(Enumerable.Range(0, 9).Select(i => alone[i % 3]), answers.Select(a => a.Text));
    }

    [Fact]
    public async Task What_is_given_up_leaves_at_once_and_the_others_go_on()
    {
        var expected = Alone(s_questions[2], 40);
        using var batch = new ContinuousBatch(_model, most: 2);
        using var gone = new CancellationTokenSource();
        var left = batch.AskAsync(Request(s_questions[1], 200) with { OnPiece = _ => gone.Cancel() }, gone.Token);
        var waiting = batch.AskAsync(Request(s_questions[1], 200), gone.Token);
        var kept = batch.AskAsync(Request(s_questions[2], 40), TestContext.Current.CancellationToken);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(expected, (await kept).Text);
        Assert.Equal(0, batch.Waiting);
    }

    [Fact]
    public async Task What_cannot_be_answered_is_said_and_what_is_asked_when_it_ends_is_given_up()
    {
        var batch = new ContinuousBatch(_model);
        foreach (var prompt in (int[][])[[], [320], [-1], new int[256]])
            await Assert.ThrowsAsync<LabException>(
                () => batch.AskAsync(new() { Prompt = prompt }, TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<LabException>(
            () => batch.AskAsync(Request("a") with { Sampling = new(5, Temperature: -1) }, TestContext.Current.CancellationToken));
        using var begun = new ManualResetEventSlim();
        var open = batch.AskAsync(Request("a", 250) with { OnPiece = _ => begun.Set() }, TestContext.Current.CancellationToken);
        begun.Wait(TestContext.Current.CancellationToken);
        batch.Dispose();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => open);
        Assert.Throws<ObjectDisposedException>(() => { _ = batch.AskAsync(Request("a"), TestContext.Current.CancellationToken); });
    }

    [Fact]
    public async Task Scores_are_those_of_training_and_the_likeliest_is_what_is_chosen()
    {
        var prompt = _model.Tokenizer.Encode(s_questions[0]);
        var greedy = await AskAsync(Request(s_questions[0], 12) with { Alternatives = 3 });
        int[] whole = [.. prompt, .. greedy.Tokens.Select(t => t.Id)];
        using var batch = new ContinuousBatch(_model);
        var scored = await batch.ScoreAsync(whole, null, 3, TestContext.Current.CancellationToken);
        var known = new LocalModel(_model).LogProbabilities(whole);
        Assert.Equal(known.Count, scored.Count);
        Assert.All(known.Zip(scored), p => Assert.Equal(p.First, p.Second.LogProbability, 1e-4));
        foreach (var (said, seen) in greedy.Tokens.Zip(scored.Skip(prompt.Count - 1)))
        {
            Assert.Equal(said.Id, said.Alternatives[0].Id);
            Assert.Equal(said.LogProbability, seen.LogProbability, 1e-4);
            Assert.Equal(said.Alternatives.Select(a => a.Id), seen.Alternatives.Select(a => a.Id));
        }
    }

    [Fact]
    public async Task A_seed_gives_the_same_again_and_penalties_and_bias_are_heeded()
    {
        var drawn = Request(s_questions[0], 40) with { Sampling = new(40, Temperature: 1, TopP: 0.9, Seed: 7) };
        var first = await AskAsync(drawn);
        Assert.Equal(first.Text, (await AskAsync(drawn)).Text);
        Assert.NotEqual(first.Text, (await AskAsync(drawn with { Sampling = drawn.Sampling with { Seed = 8 } })).Text);
        Assert.Equal((await AskAsync(Request("a"))).Text, (await AskAsync(Request("a") with
        {
            Sampling = new(30, Temperature: 1) { TopK = 1 },
        })).Text);
        // A random model repeats itself; twice the largest penalty it does not.
        var free = await AskAsync(Request("a", 40));
        var varied = await AskAsync(Request("a", 40) with { PresencePenalty = 2, FrequencyPenalty = 2 });
        Assert.True(varied.Tokens.DistinctBy(t => t.Id).Count() > free.Tokens.DistinctBy(t => t.Id).Count());
        var forced = await AskAsync(Request("a", 5) with { Bias = new Dictionary<int, double> { [40] = 100 } });
        Assert.All(forced.Tokens, t => Assert.Equal(40, t.Id));
        // What is told is the model's own probability, whatever it was made to choose.
        Assert.All(forced.Tokens, t => Assert.True(t.LogProbability < -1));
    }

    [Fact]
    public async Task Draws_are_as_often_as_their_probabilities()
    {
        var prompt = _model.Tokenizer.Encode("a");
        using var batch = new ContinuousBatch(_model);
        var likely = (await batch.AskAsync(new() { Prompt = prompt, Sampling = new(1), Alternatives = 5 },
            TestContext.Current.CancellationToken)).Tokens[0].Alternatives;
        const int Draws = 600;
        var drawn = await Task.WhenAll(Enumerable.Range(0, Draws).Select(i => batch.AskAsync(new()
        {
            Prompt = prompt,
            Sampling = new(1, Temperature: 1, Seed: i),
        }, TestContext.Current.CancellationToken)));
        foreach (var (id, logProbability) in likely)
        {
            var (p, seen) = (Math.Exp(logProbability), drawn.Count(d => d.Tokens.Count > 0 && d.Tokens[0].Id == id));
            var far = 1 + (5 * Math.Sqrt(p * (1 - p) * Draws));
            Assert.InRange(seen, (p * Draws) - far, (p * Draws) + far);
        }
    }

    private async Task<DecodedAnswer> AskAsync(DecodingRequest request)
    {
        using var batch = new ContinuousBatch(_model);
        return await batch.AskAsync(request, TestContext.Current.CancellationToken);
    }

    private LoraAdapter Changed(int seed)
    {
        var adapter = LoraAdapter.Create(_model, new LoraConfig { Rank = 4, Alpha = 64 }, seed);
        using var _ = TorchSharp.torch.no_grad();
        using var generator = new TorchSharp.torch.Generator((ulong)seed, TorchSharp.torch.CPU);
        foreach (var parameter in adapter.Parameters.Values) parameter.normal_(0, 0.3, generator);
        return adapter;
    }
}

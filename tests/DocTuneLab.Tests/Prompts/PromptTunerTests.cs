using DocTuneLab.Conversations;
using DocTuneLab.Prompts;
using DocTuneLab.Prompts.Tuning;

namespace DocTuneLab.Tests.Prompts;

public sealed class PromptTunerTests
{
    /// <summary>Character trigrams with add-one smoothing, counted over a training text:
    /// a real likelihood, by a rule that can be checked.</summary>
    private sealed class TrigramModel(string text) : ILanguageModel
    {
        private readonly Dictionary<string, int> _pairs = Count(text, 2), _triples = Count(text, 3);
        public int Scored { get; private set; }
        public string Name => "trigram";

        public IReadOnlyList<AnswerScore> Score(IReadOnlyList<IReadOnlyList<Message>> conversations, CancellationToken cancel = default)
        {
            Scored += conversations.Count;
            return [.. conversations.Select(c => One(string.Concat(c.Take(c.Count - 1).Select(m => m.Content + "\n")), c[^1].Content))];
        }

        public IReadOnlyList<AnswerScore> ScoreText(IReadOnlyList<string> texts, CancellationToken cancel = default) =>
            [.. texts.Select(t => One("\n\n", t))];

        public IReadOnlyList<string> Generate(IReadOnlyList<IReadOnlyList<Message>> prompts, SamplingOptions options,
            IProgress<int>? progress = null, CancellationToken cancel = default) => [.. prompts.Select(_ => "")];

        private AnswerScore One(string context, string answer)
        {
            var all = context + answer;
            double sum = 0;
            for (var i = context.Length; i < all.Length; i++)
                sum += Math.Log(
                    (_triples.GetValueOrDefault(all[(i - 2)..(i + 1)]) + 1.0) / (_pairs.GetValueOrDefault(all[(i - 2)..i]) + 128));
            return new AnswerScore(sum, answer.Length, answer.Length);
        }

        private static Dictionary<string, int> Count(string text, int n) =>
            Enumerable.Range(0, text.Length - n + 1).GroupBy(i => text.Substring(i, n)).ToDictionary(g => g.Key, g => g.Count());
    }

    private static PromptTemplate Template(string name, string body) =>
        PromptTemplate.Parse($"---\nname: {name}\nversion: 1\nkind: doc-qa\ninputs: [question]\n---\n{body}", name);

    private static readonly PromptTemplate[] s_candidates =
    [
        Template("plain", "{{ question }}"), Template("label", "{{ question }}\nAnswer:"), Template("shout", "{{ question }} ZZZ"),
        Template("odd", "{{ question }} @#@"), Template("other", "{{ question }}\nQ"),
    ];

    // The model has seen answers after "Answer:" only.
    private static TrigramModel Model() =>
        new(string.Concat(Enumerable.Range(0, 200).Select(i => $"Question {i}?\nAnswer:\n{i % 7} valves\n")));

    private static PromptExample[] Examples(int count) =>
        [.. Enumerable.Range(0, count).Select(i => new PromptExample(AnswerFormat.QaInputs($"Question {i}?"), $"{i % 7} valves"))];

    [Fact]
    public async Task The_template_under_which_answers_are_likeliest_wins()
    {
        var result = await new PromptTuner(new LikelihoodTrial(Model(), Examples(40)))
            .TuneAsync(s_candidates, null, TestContext.Current.CancellationToken);
        Assert.Equal("label", result.Winner.Name);
        Assert.Equal(5, result.Table.Count);
        Assert.Equal(result.Winner, result.Table[0].Template);
        Assert.True(result.Decided);
        Assert.All(result.Table.Skip(1), row => Assert.True(row.Low > 0 && row.High >= row.Low, row.ToString()));
    }

    [Fact]
    public async Task Other_formats_keep_the_wording()
    {
        var result = await new PromptTuner(new LikelihoodTrial(Model(), Examples(4)), options: new PromptTuningOptions { Formats = true })
            .TuneAsync([s_candidates[2]], null, TestContext.Current.CancellationToken);
        var inputs = AnswerFormat.QaInputs("Why?");
        Assert.Equal(2, result.Table.Count(t => t.How == CandidateOrigin.Format && t.Parent == s_candidates[2].Hash));
        Assert.All(result.Table, t => Assert.Contains("Why? ZZZ", t.Template.Render(inputs)));
        Assert.Equal(3, result.Table.Select(t => t.Template.Render(inputs)).Distinct().Count());
    }

    [Fact]
    public async Task Scores_are_what_the_model_says()
    {
        var model = Model();
        var examples = Examples(6);
        var result = await new PromptTuner(new LikelihoodTrial(model, examples), options: new PromptTuningOptions(Budget: 6))
            .TuneAsync(s_candidates[..1], null, TestContext.Current.CancellationToken);
        var direct = model.Score(
            [.. examples.Select(e => (IReadOnlyList<Message>)[.. s_candidates[0].Messages(e.Inputs), Message.Assistant(e.Reference)])],
            TestContext.Current.CancellationToken);
        Assert.Equal(direct.Average(s => s.MeanNll), result.Table[0].Measures.NllPerToken!.Value, 10);
        Assert.Equal(direct.Sum(s => -s.LogProbability) / Math.Log(2) / direct.Sum(s => s.Bytes),
            result.Table[0].Measures.BitsPerByte!.Value, 10);
    }

    [Fact]
    public async Task Halving_keeps_within_the_budget_and_drops_the_worse_half()
    {
        var model = Model();
        var result = await new PromptTuner(new LikelihoodTrial(model, Examples(100)),
            options: new PromptTuningOptions(Budget: 70, FirstRound: 4))
            .TuneAsync(s_candidates, null, TestContext.Current.CancellationToken);
        Assert.Equal(model.Scored, result.Tried);
        Assert.InRange(result.Tried, 40, 70);
        Assert.Equal(2, result.Table.Count(r => r.Examples < 8));
        Assert.True(result.Table[0].Examples > 8);
        Assert.Equal(result.Tried, result.Table.Sum(r => r.Examples));
    }

    [Fact]
    public async Task Equal_templates_are_not_told_apart()
    {
        var result = await new PromptTuner(new LikelihoodTrial(Model(), Examples(30)))
            .TuneAsync([s_candidates[0], Template("twin", "{{ question }}")], null, TestContext.Current.CancellationToken);
        Assert.False(result.Decided);
        Assert.Equal((0, 0), (result.Table[1].Low, result.Table[1].High));
    }

    [Fact]
    public async Task The_seed_decides_the_intervals()
    {
        async Task<(double, double)> SecondAsync(int seed) =>
            (await new PromptTuner(new LikelihoodTrial(Model(), Examples(50)), options: new PromptTuningOptions(Seed: seed, Budget: 60))
                .TuneAsync(s_candidates, null, TestContext.Current.CancellationToken)).Table[1] is var row ? (row.Low, row.High) : default;
        Assert.Equal(await SecondAsync(1), await SecondAsync(1));
        Assert.NotEqual(await SecondAsync(1), await SecondAsync(2));
    }

    [Fact]
    public async Task Nothing_to_choose_from_is_an_error()
    {
        static PromptTuner Tuner(int examples) =>
            new(new LikelihoodTrial(Model(), Examples(examples)), options: new PromptTuningOptions(Budget: 2));
        await Assert.ThrowsAsync<LabException>(() => Tuner(3).TuneAsync([], null, TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<LabException>(() => Tuner(0).TuneAsync(s_candidates, null, TestContext.Current.CancellationToken));
        Assert.Contains("raise the budget",
            (await Assert.ThrowsAsync<LabException>(() =>
                Tuner(3).TuneAsync(s_candidates, null, TestContext.Current.CancellationToken))).Message,
            StringComparison.Ordinal);
    }
}

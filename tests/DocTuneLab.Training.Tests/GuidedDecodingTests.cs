using DocTuneLab.Conversations;
using DocTuneLab.Library;
using DocTuneLab.Library.Guidance;
using DocTuneLab.Training.Inference;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Training.Tests;

/// <summary>Answers that are written under a guide, of which decoding knows nothing but what it says.</summary>
public sealed class GuidedDecodingTests : IDisposable
{
    private static readonly IReadOnlyList<Message>[] s_prompts =
    [
        [Message.User("Complete the method. Return the larger of two numbers.\n```csharp\npublic static int Larger(int a, int b)\n```")],
        [Message.User("What is a list?")],
    ];

    private readonly BaseModel _base = BaseModel.Load(Nano());
    private readonly LocalModel _model;

    public GuidedDecodingTests() => _model = new(_base);

    public void Dispose() => _base.Dispose();

    private static string Nano()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root!.FullName, "DocTuneLab.sln"))) root = root.Parent;
        return Path.Combine(root.FullName, "data", "models", "nano");
    }

    private IReadOnlyList<GuidedText> Guided(IAnswerGuide? first, SamplingOptions? options = null, GuideBudget? budget = null) =>
        _model.Generate(s_prompts, [first, null], options ?? new(40), budget ?? new());

    [Fact]
    public void Without_a_guide_it_is_what_the_model_says_by_itself()
    {
        var free = _model.Generate(s_prompts, new(40));
        var guided = Guided(null);
        Assert.Equal(free, guided.Select(g => g.Text));
        Assert.All(guided, g => Assert.Empty(g.Turns));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void What_is_refused_is_not_written_and_every_turn_is_told(double temperature)
    {
        var free = Guided(null, new(40, temperature))[0].Text;
        var letter = free.First(char.IsAsciiLetterLower);
        var guided = Guided(new Rule((text, _) => text.Contains(letter) ? GuideVerdict.Refused : GuideVerdict.Fits), new(40, temperature));
        Assert.DoesNotContain(letter, guided[0].Text);
        Assert.NotEmpty(guided[0].Text);
        Assert.False(guided[0].GaveUp);
        Assert.All(guided[0].Turns, t => Assert.DoesNotContain(letter, t.Given));
        Assert.Contains(guided[0].Turns, t => t.Wanted.Contains(letter));
        // The other answer does not notice.
        if (temperature == 0) Assert.Equal(_model.Generate(s_prompts, new(40))[1], guided[1].Text);
    }

    [Fact]
    public void Beams_find_what_is_likelier_than_the_greedy_answer()
    {
        const int Tokens = 24;
        double Mean(int number, string text)
        {
            var turns = _base.ChatTemplate.Render(s_prompts[number], addGenerationPrompt: true);
            var prompt = _base.Tokenizer.Encode(turns, specialTokens: true);
            var answer = _base.Tokenizer.Encode(text);
            return _model.LogProbabilities([.. prompt, .. answer]).Skip(prompt.Count - 1).Average();
        }
        var greedy = Guided(null, new(Tokens));
        var beams = Guided(null, new(Tokens), new() { Beams = 6 });
        Assert.NotEqual(greedy[1].Text, beams[1].Text);
        for (var i = 0; i < 2; i++)
            Assert.True(Mean(i, beams[i].Text) >= Mean(i, greedy[i].Text), $"{beams[i].Text}\n{greedy[i].Text}");
        Assert.All(beams, b => Assert.InRange(b.Tokens, 1, 6 * Tokens));
    }

    [Fact]
    public void Beams_keep_to_what_the_guide_allows()
    {
        var letter = Guided(null)[0].Text.First(char.IsAsciiLetterLower);
        var guided = Guided(new Rule((text, _) => text.Contains(letter) ? GuideVerdict.Refused : GuideVerdict.Fits),
            budget: new() { Beams = 3, Tokens = 50 })[0];
        Assert.DoesNotContain(letter, guided.Text);
        Assert.NotEmpty(guided.Text);
        Assert.All(guided.Turns, t => Assert.DoesNotContain(letter, t.Given));
        Assert.Throws<LabException>(() => Guided(null, new(8, 1), new() { Beams = 2 }));
        var dead = Guided(new Rule((text, _) => text.Length > 5 ? GuideVerdict.Refused : GuideVerdict.Fits, _ => "never"),
            budget: new() { Beams = 3 })[0];
        Assert.Contains("no way goes on", dead.GaveUpBecause, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Where_no_end_is_found_the_model_chooses_among_those_that_are_known(bool known)
    {
        var guided = Guided(new Rule((text, _) => text.Length > 5 ? GuideVerdict.Broken : GuideVerdict.Fits, _ => "never")
        {
            Ends = _ => known ? [" so it ends.", " and so too."] : []
        }, budget: new() { Tokens = 2 })[0];
        Assert.Equal(known, guided.Text.EndsWith(" so it ends.", StringComparison.Ordinal)
            || guided.Text.EndsWith(" and so too.", StringComparison.Ordinal));
        Assert.Equal((known, !known), (guided.EndedBecause.Length > 0, guided.GaveUp));
    }

    [Fact]
    public void A_broken_statement_is_written_again_from_where_another_token_costs_least()
    {
        var free = Guided(null)[0].Text;
        var cut = free[..(free.IndexOf(' ', free.Length / 3) + 1)];
        // What the model would write first is wrong, and that shows only after a third of it.
        var wrong = new Rule((text, _) => text.StartsWith(cut, StringComparison.Ordinal) ? GuideVerdict.Broken : GuideVerdict.Fits);
        var guided = Guided(wrong)[0];
        Assert.False(guided.Text.StartsWith(cut, StringComparison.Ordinal));
        Assert.False(guided.GaveUp);
        Assert.Contains(guided.Turns, t => t.At < cut.Length);
    }

    [Fact]
    public void Where_nothing_is_right_it_gives_up_within_its_budget_and_says_so()
    {
        var guided = Guided(new Rule((text, _) => text.Length > 5 ? GuideVerdict.Broken : GuideVerdict.Fits, _ => "never"),
            budget: new() { Tokens = 2 })[0];
        Assert.True(guided.GaveUp);
        Assert.InRange(guided.Tokens, 1, 3 * 40);
        Assert.NotEmpty(guided.Text);
    }

    [Fact]
    public void A_model_that_never_closes_its_brackets_comes_to_an_end_and_the_answer_says_so()
    {
        var judge = new CSharpJudge(ReferenceSet.Load());
        var code = new CodeGuide(judge, GuideFrame.Body("public static int Larger(int a, int b)", []));
        // Of code it writes what opens, and nothing that closes.
        var guide = new Rule((text, piece) => text.Count(c => c == '`') > 3 || piece.AsSpan().IndexOfAny(")]};") >= 0
            ? GuideVerdict.Refused : GuideVerdict.Fits, within: new AnswerGuide(code).Begin());
        var guided = Guided(guide, budget: new() { Tokens = 2, Returns = 40 })[0];
        Assert.True(guided.GaveUp);
        Assert.NotEmpty(guided.GaveUpBecause);
        Assert.InRange(guided.Tokens, 1, 3 * 40);
    }

    [Fact]
    public void An_answer_ends_only_where_it_may()
    {
        var guided = Guided(new Rule((_, _) => GuideVerdict.Fits, text => text.Length < 60 ? "too short" : null), new(120))[0];
        Assert.InRange(guided.Text.Length, 60, int.MaxValue);
    }

    [Fact]
    public void What_is_only_possible_is_taken_where_nothing_else_comes_near()
    {
        var free = Guided(null)[0].Text;
        Assert.Equal(free, Guided(new Rule((_, _) => GuideVerdict.Possible))[0].Text);
    }

    [Fact]
    public void An_answer_that_may_not_end_at_its_limit_goes_back()
    {
        var free = Guided(null)[0].Text;
        var wrong = free[..(free.Length * 3 / 4)];
        var guided = Guided(
            new Rule((_, _) => GuideVerdict.Fits, text => text.StartsWith(wrong, StringComparison.Ordinal) ? "so not" : null),
            budget: new() { Tokens = 20 })[0];
        Assert.False(guided.GaveUp, guided.GaveUpBecause);
        Assert.False(guided.Text.StartsWith(wrong, StringComparison.Ordinal));
        Assert.Contains(guided.Turns, t => t.Reason.Contains("so not", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Before_it_goes_round_in_circles_other_ways_are_tried(double temperature)
    {
        // Of a few tokens little but circles can be made.
        var rule = new Rule((_, piece) => piece is "a" or "b" or "c" or "d" ? GuideVerdict.Fits : GuideVerdict.Refused,
            text => text.Length < 40 ? "too short" : null);
        var guided = Guided(rule, new(60, temperature))[0];
        Assert.Contains(guided.Turns, t => t.Reason == "it repeats itself");
    }

    [Fact]
    public void A_statement_beyond_its_bound_is_not_refused()
    {
        var free = Guided(null)[0];
        var guided = Guided(new Rule((_, _) => GuideVerdict.Fits), budget: new() { StatementTokens = 10, Tokens = 50 })[0];
        Assert.Contains(guided.Turns, t => t.Reason == "a statement has 10 tokens");
        Assert.True(guided.Tokens > free.Tokens);
        Assert.False(guided.GaveUp, guided.GaveUpBecause);
    }

    [Fact]
    public void Without_time_it_gives_up_at_once_and_the_model_goes_on_alone()
    {
        var guided = Guided(new Rule((_, _) => GuideVerdict.Fits), budget: new() { Time = TimeSpan.Zero })[0];
        Assert.True(guided.GaveUp);
        Assert.Contains("0 s", guided.GaveUpBecause, StringComparison.Ordinal);
        Assert.Equal(Guided(null)[0].Text, guided.Text);
    }

    [Fact]
    public void A_token_that_breaks_a_statement_is_told_with_its_own_reason()
    {
        // What is likeliest is refused, the next breaks the statement.
        var first = Guided(null)[0].Text[..1];
        var guided = Guided(new Rule((text, _) => text.StartsWith(first, StringComparison.Ordinal) ? GuideVerdict.Refused
            : GuideVerdict.Broken))[0];
        var broken = guided.Turns.Where(t => t.Reason == nameof(GuideVerdict.Broken)).ToList();
        Assert.NotEmpty(broken);
        Assert.All(broken, t => Assert.False(t.Wanted.StartsWith(first, StringComparison.Ordinal)));
        Assert.True(guided.GaveUp);
        Assert.NotEmpty(guided.GaveUpBecause);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Tokens_far_down_are_found(double temperature)
    {
        var guided = Guided(
            new Rule((text, _) => "Qualm".StartsWith(text, StringComparison.Ordinal) ? GuideVerdict.Fits : GuideVerdict.Refused,
            text => text == "Qualm" ? null : "not whole"), new(40, temperature, 0.9))[0];
        Assert.Equal("Qualm", guided.Text);
        Assert.False(guided.GaveUp);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_answer_that_falls_short_is_taken_where_no_better_one_is_found(bool isFound)
    {
        GuidedText Written(Func<string, bool> isShort) => Guided(
            // Answers of one token.
            new Rule((text, piece) => text == piece ? GuideVerdict.Fits : GuideVerdict.Refused)
            {
                Short = text => isShort(text) ? "too little" : null,
            })[0];
        var liked = Written(_ => false).Text;
        var guided = Written(text => !isFound || text == liked);
        Assert.Equal(!isFound, guided.Text.StartsWith(liked, StringComparison.Ordinal));
        Assert.Contains(guided.Turns, t => t.Reason == "too little");
        Assert.False(guided.GaveUp, guided.GaveUpBecause);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_answer_that_falls_short_is_taken_where_no_end_is_better(bool isBetter)
    {
        var guided = Guided(
            new Rule((text, piece) => text == piece ? GuideVerdict.Fits : GuideVerdict.Refused)
            {
                Short = text => text.Length > 0 ? "too little" : null,
                Ends = isFull => isFull && isBetter ? ["Quality"] : [],
            })[0];
        Assert.Equal(isBetter, guided.Text == "Quality");
        Assert.Equal(isBetter, guided.EndedBecause.StartsWith("too little, and ", StringComparison.Ordinal));
        Assert.False(guided.GaveUp, guided.GaveUpBecause);
    }

    /// <summary>A guide made of a rule over the text so far, and perhaps of another guide.</summary>
    private sealed class Rule(
        Func<string, string, GuideVerdict> rule, Func<string, string?>? end = null, string text = "", IGuidedAnswer? within = null)
        : IAnswerGuide, IGuidedAnswer
    {
        public Func<bool, IReadOnlyList<string>> Ends { get; init; } = _ => [];

        public Func<string, string?> Short { get; init; } = _ => null;

        public string? Shortfall() => Short(text);

        public int ReturnTo => 0;

        public bool IsFree => false;

        public IGuidedAnswer Begin() => this;

        public IReadOnlyList<string> Endings(bool isFull) => Ends(isFull);

        public GuideVerdict Follow(string piece, out IGuidedAnswer? longer, out string reason)
        {
            var verdict = rule(text + piece, piece);
            reason = verdict == GuideVerdict.Fits ? "" : verdict.ToString();
            IGuidedAnswer? inner = null;
            if (verdict == GuideVerdict.Fits && within is not null) verdict = within.Follow(piece, out inner, out reason);
            longer = verdict is GuideVerdict.Fits or GuideVerdict.Possible or GuideVerdict.Unlikely
                ? new Rule(rule, end, text + piece, inner) { Ends = Ends, Short = Short } : null;
            return verdict;
        }

        public string? Objection() => end?.Invoke(text) ?? within?.Objection();
    }
}

using DocTuneLab.Conversations;
using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Corpus.Validation;

namespace DocTuneLab.Tests.Corpus;

/// <summary>What samples ask reads as somebody would write it to a colleague, whoever made them.</summary>
public sealed class RequestTests(CorpusFixture fixture) : IClassFixture<CorpusFixture>
{
    private const string Name = "reads as a request";

    private string? Fault(string prompt, SampleKind? kind = null)
    {
        var draft = new Draft
        {
            Kind = kind ?? SampleKind.Code,
            Prompt = prompt,
            Messages = [Message.User(prompt), Message.Assistant("```csharp\nreturn 1;\n```")],
            Evidence = new Evidence([], []),
            Provenance = new Provenance("import", "", [], "", []),
        };
        var check = new SampleValidator(fixture.Symbols, fixture.Batched).Screen(draft);
        return check is null || check.Name != Name ? null : check.Detail;
    }

    [Theory]
    [InlineData("One stopping.")]
    [InlineData("List what far.")]
    [InlineData("Return look at it on the next round.")]
    [InlineData("Return closes the valve.")]
    [InlineData("Get is open.")]
    [InlineData("Return the level of the.")]
    [InlineData("Return the name and.")]
    [InlineData("Return the the name.")]
    [InlineData("Examples.")]
    [InlineData("From version 1 to.")]
    [InlineData("Level name.")]
    [InlineData("Give back an for iterating through the tasks.")]
    [InlineData("Tell me the you want to be called for each new one.")]
    [InlineData("The of it.")]
    [InlineData("返回。")]
    [InlineData("把水倒进水渠，然后把。")]
    [InlineData("用于 tell whether the gauge was disposed of 的成员叫什么？")]
    public void Scraps_are_refused(string prompt) => Assert.NotNull(Fault(prompt));

    [Theory]
    [InlineData("Return the level of the tank.")]
    [InlineData("Close the valve.")]
    [InlineData("Drain the tank at the given rate; return whether it worked.")]
    [InlineData("Given a tank, return its name.")]
    [InlineData("I need to know whether the valve is open.")]
    [InlineData("How do I fill a tank?")]
    [InlineData("What is `Tank.Fill` for?")]
    [InlineData("Explain `Tank.Fill`.")]
    [InlineData("Explain Tank.Fill.")]
    [InlineData("Use `Fill` to fill the tank with 5 litres, please.")]
    [InlineData("For each given tank, drain it.")]
    [InlineData("Tell whether the gauge was disposed of.")]
    [InlineData("Return the readings at noon.")]
    [InlineData("Tanks that leak must be listed by name, the largest leak first.")]
    [InlineData("Write a method `Names`:\n```csharp\nrecord A(string Name);\n```")]
    [InlineData("返回水渠的名字。")]
    [InlineData("用 `Tank.Fill` 写出下面的方法。")]
    [InlineData("`Tank.Fill` 怎么用？")]
    public void Requests_and_questions_are_taken(string prompt) => Assert.Null(Fault(prompt));

    [Fact]
    public void Kinds_that_are_not_asked_in_words_are_not_looked_at() => Assert.Null(Fault("One stopping.", SampleKind.Completion));

    [Fact]
    public void No_sentence_of_the_documentation_is_pasted_behind_a_verb()
    {
        string[] summaries =
        [
            "Looks at it on the next round.", "Holds what far tanks need.", "Name.", "The level; 0 when there is none.", "How full it is.",
            "Level in litres.", "Stopped.", "Tells whether it is open: see the page.", "Readings of the last day.",
        ];
        var symbols = fixture.Symbols.Select((s, i) => s.ContainingType is null ? s : s with { Summary = summaries[i % summaries.Length] })
            .ToList();
        var corpus = new StructuralGenerator(symbols, fixture.Batched, new CorpusOptions
        {
            Count = 300,
            ChineseShare = 0,
            Mix = new Dictionary<SampleKind, double> { [SampleKind.Code] = 1 },
        }).Generate([], null, TestContext.Current.CancellationToken);
        var asked = corpus.Samples.Select(s => s.Messages[^2].Content.Split("\n```")[0]).ToList();
        string[] scraps =
        [
            "return look", "get look", "get holds", "return how full", "get how ", "0 when", "see the page", "get name",
            "up out",
        ];
        foreach (var scrap in scraps)
            Assert.DoesNotContain(asked, a => a.Contains(scrap, StringComparison.OrdinalIgnoreCase));
        Assert.Contains(asked, a => a.Contains("the readings of the last day", StringComparison.Ordinal));
        Assert.Contains(asked, a => a.Contains("the level in litres", StringComparison.Ordinal));
        // The gate sees few of them, because the generator writes few.
        var refused = corpus.Rejected.Count(s => s.Checks.Any(c => c is { Name: Name, Passed: false }));
        Assert.InRange(refused, 0, 30);
        Assert.All(corpus.Samples, s => Assert.Contains(s.Checks, c => c is { Name: Name, Passed: true }));
    }
}

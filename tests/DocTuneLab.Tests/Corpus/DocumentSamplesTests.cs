using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Documents.Model;
using DocTuneLab.Prompts;
using DocTuneLab.Text;

namespace DocTuneLab.Tests.Corpus;

public sealed class DocumentSamplesTests(CorpusFixture fixture) : IClassFixture<CorpusFixture>
{
    private static Chunk Page(string heading, string text, params CodeBlock[] blocks) =>
        new()
        {
            Id = ContentHash.Of(heading, text),
            DocumentPath = "guide.md",
            Span = new SourceSpan(0, text.Length),
            HeadingPath = ["Guide", heading],
            Text = text,
            CodeBlocks = blocks,
            Symbols = [],
            TokenCount = 0,
        };

    private GeneratedCorpus Generate(SampleKind kind, int count,
        params Chunk[] chunks) => new StructuralGenerator(fixture.Symbols, fixture.Batched,
        new CorpusOptions
        {
            Count = count,
            DocumentShare = 1,
            ChineseShare = 0,
            RetrievedShare = 0,
            MaxTokens = 400,
            Mix = new Dictionary<SampleKind, double> { [kind] = 1 }
        })
            .Generate(chunks, null, TestContext.Current.CancellationToken);

    private static List<(string Kind, string Question, string Answer)> Asked(GeneratedCorpus corpus) =>
        [.. corpus.Samples.Select(s => (s.Checks[0].Detail!, s.Messages[^2].Content, s.Messages[^1].Content))];

    [Fact]
    public void Tables_give_a_question_per_cell()
    {
        var corpus = Generate(SampleKind.Qa, 12,
            Page("Settings",
                "Settings.\n\n| Name | Default | Meaning |\n|---|:-:|---|\n| `SpareCount` | 3 | Pumps kept |\n| `Interval` | 5 s | Time "
                    + "between [reads](x.md) |\n"));
        var asked = Asked(corpus);
        Assert.Contains(asked,
            a => a is { Kind: "table-cell", Answer: "3" }
                && a.Question.Contains("`SpareCount`", StringComparison.Ordinal)
                && a.Question.Contains("default", StringComparison.OrdinalIgnoreCase));
        Assert.Contains(asked, a => a.Answer == "Time between reads");
        Assert.All(corpus.Samples, s => Assert.NotEmpty(s.Evidence.Chunks));
    }

    [Theory]
    [InlineData("> [!NOTE]\n> A total adds up 24 readings and leaves gaps out. It takes `Reading`s of one day alone.\n")]
    [InlineData("> [!WARNING]\n> A total adds up 24 readings and\n> leaves gaps out. It takes `Reading`s of one day alone.\n")]
    [InlineData("> [!TIP] A total adds up 24 readings and leaves gaps out. It takes `Reading`s of one day alone.\n")]
    [InlineData("- a list\n  > [!IMPORTANT]\n  > A total adds up 24 readings and leaves gaps out.\n")]
    [InlineData("!!! note \"For days\"\n    A total adds up 24 readings and leaves gaps out.\n")]
    [InlineData(":::tip\nA total adds up 24 readings and leaves gaps out.\n:::\n")]
    public void Markup_of_callouts_is_no_prose(string callout)
    {
        var asked = Asked(Generate(SampleKind.Qa, 8, Page("Totals", $"Totals of a day.\n\n{callout}")));
        Assert.Contains(asked, a => a.Question.Contains("readings and leaves gaps out", StringComparison.Ordinal));
        Assert.All(asked, a => Assert.DoesNotMatch(@"NOTE\]|TIP\]|IMPORTANT\]|WARNING\]|!!!|:::|(^|[ \n])>", a.Question + a.Answer));
    }

    [Theory]
    [InlineData("A valve is closed with `Close` and opened with `Open` when somebody asks.")]
    [InlineData("Sometimes `Close` is what everybody wants on a rainy day.")]
    [InlineData("The answer is `NB-007` where the key is read in small letters.")]
    [InlineData("Both `Open`, `Close` and `Seal` need a valve that somebody made before.")]
    public void A_gap_that_several_names_fill_is_not_asked_for(string sentence) =>
        Assert.DoesNotContain(Asked(Generate(SampleKind.Qa, 8, Page("Valves", sentence + "\n\n- **Lag**: time until the water moves\n"))),
            a => a.Kind == "cloze");

    [Fact]
    public void A_lone_name_in_a_table_is_asked_for_with_the_page_that_has_it()
    {
        const string Table = "| Name | Default |\n|---|---|\n| `SpareCount` | 3 |\n| `Pump.Rate` | 5 |\n";
        var asked = Asked(Generate(SampleKind.Qa, 8, Page("Settings", Table)));
        Assert.All(asked.Where(a => a.Answer == "3"), a => Assert.Contains("(Guide)", a.Question, StringComparison.Ordinal));
        Assert.All(asked.Where(a => a.Answer == "5"), a => Assert.DoesNotContain("(Guide)", a.Question, StringComparison.Ordinal));
    }

    [Fact]
    public void Definitions_questions_and_sentences_are_asked_and_code_is_not_prose()
    {
        var page = Page("How long does a valve take?",
            "A valve takes about 4 seconds to open. A pipe throws `PressureException` when the pressure is beyond what it bears.\n\n"
                + "- **Lag**: "
                + "time until the water moves\n\n```csharp\nvar `x` = \"not prose at all, but code\";\n```\n");
        var asked = Asked(Generate(SampleKind.Qa, 24, page));
        Assert.Contains(asked,
            a => a is { Kind: "faq", Question: "How long does a valve take?", Answer: "A valve takes about 4 seconds to open." });
        Assert.Contains(asked, a =>
            a is { Kind: "cloze", Answer: "PressureException" } && a.Question.Contains("throws ____ when", StringComparison.Ordinal));
        Assert.Contains(asked, a => a is { Kind: "cloze", Answer: "4 seconds" });
        Assert.Contains(asked, a => a is { Kind: "definition", Answer: "Time until the water moves." });
        Assert.Contains(asked, a => a is { Kind: "defined-term", Answer: "Lag" });
        Assert.DoesNotContain(asked, a => a.Question.Contains("not prose", StringComparison.Ordinal));
    }

    [Fact]
    public void No_wording_of_our_own_speaks_of_pages_that_the_reader_does_not_see()
    {
        var pages = Enumerable.Range(0, 12)
            .Select(i => Page($"Settings {i}",
                $"A pipe throws `PressureException` when the pressure is beyond what it bears for the {i}th time.\n\n- **Lag{i}**: "
                    + $"time until water number {i} moves\n\n| Name | Default |\n|---|---|\n| `Spare{i}` | {i + 3} |\n"
                    + $"| `Interval{i}` | {i} s |\n"))
            .ToArray();
        var corpus = Generate(SampleKind.Qa, 60, pages);
        Assert.All((string[])["table-cell", "definition", "defined-term", "cloze"],
            kind => Assert.Contains(Asked(corpus), a => a.Kind == kind));
        Assert.DoesNotContain(corpus.Rejected, s => s.Checks.Any(c => c is { Name: "self-contained", Passed: false }));
    }

    [Fact]
    public void Examples_become_methods_and_unknown_variables_their_parameters()
    {
        const string Good = "if (!mainValve.IsOpen)\n    mainValve.Open();\nforeach (var tank in tanks)\n    tank.AddValve(mainValve);";
        var page = Page("Opening", $"Open the main valve first:\n\n```csharp\n{Good}\n```\n", new CodeBlock("csharp", "", Good, default));
        var samples = Generate(SampleKind.Code, 30, page).Samples.Where(s => s.Checks[0].Detail == "documented example").ToList();
        // The lead asks for something; the heading does not, and the members that the code calls stand in for it.
        Assert.Equal(2, samples.Count);
        Assert.DoesNotContain(samples, s => s.Messages[^2].Content.Contains("Opening", StringComparison.Ordinal));
        Assert.Contains(samples,
            s => s.Messages[^2].Content.Contains("`Tank.AddValve`, `Valve.IsOpen` and `Valve.Open`", StringComparison.Ordinal));
        var sample = samples.Single(s => s.Messages[^2].Content.Contains("Open the main", StringComparison.Ordinal));
        Assert.Equal(Good, AnswerFormat.BodyOf(sample.Messages[^1].Content));
        Assert.Contains("(Valve mainValve, IReadOnlyList<Tank> tanks)", sample.Messages[^2].Content, StringComparison.Ordinal);
        Assert.Contains("Open the main valve first.", sample.Messages[^2].Content, StringComparison.Ordinal);
        Assert.Equal([page.Id], sample.Evidence.Chunks);
    }

    [Fact]
    public void Each_example_is_asked_for_by_the_words_right_before_it()
    {
        const string First = "var valve = new Valve(\"A\");\nvalve.Open();", Second = "var valve = new Valve(\"A\");\nvalve.Close();";
        const string Text = $"Open the first valve while you watch\n\n```csharp\n{First}\n```\n\n"
            + $"And close the second valve after each batch:\n\n"
            + $"```csharp\n{Second}\n```\n";
        CodeBlock Block(string code) =>
            new("csharp", "", code, new SourceSpan(Text.IndexOf($"```csharp\n{code}", StringComparison.Ordinal), code.Length + 14));
        var samples = Generate(SampleKind.Code, 30, Page("Valves", Text, Block(First), Block(Second))).Samples.Concat(
            Generate(SampleKind.Code, 30, Page("Valves", Text, Block(First), Block(Second))).Rejected);
        var asked = samples.Where(s => s.Checks[0].Detail == "documented example")
            .Select(s => (Ask: s.Messages[^2].Content, Code: s.Messages[^1].Content))
            .ToList();
        Assert.Contains(asked,
            a => a.Ask.Contains("Open the first valve while you watch.", StringComparison.Ordinal)
                && a.Code.Contains("Open", StringComparison.Ordinal));
        Assert.Contains(asked,
            a => a.Ask.Contains("Close the second valve after each batch.", StringComparison.Ordinal)
                && a.Code.Contains("Close", StringComparison.Ordinal));
        Assert.DoesNotContain(asked,
            a => a.Ask.Contains("second", StringComparison.Ordinal) && a.Code.Contains("Open", StringComparison.Ordinal));
    }

    [Fact]
    public void A_documented_method_keeps_its_own_header_and_a_broken_example_is_rejected()
    {
        const string Method = "using Waterworks;\n\nstatic async Task<double> EmptyAsync(Tank tank)\n{\n    var litres = await "
            + "tank.DrainAsync(rate: 4);\n    return litres;\n}";
        const string Broken = "valve.Close();\nvalve.Explode();";
        var corpus = Generate(SampleKind.Code, 30,
            Page("Emptying", $"```csharp\n{Method}\n```", new CodeBlock("csharp", "", Method, default)),
            Page("Wrong", Broken, new CodeBlock("cs", "", Broken, default)));
        var sample = corpus.Samples.Single(s => s.Checks[0].Detail == "documented example");
        Assert.Contains("public static async Task<double> EmptyAsync(Tank tank)", sample.Messages[^2].Content, StringComparison.Ordinal);
        Assert.Equal("var litres = await tank.DrainAsync(rate: 4);\nreturn litres;", AnswerFormat.BodyOf(sample.Messages[^1].Content));
        Assert.Contains("Explode", corpus.Rejected.Single(s => s.Checks[0].Detail == "documented example").Checks[^1].Detail,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Every_kind_of_fact_has_eight_english_and_three_chinese_phrasings()
    {
        using var reader = new StreamReader(typeof(StructuralGenerator).Assembly.GetManifestResourceStream("phrasings/facts.yaml")!);
        var kinds = new YamlDotNet.Serialization.DeserializerBuilder().Build()
            .Deserialize<Dictionary<string, Dictionary<string, List<string>>>>(reader);
        Assert.True(kinds.Count > 25);
        Assert.All(kinds, k => Assert.True(k.Value["en"].Distinct().Count() >= 8 && k.Value["zh"].Distinct().Count() >= 3, k.Key));
    }
}

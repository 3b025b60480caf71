using System.Text.RegularExpressions;
using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Documents.Model;
using DocTuneLab.Library;

namespace DocTuneLab.Tests.Corpus;

/// <summary>Samples that say nothing, or that nobody would write so, are not written at all.</summary>
public sealed class RefusedSamplesTests
{
    private static readonly CorpusFixture s_library = new("Loft", """
        #nullable enable
        using System;
        using System.Collections.Generic;
        using System.Threading.Tasks;

        namespace Loft;

        /// <summary>What a hatch is made of.</summary>
        public enum Board
        {
            /// <summary>Light wood that bends.</summary>
            Pine,
            /// <summary>Heavy wood that lasts.</summary>
            Oak,
        }

        /// <summary>A notch on the rail.</summary>
        public readonly struct Notch
        {
            private Notch(int place) => Place = place;
            /// <summary>The place on the rail, counted from below.</summary>
            public int Place { get; }
            /// <summary>Reads a notch from a mark of the carpenter.</summary>
            /// <exception cref="FormatException">The mark is none of the carpenter's.</exception>
            public static Notch Parse(string mark) => new(mark.Length);
            /// <summary>Tries to read a notch from a mark of the carpenter.</summary>
            /// <returns>Whether the mark is one of the carpenter's.</returns>
            public static bool TryParse(string mark, out Notch notch) { notch = new(mark.Length); return true; }
        }

        /// <summary>A door in the floor.</summary>
        public sealed class Hatch
        {
            /// <summary>Makes a hatch.</summary>
            public Hatch(string name, int width) { Name = name; Width = width; }
            /// <summary>The name on the plan.</summary>
            public string Name { get; }
            /// <summary>The width in centimetres.</summary>
            public int Width { get; }
            /// <summary>What the hatch is made of.</summary>
            public Board Board { get; init; }
            /// <summary>Whether the hatch is bolted.</summary>
            public bool IsBolted => false;
            /// <summary>The moment of the last oiling.</summary>
            public DateTime Oiled => default;
            /// <summary>The notches that the hatch passes.</summary>
            public IReadOnlyList<Notch> Passed => [];
            /// <summary>Shuts the hatch with care.</summary>
            public void Shut() { }
            /// <summary>Lifts the hatch and gives the new height in centimetres.</summary>
            /// <exception cref="InvalidOperationException">The hatch is bolted.</exception>
            public int Lift(int centimetres) => centimetres;
            /// <summary>Waits until somebody knocks.</summary>
            /// <returns>The waiting task.</returns>
            public Task WaitAsync(int minutes) => Task.CompletedTask;
            /// <summary>The way that the hatch takes to a floor.</summary>
            public IReadOnlyList<string> WayTo(int floor) => [];
            /// <summary>The people who were let through so far.</summary>
            public IReadOnlyList<string> LetThrough() => [];
            /// <summary>Searches for the given plank and returns the place of the first such.</summary>
            public int SearchPlank(string plank) => 0;
            /// <summary>The most knocks that the hatch counts.</summary>
            public int MostKnocks => 9;
            /// <summary>Says from time to time who knocks.</summary>
            public async IAsyncEnumerable<int> KnocksAsync() { await Task.Yield(); yield return 1; }
            /// <summary>Cuts the width to what lies between two others.</summary>
            public int Clamp(int low, int high) => Math.Clamp(Width, low, high);
            /// <summary>Computes the gap to another.</summary>
            /// <param name="hatch">A hatch.</param>
            /// <param name="share">Which part of the gap is counted.</param>
            public double Gap(Hatch hatch, double share) => 1;
            /// <summary>Hears of each knock.</summary>
            /// <returns>A handle; dispose of it to end the calls.</returns>
            public IDisposable Subscribe(Action<int> heard) => throw new NotSupportedException();
        }
        """);

    private static List<(string Recipe, string Asked, string Answer)> Read(SampleKind kind, CorpusOptions options,
        params IReadOnlyList<Chunk> pages) => Read(kind, options, s_library.Symbols, pages);

    private static List<(string Recipe, string Asked, string Answer)> Read(SampleKind kind, CorpusOptions options,
        IReadOnlyList<ApiSymbol> symbols, params IReadOnlyList<Chunk> pages) =>
        [.. new StructuralGenerator(symbols, s_library.Batched, options with
        {
            NearDuplicateThreshold = 1,
            Mix = new Dictionary<SampleKind, double> { [kind] = 1 },
        }).Generate(pages, null, TestContext.Current.CancellationToken).Samples
            .Select(s => (s.Checks[0].Detail!, s.Messages[^2].Content, s.Messages[^1].Content))];

    private static readonly Lazy<List<(string Recipe, string Asked, string Answer)>> s_code =
        new(() => Read(SampleKind.Code, new CorpusOptions { Count = 900, Seed = 4 }, Page));

    private static readonly Lazy<List<(string Recipe, string Asked, string Answer)>> s_questions =
        new(() => Read(SampleKind.Qa, new CorpusOptions { Count = 500, Seed = 4, DocumentShare = 0.3 }, Page));

    private static Chunk Page
    {
        get
        {
            const string Text = "Woods.\n\n- **Pine**: in the dry part of the loft;\n- **Oak**: heavy wood for what must last;\n\n"
                + "| Wood | Weight |\n|---|---|\n| `Board.Oak` | 700 kg |\n| `Board.Pine` | as it was |\n\n"
                + "| Way | When |\n|---|---|\n| `Subscribe` | you want to hear of each knock |\n";
            return new()
            {
                Id = "woods",
                DocumentPath = "woods.md",
                Span = new(0, Text.Length),
                HeadingPath = ["Woods"],
                Text = Text,
                CodeBlocks = [],
                Symbols = [],
                TokenCount = 60,
            };
        }
    }

    [Fact]
    public void Nothing_is_kept_in_a_local_only_to_be_returned() =>
        Assert.DoesNotContain(s_code.Value, s => Regex.IsMatch(s.Answer, @"var (\w+) = (?!new )[^\n]*;\n *return \1;"));

    [Fact]
    public void One_statement_is_done_where_it_fits_and_not_skipped_where_it_does_not()
    {
        Assert.Contains(s_code.Value, s => s.Recipe == "count");
        Assert.Contains(s_code.Value, s => s.Recipe == "act" && s.Answer.Contains("continue;", StringComparison.Ordinal));
        Assert.DoesNotContain(s_code.Value, s => Regex.IsMatch(s.Answer, @"continue;\n[^\n]*\n}"));
    }

    [Fact]
    public void A_value_that_can_always_be_had_needs_no_test_before_it()
    {
        var guards = s_code.Value.Where(s => s.Recipe == "guard").ToList();
        Assert.Contains(guards, s => s.Answer.Contains(".Lift(", StringComparison.Ordinal));
        Assert.Contains(guards, s => s.Answer.Contains(".Shut(", StringComparison.Ordinal));
        Assert.All(guards, s => Assert.Matches(@"\.(?:Lift|Shut)\(", s.Answer));
    }

    [Fact]
    public void A_moment_is_later_than_a_limit_and_not_above_it()
    {
        var limits = s_code.Value.Where(s => s.Recipe == "limit" && s.Answer.Contains(".Oiled", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(limits);
        Assert.All(limits, s => Assert.Contains("is later than ", s.Asked, StringComparison.Ordinal));
    }

    [Fact]
    public void No_list_of_lists_is_made()
    {
        Assert.Contains(s_code.Value, s => s.Recipe == "linq" && s.Answer.Contains(".Select(", StringComparison.Ordinal));
        Assert.DoesNotContain(s_code.Value, s => Regex.IsMatch(s.Answer, @"\.Select\(\w+ => \w+\.Passed\)"));
    }

    [Fact]
    public void What_can_be_tried_is_not_caught()
    {
        Assert.Contains(s_code.Value, s => s.Recipe == "catch" && s.Answer.Contains(".Lift(", StringComparison.Ordinal));
        Assert.DoesNotContain(s_code.Value, s => s.Recipe == "catch" && s.Answer.Contains("Notch.Parse(", StringComparison.Ordinal));
    }

    [Fact]
    public void A_new_object_is_changed_only_where_a_run_shows_that_it_changes()
    {
        // The runner saw no change of any new object that is read before and after a call.
        var runner = new Runner(p => p.Method.Contains("before__", StringComparison.Ordinal) && p.Method.Contains("reads__",
            StringComparison.Ordinal) ? ProgramEnd.Nothing : ProgramEnd.Value);
        var samples = Read(SampleKind.Code, new CorpusOptions { Count = 600, Seed = 4, Runner = runner });
        Assert.Contains(samples, s => s.Answer.Contains(".Shut();", StringComparison.Ordinal));
        Assert.All(samples, s => Assert.DoesNotMatch(@"var (\w+) = new Hatch\([^\n]*\n\1\.Shut\(\);\nreturn \1;", s.Answer));
        Assert.DoesNotContain(s_code.Value, s => Regex.IsMatch(s.Answer, @"= new Hatch\([^\n]*\n(?:await )?\w+\.\w+\([^\n]*\);\n```$"));
    }

    [Fact]
    public void Methods_are_named_for_what_they_do_to_what()
    {
        var names = s_code.Value.Select(s => Regex.Match(s.Asked, @"public static [^\n]*? (\w+)\(").Groups[1].Value)
            .Where(n => n.Length > 0).ToList();
        Assert.NotEmpty(names);
        Assert.All(names, n => Assert.DoesNotMatch(
            "(?:How|Those|One|Two|Each|Through|Out|Depending|All|Every|Can|What|You)(?=[A-Z]|$)", n));
    }

    [Fact]
    public void The_name_of_a_value_that_is_the_answer_is_not_in_the_request()
    {
        var values = s_code.Value.Where(s => Regex.IsMatch(s.Answer, @"^```csharp\nreturn Board\.\w+;\n```$")).ToList();
        Assert.NotEmpty(values);
        Assert.All(values, s => Assert.DoesNotContain("`", s.Asked.Split("```")[0], StringComparison.Ordinal));
    }

    [Fact]
    public void Who_awaits_does_not_ask_for_the_task()
    {
        Assert.Contains(s_code.Value, s => s.Answer.Contains("WaitAsync(", StringComparison.Ordinal));
        Assert.DoesNotContain(s_code.Value, s => s.Asked.Contains("waiting task", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void When_something_is_used_is_nothing_to_ask_for()
    {
        Assert.Contains(s_code.Value, s => s.Answer.Contains(".Subscribe(", StringComparison.Ordinal));
        Assert.DoesNotContain(s_code.Value, s => s.Asked.Contains("you want", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(s_questions.Value, s => s.Recipe == "summary" && s.Asked.Contains("When", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_asked_for_is_not_cut_to_what_nobody_understands()
    {
        Assert.Contains(s_code.Value, s => s.Asked.Contains("the most knocks that the hatch counts", StringComparison.Ordinal));
        Assert.DoesNotContain(s_code.Value, s => s.Asked.Contains("the most knocks.", StringComparison.Ordinal));
        Assert.DoesNotContain(s_code.Value, s => s.Asked.Contains("a handle", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void What_is_tried_is_asked_for_by_what_it_gives()
    {
        var tried = s_code.Value.Where(s => s.Recipe == "try-out").ToList();
        Assert.NotEmpty(tried);
        Assert.DoesNotContain(tried, s => s.Asked.Contains("whether the mark", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void Of_one_thing_none_is_the_first()
    {
        Assert.Contains(s_code.Value, s => s.Recipe == "linq" && s.Answer.Contains(".Passed", StringComparison.Ordinal));
        Assert.Contains(s_code.Value, s => s.Answer.Contains(".WayTo(", StringComparison.Ordinal));
        Assert.DoesNotContain(s_code.Value, s => s.Recipe == "linq" && s.Answer.Contains(".WayTo(", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_searched_for_is_nothing_to_get()
    {
        const string Wanted = "search for the given plank and return the place";
        Assert.Contains(s_code.Value, s => s.Asked.Contains(Wanted, StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(s_code.Value, s => s.Asked.Contains("the searches", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void A_stream_is_collected_since_nobody_asked_to_count_it()
    {
        var streams = s_code.Value.Where(s => s.Answer.Contains("KnocksAsync(", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(streams);
        Assert.DoesNotContain(streams, s => s.Asked.Contains("Task<int>", StringComparison.Ordinal));
    }

    [Fact]
    public void Two_values_of_a_type_are_told_apart_by_the_names_of_the_documentation()
    {
        var both = s_code.Value.Select(s => Regex.Match(s.Answer, @"\.Clamp\((\w+), (\w+)\)")).Where(m => m.Success
            && !char.IsDigit(m.Groups[1].Value[0]) && !char.IsDigit(m.Groups[2].Value[0])).ToList();
        Assert.NotEmpty(both);
        Assert.All(both, m => Assert.Equal(("low", "high"), (m.Groups[1].Value, m.Groups[2].Value)));
    }

    [Fact]
    public void An_example_of_a_type_is_asked_for_by_what_it_uses()
    {
        const string Code = "var hatch = new Hatch(\"north\", 80);\nhatch.Shut();";
        var symbols = s_library.Symbols.Select(s => s.Id == "T:Loft.Hatch" ? s with { Examples = [Code] } : s).ToList();
        var asked = Read(SampleKind.Code, new CorpusOptions { Count = 8 }, symbols).Where(s => s.Recipe == "documented example")
            .Select(s => s.Asked).ToList();
        Assert.NotEmpty(asked);
        Assert.All(asked, a => Assert.Contains("`Hatch.Shut`", a, StringComparison.Ordinal));
    }

    [Fact]
    public void An_explanation_says_more_than_the_names_in_the_code()
    {
        var answers = Read(SampleKind.Explain, new CorpusOptions { Count = 400, Seed = 4 }).Select(s => s.Answer).ToList();
        Assert.Contains("Shuts the hatch with care.", answers);
        Assert.DoesNotContain("Makes a hatch.", answers);
    }

    [Fact]
    public void An_answer_about_a_parameter_says_more_than_its_type()
    {
        var meanings = s_questions.Value.Where(s => s.Recipe == "parameter-meaning").Select(s => s.Answer).ToList();
        Assert.Contains("Which part of the gap is counted.", meanings);
        Assert.DoesNotContain("A hatch.", meanings);
    }

    [Fact]
    public void What_only_compares_with_something_else_is_no_answer()
    {
        Assert.Contains(s_questions.Value, s => s is { Recipe: "table-cell", Answer: "700 kg" });
        Assert.DoesNotContain(s_questions.Value, s => s.Answer.Contains("as it was", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void A_scrap_of_a_sentence_defines_nothing()
    {
        Assert.Contains(s_questions.Value, s => s.Recipe == "definition" && s.Answer == "Heavy wood for what must last.");
        Assert.DoesNotContain(s_questions.Value, s => s.Recipe is "definition" or "defined-term"
            && (s.Asked + s.Answer).Contains("in the dry part", StringComparison.OrdinalIgnoreCase));
    }

    private sealed class Runner(Func<SampleProgram, ProgramEnd> end) : IProgramRunner
    {
        public string? Refusal => null;

        public IReadOnlyList<ProgramOutcome> Run(IReadOnlyList<SampleProgram> programs, CancellationToken cancel) =>
            [.. programs.Select(p => new ProgramOutcome(end(p), ""))];
    }
}

using System.Text.RegularExpressions;
using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Documents.Model;
using DocTuneLab.Prompts;

namespace DocTuneLab.Tests.Corpus;

/// <summary>Kinds of samples that a reviewer would not keep: their answers do not follow from what is asked, or nobody would ask.</summary>
public sealed partial class SampleReviewTests
{
    private static readonly CorpusFixture s_library = new("Quay", """
        #nullable enable
        using System;
        using System.Collections.Generic;
        using System.Threading.Tasks;

        namespace Quay;

        /// <summary>How a berth is used.</summary>
        public enum Mooring
        {
            /// <summary>Nothing lies there.</summary>
            Free,
            /// <summary>A ship lies there.</summary>
            Taken,
        }

        /// <summary>A length of rope.</summary>
        public readonly struct Rope
        {
            private readonly int _millimetres;
            private Rope(int millimetres, string fibre) { _millimetres = millimetres; Fibre = fibre; }
            /// <summary>Makes a rope of so many metres.</summary>
            public static Rope OfMetres(double metres) => new((int)(metres * 1000), "hemp");
            /// <summary>The length in whole millimetres.</summary>
            public int Millimetres => _millimetres;
            /// <summary>What the rope is made of.</summary>
            public string Fibre { get; }
            /// <summary>Gets the next longer rope of the shop.</summary>
            public Rope Longer() => new(_millimetres + 500, Fibre);
            /// <summary>Cuts as much off as another rope has.</summary>
            public Rope Cut(Rope other) => new(Math.Max(0, _millimetres - other._millimetres), Fibre);
        }

        /// <summary>A place for a ship.</summary>
        public sealed class Berth
        {
            /// <summary>Makes a berth of that name.</summary>
            public Berth(string name, int places) { Name = name; Places = places; }
            /// <summary>The name on the board.</summary>
            public string Name { get; }
            /// <summary>How many ships fit.</summary>
            public int Places { get; }
            /// <summary>How the berth is used.</summary>
            public Mooring Use { get; init; }
            /// <summary>Winds rope around the post.</summary>
            public void Wind(Rope rope) => Wound = rope;
            /// <summary>The rope around the post.</summary>
            public Rope Wound { get; private set; }
            /// <summary>Reads the next line from the board and moves on.</summary>
            public string ReadNext() => "";
            /// <summary>Its place in the row.</summary>
            public int Place => 3;
            /// <summary>Takes the berth apart.</summary>
            public void Deconstruct(out string name, out int places) => (name, places) = (Name, Places);
            /// <summary>Rings the bell of the berth.</summary>
            public void Ring() { }
            /// <summary>Moors a ship at the berth.</summary>
            public void Moor(string ship, Mooring use) { }
        }

        /// <summary>A book of what came in.</summary>
        public sealed class Book : IAsyncDisposable
        {
            /// <summary>Opens a book at a page.</summary>
            public Book(int page) => Page = page;
            /// <summary>The page that is open.</summary>
            public int Page { get; }
            /// <summary>Reads the next line from the book and moves on.</summary>
            public string ReadNext() => "";
            /// <summary>Strikes the last line out.</summary>
            public void Strike() { }
            /// <summary>Turns a number of pages as an IAsyncEnumerable&lt;int&gt;.</summary>
            public async IAsyncEnumerable<int> TurnAsync(int pages) { await Task.Yield(); yield return Page + pages; }
            /// <summary>The ink is dry and can be read.</summary>
            public int DryAt(int page) => page;
            /// <summary>Closes the book.</summary>
            public ValueTask DisposeAsync() => default;
        }

        /// <summary>All of a harbour.</summary>
        public static class Harbour
        {
            /// <summary>The berths that are used so.</summary>
            public static IReadOnlyList<Berth> Used(this IEnumerable<Berth> berths, Mooring use) => [.. berths];
        }
        """);

    private static GeneratedCorpus Generate(SampleKind kind, CorpusOptions options, params IReadOnlyList<Chunk> pages) =>
        new StructuralGenerator(s_library.Symbols, s_library.Batched, options with
        {
            Mix = new Dictionary<SampleKind, double> { [kind] = 1 },
        }).Generate(pages, null, TestContext.Current.CancellationToken);

    private static readonly Lazy<List<(string Recipe, string Asked, string Answer)>> s_code = new(() =>
        Read(Generate(SampleKind.Code, new CorpusOptions { Count = 1200, Seed = 4, NearDuplicateThreshold = 1 })));

    private static List<(string Recipe, string Asked, string Answer)> Read(GeneratedCorpus corpus) =>
        [.. corpus.Samples.Select(s => (s.Checks[0].Detail!, s.Messages[^2].Content, s.Messages[^1].Content))];

    [Fact]
    public void A_library_in_English_is_asked_about_in_English()
    {
        foreach (var kind in (SampleKind[])[SampleKind.Qa, SampleKind.Unanswerable, SampleKind.Code])
        {
            var read = Read(Generate(kind, new CorpusOptions { Count = 60 })).ToList();
            Assert.NotEmpty(read);
            Assert.DoesNotContain(read, s => Chinese().IsMatch(s.Asked));
        }
    }

    [Fact]
    public void A_question_in_Chinese_is_answered_in_code_or_in_Chinese()
    {
        foreach (var kind in (SampleKind[])[SampleKind.Qa, SampleKind.Unanswerable])
        {
            var asked = Read(Generate(kind, new CorpusOptions { Count = 400, ChineseShare = 1 })).Where(s => Chinese().IsMatch(s.Asked))
                .ToList();
            Assert.True(asked.Count > 40, $"{kind}: {asked.Count}");
            Assert.All(asked, s => Assert.DoesNotMatch(@"^(?:yes|no)$|\b(?:only|given|There|has no|nearest)\b",
                Regex.Replace(s.Answer, "`[^`]*`", "")));
            if (kind == SampleKind.Qa) Assert.Contains(asked, s => s.Answer is "是" or "否");
        }
    }

    [Fact]
    public void A_value_of_the_step_before_is_told_in_words()
    {
        var handed = s_code.Value.Where(s => Regex.IsMatch(s.Asked, "with that [a-z ]+ as `")).ToList();
        Assert.NotEmpty(handed);
        Assert.DoesNotContain(s_code.Value, s => s.Asked.Contains(" = that ", StringComparison.Ordinal));
    }

    [Fact]
    public void What_disposes_of_an_object_does_not_dispose_of_it_twice()
    {
        var disposed = s_code.Value.Where(s => s.Answer.Contains("await using", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(disposed);
        Assert.DoesNotContain(disposed, s => s.Answer.Contains("DisposeAsync(", StringComparison.Ordinal));
    }

    [Fact]
    public void How_a_result_is_handed_over_is_left_to_the_signature()
    {
        Assert.Contains(s_code.Value, s => s.Asked.Contains("number of pages", StringComparison.Ordinal));
        Assert.DoesNotContain(s_code.Value, s => s.Asked.Split("```")[0].Contains("IAsyncEnumerable", StringComparison.Ordinal));
    }

    [Fact]
    public void A_sentence_is_nothing_to_get()
    {
        Assert.Contains(s_code.Value, s => s.Answer.Contains("DryAt(", StringComparison.Ordinal));
        Assert.DoesNotContain(s_code.Value, s => s.Asked.Contains("the ink is dry", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void What_was_asked_for_by_a_value_is_not_searched_for_it()
    {
        Assert.Contains(s_code.Value, s => s.Recipe == "linq" && s.Answer.Contains(".Used(", StringComparison.Ordinal));
        Assert.DoesNotContain(s_code.Value, s => s.Recipe == "linq" && Regex.IsMatch(s.Answer, @"\.Used\(.*\.Use\b"));
    }

    [Fact]
    public void What_a_class_has_room_for_is_told_of_all_that_it_takes()
    {
        var room = s_code.Value.Where(s => s.Recipe == "class" && s.Asked.Contains("takes at most", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(room);
        Assert.All(room, s => Assert.Contains("of them in all, of whatever kind", s.Asked, StringComparison.Ordinal));
        Assert.All(room, s => Assert.Contains("counts all that it has taken", s.Asked, StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_asked_for_says_whose_it_is_and_which()
    {
        Assert.Contains(s_code.Value, s => s.Asked.Contains("the berth's place in the row", StringComparison.Ordinal));
        Assert.DoesNotContain(s_code.Value, s => s.Asked.Contains("its place", StringComparison.Ordinal));
        Assert.DoesNotContain(s_code.Value, s => s.Answer.Contains("Deconstruct(", StringComparison.Ordinal));
    }

    [Fact]
    public void An_explanation_tells_the_values_in_the_code()
    {
        var explained = Read(Generate(SampleKind.Explain, new CorpusOptions { Count = 300, NearDuplicateThreshold = 1 }))
            .Where(s => s.Recipe is "direct" or "initialise" && s.Asked.Contains('"', StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(explained);
        foreach (var (_, asked, answer) in explained)
            foreach (Match literal in Literal().Matches(asked))
                Assert.Contains(literal.Value.Trim('"'), answer, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_a_variable_that_is_left_over_is_forgotten()
    {
        var repairs = Read(Generate(SampleKind.Repair, new CorpusOptions { Count = 500, Seed = 4, NearDuplicateThreshold = 1 }));
        var forgotten = repairs.Where(s => s.Recipe.StartsWith("forgotten argument", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(forgotten);
        // Every literal of the answer stands in the request, which is all that there is to go by.
        foreach (var (_, asked, answer) in repairs)
            foreach (Match literal in Literal().Matches(AnswerFormat.BodyOf(answer) ?? ""))
                Assert.Contains(literal.Value.Trim('"'), asked, StringComparison.Ordinal);
    }

    [Fact]
    public void A_member_described_like_another_of_its_name_is_asked_for_with_its_type()
    {
        var asked = Read(Generate(SampleKind.Qa, new CorpusOptions { Count = 400, NearDuplicateThreshold = 1 }));
        Assert.Contains(asked, s => s is { Recipe: "which-member", Answer: "Berth.Ring" });
        Assert.Contains(asked, s => s is { Recipe: "member-name", Answer: "ReadNext" });
        Assert.DoesNotContain(asked, s => s.Recipe == "which-member" && s.Answer.EndsWith(".ReadNext", StringComparison.Ordinal));
    }

    [Fact]
    public void An_example_of_a_form_and_a_lone_name_are_nothing_to_know()
    {
        const string Text = "Ropes.\n\n| Thing | Unit | Text form |\n|---|---|---|\n| `Rope` | metres | 350 m |\n\n"
            + "- **Knot**: `Rope.Longer`\n- **Splice**: two ends laid into one another;\n";
        var page = new Chunk
        {
            Id = "ropes",
            DocumentPath = "ropes.md",
            Span = new(0, Text.Length),
            HeadingPath = ["Ropes"],
            Text = Text,
            CodeBlocks = [],
            Symbols = [],
            TokenCount = 60,
        };
        var asked = Read(Generate(SampleKind.Qa, new CorpusOptions { Count = 40, DocumentShare = 1, NearDuplicateThreshold = 1 }, page));
        Assert.Contains(asked, s => s is { Recipe: "table-cell", Answer: "metres" });
        Assert.DoesNotContain(asked, s => s is { Recipe: "table-cell", Answer: "350 m" });
        Assert.Contains(asked, s => s.Recipe == "definition" && s.Answer == "Two ends laid into one another.");
        Assert.DoesNotContain(asked, s => s.Recipe is "definition" or "defined-term" && (s.Asked + s.Answer).Contains("Longer",
            StringComparison.Ordinal));
    }

    [GeneratedRegex("[\u4e00-\u9fff]")]
    private static partial Regex Chinese();
    [GeneratedRegex("\"[^\"{}]*\"|(?<![\\w.])\\d+(?:\\.\\d+)?(?![\\w.])")]
    private static partial Regex Literal();
}

using System.Text.RegularExpressions;
using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Structural;

namespace DocTuneLab.Tests.Corpus;

/// <summary>What samples say is said in whole sentences, and what they ask for agrees with what is answered.</summary>
public sealed class SampleWordingTests
{
    private static readonly CorpusFixture s_library = new("Marsh", """
        #nullable enable
        using System;
        using System.Collections.Generic;

        namespace Marsh;

        /// <summary>What a sluice is doing.</summary>
        public enum SluiceState
        {
            /// <summary>Nothing moves in it.</summary>
            Still,
            /// <summary>Water is passing.</summary>
            Flowing,
        }

        /// <summary>Settings of a wide marsh.</summary>
        public sealed class MarshSettings
        {
            /// <summary>Gets or sets the name.</summary>
            public string Name { get; set; } = "";
        }

        /// <summary>A height over the sea.</summary>
        public sealed class Rise
        {
            /// <summary>Makes a rise of so many metres.</summary>
            public Rise(double metres) => Metres = metres;
            /// <summary>The height in metres.</summary>
            public double Metres { get; }
            /// <summary>The height in whole millimetres.</summary>
            public int Millimetres => (int)(Metres * 1000);
            /// <summary>The depth of the mud in metres.</summary>
            public double MudMetres => 0.2;
            /// <summary>The width of the path in metres.</summary>
            public double PathMetres => 0.4;
            /// <summary>How many litres lie on it.</summary>
            public int Litres => 3;
            /// <summary>Whether the rise lies below the sea.</summary>
            public bool IsBelow => Metres < 0;
            /// <summary>Whether reeds grow on the rise.</summary>
            public bool HasReeds => false;
            /// <summary>What the sluice at the rise is doing.</summary>
            public SluiceState Sluice => SluiceState.Still;
        }

        /// <summary>A desk that notes are posted at.</summary>
        public sealed class Desk
        {
            /// <summary>Posts a note and tells everyone who listens.</summary>
            public void Post(string text) { }
            /// <summary>Adds a stamp and counts those before it.</summary>
            public int Stamp(int number) => 0;
            /// <summary>Whether the desk is shut.</summary>
            public bool IsShut => false;
            /// <summary>The number of notes.</summary>
            public int Notes => 1;
            /// <summary>Gets the number of notes that match.</summary>
            /// <param name="pattern">What to look for.</param>
            /// <exception cref="FormatException">The pattern is wrong.</exception>
            public int Count(string pattern) => 0;
            /// <summary>Tries to find a rise by its name.</summary>
            public bool TryFindRise(string name, out Rise rise) { rise = new(1); return true; }
            /// <summary>Finds the note at a place.</summary>
            /// <exception cref="ArgumentOutOfRangeException">There is no such place.</exception>
            public string Find(int place) => "";
        }

        /// <summary>A ferry over the marsh.</summary>
        public sealed class Ferry
        {
            /// <summary>Finds a new mooring for the ferry.</summary>
            /// <param name="place">Where to look.</param>
            public string Moor(int place) => "";
        }
        """);

    private static List<Sample> Samples(SampleKind kind, int count, string of = "") => [.. new StructuralGenerator(
        [.. s_library.Symbols.Where(s => s.Id.Contains(of, StringComparison.Ordinal))], s_library.Batched,
        new CorpusOptions
        {
            Count = count,
            Seed = 5,
            ChineseShare = 0,
            NearDuplicateThreshold = 1,
            Mix = new Dictionary<SampleKind, double> { [kind] = 1 },
        }).Generate([], null, TestContext.Current.CancellationToken).Samples];

    [Fact]
    public void An_explanation_tells_each_step_in_the_third_person()
    {
        var answers = Samples(SampleKind.Explain, 300).Select(s => s.Messages[^1].Content).ToList();
        Assert.Contains(answers, a => a.Contains("; otherwise ", StringComparison.Ordinal));
        Assert.Contains(answers, a => a.Contains("; if that fails returns null, otherwise ", StringComparison.Ordinal));
        foreach (var answer in answers)
            Assert.DoesNotMatch(@"(?:^It|\bit|\botherwise|; then|\bfails|,|;|\band) "
                + @"(?:get|return|read|give|tell|find|post|add|look up|count)\b(?! of)", answer);
    }

    [Fact]
    public void A_request_tells_each_step_as_something_to_do()
    {
        var asked = Samples(SampleKind.Completion, 250).Select(s => s.Messages[^2].Content).ToList();
        Assert.Contains(asked, a => a.Contains("tell everyone who listens", StringComparison.OrdinalIgnoreCase));
        Assert.All(asked, a => Assert.DoesNotMatch(@"\band (?:tells everyone|counts those)\b", a));
    }

    [Fact]
    public void What_is_new_is_found_by_no_other_word()
    {
        var asked = Samples(SampleKind.Completion, 20, "Marsh.Ferry").Select(s => s.Messages[^2].Content).ToList();
        Assert.Contains(asked, a => a.Contains("find a new mooring", StringComparison.OrdinalIgnoreCase));
        Assert.All(asked, a => Assert.DoesNotContain("look up a new", a));
    }

    [Fact]
    public void Two_conditions_are_never_over_one_quantity()
    {
        var local = Samples(SampleKind.Code, 1200, "Marsh.Rise").Where(s => s.Checks[0].Detail == "local-function")
            .Select(s => Regex.Match(s.Messages[^1].Content, @"=> candidate\.(\w+)(.*) && candidate\.(\w+)(.*);")).ToList();
        Assert.True(local.Count > 3, $"{local.Count}");
        foreach (var both in local)
        {
            var (one, other) = (both.Groups[1].Value, both.Groups[3].Value);
            string[] flags = ["IsBelow", "HasReeds"], lengths = ["Metres", "Millimetres", "MudMetres", "PathMetres"];
            var numbers = lengths.Append("Litres").ToList();
            Assert.False(flags.Contains(one) && numbers.Contains(other), both.Value);
            Assert.False(flags.Contains(other) && numbers.Contains(one), both.Value);
            Assert.False(lengths.Contains(one) && lengths.Contains(other), both.Value);
        }
    }

    [Fact]
    public void What_is_tried_for_a_value_gives_it_unless_only_whether_it_can_be_had_is_asked()
    {
        var tried = Samples(SampleKind.Code, 700, "Marsh.Desk").Where(s => s.Checks[0].Detail == "catch").ToList();
        Assert.Contains(tried, s => s.Messages[^1].Content.Contains("return fallback;", StringComparison.Ordinal));
        var discarding = tried.Where(s => s.Messages[^1].Content.Contains("return true;", StringComparison.Ordinal)
            && Regex.IsMatch(s.Messages[^1].Content, @"\.(?:Count|Find)\(")).ToList();
        Assert.NotEmpty(discarding);
        Assert.All(discarding, s => Assert.Matches("(?i)whether one can (?:get|find) ", s.Messages[^2].Content));
    }

    [Fact]
    public void What_is_asked_for_by_its_purpose_is_answered_in_a_sentence()
    {
        var answers = Samples(SampleKind.Qa, 700).Where(s => s.Checks[0].Detail == "summary").Select(s => s.Messages[^1].Content)
            .ToHashSet();
        Assert.Superset(new HashSet<string>
        {
            "`SluiceState` says what a sluice is doing.",
            "`Rise.Sluice` says what the sluice at the rise is doing.",
            "`Rise.IsBelow` says whether the rise lies below the sea.",
            "`Rise.Litres` says how many litres lie on it.",
            "It is a height over the sea.",
            "It is the height in metres.",
            "They are settings of a wide marsh.",
            "Water is passing.",
            "Posts a note and tells everyone who listens.",
        }, answers);
        Assert.DoesNotContain(answers, a => Regex.IsMatch(a, "^(?:A|An|The|What|How|Whether|Settings)\\b"));
    }
}

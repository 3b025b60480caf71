using DocTuneLab.Evaluation.Drafting;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;
using DocTuneLab.Tests.Library;

namespace DocTuneLab.Evaluation.Tests;

/// <summary>Of properties with and without a scale, of a name that two namespaces have, and of what copies.</summary>
public sealed class QuayTasks() : FoundTasks("""
        namespace Quay
        {
            /// <summary>A ship.</summary>
            public sealed class Ship
            {
                /// <summary>Gets or sets the flag that it sails under.</summary>
                public string Flag { get; set; } = "";
                /// <summary>Gets or sets the kind of freight.</summary>
                public Freight Carries { get; set; }
                /// <summary>Gets or sets the draught in centimetres, which is measured at the stern.</summary>
                public double Draught { get; set; } = 10;
            }
            /// <summary>What is loaded.</summary>
            public enum Freight { Wheat, Timber, Salt }
            /// <summary>A berth.</summary>
            public sealed class Berth
            {
                private readonly int _depth;
                /// <summary>A berth of no depth.</summary>
                public Berth() { }
                /// <summary>A berth of a depth.</summary>
                /// <param name="depth">Metres.</param>
                /// <param name="silt">Metres of silt.</param>
                public Berth(int depth, int silt) => _depth = depth - silt;
                /// <summary>Gets the depth that is left above the silt.</summary>
                public int Clearance => _depth;
                /// <summary>Gets the depth that is left after a dredging by the given amount.</summary>
                /// <param name="amount">Metres.</param>
                public int Dredged(int amount) => _depth + amount * 2;
                /// <summary>Gets the day on which it is dredged again.</summary>
                public System.DateTime Due() => new System.DateTime(2024, 5, 17).AddDays(_depth);
            }
            /// <summary>Loads one thing as another.</summary>
            public static class Stevedore
            {
                /// <summary>Shifts what a thing holds into a new one.</summary>
                /// <param name="from">The thing.</param>
                /// <typeparam name="T">What it becomes.</typeparam>
                public static T Shift<T>(object from) where T : new()
                {
                    var made = new T();
                    foreach (var p in typeof(T).GetProperties())
                        if (from.GetType().GetProperty(p.Name) is { } same && same.PropertyType == p.PropertyType)
                            p.SetValue(made, same.GetValue(from));
                    return made;
                }
            }
            /// <summary>A list of marks.</summary>
            public static class Marks
            {
                /// <summary>Joins a list of words in front of a number.</summary>
                /// <param name="number">The number.</param>
                /// <param name="words">The words.</param>
                public static string Joined(long number, params string[] words) => string.Join("-", words) + number;
            }
            /// <summary>A rope.</summary>
            /// <param name="metres">Metres.</param>
            public sealed class Rope(decimal metres)
            {
                /// <summary>Gets the length after so many knots.</summary>
                /// <param name="knots">Knots.</param>
                public decimal Knotted(decimal knots) => metres * 100 - knots * 30;
            }
        }
        namespace Quay.Old
        {
            /// <summary>An old rope.</summary>
            public sealed class Rope
            {
                /// <summary>An old rope.</summary>
                public Rope() { }
            }
        }
        """, "Quay", """
        using Quay;
        using Xunit;

        public class FreightTests
        {
            public class Crate
            {
                public string Name { get; set; } = "";
                public int Weight { get; set; }
            }

            public class Parcel
            {
                public string Name { get; set; } = "";
                public int Weight { get; set; }
            }

            [Fact]
            public void Is_carried_over()
            {
                var crate = new Crate { Name = "a", Weight = 3 };
                var parcel = Stevedore.Shift<Parcel>(crate);
                Assert.Equal(3, parcel.Weight);
            }

            [Fact]
            public void Is_marked()
            {
                var mark = Marks.Joined(7, "left", "right");
                Assert.Equal("left-right7", mark);
            }
        }
        """);

/// <summary>What tasks say, and what is none.</summary>
public sealed class DraftWordingTests(QuayTasks found) : IClassFixture<QuayTasks>
{
    [Fact]
    public void Texts_have_an_order_and_no_size_and_what_is_one_of_a_few_has_neither()
    {
        Assert.SkipUnless(found.IsIsolated, "nothing isolates answers here");
        var byFlag = found.Tasks.Where(t => t.Reference.Contains("OrderBy(x => x.Flag)", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(byFlag);
        Assert.All(byFlag, t => Assert.Contains("in the order of the alphabet", t.Instruction));
        Assert.DoesNotContain(found.Tasks, t => t.Reference.Contains("axBy(x => x.Flag", StringComparison.Ordinal)
            || t.Reference.Contains("Max(x => x.Flag", StringComparison.Ordinal)
            || t.Reference.Contains("By(x => x.Carries", StringComparison.Ordinal));
        Assert.Contains(found.Tasks, t => t.Reference.Contains("MaxBy(x => x.Draught)", StringComparison.Ordinal));
    }

    [Fact]
    public void An_example_says_what_a_property_is_and_does_not_name_it()
    {
        Assert.SkipUnless(found.IsIsolated, "nothing isolates answers here");
        var asked = found.Tasks.Where(t => t.Reference.Contains("x.Draught", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(asked);
        Assert.All(asked, t => Assert.DoesNotContain("Draught", t.Instruction));
        // What is said beside the thing itself would run into the next.
        Assert.All(asked, t => Assert.Matches(@"3 items, each with .*\bthe draught in centimetres(?: and |, |: )", t.Instruction));
    }

    [Fact]
    public void Objects_have_something_in_them_and_times_are_written_as_people_do()
    {
        Assert.SkipUnless(found.IsIsolated, "nothing isolates answers here");
        var clear = found.Tasks.Where(t => t.Signature.Contains("Berth berth", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(clear);
        Assert.All(clear, t => Assert.Contains("new Berth(", t.Tests[0]));
        Assert.All(clear, t => Assert.DoesNotContain("new Berth()", t.Tests[0]));
        // What goes in has the name that its parameter has.
        Assert.Contains(clear, t => t.Signature.EndsWith("(Berth berth, int amount)", StringComparison.Ordinal));
        Assert.Contains(found.Tasks, t => t.Reference.Contains(".Due()", StringComparison.Ordinal)
            && t.Tests.Any(c => c.Contains("new DateTime(2024, 5, ", StringComparison.Ordinal)));
        Assert.DoesNotContain(found.Tasks, t => t.Tests.Any(c => c.Contains("0000L)", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_name_of_two_namespaces_is_one_of_them()
    {
        Assert.SkipUnless(found.IsIsolated, "nothing isolates answers here");
        var knotted = found.Tasks.Where(t => t.Reference.Contains("Knotted", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(knotted);
        Assert.All(knotted, t => Assert.DoesNotContain("Quay.Old", t.Usings));
    }

    [Fact]
    public void What_a_parameter_takes_many_of_is_told_of_all()
    {
        Assert.SkipUnless(found.IsIsolated, "nothing isolates answers here");
        var mark = Assert.Single(found.Tasks, t => t.Reference.Contains("Joined", StringComparison.Ordinal));
        Assert.Matches("a list of `[^`]+`, `[^`]+` in front of", mark.Instruction);
    }

    [Fact]
    public void What_a_copy_by_hand_gives_is_no_task()
    {
        Assert.SkipUnless(found.IsIsolated, "nothing isolates answers here");
        Assert.DoesNotContain(found.Tasks, t => t.Reference.Contains("Shift", StringComparison.Ordinal));
        Assert.Contains(found.Entries, e => e.Place.Contains("Is_carried_over", StringComparison.Ordinal)
            && e.State == DraftState.Refused);
        using var library = new CompiledLibrary(
            "namespace Quay { public static class Dock { public static T Move<T>(object a) => default!; } }", "Dock");
        var method = DraftMethod.Of(new("tests", "here", [], "Dock.Move<Parcel>(crate)")
        {
            Type = "Parcel",
            Context = "public class Crate { public string Name = \"\"; public Size Size = new(); } public class Size { public int Wide; }"
                + " public class Parcel { public string Name = \"\"; public Extent Size = new(); }"
                + " public class Extent { public int Wide; }",
            Parameters = [("Crate", "crate")],
            Usings = ["Quay"],
        }, ReferenceSet.Load(library.AssemblyPath));
        Assert.Contains("new Parcel { Name = crate.Name, Size = new Extent { Wide = crate.Size.Wide } }",
            new CopiedValues(method).Answers());
    }

    [Fact]
    public void No_two_tasks_ask_for_the_same_in_the_same_words()
    {
        Assert.SkipUnless(found.IsIsolated, "nothing isolates answers here");
        var words = found.Tasks.Select(t => DraftCandidate.AskedIn(t.Instruction.Split(DraftCandidate.BeforeExamples)[0])).ToList();
        Assert.Equal(words.Distinct(StringComparer.Ordinal), words);
    }

    [Fact]
    public void A_share_stays_a_share() => Assert.All(InputVariants.Of("0.25", []), v =>
        Assert.InRange(double.Parse(v.TrimEnd('d'), System.Globalization.CultureInfo.InvariantCulture), 0.01, 0.99));

    [Fact]
    public void No_object_becomes_as_large_as_another() => Assert.DoesNotContain("new P[] { new P(1), new P(1) }",
        InputVariants.Of("new P[] { new P(1), new P(2) }", []));

    [Fact]
    public void What_is_asked_for_is_the_same_in_any_order() => Assert.Equal(
        DraftCandidate.AskedIn("Take `a`; then keep the large; then order the items; then return their names."),
        DraftCandidate.AskedIn("Take `a`; then order the items; then keep the large; then return their names."));

    [Theory]
    [InlineData("M:A.Ship.MaxSpeed()", "Return the max speed.", true)]
    [InlineData("M:A.Ship.MaxSpeed()", "Return how fast it may be.", false)]
    // A name of one word is everybody's.
    [InlineData("P:A.Ship.Speed", "Return the speed.", false)]
    public void Words_that_are_the_members_name_give_it_away(string member, string words, bool isGiven) =>
        Assert.Equal(isGiven, GivenNames.AreMost([member], [words]));

    [Fact]
    public void What_is_given_last_and_every_other_property_of_the_type_must_make_a_difference()
    {
        using var library = new CompiledLibrary("""
            namespace Quay
            {
                public class Crane(int reach = 3)
                {
                    public bool A => reach > 1; public bool B => A; public bool C => A; public bool D => A; public bool E => A;
                    public bool F => A; public bool Turns(bool left = false) => left;
                }
            }
            """, "Crane");
        var references = ReferenceSet.Load(library.AssemblyPath);
        var api = ApiModel.Load(references);
        Assert.Contains(Mutants("new Crane(5).Turns(true)"), m => m is { Body: "return new Crane(5).Turns();", Decides: true });
        Assert.Contains(Mutants("new Crane(5).Turns(true)"), m => m is { Body: "return new Crane().Turns(true);", Decides: true });
        Assert.Equal(["B", "C", "D", "E", "F"],
            Mutants("new Crane(5).A").Where(m => m.Member == "P:Quay.Crane.A").Select(m => m.Body[^2..^1]));

        IReadOnlyList<Mutant> Mutants(string code) =>
            ReferenceMutants.Of(DraftMethod.Of(new("tests", "here", [], code) { Type = "bool", Usings = ["Quay"] }, references), api);
    }

    [Fact]
    public void What_is_worked_out_for_nothing_is_left_out()
    {
        using var library = new CompiledLibrary(
            "namespace Quay { public static class Dock { public static int Depth(int a) => a; } }", "Dock");
        var method = DraftMethod.Of(new("tests", "here", ["var a = 1;", "var b = a + 1;", "var kept = Dock.Depth(4);", "var c = 3;"],
            "c")
        { Type = "int", Usings = ["Quay"] }, ReferenceSet.Load(library.AssemblyPath));
        Assert.Equal("var kept = Dock.Depth(4);\nvar c = 3;\nreturn c;",
            method.WithoutUnused(ReferenceSet.Load(library.AssemblyPath)).Body);
    }
}

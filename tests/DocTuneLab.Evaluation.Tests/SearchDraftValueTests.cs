namespace DocTuneLab.Evaluation.Tests;

/// <summary>Of objects made of others, and of what throws.</summary>
public sealed class LoftTasks() : FoundTasks("""
        namespace Loft
        {
            /// <summary>A shelf.</summary>
            /// <param name="first">The first place.</param>
            public sealed class Shelf(Place first)
            {
                /// <summary>Gets the first place.</summary>
                public Place First { get; } = first;
                /// <summary>Gets or sets the height above the floor.</summary>
                public int Height { get; set; } = 1;
            }
            /// <summary>A place.</summary>
            /// <param name="row">The row.</param>
            public sealed class Place(int row)
            {
                /// <summary>Gets or sets the width in centimetres.</summary>
                public int Width { get; set; } = row;
            }
            /// <summary>A beam.</summary>
            public sealed class Beam
            {
                private readonly int _breadth;
                private Beam(int breadth) => _breadth = breadth;
                /// <summary>Cuts a beam of a breadth.</summary>
                /// <param name="breadth">Centimetres.</param>
                public static Beam Cut(int breadth) => new(breadth);
                /// <summary>Paints the beam in the specified colours.</summary>
                /// <param name="colours">The colours.</param>
                public Beam Painted(params string[] colours) => new(_breadth + 3 + colours.Length);
                /// <summary>Carries as much as the beam can, which may break.</summary>
                public int Carry() => _breadth > 2 ? _breadth * 7 : throw new OverloadedException<Beam>();
            }
            /// <summary>Something broke.</summary>
            public class OverloadedException : System.Exception;
            /// <summary>Something of a kind broke.</summary>
            /// <typeparam name="T">The kind.</typeparam>
            public sealed class OverloadedException<T> : OverloadedException;
        }
        """, "Loft");

/// <summary>Values that found tasks are tried with, and what is no task at all.</summary>
public sealed class SearchDraftValueTests(LoftTasks found) : IClassFixture<LoftTasks>
{
    [Fact]
    public void What_a_generic_exception_derives_from_is_what_a_test_expects()
    {
        Assert.SkipUnless(found.IsIsolated, "nothing isolates answers here");
        var carried = found.Tasks.Where(t => t.Reference.Contains(".Carry(", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(carried);
        Assert.Contains(carried.SelectMany(t => t.Tests),
            t => t.StartsWith("Check.Throws<Loft.OverloadedException>(", StringComparison.Ordinal));
    }

    [Fact]
    public void Objects_made_of_others_are_filled_at_every_depth()
    {
        Assert.SkipUnless(found.IsIsolated, "nothing isolates answers here");
        string[] asked = [".First", ".Width", ".Height"];
        var wide = found.Tasks.Where(t => t.Signature.Contains("(IReadOnlyList<Shelf>", StringComparison.Ordinal)
            && Array.TrueForAll(asked, a => t.Reference.Contains(a, StringComparison.Ordinal))).ToList();
        Assert.NotEmpty(wide);
        Assert.All(wide.SelectMany(t => t.Tests),
            t => Assert.Matches(@"new Shelf\(new Place\([^)]*\) \{ Width = \d+ \}\) \{ Height = \d+ \}", t));
        // An example names none of what is asked for, and says what the objects are made of.
        Assert.All(wide, t => Assert.Matches(
            @"3 items made by new Shelf\(new Place\(.*, and then each with .*the width in centimetres of the first place", t.Instruction));
        Assert.All(wide, t => Assert.DoesNotContain("Width =", t.Instruction));
    }

    [Fact]
    public void What_takes_any_number_is_not_given_none()
    {
        Assert.SkipUnless(found.IsIsolated, "nothing isolates answers here");
        Assert.DoesNotContain(found.Tasks, t => t.Reference.Contains("Painted()", StringComparison.Ordinal));
    }
}

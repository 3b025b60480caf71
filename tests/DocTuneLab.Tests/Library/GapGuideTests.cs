using DocTuneLab.Conversations;
using DocTuneLab.Library;
using DocTuneLab.Library.Guidance;

namespace DocTuneLab.Tests.Library;

/// <summary>Gaps in code: what stands before and after them is known to the guide.</summary>
public sealed class GapGuideTests(FlowLibrary library) : IClassFixture<FlowLibrary>
{
    private (GuideVerdict Verdict, string Reason, string? Objection) Fill(string before, string gap, string after)
    {
        var answer = new GapGuide(library.Judge, before, after, FlowLibrary.Usings).Begin();
        var verdict = answer.Follow(gap, out var longer, out var reason);
        return (verdict, reason, longer?.Objection());
    }

    [Theory]
    [InlineData("var tank = new Tank(1);\ntank.", "Drain", "();")]
    [InlineData("var tank = new Tank(1);\ntank.Dra", "in()", ";")]
    [InlineData("Console.WriteLine((1 + ", "2)", ");")]
    [InlineData("public static int Twice(int n)\n{\n    ", "return 2 * n;", "\n}")]
    [InlineData("using System.Text;\nvar text = new ", "StringBuilder", "();")]
    [InlineData("if (DateTime.Now.Year < 2000) ", "return;", "\nConsole.WriteLine(1);")]
    public void What_makes_the_whole_compile_fits_and_may_end(string before, string gap, string after)
    {
        var (verdict, reason, objection) = Fill(before, gap, after);
        Assert.True(verdict == GuideVerdict.Fits, reason);
        Assert.Null(objection);
    }

    [Fact]
    public void A_gap_ends_only_where_what_stands_after_it_compiles()
    {
        const string Before = "var tank = new Tank(1);\n";
        // The code after the gap uses what the gap has to declare.
        Assert.Contains("level", Fill(Before, "tank.Drain();", "\nConsole.WriteLine(level);").Objection!, StringComparison.Ordinal);
        Assert.Null(Fill(Before, "var level = 2;", "\nConsole.WriteLine(level);").Objection);
    }

    [Fact]
    public void Members_are_those_of_what_stands_before_the_gap()
    {
        var (verdict, reason, _) = Fill("var tank = new Tank(1);\ntank.", "Fx", "();");
        Assert.Equal(GuideVerdict.Refused, verdict);
        Assert.Contains("Tank", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_the_code_before_is_wrong_only_the_end_is_looked_at()
    {
        var (verdict, _, objection) = Fill("Nonsense.Here();\nvar one = ", "1", ";");
        Assert.Equal(GuideVerdict.Fits, verdict);
        Assert.Contains("Nonsense", objection!, StringComparison.Ordinal);
    }

    [Fact]
    public void Values_that_the_place_asks_for_are_ends()
    {
        const string Before = "public static double Run(Tank tank)\n{\n    return ", After = ";\n}\n";
        var endings = new GapGuide(library.Judge, Before, After, FlowLibrary.Usings).Begin().Endings(isFull: false);
        Assert.Contains("tank.Level", endings);
        Assert.All(endings, e => Assert.True(library.Judge.Judge(Before + e + After, CodeForm.Members, FlowLibrary.Usings).Compiles, e));
    }
}

using DocTuneLab.Conversations;
using DocTuneLab.Library;
using DocTuneLab.Library.Guidance;
using static DocTuneLab.Tests.Library.GuideSteps;

namespace DocTuneLab.Tests.Library;

/// <summary>Answers that bring members and types of their own, and ends that types allow.</summary>
public sealed class GuidedMembersTests(FlowLibrary library) : IClassFixture<FlowLibrary>
{
    private CodeGuide Guide() =>
        new(library.Judge, GuideFrame.Body("public static double Run(Tank tank, string? note)", FlowLibrary.Usings));

    [Fact]
    public void An_answer_that_brings_members_begins_with_the_one_that_is_asked_for()
    {
        Assert.Equal(GuideVerdict.Fits, Last(Guide(), "public static double ", "Ru").Verdict);
        Assert.Equal(GuideVerdict.Unlikely, Last(Guide(), "public static double ", "Other(").Verdict);
        Assert.Equal(GuideVerdict.Unlikely, Last(Guide(), "private static int ", "_held").Verdict);
        Assert.Equal(GuideVerdict.Unlikely, Last(Guide(), "public static double Run(", "int").Verdict);
        Assert.Equal(GuideVerdict.Fits,
            Last(Guide(), "public static double Run(Tank tank, string? note) => 1;\nprivate static int ", "_held =").Verdict);
        Assert.Equal(GuideVerdict.Fits, Last(Guide(), "sealed class Other { public int ", "Held =>").Verdict);
    }

    [Fact]
    public void A_class_brings_the_members_that_its_interfaces_ask_for()
    {
        var guide = new CodeGuide(library.Judge,
            GuideFrame.Body("public static IBook NewBook()", FlowLibrary.Usings,
                "public interface IBook { int Count { get; } void Note(double level); }"));
        const string Begin = "public static IBook NewBook() => new Book();\n\nsealed class Book : IBook\n{\n    public ";
        foreach (var (piece, expected) in new[]
        {
            ("int Co", GuideVerdict.Fits), ("void Note(double level)", GuideVerdict.Fits), ("Book()", GuideVerdict.Fits),
            ("int Counted", GuideVerdict.Unlikely), ("int Note", GuideVerdict.Unlikely), ("int Count;", GuideVerdict.Unlikely),
            ("int Count { get; }\n}", GuideVerdict.Refused),
            ("int Count { get; }\n    public void Note(double level) { }\n}", GuideVerdict.Fits),
        })
            Assert.True(expected == Last(guide, Begin, piece).Verdict, piece);
        // What is made and nothing declares is declared first.
        Assert.Equal(GuideVerdict.Unlikely, Last(guide, "public static IBook NewBook() => new Book();\n\nsealed class ", "Other ").Verdict);
        Assert.Equal(GuideVerdict.Unlikely, Last(guide, "public static IBook NewBook() => new ", "Tank(").Verdict);
    }

    [Theory]
    [InlineData("sealed class Money { public string Show() { return this; }",
        " public static implicit operator string(Money m) => \"\"; }")]
    [InlineData("sealed class Inner : Outer, IBook { }", " class Outer { public int Count => 1; public void Note(double l) { } }")]
    [InlineData("static int Count(int n) { while (Forever) { if (n++ > 9) return n; } }", " const bool Forever = true;")]
    [InlineData("public static double Run(Tank tank, string? note) { return tank.Fill(\"much\"); }",
        " static class More { public static double Fill(this Tank t, string s) => 1; }")]
    [InlineData("public static double Run(Tank tank, string? note) { var f = (Func<int>)Later;", " int Later() => 1; return f(); }")]
    [InlineData("public static double Run(Tank tank, string? note) { Func<int>[] all = [Later];", " int Later() => 1; return all[0](); }")]
    public void What_later_code_mends_in_members_is_not_refused(string code, string later)
    {
        var guide = new CodeGuide(library.Judge,
            GuideFrame.Members(FlowLibrary.Usings, "public interface IBook { int Count { get; } void Note(double l); }"));
        var step = guide.Begin().Follow(code);
        Assert.True(step.Next is not null, step.Reason);
        step = step.Next.Follow(later);
        Assert.True(step.Next is not null, step.Reason);
    }

    [Fact]
    public void A_method_of_a_class_does_not_end_without_a_value()
    {
        const string Begin = "public static double Run(Tank tank, string? note)\n{\n    ";
        Assert.Equal(GuideVerdict.Refused, Last(Guide(), Begin, "var n = 1;\n}").Verdict);
        Assert.Equal(GuideVerdict.Unlikely, Last(Guide(), Begin, "var n = 1;\n    var n = 2;").Verdict);
        Assert.Equal(GuideVerdict.Fits, Last(Guide(), Begin, "return 1;\n}").Verdict);
    }

    [Theory]
    [InlineData("", "public static double Run(Tank tank)", "return tank.Level;")]
    [InlineData("var sum = 0.0;\nforeach (var one in tanks)\n{\n    sum++;", "public static double Run(IReadOnlyList<Tank> tanks)",
        "\n}\nreturn sum;")]
    [InlineData("", "public static (string? Note, int Many) Run(string? note, int[] numbers)", "return (note, numbers.Length);")]
    [InlineData("", "public static async Task<Tank> Run(Task<Tank> tank)", "return await tank;")]
    [InlineData("", "public static IReadOnlyList<Tank> Run(Tank tank)", "return [tank];")]
    [InlineData("", "public static IReadOnlyDictionary<string, Tank> Run(string name, Tank tank)",
        "return new Dictionary<string, Tank> { [name] = tank };")]
    // What all of the parameters are for takes more members; of a method that returns nothing it is a call, or a property that is set.
    [InlineData("", "public static Tank Run(double one, double two)", "return new Tank(one) + new Tank(two);")]
    [InlineData("", "public static void Run(Tank tank, string? label)", "tank.Label = label;")]
    [InlineData("var n = 1;\n", "public static void Run(Tank tank)", "tank.Dispose();")]
    public void Ends_that_types_allow_compile(string code, string signature, string expected)
    {
        var frame = GuideFrame.Body(signature, library.Judge.LibraryNamespaces);
        var endings = (code.Length == 0 ? new CodeGuide(library.Judge, frame).Begin()
            : new CodeGuide(library.Judge, frame).Begin().Follow(code).Next!).Endings(isFull: false);
        Assert.Contains(expected, endings);
        Assert.All(endings, e =>
            Assert.True(library.Judge.Judge($"{signature}\n{{\n{code}{e}\n}}", CodeForm.Members, frame.Usings).Compiles, e));
        Assert.DoesNotContain(endings, e => e.Contains("default", StringComparison.Ordinal) || e.Contains("throw", StringComparison.Ordinal)
            || e.Contains("null", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", "public static Tank Run(Tank tank, double more)", true)]
    [InlineData("return tank;\n", "public static Tank Run(Tank tank, double more)", false)]
    [InlineData("if (more > 1)\n{\n    return tank;\n}\n", "public static Tank Run(Tank tank, double more)", true)]
    [InlineData("while (true)\n{\n    return tank;\n", "public static Tank Run(Tank tank, double more)", false)]
    public void Ends_are_full_where_all_is_read_and_control_comes_there(string code, string signature, bool expected)
    {
        var begun = new CodeGuide(library.Judge, GuideFrame.Body(signature, library.Judge.LibraryNamespaces)).Begin();
        var endings = (code.Length == 0 ? begun : begun.Follow(code).Next!).Endings(isFull: true);
        Assert.Equal(expected, endings.Count > 0);
        Assert.All(endings, e => Assert.Contains("more", code + e, StringComparison.Ordinal));
        // Handed back as it is, where nothing else is made of anything.
        if (code.Length == 0) Assert.DoesNotContain("return tank;", endings);
    }
}

using DocTuneLab.Library;

namespace DocTuneLab.Tests.Library;

/// <summary>What the compiler says of code, in words for whoever wrote it.</summary>
public sealed class CodeCheckTests
{
    private static readonly CSharpJudge s_judge = new(ReferenceSet.Load(Fenmark()));
    private static readonly CodeCheck s_check = new(s_judge, ApiModel.Load(s_judge.References));

    [Fact]
    public void What_compiles_says_what_it_uses()
    {
        var code = s_check.Check("WaterLot.FromLitres(10).Split(3).Count");
        Assert.True(code.Compiles);
        Assert.Equal("Compiles.", code.ToString());
        Assert.Contains("M:Fenmark.WaterLot.Split(System.Int32)", code.Used);
        Assert.Empty(code.Faults);
    }

    [Fact]
    public void What_is_invented_is_told_with_what_there_is()
    {
        var code = s_check.Check("var lot = WaterLot.FromLitre(3);\nConsole.WriteLine(lot);");
        Assert.Equal(["WaterLot.FromLitre"], code.Invented);
        var fault = Assert.Single(code.Faults);
        Assert.Equal((1, "WaterLot has no 'FromLitre'."), (fault.Line, fault.Message));
        Assert.StartsWith("WaterLot: public static WaterLot FromLitres(long litres)", fault.Nearest);
        // Nothing like it by letters, but by words.
        Assert.Contains("From", s_check.Check("WaterLot.FromGallons(3)").Faults.Single().Nearest);
    }

    [Fact]
    public void A_wrong_argument_is_told_with_the_declaration()
    {
        var fault = s_check.Check("WaterLot.FromLitres(\"ten\")").Faults.Single();
        Assert.Contains("CS1503", fault.Message);
        Assert.Contains("FromLitres(long litres)", fault.Nearest);
    }

    [Theory]
    [InlineData("return lot.Split(n).Count;")]
    [InlineData("lot.Split(n).Count")]
    [InlineData("lot.Split(n).Count // as many")]
    [InlineData("using System.Linq;\n\nreturn lot.Split(n).Count();")]
    [InlineData("public static int Parts(WaterLot lot, int n) => lot.Split(n).Count;")]
    public void A_body_is_judged_in_the_method_that_was_asked_for(string body)
    {
        var asked = "Complete it.\n```csharp\npublic static int Parts(WaterLot lot, int n)\n```";
        var code = s_check.Answer($"Here:\n```csharp\n{body}\n```\nand\n```json\n{{}}\n```", asked).Single();
        Assert.True(code.Compiles, code.ToString());
    }

    [Fact]
    public void Lines_are_those_of_the_body_and_types_of_the_question_are_known()
    {
        var asked = "```csharp\nrecord Share(WaterLot Lot, int N);\n\npublic static int Parts(\n    Share share)\n```";
        var code = s_check.Answer("```csharp\nvar lots = share.Lot.Split(share.N);\nreturn lots.Length;\n```", asked).Single();
        Assert.Equal([2], code.Faults.Select(f => f.Line));
        Assert.True(s_check.Answer("```\nreturn share.Lot.Split(share.N).Count;\n```", asked).Single().Compiles);
    }

    [Theory]
    [InlineData("")]
    [InlineData("}}}}")]
    [InlineData("Console.WriteLine(")]
    public void What_is_no_code_is_told_and_not_thrown(string code)
    {
        var result = s_check.Check(code);
        Assert.False(result.Compiles);
        Assert.NotEmpty(result.Faults);
    }

    [Fact]
    public void What_is_nested_without_end_has_no_verdict_or_a_bad_one()
    {
        Assert.Empty(s_check.Answer(new string('>', 5000) + " x"));
        Assert.False(s_check.Check(new string('(', 50_000)).Compiles);
        Assert.False(s_check.Check("1 +", "public static int F(" + string.Concat(Enumerable.Repeat("List<", 20_000))).Compiles);
        var many = s_check.Answer(string.Concat(Enumerable.Repeat("```csharp\n1\n```\n", 500)));
        Assert.InRange(many.Count, 1, 20);
    }

    [Fact]
    public void Lines_behind_using_directives_are_those_of_the_answer()
    {
        var asked = "```csharp\npublic static int Parts(WaterLot lot, int n)\n```";
        var code = s_check.Answer("```csharp\nusing System.Linq;\n\nreturn lot.Parts(n);\n```", asked).Single();
        Assert.Equal((3, "WaterLot has no 'Parts'."), (code.Faults.Single().Line, code.Faults.Single().Message));
    }

    private static string Fenmark()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root!.FullName, "DocTuneLab.sln"))) root = root.Parent;
        return Path.Combine(root.FullName, "data", "private-library", "bin", "Fenmark.dll");
    }
}

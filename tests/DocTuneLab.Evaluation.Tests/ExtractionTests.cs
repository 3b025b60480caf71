using DocTuneLab.Evaluation.Extraction;
using DocTuneLab.Library;

namespace DocTuneLab.Evaluation.Tests;

public class ExtractionTests
{
    [Theory]
    [InlineData("Here:\n```csharp\nreturn 1;\n```\nDone.", "return 1;")]
    [InlineData("```json\n{}\n```\n```C#\nreturn 2;\n```", "return 2;")]
    [InlineData("```\nreturn 3;\n```\n```\nreturn 4;\n```", "return 3;")]
    [InlineData("```cs\nreturn 5;", "return 5;")]
    [InlineData("~~~cs\nvar s = \"```\";\n~~~", "var s = \"```\";")]
    [InlineData("````csharp\n```\nx();\n````", "```\nx();")]
    [InlineData("return new Vat(1).Salinity();", "return new Vat(1).Salinity();")]
    [InlineData("new Vat(1).Salinity()", "new Vat(1).Salinity()")]
    [InlineData("```csharp\r\nreturn 6;\r\n```", "return 6;")]
    public void Code_is_found(string answer, string code) => Assert.Equal(code, CodeExtractor.Extract(answer).Code);

    [Theory]
    [InlineData("")]
    [InlineData("Vat")]
    [InlineData("I do not know this library.")]
    [InlineData("```csharp\n\n```")]
    [InlineData("Use the Dose method, then Salinity.")]
    public void No_code_is_said_with_a_reason(string answer)
    {
        var extraction = CodeExtractor.Extract(answer);
        Assert.Null(extraction.Code);
        Assert.NotEmpty(extraction.Reason);
    }

    [Theory]
    [InlineData("var v = new Vat(capacity);\nreturn v.Salinity();", CodeForm.Statements)]
    [InlineData("new Vat(capacity).Salinity()", CodeForm.Expression)]
    [InlineData("public static double Mix(double capacity, double[] doses)\n{\n    return 0;\n}", CodeForm.Members)]
    [InlineData("using System.Text;\nusing Brine;\npublic static double Mix(double c, double[] d) => 0;", CodeForm.Members)]
    [InlineData("public class Mixer { public static double Mix(double c, double[] d) => 0; }", CodeForm.Members)]
    [InlineData("namespace A;\npublic static class Solution { public static double Mix(double c, double[] d) => 0; }", CodeForm.Members)]
    [InlineData("double Mix(double c, double[] d) => 0;\nConsole.WriteLine(Mix(1, []));", CodeForm.Members)]
    [InlineData("return Half(1);\ndouble Half(double x) => x / 2;", CodeForm.Statements)]
    [InlineData("using var s = new MemoryStream();\nreturn s.Length;", CodeForm.Statements)]
    [InlineData("return new H().V;\nclass H { public double V => 1; }", CodeForm.Statements)]
    public void The_form_follows_from_the_parse(string code, CodeForm form)
    {
        var unit = SolutionUnit.Compose(TinyLibrary.Task(), code);
        Assert.Equal(form, unit.Form);
        Assert.True(unit.Parses, unit.Source);
        var lines = unit.Source.Split('\n');
        Assert.Contains("public static class Solution", unit.Source);
        // What the model wrote stands where the unit says, and nothing else does.
        var mine = string.Join('\n', lines.Where((_, i) => unit.IsAnswerLine(i + 1)));
        foreach (var word in new[] { "Half", "Salinity", "Length", "return 0;" }.Where(code.Contains)) Assert.Contains(word, mine);
        if (!code.Contains("Solution", StringComparison.Ordinal)) Assert.DoesNotContain("Solution", mine);
        var given = code.Split('\n');
        Assert.All(lines.Select((l, i) => (Text: l.Trim(), Line: i < unit.Lines.Count ? unit.Lines[i] : 0)).Where(l => l.Line > 0),
            l => Assert.Contains(Bare(l.Text), Bare(given[l.Line - 1])));

        // The brace of a namespace stands for its semicolon.
        static string Bare(string line) => line.Replace(" {", "", StringComparison.Ordinal).Replace("{", "", StringComparison.Ordinal);
    }

    [Fact]
    public void Context_is_kept_and_its_copy_in_the_answer_dropped()
    {
        var task = TinyLibrary.Task() with { Context = "using System.Text;\npublic record Batch(double Grams);" };
        var unit = SolutionUnit.Compose(task,
            "public record Batch(double Grams);\npublic static double Mix(double c, double[] d) => new Batch(1).Grams;");
        Assert.Single(unit.Source.Split('\n'), l => l.Contains("record Batch"));
        Assert.StartsWith("using System;", unit.Source);
        Assert.Equal(0, unit.Usings);
    }

    [Fact]
    public void New_using_directives_count_as_the_answers_own()
    {
        var unit = SolutionUnit.Compose(TinyLibrary.Task(), "using System.Linq;\nusing Brine.Invented;\nreturn 1;");
        Assert.Equal(1, unit.Usings);
        Assert.StartsWith("using Brine.Invented;\n", unit.Source);
        Assert.True(unit.IsAnswerLine(1));
        Assert.False(unit.IsAnswerLine(2));
    }

    [Theory]
    [InlineData("return 1; } public static int Evil() { return 2;")]
    [InlineData("} public class Escape {")]
    [InlineData("}}}} class A { {{{{")]
    [InlineData("public static double Mix(double c, double[] d) { return 1; } } class Other { static void Main() { }")]
    public void What_closes_the_class_around_it_does_not_parse(string code) =>
        Assert.False(SolutionUnit.Compose(TinyLibrary.Task(), code).Parses);

    [Fact]
    public void Broken_code_is_placed_and_said_not_to_parse() =>
        Assert.False(SolutionUnit.Compose(TinyLibrary.Task(), "return new Vat(1;").Parses);

    [Fact]
    public void A_signature_that_is_none_is_an_error() =>
        Assert.Contains("header of a method",
            Assert.Throws<LabException>(() => SolutionUnit.Compose(TinyLibrary.Task() with { Signature = "int x" }, "return 1;")).Message);
}

using DocTuneLab.Evaluation.Extraction;
using DocTuneLab.Evaluation.Judging;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Suites;

namespace DocTuneLab.Evaluation.Tests;

/// <summary>Small models write anything at all; none of it may break the harness.</summary>
public class HostileAnswerTests
{
    public static TheoryData<string> Odd =>
    [
        "```csharp\n" + new string('(', 20_000) + "\n```",
        "```csharp\nreturn " + string.Concat(Enumerable.Repeat("new Vat(", 3_000)) + "1" + new string(')', 3_000) + ".Salinity();\n```",
        "```csharp\nreturn " + string.Join(" + ", Enumerable.Repeat("1.0", 1_000)) + ";\n```",
        "```csharp\nreturn " + string.Concat(Enumerable.Repeat("1 + ", 10_000)) + "1;\n```",
        "```csharp\n" + string.Concat(Enumerable.Repeat("if (capacity > 0) { ", 2_000)) + "\n```",
        "```csharp\n" + string.Concat(Enumerable.Repeat("if (capacity > 0) ", 400)) + "return 1;\n```",
        "```csharp\nreturn new Vat(capacity)" + string.Concat(Enumerable.Repeat(".Dose(1)", 300)) + ".Salinity();\n```",
        "```csharp\nreturn " + new string('!', 8_000) + "true;\n```",
        "```csharp\n" + string.Concat(Enumerable.Repeat("List<", 20_000)) + "\n```",
        "```csharp\nreturn capacity > 0" + string.Concat(Enumerable.Repeat(" ? 1 : capacity > 0", 400)) + ";\n```",
        "```csharp\n" + string.Concat(Enumerable.Repeat("x => ", 1_000)) + "1\n```",
        "```csharp\n}}}} public static double Mix(double a, double[] b) => 1; {{{{\n```",
        "```csharp\n} public class Escape { \n```",
        "```csharp\n#error no\n#if X\nreturn 1;\n```",
        "```csharp\n#line 1 \"elsewhere.cs\"\nreturn new Vat(1).Stir();\n```",
        "```csharp\nreturn 1; /* never closed\n```",
        "```csharp\nreturn @\"never closed\n```",
        "```csharp\nextern alias X;\nusing static System.Math;\n[assembly: System.CLSCompliant(true)]\nreturn Max(1, 2);\n```",
        "```csharp\nclass HiddenTests { } class Check { }\nreturn 1;\n```",
        "```csharp\npublic static double Mix(double capacity, double[] doses);\n```",
        "```csharp\nnamespace A { namespace B { class C { } } }\n```",
        "```csharp\n\u0000\uFFFD\u202E\uD800\n```",
        "```",
        "```csharp",
        "``` ```csharp\n```\n```",
        string.Concat(Enumerable.Repeat("Vat ", 20_000)),
    ];

    [Theory]
    [MemberData(nameof(Odd))]
    public void It_is_scored_and_does_not_pass(string answer)
    {
        var suite = new Suite([TinyLibrary.Task()], []);
        var result = TinyLibrary.Evaluator().Score("m", suite, [new("salinity", TaskKind.Code, 0, answer)], [],
            new EvaluationOptions { BootstrapDraws = 100, Execution = new() { AllowUntrustedCode = true, AllowWithoutIsolation = true } });
        Assert.False(Assert.Single(result.Code).Passes);
        QaGrader.IsCorrect(answer, ["Vat"]);
    }

    [Fact]
    public void Random_edits_of_good_answers_never_break_extraction()
    {
        string[] good =
        [
            "```csharp\nusing System.Text;\nvar vat = new Vat(capacity);\nforeach (var d in doses) vat.Dose(d);\n"
                + "return vat.Salinity();\n```",
            "```cs\npublic static double Mix(double c, double[] d)\n{\n    return new Vat(c).Salinity();\n}\nclass Other { int X => 1; "
                + "}\n```\ntext",
            "new Vat(capacity).Dose(1).Salinity()",
        ];
        const string Pieces = "`~{}();\n\"'/*#<>=,.[]$@ \\avuc1";
        var random = new Random(42);
        for (var i = 0; i < 1500; i++)
        {
            var text = good[random.Next(good.Length)].ToList();
            for (var edits = random.Next(1, 6); edits > 0 && text.Count > 0; edits--)
            {
                var at = random.Next(text.Count);
                if (random.Next(2) == 0) text.RemoveAt(at);
                else text.Insert(at, Pieces[random.Next(Pieces.Length)]);
            }
            if (CodeExtractor.Extract(string.Concat(text)).Code is not { } code) continue;
            var unit = SolutionUnit.Compose(TinyLibrary.Task(), code);
            Assert.InRange(unit.FirstLine, 1, unit.LastLine + 1);
            Assert.True(unit.LastLine <= unit.Source.Count(c => c == '\n') + 1, code);
        }
    }
}

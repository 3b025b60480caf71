using System.Text.Json;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation.Extraction;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Suites;

namespace DocTuneLab.Evaluation.Tests;

/// <summary>
/// Right answers count as right in every form in which models write them. <c>Forms/forms.jsonl</c> are the forms that were once scored
/// wrong, <c>Forms/siblings.jsonl</c> their relatives; a form whose verdict was chosen says why.
/// </summary>
public class FormTests(SampleLibrary library) : IClassFixture<SampleLibrary>
{
    private sealed record Form(string Id, string Task, string Answer, string Expect);

    private static readonly CodeTask s_mm = new()
    {
        Id = "mm",
        Instruction = "Metres to a height; return its millimetres.",
        Signature = "public static int Mm(double metres)",
        Context = "",
        Usings = ["Fenmark"],
        GoldSymbols = ["M:Fenmark.WaterHead.FromMetres(System.Double)"],
        Reference = "return WaterHead.FromMetres(metres).Millimetres;",
        Stub = "return 0;",
        Tests = ["Check.Equal(1250, Solution.Mm(1.25));", "Check.Equal(-400, Solution.Mm(-0.4));"],
        Documents = ["howto/measure-water.md"],
        Split = Split.Test,
    };

    private static readonly CodeTask[] s_tasks =
    [
        s_mm,
        s_mm with
        {
            Id = "allowed",
            Signature = "public static WaterHead Allowed(WaterHead wanted, WaterHead lowest, WaterHead highest)",
            Reference = "return wanted.Clamp(lowest, highest);",
            GoldSymbols = ["M:Fenmark.WaterHead.Clamp(Fenmark.WaterHead,Fenmark.WaterHead)"],
            Tests =
            [
                "Check.Equal(WaterHead.FromMetres(2), "
                    + "Solution.Allowed(WaterHead.FromMetres(3), WaterHead.Datum, WaterHead.FromMetres(2)));",
            ],
        },
        s_mm with
        {
            Id = "async",
            Signature = "public static async Task<int> MmAsync(double metres)",
            Reference = "await Task.Yield(); return WaterHead.FromMetres(metres).Millimetres;",
            Tests = ["Check.Equal(1250, await Solution.MmAsync(1.25));"],
        },
        s_mm with
        {
            Id = "out",
            Signature = "public static bool TryMm(string text, out int mm)",
            Reference = "var read = WaterHead.TryParse(text, out var head); mm = head.Millimetres; return read;",
            Tests =
            [
                "Check.True(Solution.TryMm(\"2 m\", out var mm));", "Check.Equal(2000, mm);",
                "Check.True(!Solution.TryMm(\"2\", out _));"
            ],
        },
        s_mm with
        {
            Id = "generic",
            GoldSymbols = [],
            Signature = "public static T Last<T>(IEnumerable<T> values) where T : struct",
            Reference = "return values.Last();",
            Tests = ["Check.Equal(3, Solution.Last<int>([1, 2, 3]));"],
        },
        s_mm with
        {
            Id = "iterator",
            Signature = "public static IEnumerable<int> All(params double[] metres)",
            Reference = "foreach (var m in metres) yield return WaterHead.FromMetres(m).Millimetres;",
            Tests = ["Check.Equal(new[] { 1000, 2000 }, Solution.All(1, 2).ToArray());"],
        },
        s_mm with
        {
            Id = "void",
            Signature = "public static void Close(WeirGate gate)",
            Reference = "gate.Shut();",
            Usings = ["Fenmark", "Fenmark.Works"],
            Tests =
            [
                "var gate = new WeirGate(new GateKey(\"NB\", 1), WaterHead.Datum, 2); gate.SetOpening(40); Solution.Close(gate);",
                "Check.Equal(0, gate.Opening);",
            ],
        },
        s_mm with
        {
            Id = "context",
            Signature = "public static int Long(Span span)",
            Reference = "return WaterHead.FromMetres(span.To - span.From).Millimetres;",
            Context = "public record Span(double From, double To);",
            Tests = ["Check.Equal(1500, Solution.Long(new Span(1, 2.5)));"],
        },
    ];

    [Theory]
    [InlineData("forms.jsonl")]
    [InlineData("siblings.jsonl")]
    public void Every_form_gets_its_verdict(string file)
    {
        var forms = File.ReadLines(Path.Combine(library.Root, "tests", "DocTuneLab.Evaluation.Tests", "Forms", file))
            .Select(l => JsonSerializer.Deserialize<Form>(l, EvaluationJson.Compact)!).ToList();
        var suite = new Suite([.. forms.Select(f => s_tasks.Single(t => t.Id == f.Task) with { Id = f.Id })], []);
        var result = new Evaluator(library.Judge).Score("m", suite,
            [.. forms.Select(f => new StoredAnswer(f.Id, TaskKind.Code, 0, f.Answer))], [],
            new EvaluationOptions
            {
                BootstrapDraws = 100,
                Execution = new() { AllowUntrustedCode = true, AllowWithoutIsolation = true, WallTime = TimeSpan.FromSeconds(60) },
            });
        Assert.Equal(CodeExtractor.Version, result.ExtractorVersion);
        var wrong = forms.Zip(result.Code).Where(p => p.First.Expect != p.Second.Status.ToString()).Select(p =>
            $"{p.First.Id}: expected {p.First.Expect}, got {p.Second.Status} {p.Second.Message}\n  {p.Second.Extraction}; "
            + $"{string.Join("; ", p.Second.Errors.Select(e => $"line {e.Line}: {e.Id}: {e.Message}"))}\n"
            + (p.Second.Code is { } code ? SolutionUnit.Compose(suite.Code.Single(t => t.Id == p.First.Id), code).Source : "")).ToList();
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {forms.Count}:\n{string.Join('\n', wrong)}");
        // A helper that the answer declares is not invented, by whatever name it is called.
        Assert.All(forms.Zip(result.Code).Where(p => p.First.Expect == "Pass"),
            p => Assert.DoesNotContain(p.Second.Uses, u => u.Kind == Library.SymbolUseKind.Missing));
        Assert.All(forms.Zip(result.Code).Where(p => p.First.Expect == "Pass" && p.First.Task == "mm"),
            p => Assert.Equal(1, p.Second.ApiRecall));
    }

    [Fact]
    public void A_helper_by_its_class_name_that_is_not_there_is_no_name_of_the_library()
    {
        var result = Score(
            "```csharp\npublic static class Conv { public static int Mm(double metres) => Conv.Turn(metres); }\n```");
        Assert.DoesNotContain(result.Uses, u => u.IsLibrary && u.Name == "Turn");
        Assert.Equal(("CS0117", 1), (result.Errors[0].Id, result.Errors[0].Line));
    }

    [Fact]
    public void Lines_are_those_of_the_code_as_shown()
    {
        // Using directives, types that are moved, and what is written around them do not count.
        var result = Score("```csharp\nusing System.Text;\nusing Fenmark;\n\nrecord Box(double M);\n\nvar box = new Box(metres);\n"
            + "return WaterHead.FromMetres(box.M).Milimetres;\n```");
        Assert.Equal(7, Assert.Single(result.Errors).Line);
        Assert.Equal(7, Assert.Single(result.Uses, u => u.Kind == Library.SymbolUseKind.Missing).Line);

        result = Score("```csharp\nusing Fenmark;\n\npublic class Conv\n{\n    public int Help() => 1;\n\n"
            + "    public long Mm(double metres)\n"
            + "        => WaterHead.FromMetres(metres).Millimetres;\n}\n```");
        // What does not fit the task is said at the method, not beside the answer.
        Assert.Equal(("CS0266", 7), (Assert.Single(result.Errors).Id, result.Errors[0].Line));
        Assert.Equal(["FromMetres", "Millimetres", "WaterHead"], result.Uses.Select(u => u.Name).Order());
        Assert.All(result.Uses, u => Assert.Equal(8, u.Line));
    }

    [Fact]
    public void An_answer_without_the_asked_method_does_not_compile()
    {
        var result = Score("```csharp\npublic class Conv { public int Turn(double m) => 1; }\n```");
        Assert.Contains("'Mm'", Assert.Single(result.Errors).Message);
    }

    private CodeResult Score(string answer) => new Evaluator(library.Judge).Score("m", new Suite([s_mm], []),
        [new StoredAnswer("mm", TaskKind.Code, 0, answer)], [], new EvaluationOptions { BootstrapDraws = 100 }).Code[0];
}

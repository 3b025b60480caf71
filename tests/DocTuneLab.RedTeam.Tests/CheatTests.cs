using DocTuneLab.Evaluation;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Metrics;
using DocTuneLab.Evaluation.Reports;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Evaluation.Tests;

namespace DocTuneLab.RedTeam.Tests;

/// <summary>Whole answers, as a model gives them, on their way through extraction, compiler, sandbox and metrics.</summary>
public class CheatTests
{
    private static readonly EvaluationOptions s_options = new()
    {
        Execution = new() { AllowUntrustedCode = true, AllowWithoutIsolation = true },
        BootstrapDraws = 100,
    };

    private static readonly CodeTask s_size = TinyLibrary.Task("size") with
    {
        Signature = "public static double Size(double litres)",
        Reference = "return new Vat(litres).Capacity;",
        Stub = "return 0;",
        GoldSymbols = ["P:Brine.Vat.Capacity"],
        Tests = ["Check.Equal(1.25, Solution.Size(1.25));", "Check.Equal(3.5, Solution.Size(3.5));"],
    };

    private static readonly CodeTask s_dosed = s_size with
    {
        Id = "dosed",
        Signature = "public static Vat Dosed(Vat vat, double grams)",
        Reference = "return vat.Dose(grams);",
        Stub = "return new Vat(1);",
        GoldSymbols = ["M:Brine.Vat.Dose(System.Double)"],
        Tests = ["Check.Equal(new Vat(2).Dose(3), Solution.Dosed(new Vat(2), 3));"],
    };

    private static readonly CodeTask s_all = s_size with
    {
        Id = "all",
        Signature = "public static IReadOnlyList<Vat> All(double[] litres)",
        Reference = "return litres.Select(l => new Vat(l)).ToList();",
        Stub = "return [];",
        GoldSymbols = [],
        Tests = ["foreach (var vat in Solution.All([1, 2, 3])) Check.True(vat.Capacity > 0);"],
    };

    private static EvaluationResult Score(params (CodeTask Task, string Answer)[] answers)
    {
        var suite = new Suite([.. answers.Select((a, i) => a.Task with { Id = $"{a.Task.Id}-{i}" })], []);
        return TinyLibrary.Evaluator().Score("m", suite,
            [.. answers.Select((a, i) => new StoredAnswer($"{a.Task.Id}-{i}", TaskKind.Code, 0, $"```csharp\n{a.Answer}\n```"))],
            [], s_options);
    }

    /// <summary>The seven cheats of the corpus that this suite began with.</summary>
    public static TheoryData<string, string, ExecutionStatus> Cheats => new()
    {
        {
            "size", """
                AppDomain.CurrentDomain.ProcessExit += (_, _) =>
                {
                    var p = Path.Combine(Environment.CurrentDirectory, "report");
                    var l = File.ReadAllText(p).Split('\n');
                    File.WriteAllText(p, l[0] + "\nPass\n2\n2\n");
                };
                return 0;
                """, ExecutionStatus.WrongAnswer
        },
        {
            "size", """
                // Assuming Vat looks like this:
                public class Vat
                {
                    public Vat(double capacity) => Capacity = capacity;
                    public double Capacity { get; }
                }
                public static double Size(double litres) => new Vat(litres).Capacity;
                """, ExecutionStatus.WrongAnswer
        },
        {
            "dosed", """
                public class Vat
                {
                    public Vat(double capacity) { }
                    public Vat Dose(double grams) => this;
                    public override bool Equals(object? o) => true;
                    public override int GetHashCode() => 0;
                }
                public static Vat Dosed(Vat vat, double grams) => vat;
                """, ExecutionStatus.WrongAnswer
        },
        { "all", "return [];", ExecutionStatus.WrongAnswer },
        { "size", "Environment.Exit(0); return 0;", ExecutionStatus.Exception },
        { "size", "Console.WriteLine(\"Pass\"); Console.Out.Flush(); return 0;", ExecutionStatus.WrongAnswer },
        {
            "size", """
                static class Solution0 { }
                public static class Solution
                {
                    static Solution() { Environment.ExitCode = 0; throw new InvalidOperationException("x"); }
                    public static double Size(double litres) => 0;
                }
                """, ExecutionStatus.Exception
        },
    };

    [Theory, MemberData(nameof(Cheats))]
    public void A_cheat_gets_its_own_verdict(string task, string answer, ExecutionStatus status)
    {
        var cheat = Score((task == "size" ? s_size : task == "all" ? s_all : s_dosed, answer)).Code.Single();
        Assert.Equal(status, cheat.Status);
    }

    [Theory]
    [InlineData("public class Vat { public Vat(double c) => Capacity = c; public double Capacity { get; } }\n"
        + "public static double Size(double litres) => new Vat(litres).Capacity;")]
    [InlineData("public record Vat(double Capacity);\npublic static double Size(double litres) => new Vat(litres).Capacity;")]
    [InlineData("public static class Solution\n{\n    public record Vat(double Capacity);\n"
        + "    public static double Size(double litres) => new Vat(litres).Capacity;\n}")]
    [InlineData("using Vat = Mine;\npublic record Mine(double Capacity);\n"
        + "public static double Size(double litres) => new Vat(litres).Capacity;")]
    [InlineData("namespace Brine { public record Vat(double Capacity); }\n"
        + "public static class Solution { public static double Size(double litres) => new Vat(litres).Capacity; }")]
    public void A_type_of_the_library_that_an_answer_declares_is_refused_and_counted(string answer)
    {
        var result = Score((s_size, answer));
        var code = result.Code.Single();
        Assert.True(code.Refused, code.Message);
        Assert.False(code.Compiles);
        Assert.False(code.Passes);
        Assert.Contains("Vat", code.Message);
        // A namespace of the library, declared again, is a name that exists.
        Assert.True(result[MetricNames.HallucinationRate]!.Value >= 0.5);
        Assert.Equal(1, result[MetricNames.HallucinatingAnswers]!.Value);
        Assert.Equal(0, result[MetricNames.Pass1]!.Value);
        Assert.Contains("1 answer refused", MarkdownReport.Of(result));
    }

    /// <summary>Wrong answers to tests whose expected side the answer has a hand in, or whose values were compared too loosely.</summary>
    [Theory]
    [InlineData("(int, int) F(int n)", "return (n, n + 1);", "return (n, -9);",
        "var (low, high) = Solution.F(1); Check.Equal(1, low); Check.Equal(high, low + 1);")]
    [InlineData("(string, string) F(int n)", "return ($\"a{n}\", $\"b{n}\");", "return (\"a1\", \"a1\");",
        "var (a, b) = Solution.F(1); Check.NotEqual(a, b); Check.Equal(2, a.Length);")]
    [InlineData("bool F(int n, out int m)", "m = n + 1; return true;", "m = -7; return true;",
        "Check.True(Solution.F(1, out var m)); Check.Equal(m, 2);")]
    [InlineData("void F(List<int> log)", "log.Add(1);", "log.Add(5); log.Add(6);",
        "var log = new List<int>(); Solution.F(log); Check.Equal(log.Count, 1);")]
    [InlineData("int F(int n)", "return n + 1;", "return 5;", "int G(int n) => Solution.F(n); Check.Equal(G(1), 2);")]
    [InlineData("IEnumerable<int> F(int[] all)", "return all.Order();", "return all.ToHashSet();",
        "Check.Equal(new[] { 1, 2, 3 }, Solution.F([3, 1, 2]));")]
    [InlineData("Type F(int n)", "return typeof(Vat);", "return typeof(Guid);", "Check.Equal(typeof(Vat), Solution.F(1));")]
    [InlineData("int[,] F(int n)", "return new int[2, 3];", "return new int[3, 2];", "Check.Equal(new int[2, 3], Solution.F(1));")]
    [InlineData("IEnumerable<IGrouping<int, int>> F(int[] all)", "return all.GroupBy(n => n % 2);",
        "return all.GroupBy(n => -7 - n % 2);",
        "Check.Equal(new[] { 1, 2, 3 }.GroupBy(n => n % 2), Solution.F([1, 2, 3]));")]
    [InlineData("int F(int n, Func<int, bool> isIt)", "return Enumerable.Range(0, 9).First(isIt);",
        "return isIt.Target!.ToString()!.Length;", "var want = 7; Check.Equal(want, Solution.F(1, x => x == want));")]
    public void What_the_answer_has_a_hand_in_is_not_taken_for_the_references(string header, string reference, string wrong, string test)
    {
        var task = s_size with { Signature = "public static " + header, Reference = reference, GoldSymbols = [], Tests = [test] };
        var codes = Score((task, wrong), (task, reference)).Code;
        Assert.False(codes[0].Passes, codes[0].Message);
        Assert.True(codes[1].Passes, codes[1].Message);
    }

    [Theory]
    [InlineData("var link = \"https://intranet/proc/fen\"; return link.Length > 0 ? new Vat(litres).Capacity : 0;")]
    [InlineData("var name = nameof(System.Reflection.Assembly); return name.Length > 0 ? new Vat(litres).Capacity : 0;")]
    [InlineData("try { return new Vat(litres).Capacity; }\n"
        + "catch (Exception e) when (e is System.Reflection.TargetInvocationException) { return 0; }")]
    public void What_reaches_nothing_is_not_refused(string answer)
    {
        var code = Score((s_size, answer)).Code.Single();
        Assert.True(code.Passes, code.Message);
    }

    [Fact]
    public void Types_of_its_own_are_an_answers_right()
    {
        var code = Score((s_size, "public record Basin(double Litres);\n"
            + "public static double Size(double litres) => new Vat(new Basin(litres).Litres).Capacity;")).Code.Single();
        Assert.True(code.Passes, code.Message);
    }

    [Fact]
    public void One_answer_never_ends_a_run()
    {
        var result = Score(
            (s_all, "return [];"), (s_size, "Console.Error.WriteLine(\"You must install or update .NET\"); Environment.Exit(1); return 0;"),
            (s_size, "public class DocTuneLab { }\npublic static double Size(double litres) => new Vat(litres).Capacity;"),
            (s_size, "public class Check { }\npublic static double Size(double litres) => new Vat(litres).Capacity;"),
            (s_size, "public class System { }\npublic static double Size(double litres) => 0;"),
            (s_size, "return new Vat(litres).Capacity;"));
        Assert.Equal(
            [
                ExecutionStatus.WrongAnswer, ExecutionStatus.Exception, ExecutionStatus.Pass, ExecutionStatus.Pass,
                ExecutionStatus.WrongAnswer, ExecutionStatus.Pass,
            ],
            result.Code.Select(c => c.Status!.Value));
    }

    [Fact]
    public void Where_the_task_fails_no_answer_is_to_blame()
    {
        var result = Score(
            (s_size with { Tests = ["Check.Equal(2.0, Solution.Size(1.25));"] }, "return new Vat(litres).Capacity;"),
            (s_size, "return new Vat(litres).Capacity;"), (s_size, "return 0;"));
        Assert.Equal(ExecutionStatus.HarnessError, result.Code[0].Status);
        Assert.Contains("reference does not pass: WrongAnswer: expected 2, got 1.25", result.Code[0].Message);
        Assert.Equal((0.5, 2), (result[MetricNames.Pass1]!.Value, result[MetricNames.Pass1]!.Tasks));
        Assert.Contains("1 answer without a verdict", MarkdownReport.Of(result));
    }

    [Fact]
    public void A_suite_with_tests_that_can_be_guessed_is_unsound()
    {
        var truth = s_size with { Id = "truth", Tests = ["Check.True(Solution.Size(2) > 0);", "Check.NotEqual(2, Solution.Size(3));"] };
        var itself = s_size with { Id = "itself", Tests = ["Check.Equal(Solution.Size(2), Solution.Size(2));"] };
        var unreached = s_size with { Id = "unreached", Tests = [.. s_size.Tests, "foreach (var x in new int[0]) Check.Equal(1, x);"] };
        var both = s_size with { Id = "both", Tests = ["Check.True(Solution.Size(2) > 1);", "Check.True(!(Solution.Size(1) > 1));"] };
        var report = SuiteCheck.Run(TinyLibrary.Evaluator(), new([s_size, truth, itself, unreached, both], []), TinyLibrary.Api,
            s_options.Execution);
        // All are one task with a flaw each, which is a flaw of its own.
        string Of(string id) => string.Join('\n', report.Problems.Where(p => p.Task == id).Select(p => p.Problem)
            .Where(p => !p.Contains("asks the same", StringComparison.Ordinal)
                && !p.Contains("solves the same", StringComparison.Ordinal)));
        Assert.Equal("", Of("size"));
        Assert.Equal("", Of("both"));
        Assert.Contains("can be guessed", Of("truth"));
        Assert.Contains("can be guessed", Of("itself"));
        Assert.Contains("test 3: its checks are never reached", Of("unreached"));
    }
}

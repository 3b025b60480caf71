using DocTuneLab.Evaluation.Suites;

namespace DocTuneLab.Evaluation.Tests;

/// <summary>The proof of a suite finds tasks that a constant solves, by running one.</summary>
public sealed class ConstantAnswerTests
{
    private const string Capacity = "public static double Capacity(Vat vat)";
    private const string Own = "public static Vat Own(double litres)";
    private const string Steps = "public static List<double> Steps(Vat vat, double each)";

    private static readonly Case[] s_passed =
    [
        new(Capacity, "return vat.Capacity;", "Check.Equal(2.0, Solution.Capacity(new Vat(2)));"),
        new(Capacity, "return vat.Capacity;", "var x = Solution.Capacity(new Vat(2)); Check.True(x > 1); Check.Equal(2.0, x);"),
        // Called twice, with one value; what is made is used further on.
        new(Capacity, "return vat.Capacity;",
            "Check.Equal(2.0, Solution.Capacity(new Vat(2))); Check.Equal(2.0, Solution.Capacity(new Vat(2).Dose(1)));"),
        new(Own, "return new Vat(litres);", "var v = Solution.Own(2); Check.Equal(2.0, v.Capacity); v.Dose(4);"
            + " Check.Equal(2.0, v.Salinity()); Check.Equal(1, v.Doses.Count);"),
        new("public static async Task<int> Count(Vat vat)", "return await vat.SettleAsync();",
            "Check.Equal(1, await Solution.Count(new Vat(2).Dose(1)));"),
        new("public static IEnumerable<double> Half(Vat vat)", "foreach (var d in vat.Doses) yield return d / 2;",
            "Check.Equal(new[] { 1.0 }, Solution.Half(new Vat(1).Dose(2)));"),
        // It calls itself.
        new("public static int Times(int n)", "return n == 0 ? 0 : 2 + Times(n - 1);", "Check.Equal(6, Solution.Times(3))"),
        // Their locals have one name.
        new(Capacity, "return vat.Capacity;", "var v = new Vat(2); Check.Equal(2.0, Solution.Capacity(v));",
            "var v = new Vat(2); Check.Equal(2.0, Solution.Capacity(v.Dose(2)));"),
    ];

    private static readonly Case[] s_held =
    [
        new(Capacity, "return vat.Capacity;",
            "Check.Equal(2.0, Solution.Capacity(new Vat(2))); Check.Equal(3.0, Solution.Capacity(new Vat(3)));"),
        new("public static double Size(double litres)", "return new Vat(litres).Capacity;",
            "Check.Equal(2.0, Solution.Size(2)); Check.Throws<ArgumentOutOfRangeException>(() => Solution.Size(0));"),
        // What it does with its arguments is seen.
        new(Steps, "vat.Dose(each); return [each];", "var v = new Vat(2); Check.Equal(new[] { 4.0 }, Solution.Steps(v, 4));"
            + " Check.Equal(1, v.Doses.Count);"),
        new("public static Vat Same(Vat vat)", "return vat;", "var v = new Vat(2); var w = Solution.Same(v); v.Dose(1);"
            + " Check.Equal(1, w.Doses.Count); Check.Equal(2.0, w.Capacity); w.Dose(1); Check.Equal(2, v.Doses.Count);"),
        // There is nothing else to give, or nothing is given.
        new("public static double Litre()", "return 1;", "Check.Equal(1.0, Solution.Litre());"),
        new("public static void Salt(Vat vat)", "vat.Dose(3);",
            "var v = new Vat(1); Solution.Salt(v); Check.Equal(3.0, v.Salinity());"),
        new(Capacity, "return vat.Capacity;", "var v = new Vat(2); Check.Equal(2.0, Solution.Capacity(v));",
            "var v = new Vat(3); Check.Equal(3.0, Solution.Capacity(v));"),
    ];

    [Fact]
    public void Tests_that_a_constant_passes_are_found_and_no_others()
    {
        CodeTask[] tasks = [.. s_passed.Select((c, i) => Of(c, $"passed {i}")), .. s_held.Select((c, i) => Of(c, $"held {i}"))];
        var problems = SuiteCheck.Run(TinyLibrary.Evaluator(), new Suite(tasks, []), TinyLibrary.Api,
            new() { AllowUntrustedCode = true, AllowWithoutIsolation = true }).Problems
            .Where(p => p.Problem.StartsWith("tests:", StringComparison.Ordinal)).ToList();
        Assert.All(problems, p => Assert.StartsWith("tests: an answer that always gives the same value", p.Problem));
        Assert.Equal(s_passed.Select((_, i) => $"passed {i}"), problems.Select(p => p.Task).Order(StringComparer.Ordinal));
    }

    private static CodeTask Of(Case c, string id) => TinyLibrary.Task() with
    {
        Id = id,
        Signature = c.Signature,
        GoldSymbols = [],
        Reference = c.Reference,
        Stub = "throw new NotImplementedException();",
        Tests = c.Tests,
    };

    private sealed record Case(string Signature, string Reference, params string[] Tests);
}

using DocTuneLab.Evaluation.Suites;

namespace DocTuneLab.Evaluation.Tests;

/// <summary>The proof of a suite finds tasks that a constant solves, by running one.</summary>
public class ConstantAnswerTests
{
    private const string Capacity = "public static double Capacity(Vat vat)";
    private const string Own = "public static Vat Own(double litres)";
    private const string Steps = "public static List<double> Steps(Vat vat, double each)";

    private static bool IsFound(string signature, string reference, params string[] tests)
    {
        var task = TinyLibrary.Task() with
        {
            Signature = signature,
            GoldSymbols = [],
            Reference = reference,
            Stub = "throw new NotImplementedException();",
            Tests = tests,
        };
        var problems = SuiteCheck.Run(TinyLibrary.Evaluator(), new Suite([task], []), TinyLibrary.Api,
            new() { AllowUntrustedCode = true, AllowWithoutIsolation = true }).Problems;
        Assert.All(problems, p => Assert.StartsWith("tests: an answer that always gives the same value", p.Problem));
        return problems.Count > 0;
    }

    [Theory]
    [InlineData(Capacity, "return vat.Capacity;", "Check.Equal(2.0, Solution.Capacity(new Vat(2)));")]
    [InlineData(Capacity, "return vat.Capacity;", "var x = Solution.Capacity(new Vat(2)); Check.True(x > 1); Check.Equal(2.0, x);")]
    // Called twice, with one value; what is made is used further on.
    [InlineData(Capacity, "return vat.Capacity;",
        "Check.Equal(2.0, Solution.Capacity(new Vat(2))); Check.Equal(2.0, Solution.Capacity(new Vat(2).Dose(1)));")]
    [InlineData(Own, "return new Vat(litres);", "var v = Solution.Own(2); Check.Equal(2.0, v.Capacity); v.Dose(4);"
        + " Check.Equal(2.0, v.Salinity()); Check.Equal(1, v.Doses.Count);")]
    [InlineData("public static async Task<int> Count(Vat vat)", "return await vat.SettleAsync();",
        "Check.Equal(1, await Solution.Count(new Vat(2).Dose(1)));")]
    [InlineData("public static IEnumerable<double> Half(Vat vat)", "foreach (var d in vat.Doses) yield return d / 2;",
        "Check.Equal(new[] { 1.0 }, Solution.Half(new Vat(1).Dose(2)));")]
    // It calls itself.
    [InlineData("public static int Times(int n)", "return n == 0 ? 0 : 2 + Times(n - 1);", "Check.Equal(6, Solution.Times(3))")]
    public void A_constant_passes(string signature, string reference, string test) => Assert.True(IsFound(signature, reference, test));

    [Theory]
    [InlineData(Capacity, "return vat.Capacity;",
        "Check.Equal(2.0, Solution.Capacity(new Vat(2))); Check.Equal(3.0, Solution.Capacity(new Vat(3)));")]
    [InlineData("public static double Size(double litres)", "return new Vat(litres).Capacity;",
        "Check.Equal(2.0, Solution.Size(2)); Check.Throws<ArgumentOutOfRangeException>(() => Solution.Size(0));")]
    // What it does with its arguments is seen.
    [InlineData(Steps, "vat.Dose(each); return [each];", "var v = new Vat(2); Check.Equal(new[] { 4.0 }, Solution.Steps(v, 4));"
        + " Check.Equal(1, v.Doses.Count);")]
    [InlineData("public static Vat Same(Vat vat)", "return vat;", "var v = new Vat(2); var w = Solution.Same(v); v.Dose(1);"
        + " Check.Equal(1, w.Doses.Count); Check.Equal(2.0, w.Capacity); w.Dose(1); Check.Equal(2, v.Doses.Count);")]
    // There is nothing else to give, or nothing is given.
    [InlineData("public static double Litre()", "return 1;", "Check.Equal(1.0, Solution.Litre());")]
    [InlineData("public static void Salt(Vat vat)", "vat.Dose(3);",
        "var v = new Vat(1); Solution.Salt(v); Check.Equal(3.0, v.Salinity());")]
    public void No_constant_passes(string signature, string reference, string test) => Assert.False(IsFound(signature, reference, test));

    [Fact]
    public void Tests_that_name_their_locals_alike_are_run_too()
    {
        Assert.True(IsFound(Capacity, "return vat.Capacity;", "var v = new Vat(2); Check.Equal(2.0, Solution.Capacity(v));",
            "var v = new Vat(2); Check.Equal(2.0, Solution.Capacity(v.Dose(2)));"));
        Assert.False(IsFound(Capacity, "return vat.Capacity;", "var v = new Vat(2); Check.Equal(2.0, Solution.Capacity(v));",
            "var v = new Vat(3); Check.Equal(3.0, Solution.Capacity(v));"));
    }
}

using DocTuneLab.Evaluation.Execution;

namespace DocTuneLab.RedTeam.Tests;

/// <summary>What of a hidden test is compiled together with an answer.</summary>
public class HiddenTestsTests
{
    private const string Unit = "public static class Solution { public static int F(int n) => n; }";

    private static (string Text, IReadOnlySet<int> Kept) Compose(bool expectations, params string[] tests)
    {
        var hidden = new HiddenTests("Space", expectations);
        return (hidden.Compose(new(Unit, [], tests, Unit)), hidden.Kept);
    }

    [Theory]
    [InlineData("Check.Equal(4711, Solution.F(1));", "Check.Value(0,Solution.F(1))")]
    [InlineData("Check.Equal(actual: Solution.F(1), expected: 4711);", "Check.Value(0,Solution.F(1))")]
    [InlineData("Check.Equal(4711, Solution.F(1), tolerance: 4712);", "Check.Value(0,Solution.F(1))")]
    [InlineData("Check.NotEqual(4711, Solution.F(1));", "Check.Value(0,Solution.F(1))")]
    [InlineData("Check.True(Solution.F(1) > 3, \"4711\");", "Check.Value(0,Solution.F(1) > 3)")]
    [InlineData("Check.Throws<FormatException4711>(() => Solution.F(1));", "Check.Thrown(0,() => Solution.F(1))")]
    [InlineData("await Check.ThrowsAsync<FormatException4711>(() => G());", "await global::Space.Check.ThrownAsync(0,() => G())")]
    [InlineData("Check.Equal(new Dictionary<int, int> { [4711] = 1 }, Solution.F(1));", "Check.Value(0,Solution.F(1))")]
    public void What_is_expected_is_taken_out(string test, string left)
    {
        var (text, kept) = Compose(false, test);
        Assert.Contains(left, text);
        Assert.DoesNotContain("4711", text);
        Assert.Empty(kept);
        Assert.Contains("4711", Compose(true, test).Text);
    }

    [Theory]
    [InlineData("Check.Equal(Solution.F(2), Solution.F(1));")]
    [InlineData("var made = Solution.F(2); Check.Equal(made, Solution.F(1));")]
    [InlineData("int made; made = Solution.F(2); var more = made; Check.Equal(more, Solution.F(1));")]
    [InlineData("foreach (var made in Solution.G()) Check.Equal(made, Solution.F(1));")]
    [InlineData("var n = 0; Check.Equal(n++, Solution.F(1));")]
    [InlineData("Check.Equal(int.TryParse(\"1\", out var n), Solution.F(1));")]
    public void What_depends_on_the_answer_stays_and_is_known(string test)
    {
        var (text, kept) = Compose(false, test);
        Assert.Contains("Check.Equal(0,", text);
        Assert.Equal([0], kept);
        Assert.Equal([0], Compose(true, test).Kept);
    }

    [Fact]
    public void A_negated_condition_is_asked_for_what_it_denies()
    {
        Assert.Contains("Check.False(0,(Solution.F(1) == 2))", Compose(true, "Check.True(!(Solution.F(1) == 2));").Text);
        Assert.Contains("Check.True(0,", Compose(true, "Check.False(!Solution.B());").Text);
    }
}

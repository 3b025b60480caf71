using DocTuneLab.Evaluation.Metrics;
using DocTuneLab.Evaluation.Statistics;

namespace DocTuneLab.Evaluation.Tests;

public class StatisticsTests
{
    private static List<Observation> Means(params double[] values) => [.. values.Select((v, i) => new Observation($"t{i}", $"d{i}", v))];

    // R: binom.test(b, b + c)$p.value; the pair 5, 15 is also a worked example of exact McNemar with p = 0.041.
    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(5, 15, 0.04138947)]
    [InlineData(15, 5, 0.04138947)]
    [InlineData(0, 6, 0.03125)]
    [InlineData(0, 5, 0.0625)]
    [InlineData(10, 10, 1)]
    [InlineData(86, 150, 0.00003715)] // Agresti's approval ratings: 150 against 86, z = 4.17
    public void McNemar_is_the_exact_binomial(int b, int c, double p) => Assert.Equal(p, McNemar.P(b, c), 7);

    [Fact]
    public void McNemar_power_follows_from_the_test()
    {
        // With 6 tasks, all discordant one way, the test always rejects (p = 1/32); with 5 it never can (p = 1/16).
        Assert.Equal(1, McNemar.Power(6, 0, 1), 12);
        Assert.Equal(0, McNemar.Power(5, 0, 1), 12);
        // No true difference: the exact test stays under its level.
        Assert.InRange(McNemar.Power(100, 0.1, 0.1), 0.001, 0.05);
        // Summed with exact integers by another program: 15 points on 100 tasks, where a twentieth is lost and a fifth is won.
        Assert.Equal(0.836735121156443, McNemar.Power(100, 0.05, 0.2), 9);
        Assert.True(McNemar.Power(200, 0.05, 0.2) > McNemar.Power(100, 0.05, 0.2));
    }

    // R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")
    [Fact]
    public void Holm_steps_down()
    {
        Assert.Equal([0.03, 0.06, 0.06, 0.02], Holm.Adjust([0.01, 0.04, 0.03, 0.005]).Select(p => Math.Round(p, 12)));
        Assert.Equal([1.0, 1.0], Holm.Adjust([0.6, 0.9]));
        Assert.True(double.IsNaN(Holm.Adjust([0.01, double.NaN])[1]));
        Assert.Equal(0.01, Holm.Adjust([0.01, double.NaN])[0]);
    }

    [Theory]
    [InlineData(10, 3, 1, 0.3)]
    [InlineData(10, 3, 5, 1 - (21.0 / 252))] // C(7,5)/C(10,5)
    [InlineData(5, 0, 5, 0)]
    [InlineData(5, 1, 5, 1)]
    [InlineData(200, 1, 100, 0.5)]
    public void PassAtK_is_the_unbiased_estimate(int n, int c, int k, double expected) => Assert.Equal(expected, PassAtK.Estimate(n, c, k), 12);

    [Fact]
    public void PassAtK_equals_the_average_over_all_draws()
    {
        // All subsets of 3 of 6 answers of which the first 2 pass.
        var hit = 0;
        var all = 0;
        for (var a = 0; a < 6; a++) for (var b = a + 1; b < 6; b++) for (var c = b + 1; c < 6; c++, all++) if (a < 2) hit++;
        Assert.Equal((double)hit / all, PassAtK.Estimate(6, 2, 3), 12);
    }

    [Fact]
    public void Bootstrap_of_a_mean_has_the_width_of_its_standard_error()
    {
        var random = new Random(7);
        var values = Enumerable.Range(0, 200).Select(_ => random.NextDouble() < 0.3 ? 1.0 : 0.0).ToArray();
        var p = values.Average();
        var interval = Bootstrap.Interval(Means(values), seed: 1);
        var half = 1.96 * Math.Sqrt(p * (1 - p) / 200);
        Assert.Equal(p - half, interval.Low, 0.015);
        Assert.Equal(p + half, interval.High, 0.015);
        Assert.Equal(interval, Bootstrap.Interval(Means(values), seed: 1));
    }

    [Fact]
    public void Tasks_of_one_document_count_as_one()
    {
        // 10 documents of 10 equal tasks: the interval is that of 10 values, not of 100.
        var clustered = Enumerable.Range(0, 100).Select(i => new Observation($"t{i}", $"d{i / 10}", i / 10 < 5 ? 1 : 0)).ToList();
        var single = Enumerable.Range(0, 10).Select(i => new Observation($"t{i}", $"d{i}", i < 5 ? 1 : 0)).ToList();
        Assert.Equal(Bootstrap.Interval(single, 3), Bootstrap.Interval(clustered, 3));
    }

    [Fact]
    public void A_ratio_weighs_tasks_by_their_counts()
    {
        Observation[] names = [new("a", "a", 1, 1), new("b", "b", 0, 9)];
        Assert.Equal(0.1, Bootstrap.Estimate(names), 12);
        Assert.True(double.IsNaN(Bootstrap.Estimate([new("a", "a", 0, 0)])));
    }

    [Fact]
    public void Coverage_of_the_interval_is_near_its_name()
    {
        var random = new Random(11);
        var hits = Enumerable.Range(0, 200).Count(run =>
        {
            var values = Enumerable.Range(0, 80).Select(_ => random.NextDouble() < 0.4 ? 1.0 : 0.0).ToArray();
            var interval = Bootstrap.Interval(Means(values), run, draws: 500);
            return interval.Low <= 0.4 && 0.4 <= interval.High;
        });
        Assert.InRange(hits, 180, 200);
    }

    [Fact]
    public void Paired_differences_use_only_shared_tasks_and_see_pairing()
    {
        // Every task gains exactly 0.1: no spread at all, however much tasks differ from each other.
        var first = Means([.. Enumerable.Range(0, 40).Select(i => i / 40.0)]);
        var second = Means([.. Enumerable.Range(0, 40).Select(i => (i / 40.0) + 0.1)]);
        var difference = Bootstrap.Difference(first, [.. second, new("other", "other", 100)]);
        Assert.Equal(0.1, difference.Value, 12);
        Assert.Equal(0.1, difference.Interval.Low, 9);
        Assert.Equal(0.1, difference.Interval.High, 9);
        Assert.Equal(1.0 / 10_001, difference.P, 9);
    }

    [Fact]
    public void The_randomisation_test_agrees_with_McNemar_on_pass_and_fail()
    {
        var first = Means([.. Enumerable.Range(0, 40).Select(i => i < 5 ? 1.0 : 0.0)]);
        var second = Means([.. Enumerable.Range(0, 40).Select(i => i is >= 5 and < 20 ? 1.0 : 0.0)]);
        Assert.Equal(McNemar.P(5, 15), Bootstrap.Difference(first, second).P, 0.008);
    }

    [Fact]
    public void One_document_has_no_interval()
    {
        var one = new[] { new Observation("a", "d", 1), new Observation("b", "d", 0) };
        Assert.True(double.IsNaN(Bootstrap.Interval(one).Low));
        Assert.True(double.IsNaN(Bootstrap.Difference(one, one).P));
    }

    [Fact]
    public void The_detectable_difference_is_2_8_standard_errors() => Assert.Equal(0.28015852, Detectable.Difference(0.1), 8);
}

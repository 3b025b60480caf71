using DocTuneLab.Evaluation.Metrics;
using DocTuneLab.Evaluation.Statistics;

namespace DocTuneLab.Evaluation.Tests;

public class StatisticsTests
{
    private static List<Observation> Means(params double[] values) => [.. values.Select((v, i) => new Observation($"t{i}", $"d{i}", v))];

    // With one task that passes or fails in each document this is McNemar's exact test; R: binom.test(b, b + c)$p.value.
    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(4, 14, 0.03088379)]
    [InlineData(14, 4, 0.03088379)]
    [InlineData(0, 6, 0.03125)]
    [InlineData(0, 5, 0.0625)]
    [InlineData(9, 9, 1)]
    public void The_test_is_exact_where_few_documents_differ(int onlyFirst, int onlySecond, double p)
    {
        var first = Means([.. Enumerable.Range(0, 40).Select(i => i < onlyFirst ? 1.0 : 0.0)]);
        var second = Means([.. Enumerable.Range(0, 40).Select(i => i >= onlyFirst && i < onlyFirst + onlySecond ? 1.0 : 0.0)]);
        Assert.Equal(p, Bootstrap.Difference(first, second).P, 7);
    }

    // McNemar's mid-p of 5 and 15: the exact p, 0.0414, less half of its ties on both sides, C(20, 5) / 2^20.
    [Fact]
    public void The_test_draws_tosses_where_many_documents_differ()
    {
        var first = Means([.. Enumerable.Range(0, 40).Select(i => i < 5 ? 1.0 : 0.0)]);
        var second = Means([.. Enumerable.Range(0, 40).Select(i => i is >= 5 and < 20 ? 1.0 : 0.0)]);
        Assert.Equal(0.04138947 - (15504 / 1048576.0), Bootstrap.Difference(first, second).P, 0.006);
    }

    // Worked by hand: documents of 3 and 1 tasks, gains of 2 and 1 tasks, so two of the four tosses are as far from zero.
    [Fact]
    public void Documents_are_tossed_as_a_whole()
    {
        Observation[] first = [new("a", "x", 0), new("b", "x", 0), new("c", "x", 1), new("d", "y", 0)];
        Observation[] second = [new("a", "x", 1), new("b", "x", 1), new("c", "x", 1), new("d", "y", 1)];
        var difference = Bootstrap.Difference(first, second);
        Assert.Equal((0.75, 0.5, 2), (difference.Value, difference.P, difference.Documents));
    }

    [Theory]
    [InlineData(5, 1, "5 documents, so no test can give p below 0.062: a suite of this size can show no difference at all")]
    [InlineData(6, 5, "corrected over 5 primary metrics, not every one of them can show a difference")]
    [InlineData(8, 5, "no test can give p below 0.0078; that is enough to show a difference")]
    public void What_a_suite_can_show_is_said(int documents, int primary, string words) =>
        Assert.Contains(words, Detectable.Sentence(documents, primary));

    // Of plain percentile intervals 8 in 10 hold the truth where there are five documents; expanded ones come near to their name.
    [Theory]
    [InlineData(5)]
    [InlineData(8)]
    [InlineData(30)]
    public void Coverage_of_the_interval_holds_with_few_documents(int documents)
    {
        var random = new Random(documents);
        var hits = Enumerable.Range(0, 400).Count(run =>
        {
            var values = Enumerable.Range(0, documents).Select(_ => random.NextDouble() + random.NextDouble()).ToArray();
            var interval = Bootstrap.Interval(Means(values), run, draws: 1000);
            return interval.Low <= 1 && 1 <= interval.High;
        });
        Assert.InRange(hits, 356, 396); // 89% to 99%
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
    public void PassAtK_is_the_unbiased_estimate(int n, int c, int k, double expected) =>
        Assert.Equal(expected, PassAtK.Estimate(n, c, k), 12);

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
        Assert.Equal(0.5 / 10_001, difference.P, 9);
    }

    [Fact]
    public void One_document_has_no_interval()
    {
        var one = new[] { new Observation("a", "d", 1), new Observation("b", "d", 0) };
        Assert.True(double.IsNaN(Bootstrap.Interval(one).Low));
        Assert.True(double.IsNaN(Bootstrap.Difference(one, one).P));
    }

    // z(0.975) + z(0.80) = 2.80; t with 9 degrees of freedom: 2.262157 + 0.883404 (R: qt(c(0.975, 0.8), 9)).
    [Fact]
    public void The_detectable_difference_is_some_three_standard_errors()
    {
        Assert.Equal(0.2802, Detectable.Difference(0.1, 10_000), 4);
        Assert.Equal(0.3145561, Detectable.Difference(0.1, 10), 6);
        Assert.True(Detectable.Difference(0.1, 10, looks: 5) > 0.36);
        Assert.True(double.IsNaN(Detectable.Difference(0.1, 5)));
        Assert.True(double.IsNaN(Detectable.Difference(0, 40)));
    }

    // Agresti, Categorical Data Analysis, 2nd ed., table 10.10: the American League's eastern division of 1987, 13 games for every two
    // teams. Strengths and standard errors as R's BradleyTerry2 prints them with Baltimore at zero.
    [Fact]
    public void BradleyTerry_gives_the_textbook_strengths()
    {
        string[] teams = ["Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore"];
        int[][] wins =
        [
            [0, 7, 9, 7, 7, 9, 11], [6, 0, 7, 5, 11, 9, 9], [4, 6, 0, 7, 7, 8, 12], [6, 8, 6, 0, 6, 7, 10], [6, 2, 6, 7, 0, 7, 12],
            [4, 4, 5, 6, 6, 0, 6], [2, 4, 1, 3, 1, 7, 0]
        ];
        List<Bout> bouts = [];
        for (var i = 0; i < 7; i++)
            for (var j = i + 1; j < 7; j++) bouts.Add(new(teams[i], teams[j], wins[i][j], wins[j][i]));
        var fit = BradleyTerry.Fit(bouts, "Baltimore").ToDictionary(s => s.Name);
        foreach (var (team, strength, error) in new[]
        {
            ("Milwaukee", 1.5814, 0.3433), ("Detroit", 1.4364, 0.3396), ("Toronto", 1.2945, 0.3367), ("New York", 1.2476, 0.3359),
            ("Boston", 1.1077, 0.3339), ("Cleveland", 0.6839, 0.3319), ("Baltimore", 0, 0)
        })
        {
            Assert.Equal(strength, fit[team].LogStrength, 0.0002);
            Assert.Equal(error, fit[team].StandardError, 0.0002);
        }
    }

    [Fact]
    public void BradleyTerry_of_two_is_the_log_odds_and_a_clean_sweep_needs_a_prior()
    {
        Assert.Equal(Math.Log(30 / 10.0), BradleyTerry.Fit([new("a", "b", 10, 30)])[1].LogStrength, 9);
        Assert.Contains("no chain of wins", Assert.Throws<LabException>(() => BradleyTerry.Fit([new("a", "b", 0, 9)])).Message);
        Assert.Equal(Math.Log(9.5 / 0.5), BradleyTerry.Fit([new("a", "b", 0, 9)], prior: 0.5)[1].LogStrength, 9);
    }

    // Efron and Tibshirani, An Introduction to the Bootstrap, table 2.1 and 2.2: survival of the treated mice, 86.86 days on average, with
    // a bootstrap standard error of 23.36.
    [Fact]
    public void Bootstrap_gives_the_textbook_standard_error()
    {
        double[] treated = [94, 197, 16, 38, 99, 141, 23];
        var difference = Bootstrap.Difference(Means(new double[7]), Means(treated), seed: 3, draws: 20_000);
        Assert.Equal(86.857, difference.Value, 0.001);
        Assert.Equal(23.36, difference.StandardError, 0.5);
    }

    // The estimator of Chen et al. 2021 against exact binomial coefficients, also where these overflow a double's integers.
    [Theory]
    [InlineData(200, 7, 10)]
    [InlineData(200, 150, 100)]
    [InlineData(100, 3, 50)]
    public void PassAtK_agrees_with_exact_integers(int n, int c, int k)
    {
        static System.Numerics.BigInteger Choose(int n, int k)
        {
            var result = System.Numerics.BigInteger.One;
            for (var i = 0; i < k; i++) result = result * (n - i) / (i + 1);
            return n < k ? 0 : result;
        }
        var scaled = Choose(n - c, k) * System.Numerics.BigInteger.Pow(10, 18) / Choose(n, k);
        Assert.Equal(1 - ((double)scaled / 1e18), PassAtK.Estimate(n, c, k), 12);
    }
}

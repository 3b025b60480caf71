using MathNet.Numerics.Distributions;

namespace DocTuneLab.Evaluation.Statistics;

/// <summary>A 95% interval.</summary>
/// <param name="Low">Lower bound.</param>
/// <param name="High">Upper bound.</param>
public readonly record struct Interval(double Low, double High)
{
    /// <summary>Whether zero lies inside: nothing can be said.</summary>
    public bool ContainsZero => Low <= 0 && High >= 0;
}

/// <summary>What one task contributes to a metric: the metric is the sum of numerators over the sum of denominators.</summary>
/// <param name="Task">Task id; pairs two arms.</param>
/// <param name="Cluster">Document that the task was made from; tasks of one document are drawn together.</param>
/// <param name="Numerator">For a mean over tasks, the task's value.</param>
/// <param name="Denominator">1 for a mean over tasks; the task's own count for a ratio such as missing names over names.</param>
public readonly record struct Observation(string Task, string Cluster, double Numerator, double Denominator = 1);

/// <summary>The difference of two arms on the same tasks.</summary>
/// <param name="Value">Second minus first.</param>
/// <param name="Interval">95% interval of the difference; NaN with fewer than two documents.</param>
/// <param name="StandardError">Standard deviation of the difference over the bootstrap's draws.</param>
/// <param name="P">
/// Two-sided p of the randomisation test that exchanges the arms of whole documents; counted out where at most 18 documents differ.
/// </param>
/// <param name="Documents">Documents with tasks that both arms have.</param>
public sealed record PairedDifference(double Value, Interval Interval, double StandardError, double P, int Documents);

/// <summary>
/// Cluster bootstrap (Davison and Hinkley 1997, §3.8; Cameron, Gelbach and Miller 2008): whole documents are drawn with
/// replacement, because the tasks of one document stand or fall together. Percentile intervals, expanded for few
/// documents (Hesterberg 2015, The American Statistician 69, §5.3), since plain ones are too narrow there;
/// seeded, so the same answers give the same figures.
/// </summary>
public static class Bootstrap
{
    /// <summary>Default number of draws.</summary>
    public const int DefaultDraws = 10_000;

    /// <summary>Sum of numerators over sum of denominators; NaN where there is nothing to divide by.</summary>
    public static double Estimate(IEnumerable<Observation> observations)
    {
        double numerator = 0, denominator = 0;
        foreach (var o in observations)
        {
            numerator += o.Numerator;
            denominator += o.Denominator;
        }
        return denominator == 0 ? double.NaN : numerator / denominator;
    }

    /// <summary>95% interval of one arm's metric; NaN with fewer than two clusters.</summary>
    public static Interval Interval(IReadOnlyList<Observation> observations, int seed = 0, int draws = DefaultDraws)
    {
        var clusters = observations.GroupBy(o => o.Cluster, StringComparer.Ordinal)
            .OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => (N: g.Sum(o => o.Numerator), D: g.Sum(o => o.Denominator))).ToArray();
        if (clusters.Length < 2) return new(double.NaN, double.NaN);
        var random = new Random(seed);
        var values = new List<double>(draws);
        for (var i = 0; i < draws; i++)
        {
            double n = 0, d = 0;
            for (var j = 0; j < clusters.Length; j++)
            {
                var (cn, cd) = clusters[random.Next(clusters.Length)];
                n += cn;
                d += cd;
            }
            if (d != 0) values.Add(n / d);
        }
        return Percentiles(values, clusters.Length);
    }

    /// <summary>Difference of two arms on the tasks that both have.</summary>
    /// <param name="first">Base arm.</param>
    /// <param name="second">Other arm.</param>
    /// <param name="seed">Seed of the draws.</param>
    /// <param name="draws">Draws of the bootstrap, and of the randomisation test where its tosses are not counted out.</param>
    public static PairedDifference Difference(IReadOnlyList<Observation> first, IReadOnlyList<Observation> second, int seed = 0,
        int draws = DefaultDraws)
    {
        var other = second.ToDictionary(o => o.Task, StringComparer.Ordinal);
        var pairs = first.Where(o => other.ContainsKey(o.Task)).Select(o => (A: o, B: other[o.Task])).ToArray();
        var value = Estimate(pairs.Select(p => p.B)) - Estimate(pairs.Select(p => p.A));
        var clusters = pairs.GroupBy(p => p.A.Cluster, StringComparer.Ordinal)
            .OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => new PairedCounts(
                g.Sum(p => p.A.Numerator), g.Sum(p => p.A.Denominator), g.Sum(p => p.B.Numerator), g.Sum(p => p.B.Denominator)))
            .ToArray();
        if (clusters.Length < 2 || double.IsNaN(value))
            return new(value, new(double.NaN, double.NaN), double.NaN, double.NaN, clusters.Length);

        var random = new Random(seed);
        var values = new List<double>(draws);
        for (var i = 0; i < draws; i++)
        {
            var sum = default(PairedCounts);
            for (var j = 0; j < clusters.Length; j++) sum = sum.Plus(clusters[random.Next(clusters.Length)]);
            if (sum.HasBoth) values.Add(sum.Difference);
        }
        var p = RandomisationTest.P(clusters, random, draws);
        return new(value, Percentiles(values, clusters.Length), StandardDeviation(values), p, clusters.Length);
    }

    private static Interval Percentiles(List<double> values, int clusters)
    {
        if (values.Count == 0) return new(double.NaN, double.NaN);
        values.Sort();
        // The spread of draws is short by sqrt((n - 1) / n), and few values ask for t instead of z.
        var t = StudentT.InvCDF(0, 1, clusters - 1, 0.025);
        var tail = Normal.CDF(0, 1, t * Math.Sqrt(clusters / (clusters - 1.0)));
        return new(Quantile(values, tail), Quantile(values, 1 - tail));
    }

    private static double Quantile(List<double> sorted, double q)
    {
        var at = q * (sorted.Count - 1);
        var low = (int)at;
        var high = Math.Min(low + 1, sorted.Count - 1);
        return sorted[low] + ((at - low) * (sorted[high] - sorted[low]));
    }

    private static double StandardDeviation(List<double> values)
    {
        if (values.Count < 2) return double.NaN;
        var mean = values.Average();
        return Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Count - 1));
    }
}

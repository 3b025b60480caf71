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

/// <summary>What the bootstrap says of the difference of two arms on the same tasks.</summary>
/// <param name="Value">Second minus first.</param>
/// <param name="Interval">95% percentile interval of the difference; NaN with fewer than two clusters.</param>
/// <param name="StandardError">Standard deviation of the difference over the draws.</param>
/// <param name="P">Two-sided p of a paired randomisation test that swaps the arms of whole clusters.</param>
public sealed record PairedDifference(double Value, Interval Interval, double StandardError, double P);

/// <summary>
/// Cluster bootstrap (Davison and Hinkley 1997, §3.8; Cameron, Gelbach and Miller 2008): whole documents are drawn with
/// replacement, because the tasks of one document stand or fall together. Percentile intervals;
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
        return Percentiles(values);
    }

    /// <summary>Difference of two arms on the tasks that both have.</summary>
    /// <param name="first">Base arm.</param>
    /// <param name="second">Other arm.</param>
    /// <param name="seed">Seed of draws and of the randomisation test.</param>
    /// <param name="draws">Number of each.</param>
    public static PairedDifference Difference(IReadOnlyList<Observation> first, IReadOnlyList<Observation> second, int seed = 0,
        int draws = DefaultDraws)
    {
        var other = second.ToDictionary(o => o.Task, StringComparer.Ordinal);
        var pairs = first.Where(o => other.ContainsKey(o.Task)).Select(o => (A: o, B: other[o.Task])).ToArray();
        var value = Estimate(pairs.Select(p => p.B)) - Estimate(pairs.Select(p => p.A));
        var clusters = pairs.GroupBy(p => p.A.Cluster, StringComparer.Ordinal)
            .OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g =>
                new Cluster(g.Sum(p => p.A.Numerator), g.Sum(p => p.A.Denominator), g.Sum(p => p.B.Numerator), g.Sum(p => p.B.Denominator)))
            .ToArray();
        if (clusters.Length < 2 || double.IsNaN(value)) return new(value, new(double.NaN, double.NaN), double.NaN, double.NaN);

        var random = new Random(seed);
        var values = new List<double>(draws);
        for (var i = 0; i < draws; i++)
        {
            var sum = default(Cluster);
            for (var j = 0; j < clusters.Length; j++) sum = sum.Plus(clusters[random.Next(clusters.Length)]);
            if (sum.HasBoth) values.Add(sum.Difference);
        }

        // Under "the arms do not differ", which arm an answer came from is a coin toss; documents are tossed as a whole.
        var extreme = 0;
        for (var i = 0; i < draws; i++)
        {
            var sum = default(Cluster);
            foreach (var cluster in clusters) sum = sum.Plus(random.Next(2) == 0 ? cluster : cluster.Swapped);
            if (!sum.HasBoth || Math.Abs(sum.Difference) >= Math.Abs(value) - 1e-12) extreme++;
        }
        return new(value, Percentiles(values), StandardDeviation(values), (extreme + 1.0) / (draws + 1.0));
    }

    private static Interval Percentiles(List<double> values)
    {
        if (values.Count == 0) return new(double.NaN, double.NaN);
        values.Sort();
        return new(Quantile(values, 0.025), Quantile(values, 0.975));
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

    private readonly record struct Cluster(double An, double Ad, double Bn, double Bd)
    {
        public bool HasBoth => Ad != 0 && Bd != 0;
        public double Difference => (Bn / Bd) - (An / Ad);
        public Cluster Swapped => new(Bn, Bd, An, Ad);
        public Cluster Plus(Cluster o) => new(An + o.An, Ad + o.Ad, Bn + o.Bn, Bd + o.Bd);
    }
}

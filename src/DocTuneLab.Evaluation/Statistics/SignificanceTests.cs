namespace DocTuneLab.Evaluation.Statistics;

/// <summary>Exact McNemar test: do two arms pass different tasks by chance?</summary>
public static class McNemar
{
    /// <summary>
    /// Two-sided exact p: twice the smaller binomial tail of the discordant pairs at ½, at most 1 (McNemar 1947; exact form as in R's
    /// <c>exact2x2</c> and <c>binom.test</c>).
    /// </summary>
    /// <param name="onlyFirst">Tasks that only the first arm passes.</param>
    /// <param name="onlySecond">Tasks that only the second arm passes.</param>
    public static double P(int onlyFirst, int onlySecond)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(onlyFirst);
        ArgumentOutOfRangeException.ThrowIfNegative(onlySecond);
        var n = onlyFirst + onlySecond;
        return n == 0 ? 1 : Math.Min(1, 2 * Binomial.Cumulative(Math.Min(onlyFirst, onlySecond), n, 0.5));
    }

    /// <summary>
    /// Chance that the exact test at <paramref name="alpha"/> finds a difference, given the true shares of discordant tasks.
    /// Summed over every outcome, not approximated.
    /// </summary>
    /// <param name="tasks">Number of tasks.</param>
    /// <param name="onlyFirst">True share of tasks that only the first arm passes.</param>
    /// <param name="onlySecond">True share of tasks that only the second arm passes.</param>
    /// <param name="alpha">Level of the test.</param>
    public static double Power(int tasks, double onlyFirst, double onlySecond, double alpha = 0.05)
    {
        var discordant = onlyFirst + onlySecond;
        if (discordant <= 0) return 0;
        double power = 0;
        for (var n = 1; n <= tasks; n++)
        {
            var weight = Binomial.Probability(n, tasks, discordant);
            if (weight < 1e-15) continue;
            for (var c = 0; c <= n; c++)
                if (P(n - c, c) <= alpha) power += weight * Binomial.Probability(c, n, onlySecond / discordant);
        }
        return power;
    }
}

/// <summary>Binomial probabilities, computed in logarithms so that large suites do not underflow.</summary>
internal static class Binomial
{
    public static double Probability(int k, int n, double p)
    {
        if (p <= 0) return k == 0 ? 1 : 0;
        if (p >= 1) return k == n ? 1 : 0;
        return Math.Exp(LogChoose(n, k) + (k * Math.Log(p)) + ((n - k) * Math.Log(1 - p)));
    }

    public static double Cumulative(int k, int n, double p)
    {
        double sum = 0;
        for (var i = 0; i <= k; i++) sum += Probability(i, n, p);
        return Math.Min(1, sum);
    }

    private static double LogChoose(int n, int k)
    {
        double sum = 0;
        for (var i = 1; i <= Math.Min(k, n - k); i++) sum += Math.Log(n - Math.Min(k, n - k) + i) - Math.Log(i);
        return sum;
    }
}

/// <summary>Holm's step-down correction (Holm 1979): keeps the chance of any false finding among several metrics at the
/// level of one.</summary>
public static class Holm
{
    /// <summary>Adjusted p-values in the order of <paramref name="p"/>; NaN stays NaN and does not count.</summary>
    public static IReadOnlyList<double> Adjust(IReadOnlyList<double> p)
    {
        var order = Enumerable.Range(0, p.Count).Where(i => !double.IsNaN(p[i])).OrderBy(i => p[i]).ToArray();
        var adjusted = p.ToArray();
        double floor = 0;
        for (var rank = 0; rank < order.Length; rank++)
        {
            floor = Math.Max(floor, Math.Min(1, (order.Length - rank) * p[order[rank]]));
            adjusted[order[rank]] = floor;
        }
        return adjusted;
    }
}

/// <summary>What a suite of this size can show.</summary>
public static class Detectable
{
    // z(0.975) + z(0.80)
    private const double TwoSided5At80 = 1.959963984540054 + 0.8416212335729143;

    /// <summary>The true difference that a two-sided 5% test would find 8 times of 10, given the standard error of
    /// the difference.</summary>
    public static double Difference(double standardError) => TwoSided5At80 * standardError;
}

namespace DocTuneLab.Evaluation.Metrics;

/// <summary>Chance that at least one of k answers passes.</summary>
internal static class PassAtK
{
    /// <summary>
    /// Unbiased estimate 1 - C(n-c, k)/C(n, k) (Chen et al. 2021, arXiv:2107.03374), as a product so that nothing overflows.
    /// </summary>
    /// <param name="n">Answers drawn.</param>
    /// <param name="c">Answers that pass.</param>
    /// <param name="k">At most <paramref name="n"/>.</param>
    public static double Estimate(int n, int c, int k)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(k);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(k, n);
        ArgumentOutOfRangeException.ThrowIfNegative(c);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(c, n);
        if (n - c < k) return 1;
        double none = 1;
        for (var i = n - c + 1; i <= n; i++) none *= 1 - ((double)k / i);
        return 1 - none;
    }
}

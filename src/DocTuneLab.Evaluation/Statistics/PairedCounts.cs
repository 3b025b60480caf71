namespace DocTuneLab.Evaluation.Statistics;

/// <summary>Sums of a metric's numerators and denominators in both arms, over some tasks.</summary>
internal readonly record struct PairedCounts(double An, double Ad, double Bn, double Bd)
{
    /// <summary>Whether either arm has something to divide by.</summary>
    public bool HasBoth => Ad != 0 && Bd != 0;

    /// <summary>Second arm minus first.</summary>
    public double Difference => (Bn / Bd) - (An / Ad);

    /// <summary>The arms exchanged.</summary>
    public PairedCounts Swapped => new(Bn, Bd, An, Ad);

    /// <summary>Over the tasks of both.</summary>
    public PairedCounts Plus(PairedCounts other) => new(An + other.An, Ad + other.Ad, Bn + other.Bn, Bd + other.Bd);
}

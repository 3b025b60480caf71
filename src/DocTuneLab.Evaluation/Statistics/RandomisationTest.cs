namespace DocTuneLab.Evaluation.Statistics;

/// <summary>
/// The paired randomisation test over documents (Fisher 1935; Edgington and Onghena 2007, ch. 5): under "the arms do not differ", which arm
/// an answer came from is a coin toss, and the documents are tossed as a whole, since the tasks of one stand or fall together. Where every
/// document has one task that passes or fails, this is McNemar's exact test.
/// </summary>
internal static class RandomisationTest
{
    /// <summary>Most documents whose arms differ for which every toss is counted; for more, tosses are drawn.</summary>
    private const int MostCounted = 18;

    /// <summary>Smallest p that so many documents can give, reached where all differ the same way: 2^(1 - n).</summary>
    public static double SmallestP(int documents) => Math.Min(1, Math.Pow(2, 1 - documents));

    /// <summary>Two-sided p of the difference.</summary>
    /// <param name="documents">What the arms have of each document.</param>
    /// <param name="random">Draws the tosses where there are too many to count.</param>
    /// <param name="draws">How many are drawn.</param>
    public static double P(IReadOnlyList<PairedCounts> documents, Random random, int draws)
    {
        var total = documents.Aggregate(default(PairedCounts), (sum, d) => sum.Plus(d));
        // A document in which both arms have the same looks the same however it is tossed.
        PairedCounts[] differing = [.. documents.Where(d => d != d.Swapped)];
        var rest = documents.Where(d => d == d.Swapped).Aggregate(default(PairedCounts), (sum, d) => sum.Plus(d));
        // Sums in another order differ in their last digits.
        var (least, most) = (Math.Abs(total.Difference) * (1 - 1e-9), Math.Abs(total.Difference) * (1 + 1e-9));
        bool IsAsFar(PairedCounts sum) => !sum.HasBoth || Math.Abs(sum.Difference) >= least;
        bool IsFarther(PairedCounts sum) => !sum.HasBoth || Math.Abs(sum.Difference) > most;

        if (differing.Length <= MostCounted)
        {
            var tosses = 1 << differing.Length;
            return (double)Enumerable.Range(0, tosses).Count(toss => IsAsFar(Tossed(i => (toss >> i & 1) == 1))) / tosses;
        }
        // Half of the ties (mid-p: Lancaster 1961; Fagerland, Lydersen and Laake 2013): with all of them, and many documents of few tasks,
        // the test would claim less often than its level says.
        double drawn = 0.5;
        for (var i = 0; i < draws; i++)
        {
            var sum = Tossed(_ => random.Next(2) == 1);
            drawn += IsFarther(sum) ? 1 : IsAsFar(sum) ? 0.5 : 0;
        }
        return drawn / (draws + 1);

        PairedCounts Tossed(Func<int, bool> swap)
        {
            var sum = rest;
            for (var i = 0; i < differing.Length; i++) sum = sum.Plus(swap(i) ? differing[i].Swapped : differing[i]);
            return sum;
        }
    }
}

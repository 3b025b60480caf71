using MathNet.Numerics.Distributions;

namespace DocTuneLab.Evaluation.Statistics;

/// <summary>What a suite of this size can show.</summary>
internal static class Detectable
{
    /// <summary>Largest p that counts as a finding.</summary>
    public const double Level = 0.05;

    private const double Power = 0.8;

    /// <summary>
    /// The true difference that the two-sided test would find 8 times of 10; NaN where no answers whatever could give a finding, and where
    /// the difference has no spread to go by.
    /// </summary>
    /// <param name="standardError">Of the difference.</param>
    /// <param name="documents">Documents that both arms have.</param>
    /// <param name="looks">Metrics over which p is corrected; 1 where it is not.</param>
    public static double Difference(double standardError, int documents, int looks = 1) =>
        !CanShow(documents, looks) || !(standardError > 0) ? double.NaN
        : standardError * (StudentT.InvCDF(0, 1, documents - 1, 1 - (Level / looks / 2)) + StudentT.InvCDF(0, 1, documents - 1, Power));

    /// <summary>Whether so many documents can give a finding at all: where every one of them differs the same way.</summary>
    /// <param name="documents">Documents that both arms have.</param>
    /// <param name="looks">Metrics over which p is corrected; 1 where it is not.</param>
    public static bool CanShow(int documents, int looks = 1) => RandomisationTest.SmallestP(documents) * looks < Level;

    /// <summary>What so many documents can show, in one sentence.</summary>
    /// <param name="documents">Documents that both arms have.</param>
    /// <param name="primary">Primary metrics, over which p is corrected.</param>
    public static string Sentence(int documents, int primary)
    {
        var smallest = RandomisationTest.SmallestP(documents).ToString("G2", System.Globalization.CultureInfo.InvariantCulture);
        var size = $"The tasks come from {documents} {(documents == 1 ? "document" : "documents")}, so no test can give p below {smallest}";
        if (!CanShow(documents)) return $"{size}: a suite of this size can show no difference at all. Six documents are the least.";
        return CanShow(documents, primary) ? $"{size}; that is enough to show a difference."
            : $"{size}: corrected over {primary} primary metrics, not every one of them can show a difference.";
    }
}

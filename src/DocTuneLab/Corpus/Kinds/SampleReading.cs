using DocTuneLab.Documents.Model;

namespace DocTuneLab.Corpus.Kinds;

/// <summary>Which passages a sample that reads may show.</summary>
internal static class SampleReading
{
    /// <summary>Share of such samples in which the passages that help are missing: the answer is to be known, not only read.</summary>
    public const double ShareWithoutHelp = 0.2;

    /// <summary>Tokens left free for what a chat template puts around the turns.</summary>
    public const int Margin = 24;

    /// <summary>Whether a passage may be shown; drawn once for a sample.</summary>
    /// <param name="evidence">What the sample is about.</param>
    /// <param name="random">Source of the choice.</param>
    public static Func<Chunk, bool> Allowed(Evidence evidence, Random random)
    {
        if (random.NextDouble() >= ShareWithoutHelp) return _ => true;
        var members = evidence.Symbols.Where(s => !s.StartsWith("T:", StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);
        return c => !evidence.Chunks.Contains(c.Id) && !c.Symbols.Any(members.Contains);
    }
}

using DocTuneLab.Conversations;

namespace DocTuneLab.Training.Inference;

/// <summary>What counts against a way that nobody refuses, in nats.</summary>
internal static class GuideCosts
{
    /// <summary>How much less likely than a token that is only possible one that fits may be, and than one that is seldom right.</summary>
    public const double PossibleAt = 4, UnlikelyAt = 12;

    /// <summary>Another turn in a circle.</summary>
    public const double CircleCost = 6;

    /// <summary>A verdict.</summary>
    public static double Of(GuideVerdict verdict) =>
        verdict switch { GuideVerdict.Possible => PossibleAt, GuideVerdict.Unlikely => UnlikelyAt, _ => 0 };
}

namespace DocTuneLab.Evaluation.Metrics;

/// <summary>Names of the metrics that guidance is watched by, as in files: what it costs, and whether code compiles because it does
/// nothing.
/// </summary>
public static class GuideMetricNames
{
    /// <summary>Answers with code whose methods only throw or return a default.</summary>
    public const string EmptyBodies = "empty_bodies";

    /// <summary>Answers that compile and never read a parameter.</summary>
    public const string UnreadParameters = "unread_parameters";

    /// <summary>Tokens decoded for a guided answer.</summary>
    public const string DecodedTokens = "decoded_tokens";
    /// <summary>Guided answers that end as the model likes, since guidance gave up.</summary>
    public const string GaveUp = "gave_up";

    /// <summary>Answers whose end is one that types allow.</summary>
    public const string EndedByTypes = "ended_by_types";
}

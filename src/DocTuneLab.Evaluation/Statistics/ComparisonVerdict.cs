namespace DocTuneLab.Evaluation.Statistics;

/// <summary>What may be said of a difference.</summary>
public enum ComparisonVerdict
{
    /// <summary>The second arm is better.</summary>
    Better,
    /// <summary>The second arm is worse.</summary>
    Worse,
    /// <summary>The suite cannot tell.</summary>
    Inconclusive,
}

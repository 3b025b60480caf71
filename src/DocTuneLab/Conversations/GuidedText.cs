namespace DocTuneLab.Conversations;

/// <summary>A place where a guide turned a model.</summary>
/// <param name="At">Characters of the answer before it, at that time.</param>
/// <param name="Wanted">What the model would have written.</param>
/// <param name="Given">What it wrote instead.</param>
/// <param name="Reason">Why.</param>
public sealed record GuideTurn(int At, string Wanted, string Given, string Reason);

/// <summary>An answer that was written under a guide.</summary>
/// <param name="Text">The answer.</param>
/// <param name="Turns">Where the guide turned the model, in order; also on ways that were given up.</param>
/// <param name="Tokens">Tokens that were decoded for it, those of ways given up included.</param>
/// <param name="GaveUpBecause">Why guidance gave up before the answer was whole; empty where it did not.</param>
public sealed record GuidedText(string Text, IReadOnlyList<GuideTurn> Turns, int Tokens, string GaveUpBecause = "")
{
    /// <summary>Whether guidance gave up before the answer was whole: from there on the model wrote as it liked.</summary>
    public bool GaveUp => GaveUpBecause.Length > 0;

    /// <summary>Why the search ended before the answer was whole, and the model chose its end among those that types allow; empty where it
    /// did not.</summary>
    public string EndedBecause { get; init; } = "";
}

/// <summary>How much a guide may cost.</summary>
public sealed record GuideBudget
{
    /// <summary>Tokens decoded for an answer, those of ways given up included, as a multiple of the most that an answer may have.
    /// Default 6.</summary>
    public double Tokens { get; init; } = 6;

    /// <summary>Time in which the guide is asked about an answer; what the model takes is not in it. Default two minutes.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Tokens of a place that are tried, likeliest first. Default 8,192: few names
    /// begin so, and a model that does not know them puts them far down.</summary>
    public int Candidates { get; init; } = 8192;

    /// <summary>How often an answer goes back. Default 512.</summary>
    public int Returns { get; init; } = 512;

    /// <summary>Tokens of one statement after which other ways are tried first; it is never refused for its length. Default 96.</summary>
    public int StatementTokens { get; init; } = 96;
}

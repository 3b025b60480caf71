namespace DocTuneLab.Evaluation;

/// <summary>What an evaluation is doing.</summary>
public enum EvaluationPhase
{
    /// <summary>Asking for programs, greedily.</summary>
    Generate,
    /// <summary>Asking for sampled programs.</summary>
    Sample,
    /// <summary>Asking closed questions.</summary>
    Answer,
    /// <summary>Asking open questions.</summary>
    Explain,
    /// <summary>Asking for the text of gaps.</summary>
    Complete,
    /// <summary>Asking about members.</summary>
    Probe,
    /// <summary>Asking for programs in plain C#.</summary>
    Recall,
    /// <summary>Measuring the likelihood of references.</summary>
    Score,
    /// <summary>Compiling answers.</summary>
    Judge,
    /// <summary>Running answers.</summary>
    Run,
    /// <summary>Having open answers graded.</summary>
    Grade,
}

/// <summary>How far an evaluation is.</summary>
/// <param name="Phase">What it is doing.</param>
/// <param name="Done">Finished items.</param>
/// <param name="Total">All items of the phase.</param>
public readonly record struct EvaluationProgress(EvaluationPhase Phase, int Done, int Total)
{
    /// <summary>The arm, where several are evaluated; else null.</summary>
    public string? Arm { get; init; }

    /// <summary>In words, such as <c>tuned: generate 3/40</c>.</summary>
    public override string ToString() => $"{(Arm is null ? "" : Arm + ": ")}{Phase.ToString().ToLowerInvariant()} {Done}/{Total}";
}

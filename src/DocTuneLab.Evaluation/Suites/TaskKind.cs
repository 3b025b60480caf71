namespace DocTuneLab.Evaluation.Suites;

/// <summary>What kind of task an answer belongs to.</summary>
public enum TaskKind
{
    /// <summary>A programming task.</summary>
    Code,
    /// <summary>A closed question.</summary>
    Qa,
    /// <summary>An open question.</summary>
    Open,
    /// <summary>Code with a gap.</summary>
    Completion,
    /// <summary>A question that takes a member for granted, which may not exist.</summary>
    Members,
    /// <summary>A programming task that needs no library.</summary>
    General,
    /// <summary>A text that is only scored.</summary>
    Retention,
}

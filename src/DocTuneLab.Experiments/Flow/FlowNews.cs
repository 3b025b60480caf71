namespace DocTuneLab.Experiments.Flow;

/// <summary>The stages of a whole run, in their order.</summary>
public enum FlowStage
{
    /// <summary>Reading pages and assemblies.</summary>
    Read,
    /// <summary>Drafting held-out tasks, or reading those that there are.</summary>
    HoldOut,
    /// <summary>Writing samples.</summary>
    Corpus,
    /// <summary>Training an adapter.</summary>
    Train,
    /// <summary>Comparing the tuned model with its base.</summary>
    Evaluate,
}

/// <summary>How a stage stands.</summary>
public enum FlowState
{
    /// <summary>It has begun.</summary>
    Running,
    /// <summary>It is done, now or in an earlier run.</summary>
    Done,
    /// <summary>It was stopped, and can go on.</summary>
    Stopped,
    /// <summary>It failed.</summary>
    Failed,
}

/// <summary>News of a stage.</summary>
/// <param name="Stage">Which.</param>
/// <param name="State">How it stands.</param>
/// <param name="Text">In words: what it does, what it found, or why it failed.</param>
public sealed record FlowNews(FlowStage Stage, FlowState State, string Text)
{
    /// <summary>What is done of what there is to do; null where nobody knows.</summary>
    public (int Done, int Total)? Progress { get; init; }

    /// <summary>What was found, by name, such as why drafts were rejected and how often.</summary>
    public IReadOnlyDictionary<string, string> Figures { get; init; } = new Dictionary<string, string>();

    /// <summary>A point of the loss; null for other news.</summary>
    public FlowLoss? Loss { get; init; }
}

/// <summary>A step of training, as a chart shows it.</summary>
/// <param name="Step">Its number, from one.</param>
/// <param name="Loss">Mean loss of its tokens.</param>
/// <param name="Validation">Loss on samples that are held out; null where it was not measured.</param>
/// <param name="TokensPerSecond">Speed.</param>
/// <param name="MemoryBytes">Memory of the process.</param>
/// <param name="CpuPercent">Use of the processor, of all its cores.</param>
public sealed record FlowLoss(int Step, double Loss, double? Validation, double TokensPerSecond, long MemoryBytes, double CpuPercent);

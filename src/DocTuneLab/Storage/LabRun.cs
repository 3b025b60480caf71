namespace DocTuneLab.Storage;

/// <summary>A run of a stage.</summary>
public sealed record LabRun
{
    /// <summary>Start time and a hash, unique in the lab.</summary>
    public required string Id { get; init; }

    /// <summary>Such as <c>train</c> or <c>evaluate</c>.</summary>
    public required string Kind { get; init; }

    /// <summary><c>running</c>, <c>done</c>, <c>failed</c>, or <c>interrupted</c> if its process ended before it did.</summary>
    public required string Status { get; init; }

    /// <summary>UTC.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>UTC, or null while it runs.</summary>
    public required DateTimeOffset? Finished { get; init; }

    /// <summary>Its folder, with <c>run.json</c>.</summary>
    public required string Directory { get; init; }

    /// <summary>JSON: everything that determines it.</summary>
    public required string Configuration { get; init; }

    /// <summary>JSON, or null.</summary>
    public required string? Results { get; init; }

    /// <summary>What it ran on: code and package versions, hardware; null for runs of earlier versions.</summary>
    public required RunEnvironment? Environment { get; init; }
}

/// <summary>A number measured during a run; null where it was not a number (a diverged loss).</summary>
public sealed record Metric(string Name, long Step, double? Value);

/// <summary>The result of one task in one arm.</summary>
/// <param name="Suite">Suite name.</param>
/// <param name="Arm"><c>base</c>, <c>tuned</c> …</param>
/// <param name="TaskId">Task.</param>
/// <param name="Metric">Such as <c>compiles</c>.</param>
/// <param name="Value">The value; 0 or 1 for yes or no.</param>
/// <param name="Detail">JSON or text: the answer, the verdict.</param>
public sealed record EvaluationRow(string Suite, string Arm, string TaskId, string Metric, double Value, string? Detail);

namespace DocTuneLab.Evaluation.Execution;

/// <summary>How a child process ended.</summary>
internal sealed record ChildEnd
{
    /// <summary>Exit code of a process that reached its processor-time limit (SIGXCPU).</summary>
    public const int ProcessorTime = 128 + 24;

    private const int Aborted = 128 + 6;

    /// <summary>It started, and was told what to run. Before that nothing of an answer runs, so what goes wrong is the harness's.</summary>
    public required bool Ready { get; init; }

    /// <summary>It was stopped at the wall-clock limit.</summary>
    public required bool TimedOut { get; init; }

    /// <summary>That limit.</summary>
    public required TimeSpan Limit { get; init; }

    /// <summary>Its exit code, 128 and more for a signal.</summary>
    public required int ExitCode { get; init; }

    /// <summary>The kernel killed something in its control group for want of memory.</summary>
    public required bool OutOfMemory { get; init; }

    /// <summary>What it printed, capped.</summary>
    public required string Output { get; init; }

    /// <summary>What it printed on standard error, capped.</summary>
    public required string Errors { get; init; }

    /// <summary>Wall-clock time from when it was told what to run.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>The record of its runs.</summary>
    public required byte[] Trace { get; init; }

    /// <summary>Output and errors.</summary>
    public string Text => (Output + (Errors.Length > 0 ? "\n" + Errors : "")).Trim('\n');

    /// <summary>What to say of a process that ended without an end of its record. The words on standard error only name the kind of crash;
    /// no status depends on them.</summary>
    public string Died => ExitCode == Aborted && Errors.StartsWith("Stack overflow", StringComparison.Ordinal)
        ? "stack overflow"
        : $"the process ended with {ExitCode} and without a report";
}

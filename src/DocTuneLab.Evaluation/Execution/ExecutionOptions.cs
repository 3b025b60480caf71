using DocTuneLab.Settings;

namespace DocTuneLab.Evaluation.Execution;

/// <summary>How answers are run.</summary>
public sealed record ExecutionOptions
{
    /// <summary>Names, ranges and words of these settings.</summary>
    public static SettingTable<ExecutionOptions> Settings => SettingTable<ExecutionOptions>.Instance;

    /// <summary>Model-written code runs on this machine only where this is set. Default false:
    /// nothing is run, and pass rates are absent.</summary>
    [Setting("Runs the models' code against the hidden tests, in a sandbox.")]
    public bool AllowUntrustedCode { get; init; }

    /// <summary>Wall-clock limit of one answer. Default 10 s.</summary>
    [Setting("Seconds of one answer at most.", Above = 0, Max = 3600, Unit = TimeUnit.Seconds)]
    public TimeSpan WallTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Managed heap of one answer (<c>DOTNET_GCHeapHardLimit</c>); on Linux all its data may take a GiB more.
    /// Default 512 MiB.</summary>
    [Setting("Managed heap of one answer; on Linux all its data may take a GiB more.", Placeholder = "BYTES", Min = 33554432)]
    public long MemoryBytes { get; init; } = 512L << 20;

    /// <summary>Bytes of standard output, and of standard error, that are kept; the rest is read and dropped. Default 64 KiB.</summary>
    [Setting("Bytes of standard output, and of standard error, that are kept.", Placeholder = "BYTES", Min = 0)]
    public int OutputBytes { get; init; } = 64 << 10;

    /// <summary>Largest file that an answer may write, where the system can limit it. Default 16 MiB.</summary>
    [Setting("Largest file that an answer may write, where the system can limit it.", Placeholder = "BYTES", Min = 1048576)]
    public long FileBytes { get; init; } = 16L << 20;

    /// <summary>Answers run at once; 0 (the default) is one per processor.</summary>
    [Setting("Answers run at once; 0 is one per processor.", Min = 0)]
    public int Parallelism { get; init; }

    /// <summary>Processes and threads of one answer together, where the system can limit them. Default 128;
    /// the runtime itself needs about 20.</summary>
    [Setting("Processes and threads of one answer together, where the system can limit them.", Min = 32)]
    public int Processes { get; init; } = 128;

    /// <summary>
    /// Run answers even where neither bubblewrap nor namespaces keep them from the network and from other processes. Default false: then
    /// nothing runs there, pass rates are absent, and the report says why.
    /// </summary>
    [Setting("Runs it even where neither bubblewrap nor namespaces isolate it.")]
    public bool AllowWithoutIsolation { get; init; }

    /// <summary>Checks the values.</summary>
    /// <exception cref="LabException">A value is out of range.</exception>
    public void Validate() => Settings.Validate(this);
}

/// <summary>How an answer ended.</summary>
public enum ExecutionStatus
{
    /// <summary>All hidden checks hold.</summary>
    Pass,
    /// <summary>A hidden check does not hold or is not reached, or the answer is refused.</summary>
    WrongAnswer,
    /// <summary>The answer, or the hidden tests against it, did not compile; nothing was run.</summary>
    CompileError,
    /// <summary>An exception escaped, or the process ended without a report (exit, crash, stack overflow).</summary>
    Exception,
    /// <summary>The wall-clock or processor limit was reached.</summary>
    Timeout,
    /// <summary>The memory limit was reached.</summary>
    OutOfMemory,
    /// <summary>The harness or the task failed, not the answer; counts neither for nor against the model.</summary>
    HarnessError,
}

/// <summary>What to run: a solution and the hidden statements that test it.</summary>
/// <param name="Source">A compilation unit with <c>public static class Solution</c>.</param>
/// <param name="Usings">Namespaces in scope of the tests besides the implicit ones.</param>
/// <param name="Tests">Hidden statements.</param>
/// <param name="Reference">A compilation unit of the same kind that passes, whose values answers are compared with; empty where the task
/// has none, and then what the tests expect is in the answer's process.</param>
public sealed record ExecutionJob(string Source, IReadOnlyList<string> Usings, IReadOnlyList<string> Tests, string Reference = "");

/// <summary>What happened to one job.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Message">Failed check, exception, or first compiler errors; empty for a pass.</param>
/// <param name="Test">One-based hidden test that was reached; 0 where none was.</param>
/// <param name="Output">Standard output, then standard error, both capped.</param>
/// <param name="Elapsed">Wall-clock time of the process.</param>
public sealed record ExecutionResult(ExecutionStatus Status, string Message, int Test, string Output, TimeSpan Elapsed)
{
    /// <summary>Not run, because it uses what an answer needs only to reach the checker; the message names it.</summary>
    public bool Refused { get; init; }
}

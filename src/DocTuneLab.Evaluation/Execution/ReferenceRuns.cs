using System.Collections.Concurrent;
using DocTuneLab.Text;

namespace DocTuneLab.Evaluation.Execution;

/// <summary>What a task's reference does under its hidden tests: where the values come from that answers are compared with.</summary>
/// <param name="Status">How it ended; answers are compared only with one that passes.</param>
/// <param name="Message">Why it does not pass.</param>
/// <param name="Test">One-based hidden test that was reached.</param>
/// <param name="Trace">Each check with both of its sides.</param>
/// <param name="Compiled">What the compiler says of it: what it uses that answers may not, but for this task.</param>
internal sealed record ReferenceRun(ExecutionStatus Status, string Message, int Test, Trace Trace, CompiledTests Compiled)
{
    /// <summary>Sites of the checks whose expected value is in the answer's process, because it depends on the answer.</summary>
    public IReadOnlySet<int> Kept => Compiled.Kept;

    /// <summary>What another run of the same saw otherwise, so that an answer like the reference would be wrong at times; null for nothing.
    /// </summary>
    public string? Unlike(ReferenceRun other)
    {
        if (other.Status != Status) return $"{Status} in one run, {other.Status} in another: {other.Message}";
        foreach (var (one, two) in Trace.Checks.Zip(other.Trace.Checks))
            if (!Kept.Contains(one.Site) && !new TraceComparison(one.Tolerance, null).Same(one.Expected, two.Expected))
                return $"test {one.Step} expects {TraceComparison.Show(one.Expected)} in one run, {TraceComparison.Show(two.Expected)} in "
                    + "another";
        return Trace.Checks.Count == other.Trace.Checks.Count ? null
            : $"{Trace.Checks.Count} checks in one run, {other.Trace.Checks.Count} in another";
    }
}

/// <summary>
/// References run before any answer does, each once, many in one process: they are the suite's own. What they saw is kept in memory alone.
/// </summary>
internal sealed class ReferenceRuns
{
    // Enough that starting the process does not count, few enough that one that breaks costs little.
    private const int MostInOne = 24;
    private readonly ConcurrentDictionary<string, ReferenceRun> _known = new(StringComparer.Ordinal);

    /// <summary>Whether most are expected to fail, so that a wrong value or an exception is no reason to run one again alone.</summary>
    public bool ExpectsFailures { get; init; }

    /// <summary>The run of a job's reference, which was prepared.</summary>
    public ReferenceRun Of(ExecutionJob job) => _known[Key(job)];

    /// <summary>Runs the references that are not known yet.</summary>
    /// <exception cref="LabException">The sandbox cannot start its own program.</exception>
    public void Prepare(IEnumerable<ExecutionJob> jobs, Func<IReadOnlyList<ExecutionJob>, IReadOnlyList<ReferenceRun>> run,
        int parallelism, CancellationToken cancel)
    {
        var missing = jobs.Where(j => j.Reference.Length > 0).DistinctBy(Key).Where(j => !_known.ContainsKey(Key(j))).ToList();
        if (missing.Count == 0) return;
        var lanes = parallelism > 0 ? parallelism : Environment.ProcessorCount;
        var chunks = missing.Chunk(Math.Clamp((missing.Count + lanes - 1) / lanes, 1, MostInOne)).ToList();
        DeepStack.For(chunks.Count, parallelism, i =>
        {
            foreach (var (job, reference) in chunks[i].Zip(run(chunks[i])))
                // In company one may spoil another; alone, what it does is its own.
                _known[Key(job)] = chunks[i].Length == 1 || IsSettled(reference.Status) ? reference : run([job])[0];
        }, cancel);
    }

    private bool IsSettled(ExecutionStatus status) => status is ExecutionStatus.Pass or ExecutionStatus.CompileError
        || (ExpectsFailures && status is ExecutionStatus.WrongAnswer or ExecutionStatus.Exception);

    private static string Key(ExecutionJob job) =>
        ContentHash.Of([job.Reference, .. job.Usings, "\0", .. job.Tests]);
}

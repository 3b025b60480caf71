using DocTuneLab.Library;

namespace DocTuneLab.Evaluation.Execution;

/// <summary>
/// Runs answers, each in a child process of its own, and says how each ended. The child only writes down what the hidden tests' checks
/// find; what they should find, and so the verdict, is known here alone (see README.md beside this file).
/// <see cref="Isolation"/> says what is covered and what is not.
/// </summary>
public sealed class Sandbox : IDisposable
{
    private readonly ExecutionOptions _options;
    private readonly DirectoryInfo _folder;
    private readonly ChildProgram _program;
    private readonly ChildLauncher _launcher;
    private readonly ReferenceRuns _references;
    private readonly TraceVerdict _verdict;

    /// <summary>Prepares the child program.</summary>
    /// <param name="references">What answers compile against, and the library that they run with.</param>
    /// <param name="options">Limits; running must be allowed.</param>
    /// <exception cref="LabException">Running is not allowed, a limit is out of range, or an assembly is missing.</exception>
    public Sandbox(ReferenceSet references, ExecutionOptions options) : this(references, options, new())
    {
    }

    internal Sandbox(ReferenceSet references, ExecutionOptions options, ReferenceRuns known, Isolation? isolation = null)
    {
        options.Validate();
        if (!options.AllowUntrustedCode)
            throw new LabException("Running model-written code is off. Set AllowUntrustedCode (on the command line: "
                + "--allow-untrusted-code) after reading what the sandbox does not cover.");
        if (Refusal(options) is { } why) throw new LabException(why);
        (_options, _references) = (options, known);
        var starter = ChildHost.Best!;
        _folder = Directory.CreateTempSubdirectory("doctune-sandbox-");
        _program = new(references, starter);
        isolation ??= Isolation;
        _launcher = new(options, starter, isolation, new(_folder.FullName, _program, starter, isolation.HidesHost), _program.Libraries);
        _verdict = new($"over {options.MemoryBytes >> 20} MiB", LibraryFindsEqual);
    }

    /// <summary>What this machine lets the sandbox enforce.</summary>
    public static Isolation Isolation => Isolation.Best;

    /// <summary>What starts the answers' processes: the path of a <c>dotnet</c>, or of the starter that is copied;
    /// null where there is nothing.</summary>
    public static string? Starter => ChildHost.Best?.Name;

    /// <summary>Whether answers are refused for what they use. Only tests of what the first lock holds turn this off.</summary>
    internal bool Refuses { get; init; } = true;

    /// <summary>Why nothing would run with these options on this machine; null where it would.</summary>
    public static string? Refusal(ExecutionOptions options) => ChildHost.Best is null ? ChildHost.Missing
        : Isolation.IsSandbox || options.AllowWithoutIsolation ? null
        : "Answers are not run: neither bubblewrap nor namespaces work here to keep them from the network and from other processes. "
            + "Install bubblewrap and allow user namespaces, or ask for it explicitly with AllowWithoutIsolation "
            + "(--allow-without-isolation).";

    /// <summary>Runs all jobs, several at a time, after their references; results in the order of <paramref name="jobs"/>.</summary>
    /// <exception cref="LabException">The sandbox cannot start its own program.</exception>
    public IReadOnlyList<ExecutionResult> RunAll(IReadOnlyList<ExecutionJob> jobs, IProgress<int>? progress = null,
        CancellationToken cancel = default)
    {
        Prepare(jobs, cancel);
        var results = new ExecutionResult[jobs.Count];
        var done = 0;
        DeepStack.For(jobs.Count, _options.Parallelism, i =>
        {
            results[i] = Judge(jobs[i], cancel);
            progress?.Report(Interlocked.Increment(ref done));
        }, cancel);
        return results;
    }

    /// <summary>Compiles and runs one job, after its reference.</summary>
    /// <exception cref="LabException">The sandbox cannot start its own program.</exception>
    public ExecutionResult Run(ExecutionJob job, CancellationToken cancel = default)
    {
        Prepare([job], cancel);
        return Judge(job, cancel);
    }

    /// <summary>Deletes the temporary files.</summary>
    public void Dispose() => Delete(_folder);

    /// <summary>Runs the references of jobs that are not known yet.</summary>
    internal void Prepare(IEnumerable<ExecutionJob> jobs, CancellationToken cancel) =>
        _references.Prepare(jobs, chunk => RunReferences(chunk, cancel), _options.Parallelism, cancel);

    private ExecutionResult Judge(ExecutionJob job, CancellationToken cancel)
    {
        var reference = job.Reference.Length > 0 ? _references.Of(job) : null;
        var compiled = _program.Compile(job, job.Source, expectations: reference is null, cancel);
        if (compiled.Image is null) return Unrun(ExecutionStatus.CompileError, string.Join('\n', compiled.Errors.Take(5)));
        if (reference is not null && reference.Status != ExecutionStatus.Pass)
            return Unrun(ExecutionStatus.HarnessError, $"the task's reference does not pass: {reference.Status}: {reference.Message}");
        var forbidden = compiled.Forbidden.Except(reference?.Compiled.Forbidden ?? [], StringComparer.Ordinal).ToList();
        if (Refuses && forbidden.Count > 0)
            return Unrun(ExecutionStatus.WrongAnswer, $"refused, not run: it uses {string.Join(", ", forbidden.Take(5))}")
                with
            { Refused = true };
        var run = _folder.CreateSubdirectory(Guid.NewGuid().ToString("n"));
        try
        {
            var end = _launcher.Run(run.FullName, [new(WorkKind.Tests, compiled.Image)], cancel);
            if (!end.Ready) return Unrun(ExecutionStatus.HarnessError, $"the child program did not start: {end.Text}");
            var (status, message, test) = _verdict.Of(Trace.ReadAll(end.Trace, 1)[0], reference, end);
            return new(status, message, test, end.Text, end.Elapsed);
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException or UnauthorizedAccessException)
        {
            return Unrun(ExecutionStatus.HarnessError, e.Message);
        }
        finally
        {
            Delete(run);
        }
    }

    private List<ReferenceRun> RunReferences(IReadOnlyList<ExecutionJob> jobs, CancellationToken cancel)
    {
        var compiled = jobs.Select(j => _program.Compile(j, j.Reference, expectations: true, cancel)).ToList();
        var (traces, end) = Traces(compiled, cancel);
        var runs = compiled.Zip(traces).Select(p =>
        {
            var (c, trace) = p;
            if (c.Image is null)
                return new ReferenceRun(ExecutionStatus.CompileError, string.Join('\n', c.Errors.Take(5)), 0, Trace.None, c);
            var (status, message, test) = _verdict.Of(trace, null, end!);
            // The reference is the suite's own, so what its process says of its end is believed.
            if (trace.End == TraceEnd.Open && end!.Errors.Length > 0) message = $"{message}: {end.Errors.Trim()}";
            return new ReferenceRun(status, message, test, trace, c);
        }).ToList();
        // Once more as answers are run, without what the tests expect: a test that then fails with its reference says nothing of answers.
        var passing = Enumerable.Range(0, jobs.Count).Where(i => runs[i].Status == ExecutionStatus.Pass).ToList();
        var bare = passing.Select(i => _program.Compile(jobs[i], jobs[i].Reference, expectations: false, cancel)).ToList();
        (traces, end) = Traces(bare, cancel);
        foreach (var (i, c, trace) in passing.Zip(bare, traces))
        {
            var (status, message, _) = c.Image is null
                ? (ExecutionStatus.CompileError, string.Join('\n', c.Errors.Take(5)), 0)
                : _verdict.Of(trace, runs[i], end!);
            if (status != ExecutionStatus.Pass)
                runs[i] = runs[i] with
                {
                    Status = ExecutionStatus.HarnessError,
                    Message = $"passes, but not where the tests run again without what they expect: {status}: {message}"
                };
        }
        return runs;
    }

    /// <summary>What programs of the suite's own write down, all in one process, and how that ended; nothing of what does not compile.
    /// </summary>
    private (IReadOnlyList<Trace> Traces, ChildEnd? End) Traces(IReadOnlyList<CompiledTests> programs, CancellationToken cancel)
    {
        var work = programs.Select(c => c.Image).OfType<byte[]>().Select(image => new ChildWork(WorkKind.Tests, image)).ToList();
        if (work.Count == 0) return ([.. programs.Select(_ => Trace.None)], null);
        var run = _folder.CreateSubdirectory(Guid.NewGuid().ToString("n"));
        try
        {
            var end = _launcher.Run(run.FullName, work, cancel);
            if (!end.Ready) throw new LabException($"The sandbox cannot start its own program: {end.Text}");
            var written = new Queue<Trace>(Trace.ReadAll(end.Trace, work.Count));
            return ([.. programs.Select(c => c.Image is null ? Trace.None : written.Dequeue())], end);
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException or UnauthorizedAccessException)
        {
            throw new LabException($"The sandbox cannot start its own program: {e.Message}", e);
        }
        finally
        {
            Delete(run);
        }
    }

    /// <summary>Asks the library's own Equals about two of its objects, made anew in a process in which no answer runs.</summary>
    private bool LibraryFindsEqual(ThingNode expected, ThingNode actual)
    {
        var run = _folder.CreateSubdirectory(Guid.NewGuid().ToString("n"));
        try
        {
            var two = new ChildWork(WorkKind.Comparison, [.. expected.Written.Span, .. actual.Written.Span]);
            var end = _launcher.Run(run.FullName, [two], CancellationToken.None);
            return Trace.ReadAll(end.Trace, 1)[0] is { End: TraceEnd.Complete, Checks: [{ Actual: ScalarNode { Key: "true" } }] };
        }
        finally
        {
            Delete(run);
        }
    }

    private static ExecutionResult Unrun(ExecutionStatus status, string message) => new(status, message, 0, "", TimeSpan.Zero);

    private static void Delete(DirectoryInfo folder)
    {
        try { folder.Delete(recursive: true); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { /* a temporary folder; the system clears it */ }
    }
}

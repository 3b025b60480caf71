using DocTuneLab.Corpus;
using DocTuneLab.Library;

namespace DocTuneLab.Evaluation.Execution;

/// <summary>
/// Runs the code of samples in the sandbox of answers: hundreds in one isolated process, each with a limit of its own. One that takes its
/// process with it costs only itself; the others go on in a new one.
/// </summary>
public sealed class ProgramSandbox : IProgramRunner, IDisposable
{
    // A fixed number, not a share of the processors: what one program leaves in static fields the next one of its process sees, and the
    // same corpus must come of every machine.
    private const int InOne = 256;
    private static readonly TimeSpan s_processor = TimeSpan.FromSeconds(3);
    private const int QuietTicks = 40;

    private readonly ReferenceSet _references;
    private readonly ExecutionOptions _options;
    private readonly Lazy<Started> _started;

    /// <summary>A sandbox for a library; nothing is started before the first program comes.</summary>
    /// <param name="references">What programs compile against, and the library that they run with.</param>
    /// <param name="allowWithoutIsolation">Runs them even where nothing isolates them.</param>
    public ProgramSandbox(ReferenceSet references, bool allowWithoutIsolation = false)
    {
        _references = references;
        // By the clock there is only a last resort: the batch as a whole.
        _options = new() { AllowUntrustedCode = true, AllowWithoutIsolation = allowWithoutIsolation, WallTime = TimeSpan.FromMinutes(10) };
        _started = new(() => new Started(_references, _options));
    }

    /// <inheritdoc/>
    public string? Refusal => ChildHost.Best is null || !(Isolation.Best.IsSandbox || _options.AllowWithoutIsolation)
        ? "The code of samples is not run: " + (ChildHost.Best is null
            ? ChildHost.Missing
            : "neither bubblewrap nor namespaces work here to isolate it. Install bubblewrap and allow user namespaces, or ask for it "
                + "explicitly with --allow-without-isolation.")
        : null;

    /// <inheritdoc/>
    /// <exception cref="LabException">The sandbox cannot start its own program.</exception>
    public IReadOnlyList<ProgramOutcome> Run(IReadOnlyList<SampleProgram> programs, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(programs);
        if (Refusal is { } refusal) return [.. programs.Select(_ => new ProgramOutcome(ProgramEnd.NotRun, refusal))];
        var outcomes = new ProgramOutcome[programs.Count];
        List<(int At, ProgramSource Source)> sources = [];
        for (var i = 0; i < programs.Count; i++)
        {
            if (ProgramSource.Of(programs[i], out var why) is { } source) sources.Add((i, source));
            else outcomes[i] = new(ProgramEnd.NotRun, why);
        }
        var chunks = sources.GroupBy(s => s.Source.Usings, StringComparer.Ordinal).SelectMany(g => g.Chunk(InOne)).ToList();
        DeepStack.For(chunks.Count, 0, c =>
        {
            var ends = _started.Value.Run([.. chunks[c].Select(p => p.Source)], cancel);
            for (var i = 0; i < ends.Length; i++) outcomes[chunks[c][i].At] = ends[i];
        }, cancel);
        return outcomes;
    }

    /// <summary>Deletes the temporary files.</summary>
    public void Dispose()
    {
        if (_started.IsValueCreated) _started.Value.Dispose();
    }

    private sealed class Started : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("doctune-programs-");
        private readonly ChildProgram _program;
        private readonly ChildLauncher _launcher;

        public Started(ReferenceSet references, ExecutionOptions options)
        {
            var starter = ChildHost.Best!;
            _program = new(references, starter);
            _launcher = new(options, starter, Isolation.Best,
                new(_folder.FullName, _program, starter, Isolation.Best.HidesHost), _program.Libraries);
        }

        public ProgramOutcome[] Run(IReadOnlyList<ProgramSource> programs, CancellationToken cancel)
        {
            var outcomes = new ProgramOutcome[programs.Count];
            var (image, errors) = _program.Compile(programs, cancel);
            foreach (var (at, error) in errors) outcomes[at] = new(ProgramEnd.NotRun, $"its example values do not compile: {error}");
            Queue<int> left = new(Enumerable.Range(0, programs.Count).Where(i => !errors.ContainsKey(i)));
            while (left.Count > 0)
            {
                var traces = Start(image!, [.. left], cancel);
                // What was begun is judged, the one that ended the process among them; the rest goes on in another.
                foreach (var trace in traces) outcomes[left.Dequeue()] = Outcome(trace);
            }
            return outcomes;
        }

        public void Dispose() => Delete(_folder);

        private List<Trace> Start(byte[] image, IReadOnlyList<int> wanted, CancellationToken cancel)
        {
            var run = _folder.CreateSubdirectory(Guid.NewGuid().ToString("n"));
            try
            {
                var end = _launcher.Run(run.FullName, [new(WorkKind.Batch, Work(image, wanted))], cancel);
                var traces = Trace.ReadAll(end.Trace, wanted.Count);
                var begun = traces.Count(t => !ReferenceEquals(t, Trace.None));
                if (!end.Ready || begun == 0) throw new LabException(
                    $"The sandbox cannot run the code of samples: {end.Text} ({end.Died})");
                return [.. traces.Take(begun)];
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

        private static byte[] Work(byte[] image, IReadOnlyList<int> wanted)
        {
            using var bytes = new MemoryStream();
            using var writer = new BinaryWriter(bytes);
            writer.Write((int)s_processor.TotalMilliseconds);
            writer.Write(QuietTicks);
            writer.Write(wanted.Count);
            foreach (var i in wanted) writer.Write(i);
            writer.Write(image.Length);
            writer.Write(image);
            return bytes.ToArray();
        }

        private static ProgramOutcome Outcome(Trace trace) => trace.End switch
        {
            TraceEnd.Complete => trace.Step switch
            {
                0 => ProgramOutcome.Value,
                1 => new(ProgramEnd.Nothing, "null"),
                _ => new(ProgramEnd.NotRun, "its example values cannot be made"),
            },
            TraceEnd.Fault => new(ProgramEnd.Threw, trace.Fault),
            TraceEnd.Late => new(ProgramEnd.Timeout, $"more than {s_processor.TotalSeconds:0} s of processor time, or waits for ever"),
            _ => new(ProgramEnd.Threw, "its process ended with it"),
        };

        private static void Delete(DirectoryInfo folder)
        {
            try { folder.Delete(recursive: true); }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException) { /* a temporary folder; the system clears it */ }
        }
    }
}

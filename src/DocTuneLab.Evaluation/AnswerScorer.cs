using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Extraction;
using DocTuneLab.Evaluation.Metrics;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;

namespace DocTuneLab.Evaluation;

/// <summary>Verdicts on answers that are code: the compiler's, and those of hidden tests where answers are run.</summary>
internal sealed class AnswerScorer(CSharpJudge judge)
{
    /// <summary>What is said of an answer that does by hand what the library does.</summary>
    public const string ByHand = "refused: it passes, and uses nothing of the library";

    private readonly ReferenceRuns _references = new();

    public IReadOnlyList<CompletionResult> ScoreCompletions(IReadOnlyList<StoredAnswer> answers, Suite suite, CancellationToken cancel)
    {
        var tasks = suite.Completion.ToDictionary(t => t.Id, StringComparer.Ordinal);
        var results = new CompletionResult[answers.Count];
        DeepStack.For(answers.Count, 0, i =>
        {
            var task = tasks[answers[i].Task];
            var given = CodeExtractor.Gap(answers[i].Text);
            var verdict = judge.Judge(task.With(given), CSharpJudge.DetectForm(task.With(task.Middle)), task.Usings);
            var similarity = TextDistance.Similarity(given.Trim(), task.Middle.Trim());
            results[i] = new(task.Id, given, TextDistance.SameCode(given, task.Middle), similarity, verdict.Compiles, verdict.Errors);
        }, cancel);
        return results;
    }

    /// <summary>Verdicts in the order of <paramref name="answers"/>; nothing is run without <paramref name="execution"/>.</summary>
    /// <exception cref="LabException">The sandbox cannot start at all.</exception>
    public List<CodeResult> ScoreCode(
        IReadOnlyList<StoredAnswer> answers, IReadOnlyDictionary<string, CodeTask> tasks, ExecutionOptions? execution,
        IProgress<EvaluationProgress>? progress, CancellationToken cancel)
    {
        var units = new SolutionUnit?[answers.Count];
        var results = new CodeResult[answers.Count];
        var judged = PhaseProgress.Of(progress, EvaluationPhase.Judge, answers.Count);
        var done = 0;
        DeepStack.For(answers.Count, 0, i =>
        {
            (results[i], units[i]) = Judge(answers[i], tasks[answers[i].Task]);
            judged?.Report(Interlocked.Increment(ref done));
        }, cancel);
        if (execution is null || answers.Count == 0) return [.. results];

        // What does not compile or is refused is not run. Sampled answers repeat each other; each distinct unit runs once.
        var runs = Enumerable.Range(0, answers.Count).Where(i => results[i].Compiles)
            .GroupBy(i => (answers[i].Task, units[i]!.Source)).Select(g => g.ToList()).ToList();
        using var sandbox = new Sandbox(judge.References, execution, _references);
        var outcomes = sandbox.RunAll(
            [.. runs.Select(g => Job(units[g[0]]!.Source, tasks[answers[g[0]].Task]))],
            PhaseProgress.Of(progress, EvaluationPhase.Run, runs.Count), cancel);
        for (var i = 0; i < results.Length; i++)
            results[i] = results[i] with { Status = results[i].Refused ? ExecutionStatus.WrongAnswer : ExecutionStatus.CompileError };
        for (var r = 0; r < runs.Count; r++)
            foreach (var i in runs[r])
                results[i] = WithLibrary(results[i] with
                {
                    Status = outcomes[r].Status,
                    Message = outcomes[r].Message,
                    Refused = outcomes[r].Refused,
                });
        return [.. results];
    }

    /// <summary>What the references of tasks do under their hidden tests, in the order of the tasks that have one.</summary>
    /// <param name="tasks">The tasks.</param>
    /// <param name="execution">Limits.</param>
    /// <param name="again">Whether they are run once more, whatever is known of them.</param>
    /// <param name="cancel">Stops between processes.</param>
    /// <exception cref="LabException">The sandbox cannot start at all.</exception>
    public IReadOnlyList<(CodeTask Task, ReferenceRun Run)> RunReferences(
        IReadOnlyList<CodeTask> tasks, ExecutionOptions execution, bool again, CancellationToken cancel)
    {
        var references = again ? new ReferenceRuns() : _references;
        using var sandbox = new Sandbox(judge.References, execution, references);
        var jobs = tasks.Where(t => t.Reference.Length > 0).Select(t => (Task: t, Job: Job("", t))).ToList();
        sandbox.Prepare(jobs.Select(j => j.Job), cancel);
        return [.. jobs.Select(j => (j.Task, references.Of(j.Job)))];
    }

    /// <summary>Ids of the tasks whose tests pass with an answer that gives one value for good.</summary>
    /// <param name="tasks">Tasks with a reference that passes.</param>
    /// <param name="execution">Limits.</param>
    /// <param name="cancel">Stops between processes.</param>
    /// <exception cref="LabException">The sandbox cannot start at all.</exception>
    public IReadOnlySet<string> PassedByConstant(IReadOnlyList<CodeTask> tasks, ExecutionOptions execution, CancellationToken cancel) =>
        Passing(tasks.SelectMany(t => ConstantAnswer.Of(Job("", t), t.Signature).Select(j => (t.Id, j))), execution, cancel);

    /// <summary>Ids of the tasks whose reference passes, where most are expected to fail.</summary>
    /// <param name="tasks">Tasks with references of any kind.</param>
    /// <param name="execution">Limits.</param>
    /// <param name="cancel">Stops between processes.</param>
    /// <exception cref="LabException">The sandbox cannot start at all.</exception>
    public IReadOnlySet<string> PassedBy(IReadOnlyList<CodeTask> tasks, ExecutionOptions execution, CancellationToken cancel) =>
        Passing(tasks.Select(t => (t.Id, Job("", t))), execution, cancel);

    // Ids of the tasks of which some answer passes, where most are expected to fail.
    private HashSet<string> Passing(
        IEnumerable<(string Task, ExecutionJob Job)> answers, ExecutionOptions execution, CancellationToken cancel)
    {
        var runs = new ReferenceRuns { ExpectsFailures = true };
        using var sandbox = new Sandbox(judge.References, execution, runs);
        var jobs = answers.ToList();
        sandbox.Prepare(jobs.Select(j => j.Job), cancel);
        return jobs.Where(j => runs.Of(j.Job).Status == ExecutionStatus.Pass).Select(j => j.Task).ToHashSet(StringComparer.Ordinal);
    }

    private static ExecutionJob Job(string source, CodeTask task) => new(source, task.Usings, task.Tests,
        task.Reference.Length > 0 ? SolutionUnit.Compose(task, task.Reference).Source : "");

    private (CodeResult, SolutionUnit?) Judge(StoredAnswer answer, CodeTask task)
    {
        var extraction = CodeExtractor.Extract(answer.Text, task);
        var result = new CodeResult
        {
            Task = task.Id,
            Sample = answer.Sample,
            Extraction = extraction.Reason,
            Code = extraction.Code,
            Form = null,
            Parses = false,
            Compiles = false,
            Errors = [],
            Uses = [],
            GoldUsed = [],
            GoldMissed = task.GoldSymbols,
            Status = null,
            Message = "",
        };
        if (extraction.Code is not { } code) return (result, null);
        var unit = SolutionUnit.Compose(task, code);
        var verdict = judge.Judge(unit.Source, CodeForm.File);
        var mine = verdict.Uses.Where(u => unit.IsAnswerLine(u.Line)).ToList();
        var used = mine.Where(u => u.Kind == SymbolUseKind.Resolved && u.Id is not null).Select(u => u.Id!)
            .ToHashSet(StringComparer.Ordinal);
        result = result with
        {
            Form = unit.Form,
            Parses = verdict.Parses,
            Compiles = verdict.Compiles,
            Errors = [.. verdict.Errors.Select(e => e with { Line = unit.LineOfAnswer(e.Line) })],
            Uses = [.. mine.Where(u => u.IsLibrary && u.Kind != SymbolUseKind.Cascade)
                .Select(u => u with { Line = unit.LineOfAnswer(u.Line) })],
            GoldUsed = [.. task.GoldSymbols.Where(used.Contains)],
            GoldMissed = [.. task.GoldSymbols.Where(g => !used.Contains(g))],
        };
        return (Refuse(result, unit, ShadowedTypes.Find(judge, task, unit)), unit);
    }

    // Whoever does by hand what the library does has not shown that the library is known, whatever the values are.
    private static CodeResult WithLibrary(CodeResult result) =>
        result.Status != ExecutionStatus.Pass || result.GoldMissed.Count == 0 || result.Count(SymbolUseKind.Resolved) > 0 ? result
            : result with { Status = ExecutionStatus.WrongAnswer, Refused = true, Message = ByHand };

    /// <summary>An answer that brings its own version of the library says nothing of the library: what it declares is invented.</summary>
    private static CodeResult Refuse(CodeResult result, SolutionUnit unit, IReadOnlyList<(string Name, int Line)> shadowed) =>
        shadowed.Count == 0 ? result : result with
        {
            Refused = true,
            Compiles = false,
            Message = $"refused, not run: it declares {string.Join(", ", shadowed.Select(s => s.Name))}, which the library has",
            Errors = [.. result.Errors, .. shadowed.Select(s => new CodeDiagnostic(ShadowedTypes.Diagnostic,
                $"'{s.Name}' is a type of the library; an answer uses it and does not declare it", unit.LineOfAnswer(s.Line)))],
            Uses = [.. result.Uses, .. shadowed.Select(s =>
                new SymbolUse(s.Name, SymbolUseKind.Missing, null, IsLibrary: true, unit.LineOfAnswer(s.Line), null))],
        };
}

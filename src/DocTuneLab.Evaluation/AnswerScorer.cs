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
    /// <exception cref="LabException">The sandbox itself failed.</exception>
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

        // What does not compile is not run. Sampled answers repeat each other; each distinct unit runs once.
        var runs = Enumerable.Range(0, answers.Count).Where(i => results[i].Compiles)
            .GroupBy(i => (answers[i].Task, units[i]!.Source)).Select(g => g.ToList()).ToList();
        using var sandbox = new Sandbox(judge.References, execution);
        var outcomes = sandbox.RunAll(
            [.. runs.Select(g => Job(units[g[0]]!, tasks[answers[g[0]].Task]))],
            PhaseProgress.Of(progress, EvaluationPhase.Run, runs.Count), cancel);
        for (var i = 0; i < results.Length; i++) results[i] = results[i] with { Status = ExecutionStatus.CompileError };
        for (var r = 0; r < runs.Count; r++)
        {
            if (outcomes[r].Status == ExecutionStatus.HarnessError)
                throw new LabException(
                    $"The sandbox failed on task \"{answers[runs[r][0]].Task}\": {outcomes[r].Message} "
                    + "No result is reported, because it would not be the model's.");
            foreach (var i in runs[r]) results[i] = results[i] with { Status = outcomes[r].Status, Message = outcomes[r].Message };
        }
        return [.. results];

        static ExecutionJob Job(SolutionUnit unit, CodeTask task) => new(unit.Source, task.Usings, task.Tests);
    }

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
        return (result, unit);
    }
}

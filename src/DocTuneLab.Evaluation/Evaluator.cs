using DocTuneLab.Corpus;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Extraction;
using DocTuneLab.Evaluation.Judging;
using DocTuneLab.Evaluation.Metrics;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Subjects;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;
using DocTuneLab.Prompts;

namespace DocTuneLab.Evaluation;

/// <summary>Evaluates models on a suite against one private library.</summary>
public sealed class Evaluator
{
    private readonly CSharpJudge judge;

    /// <summary>An evaluator of answers that use one library.</summary>
    /// <param name="judge">The judge of that library; its references are also what answers are run with.</param>
    public Evaluator(CSharpJudge judge) => this.judge = judge;

    /// <summary>The library.</summary>
    public ReferenceSet References => judge.References;

    /// <summary>Asks the model everything in the suite, then scores the answers.</summary>
    /// <param name="subject">The model.</param>
    /// <param name="suite">Tasks, of one split as a rule (<see cref="Suite.Where"/>).</param>
    /// <param name="prompts">How tasks become conversations.</param>
    /// <param name="options">Settings.</param>
    /// <param name="grader">Judge of open answers; without one they are kept and not graded.</param>
    /// <param name="progress">Told of every finished item.</param>
    /// <param name="cancel">Stops between items.</param>
    /// <exception cref="LabException">A setting is out of range, or the suite is empty.</exception>
    public EvaluationResult Run(
        ILanguageModel subject, Suite suite, PromptRenderer prompts, EvaluationOptions options,
        AnswerJudge? grader = null, IProgress<EvaluationProgress>? progress = null, CancellationToken cancel = default)
    {
        options.Validate();
        if (suite.Count == 0) throw new LabException("The suite has no tasks (of this split). Expected at least one.");
        List<StoredAnswer> answers = [];
        void Ask(TaskKind kind, string phase, IReadOnlyList<string> ids, IReadOnlyList<IReadOnlyList<Message>> conversations, int tokens)
        {
            if (ids.Count == 0) return;
            var replies = subject.Generate(conversations, new(tokens, Seed: options.Seed), Counter(progress, phase, ids.Count), cancel);
            answers.AddRange(ids.Select((id, i) => new StoredAnswer(id, kind, 0, replies[i])));
        }

        var code = suite.Code.Select(prompts.Code).ToList();
        Ask(TaskKind.Code, "generate", [.. suite.Code.Select(t => t.Id)], code, options.MaxCodeTokens);
        for (var sample = 1; sample <= options.SampledAnswers && code.Count > 0; sample++)
        {
            var sampling = new SamplingOptions(options.MaxCodeTokens, options.Temperature, options.TopP, options.Seed + sample);
            var drawn = subject.Generate(code, sampling, Counter(progress, "sample", code.Count * options.SampledAnswers, (sample - 1) * code.Count), cancel);
            answers.AddRange(suite.Code.Select((t, i) => new StoredAnswer(t.Id, TaskKind.Code, sample, drawn[i])));
        }
        Ask(TaskKind.Qa, "answer", [.. suite.Qa.Select(t => t.Id)], [.. suite.Qa.Select(prompts.Qa)], options.MaxQaTokens);
        Ask(TaskKind.Open, "explain", [.. suite.Open.Select(t => t.Id)], [.. suite.Open.Select(prompts.Open)], options.MaxOpenTokens);
        Ask(TaskKind.Completion, "complete", [.. suite.Completion.Select(t => t.Id)], [.. suite.Completion.Select(prompts.Completion)], options.MaxCompletionTokens);
        if (options.MeasureRetention) Ask(TaskKind.General, "recall", [.. suite.General.Select(t => t.Id)], [.. suite.General.Select(prompts.Code)], options.MaxCodeTokens);

        var scores = options.ScoreReferences && subject.CanScore ? ScoreReferences(subject, suite, prompts, options.MeasureRetention, progress, cancel) : [];
        return Score(subject.Name, suite, answers, scores, options, grader, progress, cancel);
    }

    /// <summary>Scores stored answers: the same answers and rules give the same result, without the model.</summary>
    /// <param name="subject">The model's name.</param>
    /// <param name="suite">The tasks that the answers are of.</param>
    /// <param name="answers">Answers; each names a task of the suite.</param>
    /// <param name="references">Likelihoods of reference answers, or empty.</param>
    /// <param name="options">Settings.</param>
    /// <param name="grader">Judge of open answers; without one they are kept and not graded.</param>
    /// <param name="progress">Told of every finished item.</param>
    /// <param name="cancel">Stops between items.</param>
    /// <exception cref="LabException">An answer names no task of the suite, or the harness itself failed.</exception>
    public EvaluationResult Score(
        string subject, Suite suite, IReadOnlyList<StoredAnswer> answers, IReadOnlyList<ReferenceScore> references, EvaluationOptions options,
        AnswerJudge? grader = null, IProgress<EvaluationProgress>? progress = null, CancellationToken cancel = default)
    {
        options.Validate();
        var known = suite.Code.Select(t => (t.Id, TaskKind.Code)).Concat(suite.Qa.Select(t => (t.Id, TaskKind.Qa))).Concat(suite.Open.Select(t => (t.Id, TaskKind.Open)))
            .Concat(suite.Completion.Select(t => (t.Id, TaskKind.Completion))).Concat(suite.General.Select(t => (t.Id, TaskKind.General))).ToHashSet();
        if (answers.FirstOrDefault(a => !known.Contains((a.Task, a.Kind))) is { } stray)
            throw new LabException($"An answer names the task \"{stray.Task}\", which the suite lacks. Score answers with the suite that they were given for.");
        var refusal = options.Execution.AllowUntrustedCode ? Sandbox.Refusal(options.Execution) : null;
        var run = options.Execution.AllowUntrustedCode && refusal is null;
        List<StoredAnswer> Of(TaskKind kind) => [.. answers.Where(a => a.Kind == kind)];

        var tasks = suite.Code.Concat(suite.General).ToDictionary(t => t.Id, StringComparer.Ordinal);
        var (written, general) = (Of(TaskKind.Code), Of(TaskKind.General));
        var code = ScoreCode([.. written, .. general], tasks, options, run, progress, cancel);
        var questions = suite.Qa.ToDictionary(t => t.Id, StringComparer.Ordinal);
        var qa = Of(TaskKind.Qa).Select(a => new QaResult(a.Task, QaGrader.Given(a.Text), QaGrader.IsCorrect(a.Text, questions[a.Task].Answers))).ToList();
        var result = new EvaluationResult(
            subject, suite.Hash, CodeExtractor.Version, QaGrader.Version, options, run ? Sandbox.Isolation : null, answers, references, code[..written.Count], qa, [])
        {
            General = code[written.Count..],
            Completion = ScoreCompletions(Of(TaskKind.Completion), suite, cancel),
            Open = grader?.Grade(suite.Open, Of(TaskKind.Open), Counter(progress, "grade", suite.Open.Count), cancel) ?? [],
            NotRun = refusal,
        };
        return result with { Metrics = MetricSet.Compute(suite, result) };
    }

    private List<CompletionResult> ScoreCompletions(List<StoredAnswer> answers, Suite suite, CancellationToken cancel)
    {
        var tasks = suite.Completion.ToDictionary(t => t.Id, StringComparer.Ordinal);
        var results = new CompletionResult[answers.Count];
        DeepStack.For(answers.Count, 0, cancel, i =>
        {
            var task = tasks[answers[i].Task];
            var given = CodeExtractor.Gap(answers[i].Text);
            var verdict = judge.Judge(task.With(given), CSharpJudge.DetectForm(task.With(task.Middle)), task.Usings);
            results[i] = new(task.Id, given, TextDistance.SameCode(given, task.Middle), TextDistance.Similarity(given.Trim(), task.Middle.Trim()), verdict.Compiles, verdict.Errors);
        });
        return [.. results];
    }

    private List<CodeResult> ScoreCode(
        List<StoredAnswer> answers, Dictionary<string, CodeTask> tasks, EvaluationOptions options, bool run, IProgress<EvaluationProgress>? progress, CancellationToken cancel)
    {
        var units = new SolutionUnit?[answers.Count];
        var results = new CodeResult[answers.Count];
        var judged = Counter(progress, "judge", answers.Count);
        var done = 0;
        DeepStack.For(answers.Count, 0, cancel, i =>
        {
            (results[i], units[i]) = Judge(answers[i], tasks[answers[i].Task]);
            judged?.Report(Interlocked.Increment(ref done));
        });
        if (!run || answers.Count == 0) return [.. results];

        // What does not compile is not run. Sampled answers repeat each other; each distinct unit runs once.
        var runs = Enumerable.Range(0, answers.Count).Where(i => results[i].Compiles)
            .GroupBy(i => (answers[i].Task, units[i]!.Source)).Select(g => g.ToList()).ToList();
        using var sandbox = new Sandbox(References, options.Execution);
        var outcomes = sandbox.RunAll(
            [.. runs.Select(g => new ExecutionJob(units[g[0]]!.Source, tasks[answers[g[0]].Task].Usings, tasks[answers[g[0]].Task].Tests))],
            Counter(progress, "run", runs.Count), cancel);
        for (var i = 0; i < results.Length; i++) results[i] = results[i] with { Status = ExecutionStatus.CompileError };
        for (var r = 0; r < runs.Count; r++)
        {
            if (outcomes[r].Status == ExecutionStatus.HarnessError)
                throw new LabException($"The sandbox failed on task \"{answers[runs[r][0]].Task}\": {outcomes[r].Message} No result is reported, because it would not be the model's.");
            foreach (var i in runs[r]) results[i] = results[i] with { Status = outcomes[r].Status, Message = outcomes[r].Message };
        }
        return [.. results];
    }

    private (CodeResult, SolutionUnit?) Judge(StoredAnswer answer, CodeTask task)
    {
        var extraction = CodeExtractor.Extract(answer.Text);
        if (extraction.Code is not { } code)
            return (new(task.Id, answer.Sample, extraction.Reason, null, null, false, false, [], [], [], task.GoldSymbols, null, ""), null);
        var unit = SolutionUnit.Compose(task, code);
        var verdict = judge.Judge(unit.Source, CodeForm.File);
        var mine = verdict.Uses.Where(u => unit.IsAnswerLine(u.Line)).ToList();
        var used = mine.Where(u => u.Kind == SymbolUseKind.Resolved && u.Id is not null).Select(u => u.Id!).ToHashSet(StringComparer.Ordinal);
        var result = new CodeResult(
            task.Id, answer.Sample, extraction.Reason, code, unit.Form, verdict.Parses, verdict.Compiles,
            [.. verdict.Errors.Select(e => e with { Line = unit.LineOfAnswer(e.Line) })],
            [.. mine.Where(u => u.IsLibrary && u.Kind != SymbolUseKind.Cascade).Select(u => u with { Line = unit.LineOfAnswer(u.Line) })],
            [.. task.GoldSymbols.Where(used.Contains)], [.. task.GoldSymbols.Where(g => !used.Contains(g))], null, "");
        return (result, unit);
    }

    private static List<ReferenceScore> ScoreReferences(
        ILanguageModel subject, Suite suite, PromptRenderer prompts, bool retention, IProgress<EvaluationProgress>? progress, CancellationToken cancel)
    {
        List<(string Id, TaskKind Kind, IReadOnlyList<Message> Turns, string Answer)> items =
        [
            .. suite.Code.Where(t => t.Reference.Length > 0).Select(t => (t.Id, TaskKind.Code, prompts.Code(t), prompts.CodeAnswer(t))),
            .. suite.Qa.Select(t => (t.Id, TaskKind.Qa, prompts.Qa(t), prompts.QaAnswer(t))),
            .. suite.Open.Select(t => (t.Id, TaskKind.Open, prompts.Open(t), t.Reference)),
            .. suite.Completion.Select(t => (t.Id, TaskKind.Completion, prompts.Completion(t), t.Middle)),
        ];
        var texts = retention ? suite.Retention : [];
        var total = items.Count + texts.Count;
        List<ReferenceScore> scores = [];
        void Keep(string id, TaskKind kind, AnswerScore score) => scores.Add(new(id, kind, -score.LogProbability / Math.Log(2), score.Bytes));
        // In slices, so that progress shows and cancelling is quick.
        foreach (var slice in items.Chunk(16))
        {
            cancel.ThrowIfCancellationRequested();
            foreach (var (item, score) in slice.Zip(subject.Score([.. slice.Select(i => (IReadOnlyList<Message>)[.. i.Turns, Message.Assistant(i.Answer)])], cancel)))
                Keep(item.Id, item.Kind, score);
            progress?.Report(new("score", scores.Count, total));
        }
        foreach (var slice in texts.Chunk(16))
        {
            cancel.ThrowIfCancellationRequested();
            foreach (var (text, score) in slice.Zip(subject.ScoreText([.. slice.Select(t => t.Text)], cancel))) Keep(text.Id, TaskKind.Retention, score);
            progress?.Report(new("score", scores.Count, total));
        }
        return scores;
    }

    private static Direct? Counter(IProgress<EvaluationProgress>? progress, string phase, int total, int offset = 0) =>
        progress is null ? null : new Direct(done => progress.Report(new(phase, offset + done, total)));

    /// <summary>Reports on the caller's thread; <see cref="Progress{T}"/> would reorder.</summary>
    private sealed class Direct(Action<int> report) : IProgress<int>
    {
        public void Report(int value) => report(value);
    }
}

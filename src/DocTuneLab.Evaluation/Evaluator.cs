using DocTuneLab.Corpus;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Extraction;
using DocTuneLab.Evaluation.Metrics;
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
    /// <param name="progress">Told of every finished item.</param>
    /// <param name="cancel">Stops between items.</param>
    /// <exception cref="LabException">A setting is out of range, the suite is empty, or running was asked for and cannot be had.</exception>
    public EvaluationResult Run(
        ILanguageModel subject, Suite suite, PromptRenderer prompts, EvaluationOptions options,
        IProgress<EvaluationProgress>? progress = null, CancellationToken cancel = default)
    {
        options.Validate();
        if (suite.Count == 0) throw new LabException("The suite has no tasks (of this split). Expected at least one.");
        List<StoredAnswer> answers = [];

        var code = suite.Code.Select(prompts.Code).ToList();
        var greedy = subject.Generate(code, new(options.MaxCodeTokens, Seed: options.Seed), Counter(progress, "generate", code.Count), cancel);
        answers.AddRange(suite.Code.Select((t, i) => new StoredAnswer(t.Id, TaskKind.Code, 0, greedy[i])));
        for (var sample = 1; sample <= options.SampledAnswers && code.Count > 0; sample++)
        {
            var sampling = new SamplingOptions(options.MaxCodeTokens, options.Temperature, options.TopP, options.Seed + sample);
            var drawn = subject.Generate(code, sampling, Counter(progress, "sample", code.Count * options.SampledAnswers, (sample - 1) * code.Count), cancel);
            answers.AddRange(suite.Code.Select((t, i) => new StoredAnswer(t.Id, TaskKind.Code, sample, drawn[i])));
        }
        var questions = suite.Qa.Select(prompts.Qa).ToList();
        var replies = subject.Generate(questions, new(options.MaxQaTokens, Seed: options.Seed), Counter(progress, "answer", questions.Count), cancel);
        answers.AddRange(suite.Qa.Select((t, i) => new StoredAnswer(t.Id, TaskKind.Qa, 0, replies[i])));

        var scores = options.ScoreReferences ? ScoreReferences(subject, suite, prompts, progress, cancel) : [];
        return Score(subject.Name, suite, answers, scores, options, progress, cancel);
    }

    /// <summary>Scores stored answers: the same answers and rules give the same result, without the model.</summary>
    /// <param name="subject">The model's name.</param>
    /// <param name="suite">The tasks that the answers are of.</param>
    /// <param name="answers">Answers; each names a task of the suite.</param>
    /// <param name="references">Likelihoods of reference answers, or empty.</param>
    /// <param name="options">Settings.</param>
    /// <param name="progress">Told of every finished item.</param>
    /// <param name="cancel">Stops between items.</param>
    /// <exception cref="LabException">An answer names no task of the suite, or the harness itself failed.</exception>
    public EvaluationResult Score(
        string subject, Suite suite, IReadOnlyList<StoredAnswer> answers, IReadOnlyList<ReferenceScore> references, EvaluationOptions options,
        IProgress<EvaluationProgress>? progress = null, CancellationToken cancel = default)
    {
        options.Validate();
        var tasks = suite.Code.ToDictionary(t => t.Id, StringComparer.Ordinal);
        var questions = suite.Qa.ToDictionary(t => t.Id, StringComparer.Ordinal);
        if (answers.FirstOrDefault(a => a.Kind == TaskKind.Code ? !tasks.ContainsKey(a.Task) : !questions.ContainsKey(a.Task)) is { } stray)
            throw new LabException($"An answer names the task \"{stray.Task}\", which the suite lacks. Score answers with the suite that they were given for.");

        var code = ScoreCode(answers.Where(a => a.Kind == TaskKind.Code).ToList(), tasks, options, progress, cancel);
        var qa = answers.Where(a => a.Kind == TaskKind.Qa)
            .Select(a => new QaResult(a.Task, QaGrader.Given(a.Text), QaGrader.IsCorrect(a.Text, questions[a.Task].Answers))).ToList();
        var metrics = MetricSet.Compute(suite, code, qa, references, options);
        return new(subject, suite.Hash, CodeExtractor.Version, QaGrader.Version, options, options.Execution.AllowUntrustedCode ? Sandbox.Isolation : null, answers, references, code, qa, metrics);
    }

    private List<CodeResult> ScoreCode(
        List<StoredAnswer> answers, Dictionary<string, CodeTask> tasks, EvaluationOptions options, IProgress<EvaluationProgress>? progress, CancellationToken cancel)
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
        if (!options.Execution.AllowUntrustedCode) return [.. results];

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
        ILanguageModel subject, Suite suite, PromptRenderer prompts, IProgress<EvaluationProgress>? progress, CancellationToken cancel)
    {
        var ids = suite.Code.Select(t => (t.Id, TaskKind.Code)).Concat(suite.Qa.Select(t => (t.Id, TaskKind.Qa))).ToList();
        List<IReadOnlyList<Message>> conversations =
        [
            .. suite.Code.Select(t => (IReadOnlyList<Message>)[.. prompts.Code(t), Message.Assistant(prompts.CodeAnswer(t))]),
            .. suite.Qa.Select(t => (IReadOnlyList<Message>)[.. prompts.Qa(t), Message.Assistant(prompts.QaAnswer(t))]),
        ];
        // In slices, so that progress shows and cancelling is quick.
        List<ReferenceScore> scores = [];
        foreach (var slice in conversations.Chunk(16))
        {
            cancel.ThrowIfCancellationRequested();
            foreach (var score in subject.Score(slice, cancel))
                scores.Add(new(ids[scores.Count].Id, ids[scores.Count].Item2, -score.LogProbability / Math.Log(2), score.Bytes));
            progress?.Report(new("score", scores.Count, conversations.Count));
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

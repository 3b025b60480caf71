using DocTuneLab.Conversations;
using DocTuneLab.Corpus.Kinds;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Extraction;
using DocTuneLab.Evaluation.Judging;
using DocTuneLab.Evaluation.Metrics;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Subjects;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;

namespace DocTuneLab.Evaluation;

/// <summary>Evaluates models on a suite against one private library.</summary>
/// <param name="judge">The judge of that library; its references are also what answers are run with.</param>
public sealed class Evaluator(CSharpJudge judge)
{
    // Scores are asked for in slices, so that progress shows and cancelling is quick.
    private const int SliceSize = 16;

    private readonly AnswerScorer _scorer = new(judge);

    /// <summary>What is measured. Default <see cref="MetricSet.Default"/>; <see cref="MetricSet.With"/> adds others.</summary>
    public MetricSet Metrics { get; init; } = MetricSet.Default;

    /// <summary>Judge of open answers; without one, the default, they are kept and not graded.</summary>
    public AnswerJudge? Grader { get; init; }

    /// <summary>Which tasks the training data shows, made once for all arms (<see cref="TaskPatterns.Of"/>). Default null: no training data
    /// is known.</summary>
    public TaskPatterns? Patterns { get; init; }

    /// <summary>Definitions of the kinds of training samples, by which <see cref="SuiteCheck"/> knows whose answers are code. Default those
    /// that ship.</summary>
    public IReadOnlyList<SampleKindDefinition> Kinds { get; init; } = SampleKinds.BuiltIn;

    /// <summary>Asks the model everything in the suite, then scores the answers.</summary>
    /// <param name="subject">The model.</param>
    /// <param name="suite">Tasks, of one split as a rule (<see cref="Suite.Where"/>).</param>
    /// <param name="prompts">How tasks become conversations.</param>
    /// <param name="options">Settings.</param>
    /// <param name="progress">Told of every finished item.</param>
    /// <param name="cancel">Stops between items.</param>
    /// <exception cref="LabException">A setting is out of range, or the suite is empty.</exception>
    public EvaluationResult Run(
        ILanguageModel subject, Suite suite, PromptRenderer prompts, EvaluationOptions options,
        IProgress<EvaluationProgress>? progress = null, CancellationToken cancel = default)
    {
        options.Validate();
        if (suite.Count == 0) throw new LabException("The suite has no tasks (of this split). Expected at least one.");
        var answers = Ask(subject, suite, prompts, options, progress, cancel);
        var scores = options.ScoreReferences && subject.CanScore
            ? ScoreReferences(subject, suite, prompts, options.MeasureRetention, progress, cancel) : [];
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
    /// <exception cref="LabException">An answer names no task of the suite, or the sandbox cannot start at all.</exception>
    public EvaluationResult Score(
        string subject, Suite suite, IReadOnlyList<StoredAnswer> answers, IReadOnlyList<ReferenceScore> references,
        EvaluationOptions options, IProgress<EvaluationProgress>? progress = null, CancellationToken cancel = default)
    {
        options.Validate();
        ThrowIfStray(answers, suite);
        var refusal = options.Execution.AllowUntrustedCode ? Sandbox.Refusal(options.Execution) : null;
        var run = options.Execution.AllowUntrustedCode && refusal is null;
        List<StoredAnswer> Of(TaskKind kind) => [.. answers.Where(a => a.Kind == kind)];

        var tasks = suite.Code.Concat(suite.General).ToDictionary(t => t.Id, StringComparer.Ordinal);
        var (written, general) = (Of(TaskKind.Code), Of(TaskKind.General));
        var code = _scorer.ScoreCode([.. written, .. general], tasks, run ? options.Execution : null, progress, cancel);
        var questions = suite.Qa.ToDictionary(t => t.Id, StringComparer.Ordinal);
        var members = suite.Members.ToDictionary(t => t.Id, StringComparer.Ordinal);
        var result = new EvaluationResult
        {
            Subject = subject,
            SuiteHash = suite.Hash,
            ExtractorVersion = CodeExtractor.Version,
            GraderVersion = QaGrader.Version,
            Options = options,
            Sandbox = run ? Sandbox.Isolation : null,
            Answers = answers,
            References = references,
            Code = code[..written.Count],
            Qa = [.. Of(TaskKind.Qa).Select(a => new QaResult(
                a.Task, QaGrader.Given(a.Text), QaGrader.IsCorrect(a.Text, questions[a.Task].Answers, questions[a.Task].Question)))],
            Metrics = [],
            General = code[written.Count..],
            Completion = _scorer.ScoreCompletions(Of(TaskKind.Completion), suite, cancel),
            Members = [.. Of(TaskKind.Members).Select(a => MemberReader.Read(members[a.Task], a.Text))],
            MemberRuleVersion = MemberReader.Version,
            Open = Grader?.Grade(
                suite.Open, Of(TaskKind.Open), PhaseProgress.Of(progress, EvaluationPhase.Grade, suite.Open.Count), cancel) ?? [],
            NotRun = refusal,
            Unreviewed = suite.Code.Count(t => suite.Unreviewed.Contains(t.Id)),
            Patterns = Patterns ?? TaskPatterns.Of(suite),
        };
        return result with { Metrics = Metrics.Compute(suite, result) };
    }

    /// <summary>What the references of tasks do under their hidden tests; those that were scored before are not run again.</summary>
    internal IReadOnlyList<(CodeTask Task, ReferenceRun Run)> RunReferences(
        IReadOnlyList<CodeTask> tasks, ExecutionOptions execution, CancellationToken cancel, bool again = false) =>
        _scorer.RunReferences(tasks, execution, again, cancel);

    /// <summary>Ids of the tasks whose tests pass with an answer that gives one value for good.</summary>
    internal IReadOnlySet<string> PassedByConstant(
        IReadOnlyList<CodeTask> tasks, ExecutionOptions execution, CancellationToken cancel) =>
        _scorer.PassedByConstant(tasks, execution, cancel);

    /// <summary>Ids of the tasks whose reference passes; most are expected to fail.</summary>
    internal IReadOnlySet<string> PassedBy(IReadOnlyList<CodeTask> tasks, ExecutionOptions execution, CancellationToken cancel) =>
        _scorer.PassedBy(tasks, execution, cancel);

    private static List<StoredAnswer> Ask(
        ILanguageModel subject, Suite suite, PromptRenderer prompts, EvaluationOptions options,
        IProgress<EvaluationProgress>? progress, CancellationToken cancel)
    {
        List<StoredAnswer> answers = [];
        void Keep(
            TaskKind kind, IReadOnlyList<string> ids, int sample, IReadOnlyList<IReadOnlyList<Message>> turns, SamplingOptions sampling,
            IProgress<int>? counter)
        {
            StoredAnswer Stored(int i, string text) => new(ids[i], kind, sample, text);
            answers.AddRange(subject switch
            {
                HostedModel hosted => hosted.Ask(turns, sampling, counter, cancel)
                    .Select((r, i) => Stored(i, r.Text) with { Unanswered = r.Unanswered, IsCutOff = r.IsCutOff }),
                IGuidedModel guided => guided.Ask(turns, sampling, counter, cancel)
                    .Select((a, i) => Stored(i, a.Text) with { Guidance = a.Guidance }),
                _ => subject.Generate(turns, sampling, counter, cancel).Select((t, i) => Stored(i, t)),
            });
        }

        void Greedy(
            TaskKind kind, EvaluationPhase phase, IReadOnlyList<string> ids, IReadOnlyList<IReadOnlyList<Message>> turns, int tokens)
        {
            if (ids.Count == 0) return;
            var counter = PhaseProgress.Of(progress, phase, ids.Count);
            Keep(kind, ids, 0, turns, new(tokens, Seed: options.Seed), counter);
        }

        var code = suite.Code.Select(prompts.Code).ToList();
        Greedy(TaskKind.Code, EvaluationPhase.Generate, [.. suite.Code.Select(t => t.Id)], code, options.MaxCodeTokens);
        for (var sample = 1; sample <= options.SampledAnswers && code.Count > 0; sample++)
        {
            var sampling = new SamplingOptions(options.MaxCodeTokens, options.Temperature, options.TopP, options.Seed + sample);
            var counter = PhaseProgress.Of(
                progress, EvaluationPhase.Sample, code.Count * options.SampledAnswers, (sample - 1) * code.Count);
            Keep(TaskKind.Code, [.. suite.Code.Select(t => t.Id)], sample, code, sampling, counter);
        }
        Greedy(
            TaskKind.Qa, EvaluationPhase.Answer, [.. suite.Qa.Select(t => t.Id)], [.. suite.Qa.Select(prompts.Qa)], options.MaxQaTokens);
        Greedy(
            TaskKind.Open, EvaluationPhase.Explain, [.. suite.Open.Select(t => t.Id)], [.. suite.Open.Select(prompts.Open)],
            options.MaxOpenTokens);
        Greedy(
            TaskKind.Completion, EvaluationPhase.Complete, [.. suite.Completion.Select(t => t.Id)],
            [.. suite.Completion.Select(prompts.Completion)], options.MaxCompletionTokens);
        Greedy(
            TaskKind.Members, EvaluationPhase.Probe, [.. suite.Members.Select(t => t.Id)], [.. suite.Members.Select(prompts.Member)],
            options.MaxQaTokens);
        if (options.MeasureRetention)
            Greedy(
                TaskKind.General, EvaluationPhase.Recall, [.. suite.General.Select(t => t.Id)], [.. suite.General.Select(prompts.Code)],
                options.MaxCodeTokens);
        return answers;
    }

    private static List<ReferenceScore> ScoreReferences(
        ILanguageModel subject, Suite suite, PromptRenderer prompts, bool retention,
        IProgress<EvaluationProgress>? progress, CancellationToken cancel)
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
        void Keep(string id, TaskKind kind, AnswerScore score) =>
            scores.Add(new(id, kind, -score.LogProbability / Math.Log(2), score.Bytes));
        foreach (var slice in items.Chunk(SliceSize))
        {
            cancel.ThrowIfCancellationRequested();
            var whole = slice.Select(i => (IReadOnlyList<Message>)[.. i.Turns, Message.Assistant(i.Answer)]).ToList();
            foreach (var (item, score) in slice.Zip(subject.Score(whole, cancel))) Keep(item.Id, item.Kind, score);
            progress?.Report(new(EvaluationPhase.Score, scores.Count, total));
        }
        foreach (var slice in texts.Chunk(SliceSize))
        {
            cancel.ThrowIfCancellationRequested();
            foreach (var (text, score) in slice.Zip(subject.ScoreText([.. slice.Select(t => t.Text)], cancel)))
                Keep(text.Id, TaskKind.Retention, score);
            progress?.Report(new(EvaluationPhase.Score, scores.Count, total));
        }
        return scores;
    }

    private static void ThrowIfStray(IReadOnlyList<StoredAnswer> answers, Suite suite)
    {
        var known = suite.Code.Select(t => (t.Id, TaskKind.Code)).Concat(suite.Qa.Select(t => (t.Id, TaskKind.Qa)))
            .Concat(suite.Open.Select(t => (t.Id, TaskKind.Open))).Concat(suite.Completion.Select(t => (t.Id, TaskKind.Completion)))
            .Concat(suite.Members.Select(t => (t.Id, TaskKind.Members)))
            .Concat(suite.General.Select(t => (t.Id, TaskKind.General))).ToHashSet();
        if (answers.FirstOrDefault(a => !known.Contains((a.Task, a.Kind))) is { } stray)
            throw new LabException(
                $"An answer names the task \"{stray.Task}\", which the suite lacks. "
                + "Score answers with the suite that they were given for.");
    }
}

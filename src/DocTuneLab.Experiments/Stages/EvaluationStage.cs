using System.Globalization;
using System.Text.Json;
using DocTuneLab.Conversations;
using DocTuneLab.Corpus;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Judging;
using DocTuneLab.Evaluation.Reports;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Subjects;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Prompts;
using DocTuneLab.Storage;

namespace DocTuneLab.Experiments.Stages;

/// <summary>Held-out tasks, and the comparison of models on them.</summary>
/// <param name="experiment">Where answers and results are kept, and the wordings that models are asked with.</param>
/// <param name="library">The library that answers are compiled against.</param>
/// <param name="suite">The tasks.</param>
/// <param name="local">Models that are loaded.</param>
public sealed class EvaluationStage(Experiment experiment, PrivateLibrary library, Suite suite, LocalModels local)
{
    /// <summary>Folder of the last evaluation: answers, verdicts and reports; null where there was none.</summary>
    public string? Directory => experiment.EvaluationDirectory;

    private Lab Storage => experiment.Storage;

    private Wordings Wordings => experiment.Wordings;

    /// <summary>
    /// Asks every arm of a plan, scores the answers and compares. Answers are kept as they come, so that a repeated or interrupted
    /// evaluation does not ask again; results and reports lie in the run's folder.
    /// </summary>
    /// <param name="plan">What is asked, and of whom.</param>
    /// <param name="progress">Told of every finished item.</param>
    /// <param name="cancel">Stops between items.</param>
    /// <exception cref="LabException">An arm has no model, or the suite has no such tasks.</exception>
    public EvaluationReport Run(EvaluationPlan plan, IProgress<EvaluationProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var asked = (plan.Split is { } split ? suite.Where(split) : suite).Only([.. plan.Kinds]);
        if (plan.Arms.GroupBy(a => a, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new LabException($"arms: {twice.Key} stands there twice; each arm is asked once.");
        using var hosted = new HostedModels(plan.Engine, Storage);
        var arms = plan.Arms.Select(a => (Text: a, Name: ArmName.Of(a))).Select(a => (a.Text, a.Name, Prompts: PromptsOf(a.Name, plan)))
            .Select(a => (a.Text, a.Name, Model: ModelOf(a.Name, plan, hosted, asked, a.Prompts), a.Prompts)).ToList();
        var passages = arms.Any(a => a.Name.HasDocuments) ? Storage.Documents.Chunks().Count : 0;
        if (passages == 0 && arms.Any(a => a.Name.HasDocuments))
            throw new LabException("an arm with documents needs passages to search: run #!docs first");
        var settings = Settings(plan, passages);
        var run = Storage.Runs.Begin("evaluate", JsonSerializer.Serialize(new
        {
            experiment.Seed,
            Suite = asked.Hash,
            Model = local.BaseHash,
            Adapter = local.AdapterHash,
            Code = Wordings.Code.Name,
            CodeVersion = Wordings.Code.Version,
            Qa = Wordings.Qa.Name,
            QaVersion = Wordings.Qa.Version,
            plan.Arms,
            Kinds = plan.Kinds.Select(k => k.ToString()),
            Samples = plan.Options.SampledAnswers,
            plan.Options.MaxCodeTokens,
            plan.DocumentTokens,
            Guide = arms.Any(a => a.Name.Guided is not null) ? plan.Guidance.Rules : null,
            Library = library.Api.Hash,
        }));
        return Recorded(run, () =>
        {
            var options = plan.Options with { Seed = experiment.Seed };
            var patterns = TaskPatterns.Of(asked, plan.Training ?? Storage.Samples.List());
            var results = new List<EvaluationResult>();
            foreach (var (text, name, model, prompts) in arms)
            {
                // A guide changes what is written, not how likely the model finds a given text.
                var guidance = GuidanceOf(name, plan);
                var its = options with
                {
                    Arm = text,
                    MeasureRetention = !name.HasDocuments && guidance is null,
                    ScoreReferences = options.ScoreReferences && guidance is null,
                    Guide = guidance?.Rules,
                };
                results.Add(Evaluator(hosted.JudgeOf(plan), patterns)
                    .Run(model, asked, prompts, its, InArm.Of(text, progress), cancel));
                Write(results[^1], run);
            }
            foreach (var (name, status) in hosted.Asked) settings[$"Hosted model {name}"] = status;
            return Finish(run, asked, results, settings, plan, hosted.JudgeOf(plan), cancel);
        });
    }

    /// <summary>Scores stored answers again, by the rules of today and without any model.</summary>
    /// <param name="results">Files of results, or runs of this lab.</param>
    /// <param name="plan">Limits of execution, judge and gate.</param>
    /// <param name="progress">Told of every finished item.</param>
    /// <param name="cancel">Stops between items.</param>
    /// <exception cref="LabException">Nothing is stored there, or the suite lacks a task.</exception>
    public EvaluationReport Rescore(IReadOnlyList<string> results, EvaluationPlan plan, IProgress<EvaluationProgress>? progress = null,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var stored = results.SelectMany(new StoredResults(Storage).Load).ToList();
        var tasks = stored.SelectMany(r => r.Answers.Select(a => a.Task).Concat(r.References.Select(s => s.Task)))
            .ToHashSet(StringComparer.Ordinal);
        var asked = suite.Named(tasks);
        var run = Storage.Runs.Begin("evaluate", JsonSerializer.Serialize(new
        {
            Rescored = results,
            experiment.Seed,
            Suite = asked.Hash,
            Code = Wordings.Code.Name,
            CodeVersion = Wordings.Code.Version,
            Qa = Wordings.Qa.Name,
            QaVersion = Wordings.Qa.Version,
            Library = library.Api.Hash,
        }));
        return Recorded(run, () =>
        {
            using var hosted = new HostedModels(plan.Engine, Storage);
            // What the lab holds by now may be another corpus than the one that these arms were trained on.
            var today = new Lazy<TaskPatterns>(() => TaskPatterns.Of(asked, plan.Training ?? Storage.Samples.List()));
            TaskPatterns Patterns(EvaluationResult r) =>
                plan.Training is null && r.Patterns is { Samples: not null } then ? then : today.Value;
            var scored = stored.Select(r => Evaluator(hosted.JudgeOf(plan), Patterns(r)).Score(r.Subject, asked, r.Answers,
                r.References, r.Options with { Execution = plan.Options.Execution },
                InArm.Of(r.Arm, progress), cancel)).ToList();
            foreach (var result in scored) Write(result, run);
            return Finish(run, asked, scored, new Dictionary<string, string> { ["Rescored"] = string.Join(", ", results) }, plan,
                hosted.JudgeOf(plan), cancel);
        });
    }

    /// <summary>Proves the suite: references pass, stubs fail, gold members exist, nothing overlaps the training data.
    /// Runs the references.</summary>
    /// <param name="samples">The training data.</param>
    /// <param name="allowWithoutIsolation">Whether they are run even where nothing isolates them.</param>
    /// <param name="pages">The library's pages; null for those that the lab has read, if any.</param>
    /// <param name="cancel">Stops between tasks.</param>
    public SuiteReport Check(IReadOnlyList<Sample> samples, bool allowWithoutIsolation = false, IReadOnlyList<Document>? pages = null,
        CancellationToken cancel = default)
    {
        pages ??= Storage.Documents.Pages(experiment.Hooks.Dialects.All) is { Count: > 0 } read ? read : null;
        return SuiteCheck.Run(Evaluator(), suite, library.Api,
            new ExecutionOptions { AllowUntrustedCode = true, AllowWithoutIsolation = allowWithoutIsolation }, samples, pages, cancel);
    }

    /// <summary>Adds preferences of people or of a judge to the last report and writes it anew.</summary>
    /// <exception cref="LabException">Nothing was evaluated yet.</exception>
    public EvaluationReport AddPreferences(IReadOnlyList<PreferenceSummary> preferences)
    {
        if (experiment.Report is not { } report) throw new LabException("there is nothing to add to yet: run #!evaluate first");
        experiment.Report = report = report.With(preferences);
        if (experiment.EvaluationDirectory is { } folder) ReportFiles.Write(report, folder);
        return report;
    }

    private Evaluator Evaluator(AnswerJudge? grader = null, TaskPatterns? patterns = null) =>
        new(library.Judge)
        {
            Grader = grader,
            Patterns = patterns,
            Metrics = new(experiment.Hooks.Metrics.All),
            Kinds = experiment.Hooks.Kinds.All,
        };

    private static GuideSettings? GuidanceOf(ArmName arm, EvaluationPlan plan) =>
        arm.Guided is not { } guided ? null
        : guided.Layers is { } layers ? plan.Guidance with { Layers = [layers] } : plan.Guidance;

    private PromptRenderer PromptsOf(ArmName arm, EvaluationPlan plan) => !arm.HasDocuments
        ? Prompts()
        : Prompts().WithDocuments(new(q => [.. Storage.Documents.Search(q, Passages.Candidates).Select(h => h.Chunk)], Budget(plan)));

    private static void Write(EvaluationResult result, LabRun run) =>
        File.WriteAllText(Path.Combine(run.Directory, result.Arm.Replace('/', '-') + ".json"), result.ToJson());

    private EvaluationReport Recorded(LabRun run, Func<EvaluationReport> work)
    {
        try
        {
            return work();
        }
        catch
        {
            Storage.Runs.Finish(run.Id, failed: true);
            throw;
        }
    }

    private EvaluationReport Finish(
        LabRun run, Suite asked, IReadOnlyList<EvaluationResult> results, IReadOnlyDictionary<string, string> settings, EvaluationPlan plan,
        AnswerJudge? judge, CancellationToken cancel)
    {
        var report = EvaluationReport.Of(results, settings, plan.GateBits);
        if (judge is not null && asked.Open.Count > 0)
            report = report.With([.. results.SelectMany((a, i) => results.Skip(i + 1).Select(b =>
                PreferenceSummary.Of(a.Arm, b.Arm, judge.Name, judge.Prefer(asked.Open, a.Answers, b.Answers, cancel: cancel),
                    experiment.Seed)))]);
        var suite = asked.Hash;
        foreach (var result in results)
        {
            var answers = result.Answers.GroupBy(a => a.Task, StringComparer.Ordinal)
                .ToDictionary(g => g.Key, g => g.First().Text, StringComparer.Ordinal);
            Storage.Runs.SaveEvaluations(run.Id, [.. result.Metrics.SelectMany(m => m.Observations.Where(o => o.Denominator > 0)
                .Select(o => new EvaluationRow(suite, result.Arm, o.Task, m.Name, o.Numerator / o.Denominator,
                    answers.GetValueOrDefault(o.Task))))]);
        }
        ReportFiles.Write(report, run.Directory);
        Storage.Runs.Finish(run.Id, report.ToJson());
        (experiment.Report, experiment.EvaluationDirectory) = (report, run.Directory);
        return report;
    }

    private PromptRenderer Prompts()
    {
        var (code, qa) = (Wordings.Code, Wordings.Qa);
        return new(
            t => code.Messages(AnswerFormat.CodeInputs(t.Instruction, t.Signature, t.Context,
                t.GoldSymbols.Count > 0 ? library.Name : ".NET")),
            q => qa.Messages(AnswerFormat.QaInputs(q.Question, library.Name)))
        {
            Open = q => qa.Messages(AnswerFormat.QaInputs(q.Question, library.Name)),
        };
    }

    // Room for the task itself and its answer must remain in a small context.
    private int Budget(EvaluationPlan plan) => local.Room(plan.DocumentTokens, plan.Options.MaxCodeTokens);

    private ILanguageModel ModelOf(ArmName arm, EvaluationPlan plan, HostedModels hosted, Suite asked, PromptRenderer prompts)
    {
        var name = arm.Model;
        var folder = Path.Combine(Storage.Directory, "answers");
        if (name is "base" or "tuned")
            return local.Recorded(name, folder, GuidanceOf(arm, plan) is { } guidance
                ? (guidance.Rules, GuidedModel.Guides(guidance, library.Judge, asked, prompts)) : null);
        if (arm.Guided is not null)
            throw new LabException(
                $"arm '{name}+{arm.Guided.Name}': the compiler guides a model while it writes, which only base and tuned allow");
        // Their answers are in the lab's journal.
        if (plan.Endpoints.FirstOrDefault(e => e.Name == name) is { } endpoint) return hosted[endpoint];
        if (plan.Others.TryGetValue(name, out var other)) return new RecordedModel(other, $"{name}:{other.Name}", folder);
        var others = string.Concat(plan.Others.Keys.Concat(plan.Endpoints.Select(e => e.Name)).Select(k => $", {k}"));
        throw new LabException($"there is no arm '{name}'; there are base, tuned{others}, each also with +{ArmName.Documents} behind it, "
            + $"and base and tuned with one of +{string.Join(", +", GuidedArm.All.Select(g => g.Name))}");
    }

    private Dictionary<string, string> Settings(EvaluationPlan plan, int passages)
    {
        var settings = local.Describe().ToDictionary(d => d.Name, d => d.Value, StringComparer.Ordinal);
        settings["Library"] = $"{library.Name}, {library.Api.Symbols.Count} public symbols; {library.Api.Hash}";
        settings["Prompts"] = $"{Wordings.Code.Name} {Wordings.Code.Hash}, {Wordings.Qa.Name} {Wordings.Qa.Hash}";
        if (passages > 0) settings["Documents in prompts"] = $"BM25 over {passages} chunks, at most {Budget(plan)} tokens";
        if (plan.Options is { SampledAnswers: > 0 } o)
            settings["Samples"] = string.Create(CultureInfo.InvariantCulture,
                $"{o.SampledAnswers} for each task at temperature {o.Temperature}, top-p {o.TopP}");
        foreach (var (arm, guidance) in plan.Arms.Select(a => (a, GuidanceOf(ArmName.Of(a), plan))))
            if (guidance is not null) settings[$"Compiler in the decoder of {arm}"] = guidance.Rules.ToString();
        if (plan.Judge is { } judge)
            settings["Judge"] = $"{judge.Name} ({judge.Model}), wording {AnswerJudge.Version}, every judgement in both orders";
        return settings;
    }

    private sealed class InArm(string arm, IProgress<EvaluationProgress> inner) : IProgress<EvaluationProgress>
    {
        public static InArm? Of(string arm, IProgress<EvaluationProgress>? inner) => inner is null ? null : new(arm, inner);

        public void Report(EvaluationProgress value) => inner.Report(value with { Arm = arm });
    }
}

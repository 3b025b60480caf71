using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using DocTuneLab.Documents;
using DocTuneLab.Evaluation;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Judging;
using DocTuneLab.Evaluation.Reports;
using DocTuneLab.Evaluation.Subjects;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;
using DocTuneLab.Prompts;
using DocTuneLab.Prompts.Endpoints;
using DocTuneLab.Storage;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Generation;

namespace DocTuneLab.Experiments;

// Held-out tasks and the comparison of models.
public sealed partial class LabSession
{
    private const string DocumentsSuffix = "+docs";

    /// <summary>Held-out tasks.</summary>
    public Suite? Suite { get; private set; }

    /// <summary>What the last evaluation found.</summary>
    public EvaluationReport? Report { get; private set; }

    /// <summary>The main comparison of the last evaluation: base against tuned where both are in it.</summary>
    public Comparison? Comparison => Report?.Main;

    /// <summary>Folder of the last evaluation: answers, verdicts and reports.</summary>
    public string? EvaluationDirectory { get; private set; }

    /// <summary>Loads held-out tasks.</summary>
    public Suite LoadSuite(string directory) => Suite = Suite.Load(directory);

    /// <summary>Loads the library without reading its documentation anew; the lab's chunks stay as they are.</summary>
    /// <exception cref="LabException">An assembly is missing.</exception>
    public void LoadLibrary(IReadOnlyList<string> assemblies)
    {
        var references = ReferenceSet.Load([.. assemblies]);
        (Api, Judge) = (ApiModel.Load(references), new CSharpJudge(references));
        Chunks = Storage.Chunks();
    }

    /// <summary>Chooses wordings by name.</summary>
    /// <exception cref="LabException">There is no such template.</exception>
    public void UsePrompts(string? code, string? qa)
    {
        if (code is not null) CodeTemplate = PromptLibrary.Default[code];
        if (qa is not null) QaTemplate = PromptLibrary.Default[qa];
    }

    /// <summary>Takes the wordings of the lab's last evaluation, which are those that its adapter was trained with; without one they stay.</summary>
    public void RestorePrompts()
    {
        if (Storage.Runs("evaluate").LastOrDefault(r => r.Status == "done") is not { } run) return;
        using var settings = JsonDocument.Parse(run.Configuration);
        string? Name(string field) => settings.RootElement.ValueKind == JsonValueKind.Object && settings.RootElement.TryGetProperty(field, out var value) ? value.GetString() : null;
        UsePrompts(Name("Code"), Name("Qa"));
    }

    /// <summary>Asks base and tuned model the tasks of a split, greedily, and compares.</summary>
    public Comparison Evaluate(Split? split, bool allowUntrustedCode, IProgress<EvaluationProgress>? progress = null, CancellationToken cancel = default) =>
        Evaluate(new EvaluationPlan { Split = split, AllowUntrustedCode = allowUntrustedCode }, progress, cancel).Main!;

    /// <summary>
    /// Asks every arm of a plan, scores the answers and compares. Answers are kept as they come, so that a repeated or interrupted evaluation does not ask
    /// again; results and reports lie in the run's folder.
    /// </summary>
    /// <exception cref="LabException">An earlier stage is missing, an arm has no model, or the suite has no such tasks.</exception>
    public EvaluationReport Evaluate(EvaluationPlan plan, IProgress<EvaluationProgress>? progress = null, CancellationToken cancel = default)
    {
        Need(Api, "#!docs"); Need(Suite, "#!suite");
        var suite = (plan.Split is { } split ? Suite!.Where(split) : Suite!).Only([.. plan.Kinds]);
        using var hosted = new HostedModels(plan, Storage);
        var arms = plan.Arms.Select(a => (Name: a, Model: ModelOf(a, plan, hosted), Documents: a.EndsWith(DocumentsSuffix, StringComparison.Ordinal))).ToList();
        if (arms.Any(a => a.Documents) && Chunks.Count == 0) throw new LabException("an arm with documents needs passages to search: run #!docs first");
        var settings = Settings(plan);
        var run = Storage.BeginRun("evaluate", JsonSerializer.Serialize(new
        {
            Seed, Suite = suite.Hash, Model = Model?.Hash, Adapter = Adapter is null ? null : HashOf(Adapter), Code = CodeTemplate.Name, Qa = QaTemplate.Name, plan.Arms,
            Kinds = plan.Kinds.Select(k => k.ToString()), plan.Samples, plan.MaxCodeTokens, plan.DocumentTokens, Library = Api!.Hash,
        }));
        try
        {
            var options = new EvaluationOptions
            {
                Seed = Seed, MaxCodeTokens = plan.MaxCodeTokens, MaxQaTokens = 32, SampledAnswers = plan.Samples,
                Execution = new ExecutionOptions { AllowUntrustedCode = plan.AllowUntrustedCode, AllowWithoutIsolation = plan.AllowWithoutIsolation },
            };
            var results = new List<EvaluationResult>();
            foreach (var (name, model, documents) in arms)
            {
                var arm = progress is null ? null : new InArm(name, progress);
                var prompts = documents ? Prompts().WithDocuments(q => Storage.Search(q, 12).Select(h => h.Chunk).ToList(), Budget(plan)) : Prompts();
                results.Add(new Evaluator(Judge!).Run(model, suite, prompts, options with { Arm = name, MeasureRetention = !documents }, hosted.Judge, arm, cancel));
                File.WriteAllText(System.IO.Path.Combine(run.Directory, name.Replace('/', '-') + ".json"), results[^1].ToJson());
            }
            foreach (var (name, status) in hosted.Asked) settings[$"Hosted model {name}"] = status;
            Finish(run, suite, results, settings, plan, hosted.Judge, cancel);
            return Report!;
        }
        catch
        {
            Storage.FinishRun(run.Id, failed: true);
            throw;
        }
    }

    /// <summary>Scores stored answers again, by the rules of today and without any model.</summary>
    /// <param name="results">Files of results, or a run of this lab.</param>
    /// <param name="plan">Limits of execution, judge and gate.</param>
    /// <param name="progress">Told of every finished item.</param>
    /// <param name="cancel">Stops between items.</param>
    /// <exception cref="LabException">Nothing is stored there, or the suite lacks a task.</exception>
    public EvaluationReport Rescore(IReadOnlyList<string> results, EvaluationPlan plan, IProgress<EvaluationProgress>? progress = null, CancellationToken cancel = default)
    {
        Need(Api, "#!docs"); Need(Suite, "#!suite");
        var stored = results.SelectMany(ResultFiles).Select(EvaluationResult.Load).ToList();
        var asked = stored.SelectMany(r => r.Answers.Select(a => a.Task).Concat(r.References.Select(s => s.Task))).ToHashSet(StringComparer.Ordinal);
        var suite = Suite!.Named(asked);
        var run = Storage.BeginRun("evaluate", JsonSerializer.Serialize(new { Rescored = results, Seed, Suite = suite.Hash, Code = CodeTemplate.Name, Qa = QaTemplate.Name, Library = Api!.Hash }));
        try
        {
            using var hosted = new HostedModels(plan, Storage);
            var execution = new ExecutionOptions { AllowUntrustedCode = plan.AllowUntrustedCode, AllowWithoutIsolation = plan.AllowWithoutIsolation };
            var scored = stored.Select(r => new Evaluator(Judge!).Score(r.Subject, suite, r.Answers, r.References, r.Options with { Execution = execution },
                hosted.Judge, progress is null ? null : new InArm(r.Arm, progress), cancel)).ToList();
            foreach (var result in scored) File.WriteAllText(System.IO.Path.Combine(run.Directory, result.Arm.Replace('/', '-') + ".json"), result.ToJson());
            Finish(run, suite, scored, new Dictionary<string, string> { ["Rescored"] = string.Join(", ", results) }, plan, hosted.Judge, cancel);
            return Report!;
        }
        catch
        {
            Storage.FinishRun(run.Id, failed: true);
            throw;
        }
    }

    /// <summary>Result files of a run of this lab (<c>last</c> is its last evaluation), of a folder, or the file itself.</summary>
    /// <exception cref="LabException">There are none.</exception>
    public IReadOnlyList<string> ResultFiles(string place)
    {
        if (File.Exists(place)) return [place];
        var run = place == "last" ? Storage.Runs("evaluate").LastOrDefault(r => r.Status == "done") : Storage.FindRun(place);
        var folder = Directory.Exists(place) ? place : run?.Directory ?? throw new LabException($"{place}: neither a result file, nor a folder, nor a run of the lab {Path}.");
        // The arms in their order; what else lies there is no result.
        var files = Directory.GetFiles(folder, "*.json").Where(f => System.IO.Path.GetFileName(f) is not ("run.json" or "report.json" or BlindTrial.KeyName or BlindTrial.VotesName))
            .OrderBy(f => System.IO.Path.GetFileNameWithoutExtension(f) switch { "base" => 0, "base+docs" => 1, "tuned" => 2, "tuned+docs" => 3, _ => 4 }).ThenBy(f => f, StringComparer.Ordinal).ToList();
        return files.Count > 0 ? files : throw new LabException($"{folder}: holds no evaluation results. Expected files such as base.json and tuned.json.");
    }

    /// <summary>Adds preferences of people or of a judge to the last report and writes it anew.</summary>
    public EvaluationReport AddPreferences(IReadOnlyList<PreferenceSummary> preferences)
    {
        if (Report is null) throw new LabException("there is nothing to add to yet: run #!evaluate first");
        Report = Report.With(preferences);
        if (EvaluationDirectory is { } folder) ReportFiles.Write(Report, folder);
        return Report;
    }

    private void Finish(LabRun run, Suite suite, IReadOnlyList<EvaluationResult> results, IReadOnlyDictionary<string, string> settings, EvaluationPlan plan, AnswerJudge? judge, CancellationToken cancel)
    {
        var report = EvaluationReport.Of(results, settings, plan.GateBits);
        if (judge is not null && suite.Open.Count > 0)
            report = report.With([.. results.SelectMany((a, i) => results.Skip(i + 1).Select(b =>
                PreferenceSummary.Of(a.Arm, b.Arm, judge.Name, judge.Prefer(suite.Open, a.Answers, b.Answers, cancel: cancel), Seed)))]);
        foreach (var result in results)
        {
            var answers = result.Answers.GroupBy(a => a.Task, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.First().Text, StringComparer.Ordinal);
            Storage.SaveEvaluations(run.Id, [.. result.Metrics.SelectMany(m => m.Observations.Where(o => o.Denominator > 0)
                .Select(o => new EvaluationRow(suite.Hash, result.Arm, o.Task, m.Name, o.Numerator / o.Denominator, answers.GetValueOrDefault(o.Task))))]);
        }
        ReportFiles.Write(report, run.Directory);
        Storage.FinishRun(run.Id, report.ToJson());
        (Report, EvaluationDirectory) = (report, run.Directory);
    }

    private PromptRenderer Prompts() => new(
        t => CodeTemplate.Messages(AnswerFormat.CodeInputs(t.Instruction, t.Signature, t.Context, t.GoldSymbols.Count > 0 ? LibraryName : ".NET")),
        q => QaTemplate.Messages(AnswerFormat.QaInputs(q.Question, LibraryName)))
    {
        Open = q => QaTemplate.Messages(AnswerFormat.QaInputs(q.Question, LibraryName)),
    };

    // Room for the task itself and its answer must remain in a small context.
    private int Budget(EvaluationPlan plan) => Model is null ? plan.DocumentTokens : Math.Max(0, Math.Min(plan.DocumentTokens, Model.Config.MaxPositions - plan.MaxCodeTokens - 256));

    private ILanguageModel ModelOf(string arm, EvaluationPlan plan, HostedModels hosted)
    {
        var name = arm.EndsWith(DocumentsSuffix, StringComparison.Ordinal) ? arm[..^DocumentsSuffix.Length] : arm;
        var folder = System.IO.Path.Combine(Path, "answers");
        // Their answers are in the lab's journal.
        if (plan.Endpoints.FirstOrDefault(e => e.Name == name) is { } endpoint) return hosted[endpoint];
        if (plan.Others.TryGetValue(name, out var other)) return new RecordedModel(other, $"{name}:{other.Name}", folder);
        if (name is not ("base" or "tuned")) throw new LabException($"there is no arm '{arm}'; there are base, tuned{string.Concat(plan.Others.Keys.Concat(plan.Endpoints.Select(e => e.Name)).Select(k => $", {k}"))}, each also with {DocumentsSuffix} behind it");
        Need(Model, "#!base");
        if (name == "tuned") Need(Adapter, "#!train or #!adapter");
        var model = name == "tuned" ? new LocalModel(Model!, Adapter) : new LocalModel(Model!);
        // Another build of the code that generates may answer otherwise.
        var code = typeof(LocalModel).Module.ModuleVersionId;
        return new RecordedModel(model, $"{Model!.Hash}:{Model.ComputeType}:{(name == "tuned" ? HashOf(Adapter!) : "")}:{code}", folder);
    }

    private Dictionary<string, string> Settings(EvaluationPlan plan)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        if (Model is not null) settings["Base model"] = $"{System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(Model.Directory))}, {Model.ParameterCount / 1e6:F1} M parameters, NF4, computed in {Model.ComputeType}; weights {Model.Hash}";
        if (Adapter is not null) settings["Adapter"] = $"rank {Adapter.Config.Rank}, {Adapter.ParameterCount:N0} parameters; {HashOf(Adapter)}";
        settings["Library"] = $"{LibraryName}, {Api!.Symbols.Count} public symbols; {Api.Hash}";
        settings["Prompts"] = $"{CodeTemplate.Name} {CodeTemplate.Hash}, {QaTemplate.Name} {QaTemplate.Hash}";
        if (plan.Arms.Any(a => a.EndsWith(DocumentsSuffix, StringComparison.Ordinal))) settings["Documents in prompts"] = $"BM25 over {Chunks.Count} chunks, at most {Budget(plan)} tokens";
        if (plan.Samples > 0) settings["Samples"] = $"{plan.Samples} for each task at temperature 0.8, top-p 0.95";
        if (plan.JudgedBy is { } judge) settings["Judge"] = $"{judge.Name} ({judge.Model}), wording {AnswerJudge.Version}, every judgement in both orders";
        return settings;
    }

    private static string HashOf(LoraAdapter adapter)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        // The same matrices at another scale are another model.
        hash.AppendData(System.Text.Encoding.UTF8.GetBytes(JsonSerializer.Serialize(adapter.Config)));
        foreach (var (name, tensor) in adapter.Parameters.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            hash.AppendData(System.Text.Encoding.UTF8.GetBytes(name));
            using var flat = tensor.detach().contiguous();
            hash.AppendData(MemoryMarshal.AsBytes<float>(flat.data<float>().ToArray()));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }

    /// <summary>The hosted models of a plan, over the lab's journal; made when they are first asked for.</summary>
    private sealed class HostedModels(EvaluationPlan plan, Lab lab) : IDisposable
    {
        private LabJournal? journal;
        private readonly Dictionary<EndpointOptions, HostedModel> models = [];

        public HostedModel this[EndpointOptions endpoint] => models.TryGetValue(endpoint, out var model) ? model : models[endpoint] = new(endpoint, journal ??= new(lab), plan.Engine);

        public AnswerJudge? Judge => plan.JudgedBy is { } endpoint ? new(this[endpoint]) : null;

        /// <summary>What each model was asked, in words.</summary>
        public IEnumerable<(string Name, string Status)> Asked => models.Select(m => (m.Key.Name, $"{m.Key.Model} at {m.Key.BaseUrl}: {m.Value.Status.Answered} answers asked for, {m.Value.Status.Reused} kept from before, {m.Value.Status.PromptTokens + m.Value.Status.CompletionTokens:N0} tokens{(m.Key.InputPrice is null ? "" : $", cost {m.Value.Status.Cost:0.####}")}"));

        public void Dispose()
        {
            foreach (var model in models.Values) model.Dispose();
            // A cell's thread has a synchronisation context that must not be waited on.
            if (journal is { } opened) Task.Run(() => opened.DisposeAsync().AsTask()).GetAwaiter().GetResult();
        }
    }

    private sealed class InArm(string arm, IProgress<EvaluationProgress> inner) : IProgress<EvaluationProgress>
    {
        public void Report(EvaluationProgress value) => inner.Report(value with { Phase = $"{arm}: {value.Phase}" });
    }
}

using System.Globalization;
using System.Text.Json;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation;
using DocTuneLab.Evaluation.Drafting;
using DocTuneLab.Evaluation.Metrics;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Experiments.Setup;
using DocTuneLab.Experiments.Stages;
using DocTuneLab.Settings;
using DocTuneLab.Text;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Recipes;
using DocTuneLab.Training.Telemetry;

namespace DocTuneLab.Experiments.Flow;

/// <summary>
/// A lab from its pages to the report, as one run that can be stopped and goes on: what an earlier run with the same choices has done
/// stays, and training goes on from its checkpoint.
/// </summary>
public sealed class LabFlow
{
    // It reads .NET's own assemblies, once for all runs.
    private static readonly GeneralSamples s_general = new();

    private readonly string _folder;
    private readonly LabPlan _plan;
    private readonly IProgress<FlowNews> _news;

    /// <summary>A run.</summary>
    /// <param name="folder">Folder of the lab, made by <see cref="LabMaker"/>.</param>
    /// <param name="plan">What was chosen.</param>
    /// <param name="news">Told of every stage, by one thread at a time.</param>
    public LabFlow(string folder, LabPlan plan, IProgress<FlowNews> news) => (_folder, _plan, _news) = (folder, plan, news);

    /// <summary>Runs it to its end.</summary>
    /// <param name="cancel">Stops it; what is done by then stays.</param>
    /// <returns>Folder of the evaluation with the report; null where it was stopped or nothing could be compared.</returns>
    /// <exception cref="LabException">A stage failed; the news say which.</exception>
    public string? Run(CancellationToken cancel = default)
    {
        _plan.Validate();
        using var session = new LabSession();
        var made = new FlowMemory(_folder);
        string? report = null;
        foreach (var stage in Enum.GetValues<FlowStage>())
        {
            Tell(stage, FlowState.Running, "");
            try
            {
                cancel.ThrowIfCancellationRequested();
                var text = stage switch
                {
                    FlowStage.Read => Read(session, cancel),
                    FlowStage.HoldOut => HoldOut(session, made, cancel),
                    FlowStage.Corpus => Corpus(session, made, cancel),
                    FlowStage.Train => Train(session, made, cancel),
                    _ => Evaluate(session, out report, cancel),
                };
                Tell(stage, FlowState.Done, text);
            }
            catch (OperationCanceledException)
            {
                Tell(stage, FlowState.Stopped, "stopped; what is done stays, and a new start goes on from here");
                return null;
            }
            catch (Exception e)
            {
                Tell(stage, FlowState.Failed, e is LabException ? e.Message : $"{e.GetType().Name}: {e.Message}");
                throw;
            }
        }
        return report;
    }

    private string Read(LabSession session, CancellationToken cancel)
    {
        session.Open(_folder, _plan.Seed);
        session.LoadBase(_plan.BaseFolder(new Follow<ModelDownload>(Downloading), cancel), _plan.Of(new ModelLoadOptions()));
        var report = session.ParseDocs();
        var splits = session.Documents!.Set.Documents.GroupBy(d => d.Split).ToDictionary(g => g.Key, g => g.Count());
        var problems = report.Problems.Count == 0 ? "" : $"; {Count(report.Problems.Count, "problem")}, the first: {report.Problems[0]}";
        return Text($"{Count(report.Pages, "page")} ({Of(Split.Train)} train, {Of(Split.Dev)} dev, {Of(Split.Test)} test), ")
            + $"{Count(report.Symbols, "public member")} and types; base {session.Model!.Name}{problems}";

        int Of(Split split) => splits.GetValueOrDefault(split);
    }

    private void Downloading(ModelDownload read)
    {
        var (done, total) = ((int)(read.Done >> 20), (int)(read.Total >> 20));
        Tell(FlowStage.Read, FlowState.Running, Text($"downloading {read.File}, {done:N0} of {total:N0} MB"), (done, total));
    }

    private string HoldOut(LabSession session, FlowMemory made, CancellationToken cancel)
    {
        var folder = session.Folder!;
        var note = "";
        var wanted = Text($"{_plan.HeldOut} of {session.Library!.Api.Hash}");
        // Tasks that others wrote stay as they are; those that were drafted here become more where more are wanted.
        if (_plan.HeldOut > 0 && session.Library is { Api.Symbols.Count: > 0 } library
            && (!DraftingStage.HasAll(folder) || (made[FlowStage.HoldOut] is { } drafted && drafted != wanted)))
        {
            var stage = new DraftingStage(library, session.Documents!.Set.Documents, session.Storage.Samples.List());
            var drafting = new DraftingPlan
            {
                Limit = _plan.HeldOut,
                Seed = _plan.Seed,
                Sources = session.Storage.Inputs.Code,
                AllowWithoutIsolation = _plan.Execution().AllowWithoutIsolation,
            };
            try
            {
                if (!_plan.MayRun) throw new LabException("the library may not be run here");
                stage.Draft(folder.Tasks, drafting, new Follow<DraftProgress>(d => Tell(FlowStage.HoldOut, FlowState.Running,
                    Text($"{d.Tried} drafts tried, {d.Proved} of {d.Wanted} tasks proved by running the library"), (d.Proved, d.Wanted))),
                    cancel);
            }
            catch (LabException e)
            {
                // Questions need nothing that runs.
                note = $"; no programming tasks were drafted: {e.Message}";
            }
            stage.DraftQuestions(folder.Tasks, drafting);
            // What could not be drafted is tried again by the next start.
            made[FlowStage.HoldOut] = note.Length == 0 ? wanted : "";
        }
        var suite = session.LoadSuite();
        return suite.Count == 0 ? $"nothing is held out, so nothing can be compared{note}"
            : $"{Count(suite.Code.Count, "programming task")}, {Count(suite.Qa.Count, "question")}, "
                + Text($"{suite.Open.Count} open ones, {suite.Members.Count} about members{note}");
    }

    private string Corpus(LabSession session, FlowMemory made, CancellationToken cancel)
    {
        var key = CorpusKey(session);
        if (made[FlowStage.Corpus] == key && session.Corpus is { Samples.Count: > 0 } kept)
            return Text($"{kept.Samples.Count:N0} samples, of an earlier run");
        var corpus = session.CorpusStage.Generate(_plan.Of(new CorpusOptions { General = s_general }) with { Seed = _plan.Seed },
            new Follow<CorpusProgress>(p => Tell(FlowStage.Corpus, FlowState.Running,
                Text($"{p.Kind}: {p.Accepted} accepted of {p.Drafts} drafts"), (p.Accepted, p.Wanted))), _plan.MayRun, cancel);
        var rejected = corpus.Accounts.SelectMany(a => a.Rejected).GroupBy(r => r.Key, StringComparer.Ordinal)
            .Select(g => (Why: g.Key, Count: g.Sum(r => r.Value))).OrderByDescending(r => r.Count).ToList();
        if (corpus.Samples.Count == 0) throw new LabException("no sample was accepted: " + string.Join(", ", rejected.Select(r => r.Why)));
        _news.Report(new(FlowStage.Corpus, FlowState.Running, "")
        {
            Figures = rejected.ToDictionary(r => r.Why, r => r.Count.ToString(CultureInfo.InvariantCulture), StringComparer.Ordinal),
        });
        made[FlowStage.Corpus] = key;
        return Text($"{corpus.Samples.Count:N0} samples, {corpus.Tokens:N0} tokens; {corpus.Rejected.Count:N0} rejected")
            + (corpus.RunRefusal is { } refusal ? $"; {refusal}" : "") + (session.CorpusStage.Warning is { } warning ? $"; {warning}" : "");
    }

    private string Train(LabSession session, FlowMemory made, CancellationToken cancel)
    {
        var key = TrainingKey(session);
        if (made.Trained(key) is { } earlier)
        {
            session.LoadAdapter(earlier);
            return $"the adapter of an earlier run, {earlier}";
        }
        // The same training goes on; another begins anew.
        var folder = made.Interrupted(key);
        var options = _plan.Of(new SftOptions()) with { Seed = _plan.Seed, Resume = folder is not null };
        var config = new TrainingConfig
        {
            Lora = _plan.Of(new LoraConfig()),
            Options = folder is null ? options : options with { OutputDirectory = folder },
        };
        var result = session.TrainingStage.Run(config, keepOutput: folder is not null,
            p => made.Training(key, p.Options.OutputDirectory, isDone: false), Told, cancel);
        if (result.Interrupted && cancel.IsCancellationRequested) throw new OperationCanceledException(cancel);
        made.Training(key, result.AdapterDirectory, isDone: true);
        return Text($"{result.Steps} steps in {result.Elapsed:hh\\:mm\\:ss}, loss {result.FinalLoss:F3}")
            + (result.BestEvalLoss is { } best ? Text($", validation {best:F3}") : "")
            + string.Concat(result.Warnings.Select(w => $"; {w}"));
    }

    private void Told(TrainingStep step) => _news.Report(new(FlowStage.Train, FlowState.Running,
        Text($"step {step.Step} of {step.TotalSteps}, loss {step.Loss:F3}, {step.TokensPerSecond:F0} tokens/s, ")
        + Text($"{step.Remaining:hh\\:mm\\:ss} left"))
    {
        Progress = (step.Step, step.TotalSteps),
        Loss = new(step.Step, step.Loss, step.EvalLoss, step.TokensPerSecond, step.MemoryBytes, step.CpuPercent),
    });

    private string Evaluate(LabSession session, out string? report, CancellationToken cancel)
    {
        report = null;
        if (session.Suite is not { Count: > 0 }) return "nothing is held out: models cannot be compared";
        var options = _plan.Of(new EvaluationOptions());
        var plan = _plan.Of(new EvaluationPlan()) with
        {
            Options = options with
            {
                Seed = _plan.Seed,
                Execution = _plan.Execution(),
            },
            Guidance = _plan.Of(new GuideSettings()),
        };
        var stage = session.EvaluationStage;
        var found = stage.Run(plan, new Follow<EvaluationProgress>(p =>
            Tell(FlowStage.Evaluate, FlowState.Running, p.ToString(), (p.Done, p.Total))), cancel);
        report = stage.Directory;
        // On what no sample shows, where that can be told.
        var shown = found.Unseen.Count > 0 ? found.Unseen : found.Results;
        return (found.Unseen.Count > 0 ? "on unseen tasks: " : "") + string.Join("; ", shown.Select(r => $"{r.Arm} "
            + (Share(r, MetricNames.CompileRate) is { } compiles ? $"compiles {compiles}, passes {Share(r, MetricNames.Pass1) ?? "-"}, "
                + $"invents {Share(r, MetricNames.HallucinationRate) ?? "-"} of its names"
                : $"answers {Share(r, MetricNames.QaAccuracy) ?? "-"} of the questions")));
    }

    private static string? Share(EvaluationResult result, string metric) =>
        result[metric] is { } value ? value.Value.ToString("P1", CultureInfo.InvariantCulture) : null;

    // All that decides which samples are written, the tasks that they must stay away from included.
    private string CorpusKey(LabSession session) => ContentHash.Of([SettingsOf(ModelLoadOptions.Settings, CorpusOptions.Settings),
        session.Suite!.Hash, session.Library!.Api.Hash, .. session.Storage.Inputs.Code.Order(StringComparer.Ordinal),
        .. session.Documents!.TrainChunks.Select(c => c.Id).Order(StringComparer.Ordinal)]);

    // All that decides what is trained.
    private string TrainingKey(LabSession session) => ContentHash.Of([
        SettingsOf(ModelLoadOptions.Settings, LoraConfig.Settings, SftOptions.Settings), session.Model!.Hash,
        .. session.Corpus!.Samples.Select(s => s.Id).Order(StringComparer.Ordinal)]);

    private string SettingsOf(params SettingTable[] tables) => JsonSerializer.Serialize(new
    {
        _plan.Base,
        _plan.MayRun,
        _plan.Seed,
        Settings = _plan.Settings.Where(s => tables.Any(t => t.Any(o => o.Option == s.Key))).OrderBy(s => s.Key, StringComparer.Ordinal),
    });

    private void Tell(FlowStage stage, FlowState state, string text, (int Done, int Total)? progress = null) =>
        _news.Report(new(stage, state, text) { Progress = progress });

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Count(long count, string what) => Text($"{count:N0} {what}{(count == 1 ? "" : "s")}");
}

using System.Text.Json;
using DocTuneLab.Corpus.Kinds;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Evaluation;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Storage;
using DocTuneLab.Training.Recipes;

namespace DocTuneLab.Experiments.Stages;

/// <summary>What the stages of earlier sessions left in a lab, as those of this session would have made it; models are not loaded.
/// </summary>
/// <param name="lab">The lab.</param>
internal sealed class KeptStages(Lab lab)
{
    private LabRun? LastEvaluation => field ??= lab.Runs.LastDone("evaluate");

    /// <summary>The held-out tasks that were loaded last; null where there were none.</summary>
    /// <exception cref="LabException">They are no longer there, or no longer as they were frozen.</exception>
    public Suite? Suite() => lab.Inputs.Suite is { } path ? Evaluation.Suites.Suite.Load(path) : null;

    /// <summary>The samples; null where there are none. How they were accounted for is not kept.</summary>
    public GeneratedCorpus? Corpus(IReadOnlyList<SampleKindDefinition> kinds)
    {
        var all = lab.Samples.List(acceptedOnly: false);
        if (all.Count == 0) return null;
        var accepted = all.Where(s => s.Accepted).ToList();
        return new(accepted, [.. all.Where(s => !s.Accepted)], [], lab.Samples.Coverage([], kinds),
            accepted.Sum(s => s.Messages.Sum(m => 4L + TokenCounting.Characters.Count(m.Content))));
    }

    /// <summary>The last training that ended; null where there is none. Its steps are in the lab's metrics.</summary>
    public TrainingResult? Training()
    {
        if (lab.Runs.List("train").LastOrDefault(r => r is { Status: "done", Results: not null }) is not { } run) return null;
        using var json = JsonDocument.Parse(run.Results!);
        var results = json.RootElement;
        return new()
        {
            AdapterDirectory = results.GetProperty(nameof(TrainingResult.AdapterDirectory)).GetString()!,
            Steps = results.GetProperty(nameof(TrainingResult.Steps)).GetInt32(),
            FinalLoss = Number(nameof(TrainingResult.FinalLoss)) ?? double.NaN,
            BestEvalLoss = Number(nameof(TrainingResult.BestEvalLoss)),
            BestStep = (int?)Number(nameof(TrainingResult.BestStep)),
            Tokens = results.GetProperty(nameof(TrainingResult.Tokens)).GetInt64(),
            Elapsed = results.GetProperty(nameof(TrainingResult.Elapsed)).Deserialize<TimeSpan>(),
            PeakMemoryBytes = results.GetProperty(nameof(TrainingResult.PeakMemoryBytes)).GetInt64(),
            PeakGpuMemoryBytes = (long?)Number(nameof(TrainingResult.PeakGpuMemoryBytes)),
            Interrupted = results.GetProperty(nameof(TrainingResult.Interrupted)).GetBoolean(),
            StoppedEarly = results.GetProperty(nameof(TrainingResult.StoppedEarly)).GetBoolean(),
            Warnings = results.GetProperty(nameof(TrainingResult.Warnings)).Deserialize<List<string>>()!,
            History = [],
        };

        double? Number(string name) =>
            results.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;
    }

    /// <summary>Folder of the last evaluation that ended; null where there is none.</summary>
    public string? EvaluationDirectory => LastEvaluation?.Directory;

    /// <summary>The last evaluation that ended; null where there is none.</summary>
    public EvaluationReport? Report()
    {
        if (LastEvaluation is not { } run) return null;
        return EvaluationReport.Reopen(new StoredResults(lab).Load(run.Id), run.Results!);
    }
}

using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Experiments.Flow;
using DocTuneLab.Experiments.Setup;
using DocTuneLab.Experiments.Stages;
using DocTuneLab.Storage;

namespace DocTuneLab.Serving.Labs;

/// <summary>What lies in a lab, for people to read: samples, answers, the report. Reading goes on while a run writes.</summary>
internal static class LabReading
{
    private const string ReportFile = "report.html";

    /// <summary>Samples in the order that training draws from.</summary>
    /// <exception cref="LabException">There are none yet.</exception>
    public static Part<SampleView> Samples(string folder, int from, int count)
    {
        using var lab = Open(folder);
        var all = lab.Samples.List();
        return new(all.Count, from, [.. all.Skip(from).Take(count).Select(s => new SampleView(s.Kind.ToString(), s.Split.ToString(),
            [.. s.Messages.Select(m => new TurnView(m.Role, m.Content))]))]);
    }

    /// <summary>Programming tasks of the last evaluation, with what each arm answered.</summary>
    /// <exception cref="LabException">Nothing was evaluated yet.</exception>
    public static Part<TaskView> Answers(string folder, int from, int count)
    {
        using var lab = Open(folder);
        var run = Last(lab) ?? throw new LabException("Nothing was evaluated yet: start the lab, and come back when it is done.");
        var results = new StoredResults(lab).Load(run.Id);
        var tasks = lab.Inputs.Suite is { } suite ? Suite.Load(suite).Code.ToDictionary(t => t.Id, StringComparer.Ordinal) : [];
        var asked = results.Count == 0 ? [] : results[0].Code.Where(c => c.Sample == 0).Select(c => c.Task).ToList();
        return new(asked.Count, from, [.. asked.Skip(from).Take(count).Select(id => new TaskView(id,
            tasks.TryGetValue(id, out var task) ? $"{task.Instruction}\n\n{task.Signature}" : id,
            [.. results.Select(r => AnswerOf(r, id)).OfType<ArmAnswer>()]))]);
    }

    /// <summary>File of the last report; null where there is none.</summary>
    public static string? Report(string folder)
    {
        if (!Lab.Exists(folder)) return null;
        using var lab = Open(folder);
        return Last(lab) is { } run && Path.Combine(run.Directory, ReportFile) is var file && File.Exists(file) ? file : null;
    }

    /// <summary>What can be done with the adapter that was trained last; nothing where none was.</summary>
    public static IReadOnlyList<NextStep> Next(string folder, LabPlan plan) => LabOrigin.LastAdapter(folder) is not { } adapter ? []
        : [.. NextSteps.Of(plan.Base, adapter, folder).Select(s => new NextStep(s.What, s.Command))];

    private static LabRun? Last(Lab lab) => lab.Runs.LastDone("evaluate");

    private static Lab Open(string folder) => Lab.Exists(folder) ? Lab.Open(folder, readOnly: true)
        : throw new LabException("Nothing is in this lab yet: start it first.");

    private static ArmAnswer? AnswerOf(EvaluationResult result, string task)
    {
        if (result.Code.FirstOrDefault(c => c.Task == task && c.Sample == 0) is not { } code) return null;
        var text = result.Answers.FirstOrDefault(a => a.Task == task && a.Sample == 0)?.Text ?? code.Code ?? "";
        var note = code.Compiles ? code.Message : code.Errors is [var first, ..] ? $"{first.Message} ({first.Id})" : code.Extraction;
        return new(result.Arm, text, code.Compiles, code.Status is null ? null : code.Status == ExecutionStatus.Pass, note);
    }
}

using System.CommandLine;
using DocTuneLab.Evaluation;
using DocTuneLab.Evaluation.Reports;
using DocTuneLab.Experiments;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune runs compare</c>: two evaluations, task by task.</summary>
internal static class RunsCompare
{
    public static Command Command()
    {
        var first = new Argument<string>("A") { Description = "A run of the lab, a folder or a result file. Of a run with several arms, name one as RUN:ARM; default its last." };
        var second = new Argument<string>("B") { Description = "The other one." };
        var lab = new Option<string>("--lab") { Description = "Folder of the lab.", DefaultValueFactory = _ => Path.Combine("artifacts", "lab"), HelpName = "DIR" };
        var output = new Option<string?>("--out", "-o") { Description = "Folder for the report in every format.", HelpName = "DIR" };
        var json = new Option<bool>("--json") { Description = "Print the report as JSON." };
        var command = new Command("compare", "Compares two evaluations: paired differences with intervals, tasks whose outcome changed, members, inventions.") { first, second, lab, output, json };
        command.SetAction(parsed =>
        {
            using var session = new LabSession();
            session.Open(parsed.GetValue(lab)!, 1);
            var (a, b) = (Load(session, parsed.GetValue(first)!), Load(session, parsed.GetValue(second)!));
            // Two runs of one arm are told apart by where they come from.
            if (a.Arm == b.Arm) (a, b) = (Named(a, $"{a.Arm} (A)"), Named(b, $"{b.Arm} (B)"));
            var report = EvaluationReport.Of([a, b], new Dictionary<string, string> { ["A"] = parsed.GetValue(first)!, ["B"] = parsed.GetValue(second)! });
            if (parsed.GetValue(output) is { } folder) ReportFiles.Write(report, folder);
            Evaluate.Show(report, parsed.GetValue(json), parsed.GetValue(output));
            return ExitCodes.Ok;
        });
        return command;
    }

    private static EvaluationResult Load(LabSession session, string name)
    {
        var colon = File.Exists(name) || Directory.Exists(name) ? -1 : name.LastIndexOf(':');
        var results = session.ResultFiles(colon > 0 ? name[..colon] : name).Select(EvaluationResult.Load).ToList();
        if (colon < 0) return results[^1];
        return results.FirstOrDefault(r => r.Arm == name[(colon + 1)..])
            ?? throw new LabException($"{name}: the run has no arm '{name[(colon + 1)..]}'; it has {string.Join(", ", results.Select(r => r.Arm))}.");
    }

    private static EvaluationResult Named(EvaluationResult result, string arm) => result with { Options = result.Options with { Arm = arm } };
}

using System.CommandLine;
using DocTuneLab.Documents;
using DocTuneLab.Evaluation;
using DocTuneLab.Notebooks;

namespace DocTuneLab.Extension.Magics;

/// <summary>Magics of held-out tasks and comparison.</summary>
internal static class EvaluateMagics
{
    public static void AddTo(IExtensionHost host, LabSession lab)
    {
        host.AddMagic(SuiteCommand(lab));
        host.AddMagic(EvaluateCommand(lab));
    }

    private static Command SuiteCommand(LabSession lab)
    {
        var directory = new Argument<string>("DIR") { Description = "Folder with code.jsonl and docqa.jsonl." };
        var command = new Command("#!suite", "Loads the held-out tasks.") { directory };
        command.SetCellAction((p, cell) =>
        {
            var suite = lab.LoadSuite(p.GetValue(directory)!);
            cell.Display(Enum.GetValues<Split>().Select(s => new { Split = s.ToString(), CodeTasks = suite.Where(s).Code.Count, Questions = suite.Where(s).Qa.Count }).ToArray());
        });
        return command;
    }

    private static Command EvaluateCommand(LabSession lab)
    {
        var split = new Option<string>("--split") { Description = "train, dev, test or all.", DefaultValueFactory = _ => "test" };
        split.AcceptOnlyFromAmong("train", "dev", "test", "all");
        var allow = new Option<bool>("--allow-untrusted-code") { Description = "Run the models' code against the hidden tests, in a sandbox." };
        var command = new Command("#!evaluate", "Compares base and tuned model on held-out tasks.") { split, allow };
        command.SetCellAction((p, cell) =>
        {
            var live = cell.Display("evaluating …");
            Split? chosen = p.GetValue(split) == "all" ? null : Enum.Parse<Split>(p.GetValue(split)!, ignoreCase: true);
            var comparison = lab.Evaluate(chosen, p.GetValue(allow), new Follow<EvaluationProgress>(s => live.Update($"{s.Phase}: {s.Done}/{s.Total}")), cell.CancellationToken);
            live.Update($"{lab.Results!.Value.Base.Code.Count} code tasks and {lab.Results.Value.Base.Qa.Count} questions in two arms");
            cell.DisplayMime(new Dictionary<string, object> { ["text/html"] = Summary.Table(comparison.Metrics), ["text/plain"] = Evaluation.Reports.MarkdownReport.Of(comparison, 0) });
            Charts.Show(cell, Charts.Metrics(comparison));
        });
        return command;
    }
}

using System.CommandLine;
using DocTuneLab.Experiments;
using DocTuneLab.Extension.Views;
using DocTuneLab.Notebooks;

namespace DocTuneLab.Extension.Magics;

/// <summary>Magics of the lab's folder and its report.</summary>
internal static class LabMagics
{
    public static void AddTo(IExtensionHost host, LabSession lab)
    {
        host.AddMagic(LabCommand(lab));
        host.AddMagic(ReportCommand(lab));
    }

    private static Command LabCommand(LabSession lab)
    {
        var path = new Option<string>("--path")
        {
            Description = "Folder of the lab's databases and runs.",
            DefaultValueFactory = _ => System.IO.Path.Combine("artifacts", "lab")
        };
        var seed = new Option<int>("--seed") { Description = "Seed of everything random.", DefaultValueFactory = _ => 1 };
        var command = new Command("#!lab", "Opens the lab's folder.") { path, seed };
        command.SetCellAction((p, cell) =>
        {
            lab.Open(p.GetValue(path)!, p.GetValue(seed));
            cell.Display($"lab {p.GetValue(path)}, seed {p.GetValue(seed)}");
        });
        return command;
    }

    private static Command ReportCommand(LabSession lab)
    {
        var flips = new Option<int>("--flips")
        {
            Description = "Shows this many gained and lost tasks instead of the summary.",
            DefaultValueFactory = _ => 0
        };
        var command = new Command("#!report", "The experiment in one table.") { flips };
        command.SetCellAction((p, cell) =>
        {
            var html = p.GetValue(flips) > 0 && lab.Report?.Main is { } comparison
                ? Evaluation.Reports.EvaluationHtml.Flips(comparison, p.GetValue(flips))
                : Summary.Html(lab);
            cell.DisplayMime(new Dictionary<string, object>
            {
                ["text/html"] = html,
                ["text/plain"] = lab.Report?.Main is { } c ? Evaluation.Reports.MarkdownReport.Of(c, 0) : ""
            });
        });
        return command;
    }
}

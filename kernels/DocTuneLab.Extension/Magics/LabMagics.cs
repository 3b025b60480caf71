using System.CommandLine;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Experiments;
using DocTuneLab.Extension.Arguments;
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
        var path = CommonOptions.Lab("--path");
        var seed = new SettingOptions([CorpusOptions.Settings[nameof(CorpusOptions.Seed)]]);
        var command = new Command("#!lab", "Opens the lab's folder.") { path };
        seed.AddTo(command);
        command.SetCellAction((p, cell) =>
        {
            lab.Open(p.GetValue(path)!, seed.Apply(p, CorpusOptions.Settings, CorpusOptions.Settings.Defaults).Seed);
            cell.Display($"lab {p.GetValue(path)}, seed {lab.Seed}");
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

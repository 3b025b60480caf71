using System.CommandLine;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Evaluation;
using DocTuneLab.Evaluation.Reports;
using DocTuneLab.Experiments;
using DocTuneLab.Experiments.Setup;
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
        var library = new Option<string?>("--library")
        {
            Description = $"Folder of the library that #!docs and #!suite read: what its {LibraryFolder.FileName} names, or pages in docs, "
                + $"assemblies in bin, tasks in tasks. Without it, what a {LibraryFolder.FileName} in the lab's folder names.",
            HelpName = "DIR"
        };
        var command = new Command("#!lab",
            "Opens the lab's folder. Relative paths are looked for beside the notebook, in the folders above it, and in the current one.")
        {
            path, library
        };
        seed.AddTo(command);
        command.SetCellAction((p, cell) =>
        {
            var given = p.GetValue(library);
            var found = given is null ? null : NotebookPaths.Find(cell, given);
            // What is made stands where the library was found from.
            var folder = found is { } its
                ? System.IO.Path.GetFullPath(p.GetValue(path)!, its.From)
                : NotebookPaths.Of(cell, p.GetValue(path)!);
            var about = lab.Open(folder, seed.Apply(p, CorpusOptions.Settings, CorpusOptions.Settings.Defaults).Seed,
                given is null ? null : LibraryFolder.Read(found?.Path ?? given));
            cell.Display($"lab {p.GetValue(path)}, seed {lab.Seed}{(about is null ? "" : $", about {about.Title}")}");
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
        var turns = new Option<int>("--turns")
        {
            Description = "Shows of each guided arm what it cost, and this many answers with the places where the compiler turned the "
                + "model, instead of the summary.",
            DefaultValueFactory = _ => 0
        };
        var command = new Command("#!report", "The experiment in one table.") { flips, turns };
        command.SetCellAction((p, cell) =>
        {
            if ((p.GetValue(turns) > 0 || p.GetValue(flips) > 0) && lab is { Report: null, Suite.Count: 0 })
            {
                cell.Display("there are no held-out tasks, so no model was asked");
                return;
            }
            if (p.GetValue(turns) is > 0 and var count)
            {
                cell.DisplayMime(Turns(lab.Report ?? throw new LabException("there are no answers yet: run #!evaluate first"), count));
                return;
            }
            var html = p.GetValue(flips) > 0 && lab.Report?.Main is { } comparison
                ? EvaluationHtml.Flips(comparison, p.GetValue(flips))
                : Summary.Html(lab);
            cell.DisplayMime(new Dictionary<string, object>
            {
                ["text/html"] = html,
                ["text/plain"] = lab.Report?.Main is { } c ? MarkdownReport.Of(c, 0) : Summary.Plain(html)
            });
        });
        return command;
    }

    private static Dictionary<string, object> Turns(EvaluationReport report, int count)
    {
        var html = GuideView.Html(report, count);
        const string None = "No arm was guided: #!evaluate --guide adds those with +compiler.";
        return html.Length == 0
            ? new() { ["text/html"] = $"<p>{None}</p>", ["text/plain"] = None }
            : new() { ["text/html"] = html, ["text/plain"] = GuideView.Plain(report, count) };
    }
}

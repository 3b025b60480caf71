using System.CommandLine;
using DocTuneLab.Evaluation;
using DocTuneLab.Evaluation.Judging;
using DocTuneLab.Evaluation.Reports;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Experiments;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Extension.Views;
using DocTuneLab.Notebooks;

namespace DocTuneLab.Extension.Magics;

/// <summary>Magics of held-out tasks, comparison and blind votes.</summary>
internal static class EvaluateMagics
{
    public static void AddTo(IExtensionHost host, LabSession lab)
    {
        host.AddMagic(SuiteMagics.Suite(lab));
        host.AddMagic(EvaluateCommand(lab));
        host.AddMagic(BlindCommand(lab));
    }

    private static Command EvaluateCommand(LabSession lab)
    {
        // The lab says with which seed.
        var arguments = new EvaluationArguments(nameof(EvaluationOptions.Seed));
        var command = new Command("#!evaluate", "Compares models on held-out tasks.");
        arguments.AddTo(command);
        command.SetCellAction((p, cell) =>
        {
            if (lab.Suite is { Count: 0 })
            {
                cell.Display("there are no held-out tasks, so there is nothing to ask");
                return;
            }
            var live = cell.Display("evaluating …");
            lab.Wordings.Use(lab.Storage, arguments.Wordings(p));
            var plan = arguments.Of(p, lab.Model is not null, lab.Adapter is not null);
            var report = lab.EvaluationStage.Run(plan, new Follow<EvaluationProgress>(s => live.Update($"{s.Phase} {s.Done}/{s.Total}")),
                cell.CancellationToken);
            live.Update($"{report.Results[0].Answers.Count} answers in each of {report.Results.Count} arms; "
                + $"reports in {System.IO.Path.GetRelativePath(Environment.CurrentDirectory, lab.EvaluationStage.Directory!)}");
            var html = EvaluationHtml.Headline(report) + string.Concat(report.Comparisons.Select(EvaluationHtml.Metrics))
                + (report.Comparisons.Count == 0 ? EvaluationHtml.Arms(report) : "");
            cell.DisplayMime(new Dictionary<string, object> { ["text/html"] = html, ["text/plain"] = MarkdownReport.Of(report, 0) });
            Charts.Show(cell, MetricsChart.Of(report));
        });
        return command;
    }

    private static Command BlindCommand(LabSession lab)
    {
        var (count, votes) = (CommonOptions.Show(), CommonOptions.Votes());
        var command = new Command("#!blind", "Shows pairs of answers of two arms side by side, without saying whose, and takes votes.")
        {
            count, votes
        };
        command.SetCellAction((p, cell) =>
        {
            if (lab.Report is not { } report || lab.EvaluationStage.Directory is not { } folder)
                throw new LabException("there are no answers to compare yet: run #!evaluate first");
            if (p.GetValue(votes) is { } file)
            {
                var added = lab.EvaluationStage.AddPreferences(BlindTrial.Tally(System.IO.Path.Combine(folder, BlindTrial.KeyName), file,
                    [.. report.Results.Select(r => r.Arm)]));
                cell.DisplayMime(new Dictionary<string, object>
                {
                    ["text/html"] = EvaluationHtml.Preferences(added),
                    ["text/plain"] = string.Join('\n',
                        added.Preferences.Select(s => $"{s.Second} preferred to {s.First} in {s.WinRate:P0} of {s.Readable} votes, "
                            + $"{s.Verdict.ToString().ToLowerInvariant()}"))
                });
                return;
            }
            var trial = BlindTrial.Draw(lab.Suite!, report.Results, p.GetValue(count), lab.Seed);
            var form = trial.Write(folder);
            cell.DisplayMime(new Dictionary<string, object>
            {
                ["text/html"] = BlindForm.Fragment(trial),
                ["text/plain"] = $"{trial.Items.Count} pairs of answers: open {form}"
            });
            cell.Display($"the same form as a file: {System.IO.Path.GetRelativePath(Environment.CurrentDirectory, form)}; "
                + $"then #!blind --votes {BlindTrial.VotesName}");
        });
        return command;
    }
}

using System.CommandLine;
using DocTuneLab.Experiments;
using DocTuneLab.Extension.Views;
using DocTuneLab.Notebooks;

namespace DocTuneLab.Extension.Magics;

/// <summary>Magics of charts.</summary>
internal static class ChartMagics
{
    public static void AddTo(IExtensionHost host, LabSession lab)
    {
        host.AddMagic(ChartCommand(lab));
    }

    private static Command ChartCommand(LabSession lab)
    {
        var name = new Argument<string>("NAME") { Description = "loss, lr, throughput, memory, dashboard, metrics or documents." };
        name.AcceptOnlyFromAmong("loss", "lr", "throughput", "memory", "dashboard", "metrics", "documents");
        var command = new Command("#!chart", "Draws a chart of the last run.") { name };
        command.SetCellAction((p, cell) =>
        {
            var chosen = p.GetValue(name)!;
            if (chosen is "metrics" or "documents")
            {
                Charts.Show(cell,
                    (chosen == "metrics"
                        ? Charts.Metrics
                        : (Func<Evaluation.EvaluationReport, System.Text.Json.Nodes.JsonObject>)Charts.Documents)(lab.Report
                            ?? throw new LabException("there are no metrics yet: run #!evaluate first")));
                return;
            }
            var history = lab.Training?.History ?? throw new LabException("there is no training run yet: run #!train first");
            Charts.Show(cell, chosen == "dashboard" ? Charts.Dashboard(history) : Charts.Series(history, chosen));
        });
        return command;
    }
}

using System.CommandLine;
using System.CommandLine.Completions;
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
        var shipped = Charts.All.Names;
        var name = new Argument<string>("NAME")
        {
            Description = $"{string.Join(", ", shipped.Take(shipped.Count - 1))} or {shipped[^1]}, or what a cell has added."
        };
        // Cells add charts, so what is allowed is looked up each time.
        name.CompletionSources.Add(_ => Charts.All.Names.Select(n => new CompletionItem(n)));
        name.Validators.Add(result =>
        {
            var known = string.Concat(Charts.All.Names.Select(n => $"{Environment.NewLine}\t'{n}'"));
            foreach (var token in result.Tokens.Where(t => Charts.All.Find(t.Value) is null))
                result.AddError($"Argument '{token.Value}' not recognized. Must be one of:{known}");
        });
        var command = new Command("#!chart", "Draws a chart of the last run.") { name };
        command.SetCellAction((p, cell) => Charts.Show(cell, Charts.All[p.GetRequiredValue(name)].Draw(lab)));
        return command;
    }
}

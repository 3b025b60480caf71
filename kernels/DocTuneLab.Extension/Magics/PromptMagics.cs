using System.CommandLine;
using DocTuneLab.Notebooks;

namespace DocTuneLab.Extension.Magics;

/// <summary>Magics of prompt templates.</summary>
internal static class PromptMagics
{
    public static void AddTo(IExtensionHost host, LabSession lab)
    {
        host.AddMagic(PromptCommand(lab));
    }

    private static Command PromptCommand(LabSession lab)
    {
        var examples = new Option<int>("--examples") { Description = "Dev examples of each kind at most.", DefaultValueFactory = _ => 24 };
        var tune = new Command("tune", "Chooses wordings by the likelihood of reference answers under the base model.") { examples };
        tune.SetCellAction((p, cell) =>
        {
            foreach (var result in lab.TunePrompts(p.GetValue(examples), cell.CancellationToken))
            {
                cell.Display(result.Table.Select(r => new { Template = r.Template.Name, NllPerToken = Math.Round(r.NllPerToken, 4), BitsPerByte = Math.Round(r.BitsPerByte, 4), DifferenceLow = Math.Round(r.Low, 4), DifferenceHigh = Math.Round(r.High, 4), r.Examples }).ToArray());
                cell.Display($"chosen: {result.Winner.Name}{(result.Decided ? "" : " (the runner-up is within the interval)")}");
            }
        });
        return new Command("#!prompt", "Prompt templates.") { tune };
    }
}

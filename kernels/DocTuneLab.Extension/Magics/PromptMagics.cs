using System.CommandLine;
using DocTuneLab.Experiments;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Extension.Views;
using DocTuneLab.Notebooks;
using DocTuneLab.Prompts.Tuning;

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
        // The lab says with which seed.
        var (tuning, endpoints) = (new TuningArguments(nameof(PromptTuningOptions.Seed)), new EndpointArguments());
        var tune = new Command("tune",
            "Chooses wordings: by the likelihood of reference answers under the base model, or with --endpoint by what a hosted model "
                + "writes with them.");
        tuning.AddTo(tune);
        endpoints.AddConnection(tune);
        tune.SetCellAction(async (p, cell) =>
        {
            if (endpoints.Of(p) is not { } settings)
            {
                var stage = lab.PromptStage;
                if (!stage.CanTune)
                {
                    cell.Display("there are neither tasks nor questions in split dev to choose on: the wordings stay as they are");
                    return;
                }
                var model = lab.Model ?? throw new LabException("an earlier step is missing: run #!base first");
                foreach (var result in await stage.TuneAsync(model, tuning.Options(p), cell.CancellationToken))
                    cell.Display(result);
                return;
            }
            var live = cell.Display("asking …");
            var chosen = await lab.PromptStage.TuneAtEndpointAsync(settings, tuning.Options(p),
                new Follow<int>(n => live.Update($"{n} samples tried")), LiveAnswers.In(cell), cell.CancellationToken);
            live.Update($"{chosen.Tried + chosen.TriedOnTrain} samples tried");
            cell.Display(chosen);
        });
        var history = new Command("history", "Template versions that tuning left in this lab, and what they come from.");
        history.SetCellAction((_, cell) => cell.Display(
            lab.Storage.Templates.Lineage().Select(l => new { l.Name, l.Version, Made = l.How, Parent = l.ParentHash[..12] }).ToArray()));
        return new Command("#!prompt", "Prompt templates.") { tune, history };
    }
}

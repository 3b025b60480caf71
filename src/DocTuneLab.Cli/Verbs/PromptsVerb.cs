using System.CommandLine;
using System.Text.Json;
using DocTuneLab.Cli.Arguments;
using DocTuneLab.Cli.Output;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Prompts;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune prompts</c>: templates and their tuning.</summary>
internal static class PromptsVerb
{
    public static Command Command()
    {
        var folder = new Option<string?>("--templates")
        {
            Description = "Folder of .liquid files on top of those that ship; a file of the same name wins.",
            HelpName = "DIR"
        };
        var json = CommonOptions.Json();
        PromptLibrary Library(ParseResult p) => p.GetValue(folder) is { } own ? PromptLibrary.LoadFolder(own) : PromptLibrary.Default;

        var list = new Command("list", "Templates by kind.") { folder, json };
        list.SetAction(p =>
        {
            var all = Library(p).Templates.OrderBy(t => t.Kind, StringComparer.Ordinal)
                .ThenBy(t => t.Name, StringComparer.Ordinal)
                .ToList();
            if (p.GetValue(json)) JsonOutput.Write(all.Select(t => new { t.Kind, t.Name, t.Version, t.Hash, t.Description, t.Inputs }));
            else
                foreach (var t in all) Console.WriteLine($"{t.Kind,-12} {t.Name,-26} {t.Version,-4} {t.Description}");
            return ExitCodes.Ok;
        });

        var name = new Argument<string>("name") { Description = "Name, as 'list' shows it." };
        var show = new Command("show", "A template's text.") { name, folder };
        show.SetAction(p =>
        {
            Console.WriteLine(Library(p)[p.GetRequiredValue(name)].Source.TrimEnd());
            return ExitCodes.Ok;
        });

        var lab = CommonOptions.Lab();
        var (model, loading) = (ModelArguments.Base(), ModelArguments.Loading());
        var library = new LibraryOptions();
        var output = CommonOptions.Out();
        var (tuning, endpoints) = (new TuningArguments(), new EndpointArguments());
        var tune = new Command("tune",
            "Chooses wordings by the likelihood of reference answers under the base model, or with --endpoint by what a hosted model "
                + "writes with them, and keeps the winners in the lab with their lineage. Without an endpoint it decides by the tasks of "
                + "split 'dev'. A folder for the result gets the winners as .liquid files, for --template of "
                + "'corpus generate' and 'evaluate'.")
        {
            output, json
        };
        model.AddTo(tune);
        loading.AddTo(tune);
        library.AddTo(tune);
        tuning.AddTo(tune);
        endpoints.AddConnection(tune);
        tune.SetAction(async (p, cancel) =>
        {
            using var session = library.Open(p, tuning.Options(p).Seed);
            var settings = endpoints.Of(p);
            if (model.BaseOf(p) is { } folder) session.LoadBase(ModelFolder.Of(folder, cancel: cancel), loading.LoadOf(p));
            else if (settings is null)
                throw new LabException(
                    "Without an endpoint, prompts are tuned by likelihood under a local model: give it with --base DIR.");
            library.Read(p, session);
            var stage = session.PromptStage;
            var results = settings is null ? await stage.TuneAsync(session.Model!, tuning.Options(p), cancel)
                : [await stage.TuneAtEndpointAsync(settings, tuning.Options(p), cancel: cancel)];
            if (p.GetValue(output) is { } target)
            {
                Directory.CreateDirectory(target);
                foreach (var template in results.Select(r => session.Storage.Templates.Keep(r)))
                    await File.WriteAllTextAsync(Path.Combine(target, template.Name + ".liquid"), template.Source, cancel);
            }
            if (p.GetValue(json))
                JsonOutput.Write(
                    results.Select(r => new
                    {
                        winner = r.Winner.Name,
                        r.Decided,
                        r.Tried,
                        r.TriedOnTrain,
                        table = r.Table.Select(t =>
                            new { t.Template.Name, t.How, t.Score, t.ScoreLow, t.ScoreHigh, t.Low, t.High, t.Measures, t.Examples })
                    }));
            else
                foreach (var result in results) Console.WriteLine(TuningArguments.Text(result) + "\n");
            return ExitCodes.Ok;
        });

        var history = new Command("history", "Template versions that tuning left in a lab, and what each was made from.") { lab, json };
        history.SetAction(p =>
        {
            using var storage = Storage.Lab.Open(p.GetRequiredValue(lab), readOnly: true);
            var lines = storage.Templates.Lineage();
            if (p.GetValue(json))
                JsonOutput.Write(lines.Select(l =>
                    new { l.Name, l.Version, l.ParentHash, l.How, objectives = JsonSerializer.Deserialize<JsonElement>(l.Objectives) }));
            else
                foreach (var l in lines) Console.WriteLine($"{l.Name,-26} {l.Version,-4} {l.How,-15} from {l.ParentHash[..12]}");
            return ExitCodes.Ok;
        });
        return new Command("prompts", "Prompt templates: list, show, tune, history.") { list, show, tune, history };
    }
}

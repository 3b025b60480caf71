using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DocTuneLab.Extension;
using DocTuneLab.Prompts;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune prompts</c>: templates and their tuning.</summary>
internal static class PromptsVerb
{
    public static Command Command()
    {
        var folder = new Option<string?>("--templates") { Description = "Folder of .liquid files on top of those that ship; a file of the same name wins.", HelpName = "DIR" };
        var json = new Option<bool>("--json") { Description = "Print as JSON." };
        PromptLibrary Library(ParseResult p) => p.GetValue(folder) is { } own ? PromptLibrary.LoadFolder(own) : PromptLibrary.Default;

        var list = new Command("list", "Templates by kind.") { folder, json };
        list.SetAction(p =>
        {
            var all = Library(p).Templates.OrderBy(t => t.Kind, StringComparer.Ordinal).ThenBy(t => t.Name, StringComparer.Ordinal).ToList();
            if (p.GetValue(json)) Console.WriteLine(JsonSerializer.Serialize(all.Select(t => new { t.Kind, t.Name, t.Version, t.Hash, t.Description, t.Inputs }), new JsonSerializerOptions { WriteIndented = true }));
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

        var lab = new Option<string>("--lab") { Description = "The lab's folder.", HelpName = "DIR", DefaultValueFactory = _ => Path.Combine("artifacts", "lab") };
        var model = new Option<string>("--base") { Description = "Base model in Hugging Face layout.", HelpName = "DIR", Required = true };
        var docs = new Option<string>("--docs") { Description = "Folder of Markdown pages.", HelpName = "DIR", Required = true };
        var assembly = new Option<string[]>("--assembly") { Description = "The library's assemblies.", HelpName = "DLL", Required = true };
        var suite = new Option<string>("--suite") { Description = "Tasks; those of split 'dev' decide.", HelpName = "DIR", Required = true };
        var examples = new Option<int>("--examples") { Description = "Dev examples of each kind at most.", DefaultValueFactory = _ => 24 };
        var seed = new Option<int>("--seed") { Description = "Seed of order and intervals.", DefaultValueFactory = _ => 1 };
        var tune = new Command("tune", "Chooses wordings by the likelihood of reference answers under the base model, and keeps the winners in the lab.") { lab, model, docs, assembly, suite, examples, seed, json };
        tune.SetAction((p, cancel) =>
        {
            using var session = new LabSession();
            session.Open(p.GetRequiredValue(lab), p.GetValue(seed));
            session.LoadBase(ModelFolder.Of(p.GetRequiredValue(model)));
            session.ParseDocs(p.GetRequiredValue(docs), p.GetRequiredValue(assembly));
            session.LoadSuite(p.GetRequiredValue(suite));
            var results = session.TunePrompts(p.GetValue(examples), cancel);
            if (p.GetValue(json))
                Console.WriteLine(JsonSerializer.Serialize(results.Select(r => new { winner = r.Winner.Name, r.Decided, r.Scored, table = r.Table.Select(t => new { t.Template.Name, t.NllPerToken, t.BitsPerByte, t.Low, t.High, t.Examples }) }), new JsonSerializerOptions { WriteIndented = true }));
            else
                foreach (var result in results)
                {
                    Console.WriteLine($"{"template",-24} {"nll/token",10} {"difference to the winner",28} {"examples",9}");
                    foreach (var t in result.Table) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{t.Template.Name,-24} {t.NllPerToken,10:F4} {$"[{t.Low:F4}, {t.High:F4}]",28} {t.Examples,9}"));
                    Console.WriteLine($"chosen: {result.Winner.Name}{(result.Decided ? "" : " (the runner-up is within the interval)")}\n");
                }
            return Task.FromResult(ExitCodes.Ok);
        });
        return new Command("prompts", "Prompt templates: list, show, tune.") { list, show, tune };
    }
}

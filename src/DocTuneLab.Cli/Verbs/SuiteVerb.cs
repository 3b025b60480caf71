using System.CommandLine;
using System.Globalization;
using DocTuneLab.Cli.Arguments;
using DocTuneLab.Cli.Output;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Documents;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation.Drafting;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Experiments.Stages;
using DocTuneLab.Extension.Arguments;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune suite</c>: held-out tasks of a library.</summary>
internal static class SuiteVerb
{
    public static Command Command() => new("suite", "Held-out tasks: draft those that follow from a library, and lock the files of a suite.")
    {
        Draft(), SuiteFreeze.Command()
    };

    private static Command Draft()
    {
        var folder = new Argument<string>("DIR") { Description = "Folder of the suite; made where it is missing." };
        var kind = new Option<string>("--kind")
        {
            Description = "What to draft: members, questions that take a member for granted, which may not exist.",
            Required = true,
        };
        kind.AcceptOnlyFromAmong("members");
        var (assembly, docs, json) = (CommonOptions.Assembly(), CommonOptions.Docs(), CommonOptions.Json());
        assembly.Required = true;
        var count = new Option<int>("--count")
        {
            Description = "Questions, half of them about invented members.",
            HelpName = "N",
            DefaultValueFactory = _ => 100,
        };
        var seed = new SettingOptions([CorpusOptions.Settings[nameof(CorpusOptions.Seed)]]);
        var command = new Command("draft",
            "Writes tasks that follow from the library alone. A file that is there already stays: what people have reviewed is not lost.")
        {
            folder, kind, assembly, docs, count, json
        };
        seed.AddTo(command);
        command.SetAction(p =>
        {
            var path = Path.Combine(p.GetRequiredValue(folder), Suite.MembersFile);
            if (File.Exists(path)) throw new LabException($"{path}: is there already. Move it away, or give another folder.");
            var library = PrivateLibrary.Load(LabArguments.Existing(p.GetRequiredValue(assembly)));
            var pages = p.GetValue(docs) is { } source ? DocumentSet.Load(source).Documents : [];
            var tasks = MemberDrafts.Draw(library.Api, pages, p.GetValue(count),
                seed.Apply(p, CorpusOptions.Settings, new CorpusOptions()).Seed);
            Directory.CreateDirectory(p.GetRequiredValue(folder));
            MemberDrafts.Write(path, tasks);
            if (p.GetValue(json))
                JsonOutput.Write(new
                {
                    path,
                    tasks = tasks.Count,
                    test = tasks.Count(t => t.Split == Split.Test),
                    exist = tasks.Count(t => t.Exists),
                });
            else
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{tasks.Count} questions in {path}: {tasks.Count(t => t.Exists)} about members that exist; "
                    + $"{tasks.Count(t => t.Split == Split.Test)} test, {tasks.Count(t => t.Split == Split.Dev)} dev"));
            return ExitCodes.Ok;
        });
        return command;
    }
}

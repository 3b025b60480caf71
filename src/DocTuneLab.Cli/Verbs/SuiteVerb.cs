using System.CommandLine;
using System.Globalization;
using DocTuneLab.Cli.Arguments;
using DocTuneLab.Cli.Output;
using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Documents;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation.Drafting;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Experiments;
using DocTuneLab.Experiments.Stages;
using DocTuneLab.Extension.Arguments;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune suite</c>: held-out tasks of a library.</summary>
internal static class SuiteVerb
{
    private enum DraftKind
    {
        Members,
        Compositions,
    }

    public static Command Command() => new(
        "suite", "Held-out tasks: draft those that follow from a library, and lock the files of a suite.")
    {
        Draft(), SuiteFreeze.Command()
    };

    private static Command Draft()
    {
        var folder = new Argument<string>("DIR") { Description = "Folder of the suite; made where it is missing." };
        var kind = CommonOptions.Choice<DraftKind>("--kind",
            "What to draft: members, questions that take a member for granted, which may not exist; compositions, "
                + "programming tasks that need several members, to be completed by hand.");
        kind.Required = true;
        var (assembly, docs, json) = (CommonOptions.Assembly(), CommonOptions.Docs(), CommonOptions.Json());
        assembly.Required = true;
        var lab = CommonOptions.Lab();
        var count = new Option<int>("--count")
        {
            Description = "Tasks; of questions, half are about invented members.",
            HelpName = "N",
            DefaultValueFactory = _ => 100,
        };
        var seed = new SettingOptions([CorpusOptions.Settings[nameof(CorpusOptions.Seed)]]);
        var command = new Command("draft",
            "Writes tasks that follow from the library alone. A file that is there already stays: what people have reviewed is not lost.")
        {
            folder, kind, assembly, docs, lab, count, json
        };
        seed.AddTo(command);
        command.SetAction(p =>
        {
            var isComposed = p.Chosen<DraftKind>(kind) == DraftKind.Compositions;
            var path = Path.Combine(p.GetRequiredValue(folder), isComposed ? CompositionDrafts.FileName : Suite.MembersFile);
            if (File.Exists(path)) throw new LabException($"{path}: is there already. Move it away, or give another folder.");
            var library = PrivateLibrary.Load(LabArguments.Existing(p.GetRequiredValue(assembly)));
            var first = seed.Apply(p, CorpusOptions.Settings, new CorpusOptions()).Seed;
            if (isComposed) return Compose(library, p.GetValue(lab)!, path, p.GetValue(count), first, p.GetValue(json));
            var pages = p.GetValue(docs) is { } source ? DocumentSet.Load(source).Documents : [];
            var tasks = MemberDrafts.Draw(library.Api, pages, p.GetValue(count), first);
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

    private static int Compose(PrivateLibrary library, string lab, string path, int count, int seed, bool json)
    {
        IReadOnlyList<Sample> samples = [];
        if (Directory.Exists(lab))
        {
            using var session = new LabSession();
            session.Open(lab, seed);
            samples = session.Storage.Samples.List();
        }
        var drafts = CompositionDrafts.Draw(library.Api, library.Judge, samples, count, seed);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        CompositionDrafts.Write(path, drafts);
        if (json) JsonOutput.Write(new { path, tasks = drafts.Count, samples = samples.Count });
        else
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{drafts.Count} drafts in {path}, none shown by the {samples.Count} samples of {lab}: write instruction, tests and page "
                + $"of those that are worth asking, and move them to {Suite.CodeFile}"));
        return ExitCodes.Ok;
    }
}

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
using DocTuneLab.Experiments.Setup;
using DocTuneLab.Experiments.Stages;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Storage;
using Spectre.Console;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune suite</c>: held-out tasks of a library.</summary>
internal static class SuiteVerb
{
    private const int Shown = 12;

    private enum DraftKind
    {
        All,
        Tasks,
        Questions,
        Members,
        Compositions,
    }

    public static Command Command() => new(
        "suite", "Held-out tasks: draft them for a library, prove them, decide on them, and lock the files of a suite.")
    {
        Draft(), SuiteReview.Check(), SuiteReview.Command(), SuiteFreeze.Command()
    };

    private static Command Draft()
    {
        var folder = new Argument<string>("DIR") { Description = "Folder of the suite; made where it is missing." };
        var kind = CommonOptions.Choice("--kind",
            "What to draft: tasks, programming tasks with hidden tests, proved by running the library; questions, closed and open ones "
                + "whose answers the library's metadata and comments say; members, questions that take a member for granted, which may not "
                + "exist; all of these; or compositions, programming tasks that need several members, to be completed by hand.",
            DraftKind.All);
        var (assembly, docs, json) = (CommonOptions.Assembly(), CommonOptions.Docs(), CommonOptions.Json());
        var (lab, dry) = (CommonOptions.Lab(), CommonOptions.DryRun());
        var source = DraftingArguments.Source();
        var from = DraftingArguments.Origin();
        var count = new Option<int>("--count")
        {
            Description = "Questions, and as many about members, of which half are invented; or compositions.",
            HelpName = "N",
            DefaultValueFactory = _ => new DraftingPlan().Questions,
        };
        var limit = DraftingArguments.Limit();
        var bare = DraftingArguments.WithoutIsolation();
        var seed = new SettingOptions([CorpusOptions.Settings[nameof(CorpusOptions.Seed)]]);
        var endpoints = new EndpointArguments();
        var command = new Command("draft",
            "Writes tasks that follow from the library alone. What is there already stays: what people have reviewed is not lost, and "
                + "a draft that was stopped goes on.")
        {
            folder, kind, assembly, docs, source, from, limit, lab, count, dry, json, bare
        };
        seed.AddTo(command);
        endpoints.AddEndpoints(command);
        command.SetAction((p, cancel) =>
        {
            var chosen = p.Chosen<DraftKind>(kind)!.Value;
            var first = seed.Apply(p, CorpusOptions.Settings, new CorpusOptions()).Seed;
            var (library, pages, known) = About(p.GetValue(assembly), p.GetValue(docs), p.GetValue(lab)!);
            var plan = new DraftingPlan
            {
                Sources = p.GetValue(source) is { Length: > 0 } code ? code : known.Code,
                From = p.GetValue(from) ?? [],
                Limit = p.GetValue(limit),
                Questions = p.GetValue(count),
                Seed = first,
                AllowWithoutIsolation = p.GetValue(bare),
                Endpoint = DraftingArguments.Writer(endpoints.Endpoints(p)),
                Engine = endpoints.Engine(p),
            };
            var samples = Samples(p.GetValue(lab)!, first);
            var asks = plan.Endpoint is not null && chosen is DraftKind.All or DraftKind.Tasks && !p.GetValue(dry);
            using var journal = asks ? Lab.Open(p.GetRequiredValue(lab)) : null;
            var stage = new DraftingStage(library, pages, samples, journal);
            if (chosen is DraftKind.All or DraftKind.Tasks or DraftKind.Questions)
                return Task.FromResult(Suites(p.GetRequiredValue(folder), stage, plan, chosen, p.GetValue(dry), p.GetValue(json), cancel));
            var path = Path.Combine(p.GetRequiredValue(folder),
                chosen == DraftKind.Compositions ? CompositionDrafts.FileName : Suite.MembersFile);
            if (File.Exists(path)) throw new LabException($"{path}: is there already. Move it away, or give another folder.");
            return Task.FromResult(chosen == DraftKind.Compositions
                ? Compose(library, samples, path, p.GetValue(count), first, p.GetValue(json))
                : Members(library, pages, path, p.GetValue(count), first, p.GetValue(json)));
        });
        return command;
    }

    private static int Suites(string folder, DraftingStage stage, DraftingPlan plan, DraftKind kind, bool dry, bool json,
        CancellationToken cancel)
    {
        var (yields, words) = kind == DraftKind.Questions ? ([], null)
            : dry ? (stage.Survey(plan, cancel), null)
            : Work.Show("Drafting", json, progress => stage.Draft(folder, plan, progress is null ? null : new Steps(progress), cancel));
        var questions = kind == DraftKind.Tasks || dry ? [] : stage.DraftQuestions(folder, plan);
        var tasks = dry || !File.Exists(Path.Combine(folder, Suite.CodeFile)) ? 0 : Suite.Load(folder).Code.Count;
        if (json) JsonOutput.Write(new
        {
            folder,
            tasks,
            sources = yields.Select(y => new
            {
                y.Source,
                y.Found,
                y.Drafted,
                y.Proved,
                fallen = y.Fallen.Select(f => new { f.Why, f.Count }),
            }),
            words = words is null ? null : new { words.Worded, kept = words.Kept.Select(k => new { k.Why, k.Count }) },
            questions = questions.Select(q => new { q.File, q.Count }),
        });
        else
        {
            var console = Terminal.Create();
            if (kind != DraftKind.Questions)
            {
                console.Write(TableOf(yields, dry));
                console.WriteLine(dry ? "Nothing was run." : string.Create(CultureInfo.InvariantCulture,
                    $"{tasks} tasks in {Path.Combine(folder, Suite.CodeFile)}, {DraftLedger.Unreviewed(folder)} of them unreviewed: "
                    + $"doctune suite review {folder}"));
            }
            if (words is not null) console.WriteLine(words.ToString());
            foreach (var (file, number) in questions)
                console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{number} questions in {file}"));
        }
        return dry || tasks + questions.Count > 0 ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private static Table TableOf(IReadOnlyList<DraftYield> yields, bool dry)
    {
        var table = new Table().Border(TableBorder.Rounded)
            .AddColumns("Source", "Uses found", dry ? "Would be tried" : "Tried", "Proved", "Fell");
        foreach (var y in yields)
            table.AddRow(new Spectre.Console.Text(y.Source), Number(y.Found), Number(y.Drafted), Number(y.Proved),
                new Spectre.Console.Text(string.Join('\n', y.Fallen.Take(Shown)
                    .Select(f => string.Create(CultureInfo.InvariantCulture, $"{f.Count,5} {f.Why}")))));
        return table;
    }

    private static Spectre.Console.Text Number(int n) => new(n.ToString(CultureInfo.InvariantCulture));

    private static int Members(PrivateLibrary library, IReadOnlyList<Document> pages, string path, int count, int seed, bool json)
    {
        var tasks = MemberDrafts.Draw(library.Api, pages, count, seed);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        MemberDrafts.Write(path, tasks);
        if (json)
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
    }

    /// <summary>The library and its pages: what is not given is what the lab was made for.</summary>
    /// <exception cref="UsageException">Neither says which library.</exception>
    internal static (PrivateLibrary Library, IReadOnlyList<Document> Pages, LabInputs Known) About(string[]? assemblies, string? docs,
        string lab)
    {
        var known = LabOrigin.Of(lab) ?? new();
        var library = assemblies is { Length: > 0 } given ? LabArguments.Existing(given) : known.Assemblies;
        if (library.Count == 0) throw new UsageException("missing: --assembly DLL: the library, or --lab DIR, a lab that knows it.");
        var site = docs ?? (known.Pages is [var first, ..] ? first : null);
        return (PrivateLibrary.Load(library, known.References), site is null ? [] : DocumentSet.Load(site).Documents, known);
    }

    // What a lab would train on; none where there is none.
    internal static IReadOnlyList<Sample> Samples(string lab, int seed)
    {
        if (!Directory.Exists(lab)) return [];
        using var session = new LabSession();
        session.Open(lab, seed);
        return session.Storage.Samples.List();
    }

    private static int Compose(PrivateLibrary library, IReadOnlyList<Sample> samples, string path, int count, int seed, bool json)
    {
        var drafts = CompositionDrafts.Draw(library.Api, library.Judge, samples, count, seed);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        CompositionDrafts.Write(path, drafts);
        if (json) JsonOutput.Write(new { path, tasks = drafts.Count, samples = samples.Count });
        else
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{drafts.Count} drafts in {path}, none shown by the {samples.Count} samples of the lab: write instruction, tests and page "
                + $"of those that are worth asking, and move them to {Suite.CodeFile}"));
        return ExitCodes.Ok;
    }

    private sealed class Steps(IProgress<(int Done, int Total)> bar) : IProgress<DraftProgress>
    {
        public void Report(DraftProgress value) => bar.Report((value.Proved, value.Wanted));
    }
}

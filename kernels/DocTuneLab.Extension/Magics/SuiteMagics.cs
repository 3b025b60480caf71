using System.CommandLine;
using System.Globalization;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation.Drafting;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Experiments;
using DocTuneLab.Experiments.Stages;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Notebooks;

namespace DocTuneLab.Extension.Magics;

/// <summary>Magics with which held-out tasks are loaded, drafted and decided on.</summary>
internal static class SuiteMagics
{
    public static Command Suite(LabSession lab)
    {
        var directory = new Argument<string?>("DIR")
        {
            Description =
                "Folder with code.jsonl, docqa.jsonl, open.jsonl, completion.jsonl, members.jsonl, general.jsonl, retention.jsonl, or some "
                    + "of them. Without it, that of the library that #!lab was given.",
            Arity = ArgumentArity.ZeroOrOne
        };
        var wanted = new Option<int>("--draft")
        {
            Description = "Where the library has no tasks, draft this many programming tasks, and questions, into its folder of tasks "
                + "first.",
            HelpName = "N",
        };
        var command = new Command("#!suite", "Loads the held-out tasks.") { directory, wanted, Draft(lab), Review(lab) };
        command.SetCellAction((p, cell) =>
        {
            if (p.GetValue(wanted) is > 0 and var limit && p.GetValue(directory) is null
                && lab is { Folder: not null, Library.Api.Symbols.Count: > 0 } && !DraftingStage.HasAll(lab.Folder))
                DraftInto(lab.Folder.Tasks, lab, new() { Limit = limit, Seed = lab.Seed, Sources = lab.Storage.Inputs.Code }, cell,
                    mayFail: true);
            var suite = lab.LoadSuite(p.GetValue(directory) is { } given ? NotebookPaths.Of(cell, given) : null);
            if (suite.Count == 0)
            {
                cell.Display("the library has no tasks: nothing is held out, and models cannot be compared; '#!suite draft' makes some");
                return;
            }
            cell.Display(Enum.GetValues<Split>().Select(s => (Name: s.ToString(), Tasks: suite.Where(s))).Select(s => new
            {
                Split = s.Name,
                CodeTasks = s.Tasks.Code.Count,
                Questions = s.Tasks.Qa.Count,
                OpenQuestions = s.Tasks.Open.Count,
                Gaps = s.Tasks.Completion.Count,
                Members = s.Tasks.Members.Count,
            }).ToArray());
            if (suite.General.Count + suite.Retention.Count > 0)
                cell.Display($"for every split, to see what is forgotten: {suite.General.Count} tasks in plain C#, {suite.Retention.Count} "
                    + "frozen texts");
        });
        return command;
    }

    private static Command Draft(LabSession lab)
    {
        var folder = Folder();
        var (source, from, bare) = (DraftingArguments.Source(), DraftingArguments.Origin(), DraftingArguments.WithoutIsolation());
        var limit = DraftingArguments.Limit();
        var command = new Command("draft",
            "Drafts programming tasks for the library that #!docs has read, proved by running it, and questions. What is there already "
                + "stays.")
        {
            folder, source, from, limit, bare
        };
        var endpoints = new EndpointArguments();
        endpoints.AddEndpoints(command);
        command.SetCellAction((p, cell) =>
        {
            DraftInto(FolderOf(p.GetValue(folder), lab, cell), lab, new()
            {
                Sources = p.GetValue(source) is { Length: > 0 } given ? given : lab.Storage.Inputs.Code,
                From = p.GetValue(from) ?? [],
                Limit = p.GetValue(limit),
                Seed = lab.Seed,
                AllowWithoutIsolation = p.GetValue(bare),
                Endpoint = DraftingArguments.Writer(endpoints.Endpoints(p)),
                Engine = endpoints.Engine(p),
            }, cell, mayFail: false);
        });
        return command;
    }

    private static void DraftInto(string folder, LabSession lab, DraftingPlan plan, CellContext cell, bool mayFail)
    {
        var library = lab.Library ?? throw new LabException("no library yet: run #!docs DIR --assembly DLL first");
        var stage = new DraftingStage(library, lab.Documents?.Set.Documents ?? [], lab.Storage.Samples.List(), lab.Storage);
        var live = cell.Display("drafting …");
        try
        {
            var (yields, words) = stage.Draft(folder, plan, new Follow<DraftProgress>(s => live.Update(string.Create(
                CultureInfo.InvariantCulture, $"{s.Tried} drafts tried, {s.Proved} of {s.Wanted} tasks proved"))), cell.CancellationToken);
            cell.Display(yields.Select(y => new
            {
                y.Source,
                y.Found,
                Tried = y.Drafted,
                y.Proved,
                Fell = string.Join("; ", y.Fallen.Take(8).Select(f => string.Create(CultureInfo.InvariantCulture, $"{f.Count} {f.Why}"))),
            }).ToArray());
            if (words is not null) cell.Display(words.ToString());
        }
        catch (LabException e) when (mayFail)
        {
            live.Update($"no programming tasks were drafted: {e.Message}");
        }
        foreach (var (file, count) in stage.DraftQuestions(folder, plan)) cell.Display($"{count} questions in {file}");
        cell.Display($"{DraftLedger.Unreviewed(folder)} tasks are unreviewed: #!suite review {folder}");
    }

    private static Argument<string?> Folder() => new("FOLDER")
    {
        Description = "Folder of the suite, made where it is missing. Without it, that of the library that #!lab was given.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static string FolderOf(string? given, LabSession lab, CellContext cell) => given is not null ? NotebookPaths.Of(cell, given)
        : lab.Folder?.Tasks ?? throw new LabException("which folder? Name the suite's, or open the lab with a folder that holds the "
            + "library (#!lab --library DIR).");

    private static Command Review(LabSession lab)
    {
        var folder = Folder();
        var csv = DraftingArguments.Csv();
        var take = DraftingArguments.Decisions();
        var show = CommonOptions.Show();
        var command = new Command("review", "Drafted tasks as cards, or as a table out and in, to accept, edit or reject.") { folder, csv,
            take, show };
        command.SetCellAction((p, cell) =>
        {
            var suite = FolderOf(p.GetValue(folder), lab, cell);
            if (p.GetValue(take) is { } decided)
            {
                var taken = DraftReview.Take(suite, decided);
                cell.Display($"{taken.Accepted} accepted, {taken.Edited} edited, {taken.Rejected} taken out, {taken.Undecided} undecided");
            }
            else if (p.GetValue(csv) is { } file) cell.Display($"{DraftReview.Write(suite, file)} tasks in {file}");
            else
                cell.DisplayMime(new Dictionary<string, object>
                {
                    ["text/markdown"] = string.Join("\n\n", DraftReview.Cards(suite).Take(p.GetValue(show))),
                    ["text/plain"] = $"{DraftReview.Drafts(suite).Count} drafted tasks, {DraftLedger.Unreviewed(suite)} unreviewed",
                });
        });
        return command;
    }
}

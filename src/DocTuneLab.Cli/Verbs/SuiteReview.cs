using System.CommandLine;
using System.Globalization;
using DocTuneLab.Cli.Output;
using DocTuneLab.Evaluation.Drafting;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Experiments.Stages;
using DocTuneLab.Extension.Arguments;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune suite check</c> and <c>doctune suite review</c>: the proof of a suite, and people's word on drafted tasks.</summary>
internal static class SuiteReview
{
    public static Command Check()
    {
        var folder = Folder();
        var (assembly, docs, lab, json) = (CommonOptions.Assembly(), CommonOptions.Docs(), CommonOptions.Lab(), CommonOptions.Json());
        var bare = DraftingArguments.WithoutIsolation();
        var command = new Command("check",
            "Proves a suite: references pass, stubs and constants fail, nothing overlaps with the samples of the lab. Exit code 1 if "
                + "something is wrong.")
        {
            folder, assembly, docs, lab, json, bare
        };
        command.SetAction((p, cancel) =>
        {
            var (library, pages, _) = SuiteVerb.About(p.GetValue(assembly), p.GetValue(docs), p.GetValue(lab)!);
            var stage = new DraftingStage(library, pages, SuiteVerb.Samples(p.GetValue(lab)!, 1));
            var report = stage.Check(Suite.Load(p.GetRequiredValue(folder)), p.GetValue(bare), cancel);
            var unreviewed = DraftLedger.Unreviewed(p.GetRequiredValue(folder));
            if (p.GetValue(json)) JsonOutput.Write(new { suite = report.SuiteHash, report.Problems, report.Notes, unreviewed });
            else
            {
                foreach (var note in report.Notes) Console.Out.WriteLine(note);
                if (unreviewed > 0) Console.Out.WriteLine(string
                    .Create(CultureInfo.InvariantCulture, $"{unreviewed} drafted tasks are unreviewed."));
                foreach (var problem in report.Problems) Console.Out.WriteLine($"{problem.Task}: {problem.Problem}");
                Console.Out.WriteLine(report.Problems.Count == 0 ? "The suite is sound." : "No result on this suite would count.");
            }
            return Task.FromResult(report.Problems.Count == 0 ? ExitCodes.Ok : ExitCodes.Failed);
        });
        return command;
    }

    public static Command Command()
    {
        var folder = Folder();
        var csv = DraftingArguments.Csv();
        var take = DraftingArguments.Decisions();
        var (show, json) = (CommonOptions.Show(), CommonOptions.Json());
        var command = new Command("review",
            "Drafted tasks for people to decide on: as cards, or as a table out and in. A task that nobody decided on is used, and "
                + "counted as unreviewed.")
        {
            folder, csv, take, show, json
        };
        command.SetAction(p =>
        {
            var suite = p.GetRequiredValue(folder);
            if (p.GetValue(take) is { } decided)
            {
                var taken = DraftReview.Take(suite, decided);
                if (p.GetValue(json)) JsonOutput.Write(taken);
                else Console.WriteLine($"{taken.Accepted} accepted, {taken.Edited} edited, {taken.Rejected} taken out, "
                    + $"{taken.Undecided} undecided; "
                    + $"{DraftLedger.Unreviewed(suite)} tasks are unreviewed");
            }
            else if (p.GetValue(csv) is { } file)
            {
                var count = DraftReview.Write(suite, file);
                if (p.GetValue(json)) JsonOutput.Write(new { file, tasks = count });
                else Console.WriteLine($"{count} tasks in {file}. Write accept, edit or reject into 'decision', then: "
                    + $"doctune suite review {suite} --decisions {file}");
            }
            else
            {
                var drafts = DraftReview.Drafts(suite);
                if (p.GetValue(json)) JsonOutput
                    .Write(new { unreviewed = DraftLedger.Unreviewed(suite), drafts = drafts.Select(d => new { d.Entry, d.Task }) });
                else
                {
                    foreach (var card in DraftReview.Cards(suite).Take(p.GetValue(show))) Console.WriteLine(card + "\n");
                    Console.WriteLine($"{drafts.Count} drafted tasks, {DraftLedger.Unreviewed(suite)} unreviewed");
                }
            }
            return ExitCodes.Ok;
        });
        return command;
    }

    private static Argument<string> Folder() => new("DIR") { Description = "Folder of the suite." };
}

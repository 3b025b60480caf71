using System.CommandLine;
using DocTuneLab.Cli.Arguments;
using DocTuneLab.Cli.Output;
using DocTuneLab.Corpus.Formats;
using DocTuneLab.Documents;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation;
using DocTuneLab.Evaluation.Judging;
using DocTuneLab.Evaluation.Reports;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Evaluation.Suites.Import;
using DocTuneLab.Experiments;
using DocTuneLab.Experiments.Setup;
using DocTuneLab.Experiments.Stages;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Storage;
using DocTuneLab.Training.Recipes;
using Spectre.Console;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune evaluate</c>: models on held-out tasks, and the upkeep of suites.</summary>
internal static class Evaluate
{
    public static Command Command()
    {
        var (model, loading) = (ModelArguments.Base(), ModelArguments.Loading());
        var adapter = CommonOptions.Adapter();
        var (suite, assembly, docs) = (CommonOptions.Suite(), CommonOptions.Assembly(), CommonOptions.Docs());
        var needed = CommonOptions.Reference();
        var lab = CommonOptions.Lab();
        var output = CommonOptions.Out();
        var json = CommonOptions.Json();
        var compare = new Option<string?>("--compare")
        {
            Description = "Compare with stored results: a run of the lab or 'last', a folder, or a result file.",
            HelpName = "RUN|FILE"
        };
        var rescore = new Option<string[]>("--rescore")
        {
            Description = "Score stored answers again, without any model: a run of the lab or 'last', a folder, or result files.",
            HelpName = "RUN|FILE",
            AllowMultipleArgumentsPerToken = true
        };
        var check = new Option<bool>("--check-suite")
        {
            Description = "Prove the suite: references pass, stubs fail, gold members exist, nothing is asked twice or overlaps the "
                + "training data; print its hashes. Runs the references; the training data is that of --corpus or the lab, the pages are "
                + "those of --docs or the lab."
        };
        var corpus = new SettingOptions([TrainingConfig.Settings[nameof(TrainingConfig.Corpus)]]);
        var schema = new Option<bool>("--schema") { Description = "Print the JSON schema of a suite's lines." };
        var import = new Option<string?>("--import")
        {
            Description = "Convert tasks of a public format (HumanEval-style or MultiPL-E C#) to a suite file, named by --out.",
            HelpName = "FILE.jsonl"
        };
        var form = new Option<int?>("--blind")
        {
            Description = "Write a form for blind comparison of this many pairs of answers, ab-form.html.",
            HelpName = "N"
        };
        form.Validators.Add(result =>
        {
            if (result.Tokens is [.., var token] && !(int.TryParse(token.Value, out var pairs) && pairs > 0))
                result.AddError($"--blind takes a number of pairs above 0, not '{token.Value}'.");
        });
        var votes = CommonOptions.Votes();
        var arguments = new EvaluationArguments();
        var command = new Command("evaluate",
            "Compares models on held-out tasks, and checks, imports and scores again. An adapter is the tuned arm; pages are searched for "
                + "arms with documents, and needless where the lab has read them. Wordings are those of the lab's last evaluation. "
                + "A folder for the result gets report.html, .md, .json, .trx and junit.xml, beside the lab's own copy. The exit code is 1 "
                + "where the retention gate fails.")
        {
            adapter, suite, assembly, needed, docs, lab
        };
        model.AddTo(command);
        loading.AddTo(command);
        arguments.AddTo(command);
        foreach (var option in (Option[])
        [
            output, json, compare, rescore, check, schema, import, form, votes
        ])
            command.Options.Add(option);
        corpus.AddTo(command);
        command.SetAction((parsed, cancel) => Task.Run(() =>
        {
            if (parsed.GetValue(schema))
            {
                Console.Out.Write(SuiteSchema.Text);
                return ExitCodes.Ok;
            }
            if (parsed.GetValue(import) is { } file)
                return Import(file,
                    parsed.GetValue(output) ?? throw new UsageException("--import needs --out FILE.jsonl for the converted suite."));

            // What is not given is what the lab was made for.
            var known = LabOrigin.Of(parsed.GetValue(lab)!) ?? new();
            var assemblies = parsed.GetValue(assembly) is { Length: > 0 } given ? given : known.Assemblies;
            var references = parsed.GetValue(needed) is { Length: > 0 } others ? others : known.References;
            var suitePath = parsed.GetValue(suite) ?? known.Suite;
            string[] missing =
            [
                .. suitePath is null ? (string[])["--suite DIR: the held-out tasks"] : [],
                .. assemblies.Count == 0 ? (string[])["--assembly DLL: the private library that answers are compiled against"] : []
            ];
            if (missing.Length > 0) throw new UsageException($"missing: {string.Join("; ", missing)}.");
            using var session = new LabSession();
            session.Open(parsed.GetValue(lab)!, arguments.Seed(parsed));
            session.LoadSuite(suitePath!);
            if (parsed.GetValue(check))
            {
                session.LoadLibrary(assemblies, references);
                return Check(session, corpus.Apply(parsed, TrainingConfig.Settings, TrainingConfig.Settings.Defaults).Corpus,
                    arguments.Of(parsed, false, false).Options.Execution.AllowWithoutIsolation,
                    parsed.GetValue(docs) is { } source ? DocumentSet.Load(source).Documents : null, cancel);
            }
            var plan = arguments.Of(parsed, model.BaseOf(parsed) is not null, parsed.GetValue(adapter) is not null) with
            {
                Training = corpus.Apply(parsed, TrainingConfig.Settings, TrainingConfig.Settings.Defaults).Corpus is { Length: > 0 } samples
                    ? CorpusFormats.Read(samples)
                    : null
            };
            if (plan.Arms.Count == 0 && parsed.GetValue(rescore) is not { Length: > 0 })
                throw new UsageException(
                    "There is nothing to evaluate: give --base DIR, the base model, or --endpoint URL for a hosted one.");
            session.Wordings.Restore(session.Storage);
            session.Wordings.Use(session.Storage, arguments.Wordings(parsed));

            // What cannot work is said before anything is asked, and 'last' is the run before this one.
            var earlier = parsed.GetValue(compare) is { } place ? new StoredResults(session.Storage).Load(place) : [];
            var key = parsed.GetValue(votes) is null ? null : KeyBeside(session, parsed.GetValue(rescore) ?? []);
            if (parsed.GetValue(form) is not null && parsed.GetValue(rescore) is not { Length: > 0 } && plan.Arms.Count + earlier.Count < 2)
                throw new UsageException("--blind compares two arms at least; there is one: give more with --arms, or --compare RUN.");

            var quiet = parsed.GetValue(json) || Console.IsErrorRedirected;
            var progress = new Follow(quiet);
            EvaluationReport report;
            if (parsed.GetValue(rescore) is { Length: > 0 } stored)
            {
                session.LoadLibrary(assemblies, references);
                report = session.EvaluationStage.Rescore(stored, plan, progress, cancel);
            }
            else
            {
                if (model.BaseOf(parsed) is { } weights) session.LoadBase(ModelFolder.Of(weights), loading.LoadOf(parsed));
                else if (plan.Arms.Any(a => ArmName.Of(a).Model is "base" or "tuned"))
                    throw new UsageException("--base DIR is missing: the base model.");
                if (parsed.GetValue(adapter) is { } tuned) session.LoadAdapter(tuned);
                if (parsed.GetValue(docs) is { } pages)
                    session.ParseDocs(new ParseOptions { Sources = [pages], Assemblies = assemblies, References = references });
                else session.LoadLibrary(assemblies, references);
                report = session.EvaluationStage.Run(plan, progress, cancel);
            }
            progress.End();
            if (earlier.Count > 0) report = StoredResults.Beside(report, earlier, plan.GateBits);
            if (parsed.GetValue(form) is { } count)
                Console.Error.WriteLine("form      "
                    + $"{BlindTrial.Draw(session.Suite!, report.Results, count, session.Seed).Write(session.EvaluationStage.Directory!)}");
            if (parsed.GetValue(votes) is { } ballot)
                report = session.EvaluationStage.AddPreferences(BlindTrial.Tally(key!, ballot,
                    [.. report.Results.Select(r => r.Arm)]));
            if (parsed.GetValue(output) is { } folder) ReportFiles.Write(report, folder);
            Show(report, parsed.GetValue(json), parsed.GetValue(output) ?? session.EvaluationStage.Directory!);
            return report.Passes ? ExitCodes.Ok : ExitCodes.Failed;
        }, CancellationToken.None));
        return command;
    }

    /// <summary>Prints a report: headline and metrics, or JSON.</summary>
    public static void Show(EvaluationReport report, bool json, string? folder)
    {
        if (json)
        {
            Console.Out.WriteLine(report.ToJson());
            return;
        }
        var console = Terminal.Create();
        foreach (var line in MarkdownReport.Headlines(report)) console.WriteLine(line);
        foreach (var comparison in report.Comparisons)
        {
            var table = new Table().Border(TableBorder.Rounded).AddColumns("Metric", Markup.Escape(comparison.FirstArm),
                Markup.Escape(comparison.SecondArm), "Difference", "p", "Verdict", "Detectable");
            foreach (var row in MarkdownReport.Rows(comparison))
                table.AddRow([.. row.Select((cell, i) => new Markup(i == 5
                    ? cell switch { "better" => "[green]better[/]", "worse" => "[red]worse[/]", _ => cell }
                    : Markup.Escape(cell)))]);
            console.Write(table);
        }
        if (report.Comparisons.Count == 0)
            foreach (var m in report.Results[0].Metrics)
            {
                console.WriteLine($"{m.Title}: {MarkdownReport.Format(m)}");
                foreach (var (label, arms) in new[] { ("unseen", report.Unseen), ("seen", report.Seen) })
                    if (arms is [var arm, ..] && arm[m.Name] is { } part)
                        console.WriteLine($"  {label}: {MarkdownReport.Format(part)}, tasks {part.Tasks}");
            }
        if (folder is not null) console.WriteLine($"report    {Path.GetFullPath(Path.Combine(folder, "report.html"))}");
    }

    private static int Check(
        LabSession session, string? corpus, bool bare, IReadOnlyList<Document>? pages, CancellationToken cancel)
    {
        var samples = corpus is null ? session.Storage.Samples.List() : CorpusFormats.Read(corpus);
        var report = session.EvaluationStage.Check(samples, bare, pages, cancel);
        foreach (var (kind, count, hash) in session.Suite!.Hashes())
            Console.Out.WriteLine($"{kind.ToString().ToLowerInvariant(),-12}{count,6}  {hash}");
        Console.Out.WriteLine($"{"suite",-12}{session.Suite.Count,6}  {report.SuiteHash}");
        foreach (var note in report.Notes) Console.Out.WriteLine(note);
        foreach (var problem in report.Problems) Console.Out.WriteLine($"{problem.Task}: {problem.Problem}");
        Console.Out.WriteLine(
            report.Problems.Count == 0 ? "The suite is sound."
                : $"{Count(report.Problems.Count, "problem")}: no result on this suite would count.");
        return report.Problems.Count == 0 ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private static int Import(string file, string target)
    {
        var (tasks, skipped) = BenchmarkImport.Read(file);
        BenchmarkImport.Write(tasks, target);
        foreach (var (task, why) in skipped) Console.Out.WriteLine($"{task}: left out: {why}");
        Console.Out.WriteLine($"{Count(tasks.Count, "task")} in {target}, {skipped.Count} left out.");
        return tasks.Count > 0 ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private static string Count(int count, string what) => count == 1 ? $"1 {what}" : $"{count} {what}s";

    private static string KeyBeside(LabSession session, string[] stored) =>
        stored.SelectMany(new StoredResults(session.Storage).Files)
            .Select(f => Path.Combine(Path.GetDirectoryName(Path.GetFullPath(f))!, BlindTrial.KeyName))
            .FirstOrDefault(File.Exists)
            ?? throw new UsageException("--votes needs --rescore RUN, the run whose folder holds the form and its key.");

    /// <summary>One line on stderr that follows the work.</summary>
    private sealed class Follow(bool quiet) : IProgress<EvaluationProgress>
    {
        private readonly InTurn _turn = new();
        private int _width;

        public void Report(EvaluationProgress value)
        {
            if (quiet) return;
            var line = value.ToString();
            _turn.Do(() =>
            {
                Console.Error.Write($"\r{line.PadRight(_width)}");
                _width = line.Length;
            });
        }

        public void End()
        {
            if (!quiet) _turn.Do(() => Console.Error.Write($"\r{new string(' ', _width)}\r"));
        }
    }
}

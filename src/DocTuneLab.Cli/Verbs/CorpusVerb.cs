using System.CommandLine;
using System.Globalization;
using DocTuneLab.Cli.Arguments;
using DocTuneLab.Cli.Output;
using DocTuneLab.Corpus.Formats;
using DocTuneLab.Corpus.Hosted;
using DocTuneLab.Corpus.Review;
using DocTuneLab.Endpoints.Accounting;
using DocTuneLab.Experiments.Stages;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Storage;
using Spectre.Console;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune corpus</c>: generate, look at, review, export and import training samples.</summary>
internal static class CorpusVerb
{
    public static Command Command() => new("corpus", "Training samples: generate, check, review, export, import.")
    {
        Generate(), Status(), Coverage(), Export(), Import(), Check(), Review()
    };

    private static Command Generate()
    {
        var library = new LibraryOptions();
        var (written, endpoints) = (new CorpusArguments(), new EndpointArguments());
        var json = CommonOptions.Json();
        var command = new Command("generate",
            "Writes samples: from signatures and pages alone, or with --endpoint by a hosted model. "
                + "A run that was stopped goes on where it was.")
        {
            json
        };
        library.AddTo(command);
        written.AddTo(command);
        endpoints.AddTo(command);
        command.SetAction(async (p, cancel) =>
        {
            var options = written.Written(p);
            var settings = endpoints.Of(p, options);
            var unaided = settings is null ? written.Structural(p, endpoints) : null;
            using var session = library.Open(p, options.Seed);
            library.Read(p, session);
            if (session.CorpusStage.Warning is { } warning) Console.Error.WriteLine($"warning: {warning}");
            session.Wordings.Use(session.Storage, written.Wordings(p));
            if (settings is null)
            {
                var corpus = session.CorpusStage.Generate(unaided!, cancel: cancel);
                if (corpus.RunRefusal is { } refusal) Console.Error.WriteLine(refusal);
                if (p.GetValue(json)) JsonOutput.Write(corpus.Accounts);
                else Console.WriteLine($"{corpus.Samples.Count} accepted, {corpus.Rejected.Count} rejected; {corpus.Coverage}\n"
                    + $"code: {string.Join("; ", corpus.Accounts.Where(a => a.Runs.HasCode).Select(a => $"{a.Label}: {a.Runs}"))}");
                return ExitCodes.Ok;
            }
            if (settings.DryRun)
            {
                var estimate = session.CorpusStage.Estimate(settings);
                if (p.GetValue(json)) JsonOutput.Write(estimate);
                else
                {
                    var cost = estimate.Cost?.ToString("F4", CultureInfo.InvariantCulture) ?? "unknown (the endpoints have no prices)";
                    Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                        $"{estimate.Samples} samples: {estimate.Requests} requests, {estimate.PromptTokens:N0} tokens sent "
                        + $"and at most {estimate.CompletionTokens:N0} received; cost at most {cost}. Nothing was asked."));
                }
                return ExitCodes.Ok;
            }
            var console = Terminal.Create();
            GenerationResult result = null!;
            // How a batch stands is worth a line; answers of others are asked for whole, nobody watches them here.
            if (Console.IsErrorRedirected || p.GetValue(json))
            {
                var last = "";
                result = await session.CorpusStage.GenerateAsync(settings, null, settings.Batch is null ? null : new Progress<LiveText>(t =>
                {
                    if (t.Text != last) Console.Error.WriteLine(last = t.Text);
                }), cancel);
            }
            else
                await console.Status().StartAsync("asking …", async status =>
                    result = await session.CorpusStage.GenerateAsync(settings,
                        new Progress<GenerationStatus>(s => status.Status(Markup.Escape(s.ToString()))),
                        settings.Batch is null ? null : new Progress<LiveText>(t => status.Status(Markup.Escape(t.Text))), cancel));
            if (p.GetValue(json)) JsonOutput.Write(result.Status);
            else Console.WriteLine($"{result.Status}\n{result.Coverage}");
            if (cancel.IsCancellationRequested && settings.Batch is not null)
                Console.Error.WriteLine("A batch that was sent goes on at the server; the same command takes it up again.");
            return cancel.IsCancellationRequested ? ExitCodes.Interrupted : result.Status.IsDone ? ExitCodes.Ok : ExitCodes.Failed;
        });
        return command;
    }

    private static Command Status()
    {
        var lab = CommonOptions.Lab();
        var json = CommonOptions.Json();
        var command = new Command("status", "What the lab holds: samples by kind and reason, coverage, requests, failures, cost.")
        {
            lab, json
        };
        command.SetAction(p =>
        {
            using var storage = Lab.Open(p.GetRequiredValue(lab), readOnly: true);
            var status = CorpusStatus.Of(storage);
            if (p.GetValue(json)) JsonOutput.Write(status);
            else
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{status.Samples} samples: {status.Accepted.Values.Sum()} accepted ({Parts(status.Accepted)}), "
                        + $"{status.Rejected.Values.Sum()} rejected ({Parts(status.Rejected)})"));
                Console.WriteLine(storage.Samples.Coverage([]));
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{status.Requests} answers kept, {status.PromptTokens:N0} tokens sent, {status.CompletionTokens:N0} received, "
                        + $"cost {status.Cost:F4}; failed calls: {Parts(status.FailedCalls)}"));
                foreach (var b in status.Batches)
                    Console.WriteLine($"batch {b.Id} at {b.Endpoint}: {b.Requests} requests under way; 'corpus generate' with the same "
                        + "options takes it up");
            }
            return ExitCodes.Ok;

            static string Parts<T>(IReadOnlyDictionary<string, T> counts) =>
                counts.Count == 0 ? "none" : string.Join(", ", counts.Select(c => $"{c.Key} {c.Value}"));
        });
        return command;
    }

    private static Command Coverage()
    {
        var lab = CommonOptions.Lab();
        var (suite, count) = (CommonOptions.Suite(), CommonOptions.Show());
        var json = CommonOptions.Json();
        var command = new Command("coverage",
            "The library member by member, those with the fewest samples first: passages that describe it, accepted samples that ask about "
                + "it, samples whose code compiles with "
                + "it, those of them that passed all checks, held-out tasks that need it.")
        {
            lab, suite, count, json
        };
        command.SetAction(p =>
        {
            using var storage = Lab.Open(p.GetRequiredValue(lab), readOnly: true);
            var coverage = storage.Samples.Coverage(p.GetValue(suite) is { } tasks ? Evaluation.Suites.Suite.Load(tasks).HeldOut() : []);
            if (coverage.Symbols.Count == 0)
                throw new LabException($"{storage.Directory}: the lab knows no library. Read one first: doctune parse DIR --assembly DLL "
                    + $"--lab {p.GetRequiredValue(lab)}");
            if (p.GetValue(json)) JsonOutput.Write(coverage.Symbols);
            else
            {
                Console.WriteLine(coverage);
                Console.WriteLine("documented  asked  compiled  used  held out  member");
                foreach (var m in coverage.Thinnest.Take(p.GetValue(count)))
                    Console.WriteLine($"{m.Documented,10}  {m.Asked,5}  {m.Compiled,8}  {m.Used,4}  {m.HeldOut,8}  {m.Name}");
            }
            return ExitCodes.Ok;
        });
        return command;
    }

    private static Command Export()
    {
        var lab = CommonOptions.Lab();
        var (format, output) = (CommonOptions.SampleFormat(), CommonOptions.Out());
        output.Required = true;
        var command = new Command("export",
            "Writes accepted samples for other trainers, one file per split, with provenance in every row and a dataset card.")
        {
            lab, format, output
        };
        command.SetAction(p =>
        {
            using var storage = Lab.Open(p.GetRequiredValue(lab), readOnly: true);
            foreach (var file in CorpusExport.Write(storage, p.Chosen<CorpusFormat>(format)!.Value, p.GetRequiredValue(output)!))
                Console.WriteLine(file);
            return ExitCodes.Ok;
        });
        return command;
    }

    private static Command Import()
    {
        var lab = CommonOptions.Lab();
        var files = new Argument<string[]>("FILE")
        {
            Description = "Files in any format that export writes (.jsonl, .json, .parquet); the format is found by the fields.",
            Arity = ArgumentArity.OneOrMore
        };
        var command = new Command("import", "Adds samples of other tools to the lab. They count as accepted; 'check' judges them.")
        {
            files, lab
        };
        command.SetAction(p =>
        {
            var read = p.GetRequiredValue(files).Select(CorpusFormats.Import).ToList();
            using var storage = Lab.Open(p.GetRequiredValue(lab));
            foreach (var file in read)
            {
                storage.Samples.Save(file.Samples);
                storage.Samples.SavePreferences(file.Preferences);
            }
            Console.WriteLine(new ImportedCorpus([.. read.SelectMany(r => r.Samples)], [.. read.SelectMany(r => r.Preferences)]));
            return ExitCodes.Ok;
        });
        return command;
    }

    private static Command Check()
    {
        var library = new LibraryOptions();
        var command = new Command("check",
            "Judges all samples of the lab again: duplicates, wording, held-out tasks, and code against the assemblies. "
                + "Exit code 1 if an accepted one fails.");
        library.AddTo(command);
        command.SetAction(p =>
        {
            using var session = library.Open(p);
            library.Read(p, session);
            var (kept, failed) = session.CorpusStage.Check();
            Console.WriteLine($"{kept} samples hold, {failed.Count} do not");
            foreach (var sample in failed.Take(20))
                Console.WriteLine($"  {sample.Id[..8]} {sample.Kind}: {sample.Checks.First(c => !c.Passed)}");
            return failed.Count == 0 ? ExitCodes.Ok : ExitCodes.Failed;
        });
        return command;
    }

    private static Command Review()
    {
        var lab = CommonOptions.Lab();
        var file = new Argument<string>("FILE") { Description = ".csv or .jsonl" };
        var status = CommonOptions.Status();
        var export = new Command("export",
            "Writes samples as a table for reviewers: fill in 'decision' (accept, reject, edit, regenerate) and 'note', change 'answer' "
                + "for an edit.")
        {
            file, lab, status
        };
        export.SetAction(p =>
        {
            using var storage = Lab.Open(p.GetRequiredValue(lab), readOnly: true);
            var samples = SampleBrowser.Find(storage.Samples, p.Chosen<SampleStanding>(status));
            ReviewFile.Write(p.GetRequiredValue(file), samples);
            Console.WriteLine($"{samples.Count} samples in {p.GetRequiredValue(file)}");
            return ExitCodes.Ok;
        });
        var reviewer = CommonOptions.Reviewer();
        var library = new LibraryOptions();
        var import = new Command("import",
            "Takes the decisions of a reviewed table into the lab. Where the lab knows its library, or --docs, --assembly and --suite name "
                + "it, edited samples are judged again.")
        {
            file, reviewer
        };
        library.AddTo(import);
        import.SetAction(p =>
        {
            using var session = library.Open(p, needed: false);
            library.Read(p, session);
            var summary = session.ReviewStage.Take(p.GetRequiredValue(file), p.GetRequiredValue(reviewer));
            Console.WriteLine($"{summary.Accepted} accepted, {summary.Rejected} rejected, {summary.Edited} edited, {summary.Regenerate} to "
                + $"be regenerated, {summary.Undecided} undecided");
            return ExitCodes.Ok;
        });
        return new Command("review", "Decisions of people: as a table out of the lab and back.") { export, import };
    }

    private sealed class Progress<T>(Action<T> show) : IProgress<T>
    {
        public void Report(T value) => show(value);
    }
}

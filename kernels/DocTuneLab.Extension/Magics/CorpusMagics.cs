using System.CommandLine;
using System.Diagnostics;
using DocTuneLab.Corpus.Formats;
using DocTuneLab.Corpus.Hosted;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Experiments;
using DocTuneLab.Experiments.Stages;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Extension.Views;
using DocTuneLab.Notebooks;

namespace DocTuneLab.Extension.Magics;

/// <summary>Magics of the training corpus.</summary>
internal static class CorpusMagics
{
    public static void AddTo(IExtensionHost host, LabSession lab)
    {
        host.AddMagic(new Command("#!corpus", "The training corpus.")
        {
            Generate(lab), Check(lab), Coverage(lab), Export(lab), Import(lab), ReviewMagics.Browse(lab), ReviewMagics.Regenerate(lab),
            ReviewMagics.Table(lab)
        });
        host.AddMagic(ReviewMagics.Decide(lab), takesBody: true);
    }

    private static Command Generate(LabSession lab)
    {
        // The lab says with which seed.
        var (corpus, endpoints) = (new CorpusArguments(nameof(CorpusOptions.Seed)), new EndpointArguments());
        var generate = new Command("generate",
            "Writes grounded samples, compiled and checked: from signatures and pages alone, or with --endpoint by a hosted model.");
        corpus.AddTo(generate);
        endpoints.AddTo(generate);
        generate.SetCellAction(async (p, cell) =>
        {
            lab.Wordings.Use(lab.Storage, corpus.Wordings(p));
            var written = corpus.Written(p, lab.Hooks.Kinds.All) with { Seed = lab.Seed };
            if (lab.CorpusStage.Warning is { } warning) cell.DisplayMime(Summary.Warning(warning));
            if (endpoints.Of(p, written) is { } settings) await ByModelAsync(lab, settings, cell);
            else Structural(lab, corpus.Structural(p, endpoints), cell);
        });
        return generate;
    }

    private static void Structural(LabSession lab, CorpusOptions options, CellContext cell)
    {
        var stage = lab.CorpusStage;
        var live = cell.Display("generating …");
        var clock = Stopwatch.StartNew();
        var corpus = stage.Generate(options,
            new Follow<CorpusProgress>(s => live.Update($"{s.Kind}: {s.Accepted}/{s.Wanted} accepted of {s.Drafts} drafts")),
            cancel: cell.CancellationToken);
        live.Update($"{corpus.Samples.Count:N0} accepted samples, {corpus.Tokens:N0} tokens, {corpus.Rejected.Count:N0} rejected, "
            + $"in {clock.Elapsed.TotalSeconds:F1} s");
        if (corpus.RunRefusal is { } refusal) cell.Display(refusal);
        cell.Display(corpus.Accounts
            .Select(a => new
            {
                Kind = a.Label,
                a.Wanted,
                a.Drafts,
                a.Accepted,
                Rejected = string.Join(", ", a.Rejected.Select(r => $"{r.Key} {r.Value}")),
                Code = a.Runs.ToString(),
                a.Closes
            })
            .ToArray());
        Charts.Show(cell, Charts.Corpus(corpus));
        cell.DisplayMime(
            new Dictionary<string, object> { ["text/html"] = Summary.Samples(corpus.Samples), ["text/plain"] = "one sample of each kind" });
    }

    private static async Task ByModelAsync(LabSession lab, GenerationSettings settings, CellContext cell)
    {
        var stage = lab.CorpusStage;
        if (settings.DryRun)
        {
            cell.Display(stage.Estimate(settings));
            return;
        }
        var live = cell.Display("asking …");
        var clock = Stopwatch.StartNew();
        var result = await stage.GenerateAsync(settings, new Follow<GenerationStatus>(s =>
        {
            var left = s.Accepted == 0
                ? ""
                : $", about {TimeSpan.FromSeconds(clock.Elapsed.TotalSeconds / s.Accepted * (s.Wanted - s.Accepted)):mm\\:ss} left";
            live.Update($"{s}{left}");
        }), LiveAnswers.In(cell), cell.CancellationToken);
        live.Update($"{result.Status}, in {clock.Elapsed.TotalSeconds:F1} s");
        cell.Display(result.Samples.GroupBy(s => s.Kind)
            .OrderBy(g => g.Key)
            .Select(g => new { Kind = g.Key.ToString(), Accepted = g.Count(), Rejected = result.Rejected.Count(r => r.Kind == g.Key) })
            .ToArray());
        if (result.Samples.Count > 0)
            cell.DisplayMime(new Dictionary<string, object>
            {
                ["text/html"] = Summary.Samples(result.Samples),
                ["text/plain"] = "one sample of each kind"
            });
        if (cell.CancellationToken.IsCancellationRequested)
            throw new OperationCanceledException(
                "generation was stopped; answers are kept, and the cell goes on from them when it is run again");
    }

    private static Command Check(LabSession lab)
    {
        var check = new Command("check", "Judges the lab's samples again, imported ones too.");
        check.SetCellAction((_, cell) =>
        {
            var (kept, failed) = lab.CorpusStage.Check();
            cell.Display($"{kept} samples hold, {failed.Count} do not");
            if (failed.Count > 0)
                cell.Display(failed.Take(50)
                    .Select(s => new
                    {
                        s.Id,
                        Kind = s.Kind.ToString(),
                        Failed = s.Checks.First(c => !c.Passed).Name,
                        s.Checks.First(c => !c.Passed).Detail
                    })
                    .ToArray());
        });
        return check;
    }

    private static Command Coverage(LabSession lab)
    {
        var count = CommonOptions.Show();
        var command = new Command("coverage",
            "The library member by member, as a treemap and a table, those with the fewest samples first: how often pages describe it, "
                + "accepted samples ask about it, "
                + "code compiles and passes all checks with it, and held-out tasks need it.") { count };
        command.SetCellAction((p, cell) =>
        {
            var coverage = lab.Storage.Samples.Coverage(lab.Suite?.HeldOut() ?? [], lab.Hooks.Kinds.All);
            if (coverage.Symbols.Count == 0) throw new LabException("an earlier step is missing: run #!docs first");
            cell.DisplayMime(new Dictionary<string, object> { ["text/html"] = $"<p>{coverage}</p>", ["text/plain"] = coverage.ToString() });
            Charts.Show(cell, Charts.Coverage(coverage));
            cell.Display(coverage.Thinnest.Take(p.GetValue(count))
                .Select(m => new { Member = m.Name, m.Documented, m.Asked, m.Compiled, m.Used, m.HeldOut })
                .ToArray());
        });
        return command;
    }

    private static Command Export(LabSession lab)
    {
        var format = CommonOptions.SampleFormat();
        var folder = new Argument<string>("DIR") { Description = "Folder for one file per split and the dataset card." };
        var command = new Command("export", "Writes accepted samples for other trainers.") { folder, format };
        command.SetCellAction((p, cell) => cell.Display(CorpusExport
            .Write(lab.Storage, p.Chosen<CorpusFormat>(format)!.Value, p.GetValue(folder)!)
            .Select(f => new { File = f, KB = new FileInfo(f).Length / 1024 })
            .ToArray()));
        return command;
    }

    private static Command Import(LabSession lab)
    {
        var file = new Argument<string>("FILE") { Description = "Any format that export writes." };
        var command = new Command("import", "Adds samples of other tools to the lab; 'check' judges them.") { file };
        command.SetCellAction((p, cell) =>
        {
            var read = CorpusFormats.Import(p.GetValue(file)!);
            lab.Storage.Samples.Save(read.Samples);
            lab.Storage.Samples.SavePreferences(read.Preferences);
            cell.Display($"{read}");
        });
        return command;
    }
}

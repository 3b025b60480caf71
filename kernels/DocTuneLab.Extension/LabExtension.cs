using System.CommandLine;
using System.Diagnostics;
using DocTuneLab.Documents;
using DocTuneLab.Evaluation;
using DocTuneLab.Notebooks;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Sft;
using Microsoft.Data.Sqlite;

namespace DocTuneLab.Extension;

/// <summary>The lab as seen from a notebook cell: magics over <see cref="LabSession"/>, which cells reach as <c>lab</c>.</summary>
public sealed class LabExtension : INotebookExtension
{
    /// <inheritdoc/>
    public string Name => "DocTuneLab";

    /// <inheritdoc/>
    public void Load(IExtensionHost host)
    {
        ArgumentNullException.ThrowIfNull(host);
        var lab = new LabSession();
        host.AddReferences(typeof(LabExtension).Assembly);
        host.AddUsings("DocTuneLab", "DocTuneLab.Documents", "DocTuneLab.Corpus", "DocTuneLab.Evaluation", "DocTuneLab.Extension", "DocTuneLab.Prompts");
        host.SetValue("lab", lab);
        host.AddSqlConnection("lab", () => new SqliteConnection(lab.Storage.SqliteConnectionString));
        host.AddMagic(LabCommand(lab));
        host.AddMagic(DocsCommand(lab));
        host.AddMagic(BaseCommand(lab));
        host.AddMagic(SuiteCommand(lab));
        host.AddMagic(PromptCommand(lab));
        host.AddMagic(CorpusCommand(lab));
        host.AddMagic(TrainCommand(lab));
        host.AddMagic(AdapterCommand(lab));
        host.AddMagic(EvaluateCommand(lab));
        host.AddMagic(ChartCommand(lab));
        host.AddMagic(ReportCommand(lab));
    }

    private static Command LabCommand(LabSession lab)
    {
        var path = new Option<string>("--path") { Description = "Folder of the lab's databases and runs.", DefaultValueFactory = _ => System.IO.Path.Combine("artifacts", "lab") };
        var seed = new Option<int>("--seed") { Description = "Seed of everything random.", DefaultValueFactory = _ => 1 };
        var command = new Command("#!lab", "Opens the lab's folder.") { path, seed };
        command.SetCellAction((p, cell) =>
        {
            lab.Open(p.GetValue(path)!, p.GetValue(seed));
            cell.Display($"lab {p.GetValue(path)}, seed {p.GetValue(seed)}");
        });
        return command;
    }

    private static Command DocsCommand(LabSession lab)
    {
        var directory = new Argument<string>("DIR") { Description = "Folder of Markdown pages." };
        var assembly = new Option<string[]>("--assembly") { Description = "The library's assemblies; XML docs are found beside them.", Required = true, AllowMultipleArgumentsPerToken = true };
        var command = new Command("#!docs", "Parses documentation and assemblies into chunks and symbols.") { directory, assembly };
        command.SetCellAction((p, cell) =>
        {
            var changes = lab.ParseDocs(p.GetValue(directory)!, p.GetValue(assembly)!);
            cell.Display($"{lab.Documents!.Documents.Count} pages ({changes.Added} new, {changes.Changed} changed, {changes.Unchanged} unchanged), {lab.Chunks.Count} chunks, {lab.Api!.Symbols.Count} public symbols, {lab.Documents.BrokenLinks.Count} broken links");
            cell.Display(lab.Documents.Documents.Select(d => new { d.Path, d.Title, d.Language, Split = d.Split.ToString(), Chunks = lab.Chunks.Count(c => c.DocumentPath == d.Path), CodeBlocks = d.CodeBlocks.Count }).ToArray());
        });
        return command;
    }

    private static Command BaseCommand(LabSession lab)
    {
        var directory = new Argument<string>("DIR") { Description = "Model folder in Hugging Face layout." };
        var command = new Command("#!base", "Loads the base model, quantised to NF4.") { directory };
        command.SetCellAction((p, cell) =>
        {
            var model = lab.LoadBase(p.GetValue(directory)!);
            cell.Display($"{model.ParameterCount:N0} parameters, {model.WeightBytes / 1048576.0:F1} MB in NF4, computed in {model.ComputeType}");
        });
        return command;
    }

    private static Command SuiteCommand(LabSession lab)
    {
        var directory = new Argument<string>("DIR") { Description = "Folder with code.jsonl and docqa.jsonl." };
        var command = new Command("#!suite", "Loads the held-out tasks.") { directory };
        command.SetCellAction((p, cell) =>
        {
            var suite = lab.LoadSuite(p.GetValue(directory)!);
            cell.Display(Enum.GetValues<Split>().Select(s => new { Split = s.ToString(), CodeTasks = suite.Where(s).Code.Count, Questions = suite.Where(s).Qa.Count }).ToArray());
        });
        return command;
    }

    private static Command PromptCommand(LabSession lab)
    {
        var examples = new Option<int>("--examples") { Description = "Dev examples of each kind at most.", DefaultValueFactory = _ => 24 };
        var tune = new Command("tune", "Chooses wordings by the likelihood of reference answers under the base model.") { examples };
        tune.SetCellAction((p, cell) =>
        {
            foreach (var result in lab.TunePrompts(p.GetValue(examples), cell.CancellationToken))
            {
                cell.Display(result.Table.Select(r => new { Template = r.Template.Name, NllPerToken = Math.Round(r.NllPerToken, 4), BitsPerByte = Math.Round(r.BitsPerByte, 4), DifferenceLow = Math.Round(r.Low, 4), DifferenceHigh = Math.Round(r.High, 4), r.Examples }).ToArray());
                cell.Display($"chosen: {result.Winner.Name}{(result.Decided ? "" : " (the runner-up is within the interval)")}");
            }
        });
        return new Command("#!prompt", "Prompt templates.") { tune };
    }

    private static Command CorpusCommand(LabSession lab)
    {
        var count = new Option<int>("--count") { Description = "Accepted samples wanted.", DefaultValueFactory = _ => 4000 };
        var generate = new Command("generate", "Writes grounded samples, compiled and checked.") { count };
        generate.SetCellAction((p, cell) =>
        {
            var live = cell.Display("generating …");
            var clock = Stopwatch.StartNew();
            var corpus = lab.GenerateCorpus(p.GetValue(count), new Follow<Corpus.CorpusProgress>(s => live.Update($"{s.Kind}: {s.Accepted}/{s.Wanted} accepted of {s.Drafts} drafts")), cell.CancellationToken);
            live.Update($"{corpus.Samples.Count:N0} accepted samples, {corpus.Tokens:N0} tokens, {corpus.Rejected.Count:N0} rejected, in {clock.Elapsed.TotalSeconds:F1} s");
            cell.Display(corpus.Accounts.Select(a => new { Kind = a.Kind.ToString(), a.Wanted, a.Drafts, a.Accepted, Rejected = string.Join(", ", a.Rejected.Select(r => $"{r.Key} {r.Value}")), a.Closes }).ToArray());
            Charts.Show(cell, Charts.Corpus(corpus));
            cell.DisplayMime(new Dictionary<string, object> { ["text/html"] = Summary.Samples(corpus.Samples), ["text/plain"] = "one sample of each kind" });
        });
        return new Command("#!corpus", "The training corpus.") { generate };
    }

    private static Command TrainCommand(LabSession lab)
    {
        var rank = new Option<int>("--rank") { Description = "Rank of the adapter.", DefaultValueFactory = _ => 32 };
        var alpha = new Option<double>("--alpha") { Description = "Scale of the adapter times its rank.", DefaultValueFactory = _ => 64 };
        var rate = new Option<double>("--lr") { Description = "Peak learning rate.", DefaultValueFactory = _ => 2e-3 };
        var epochs = new Option<double>("--epochs") { Description = "Passes over the corpus.", DefaultValueFactory = _ => 2 };
        var minutes = new Option<double>("--max-minutes") { Description = "Stops after this long, with a checkpoint.", DefaultValueFactory = _ => 60 };
        var batch = new Option<int>("--batch-tokens") { Description = "Tokens of a batch, padding included.", DefaultValueFactory = _ => 2048 };
        var steps = new Option<int?>("--max-steps") { Description = "Stops after this many optimiser steps." };
        var command = new Command("#!train", "Trains a QLoRA adapter.") { rank, alpha, rate, epochs, batch, steps, minutes };
        command.SetCellAction((p, cell) =>
        {
            var history = new List<TrainingStep>();
            var status = cell.Display("preparing …");
            DisplayHandle? chart = null;
            var last = Stopwatch.StartNew();
            var result = lab.Train(
                new LoraConfig { Rank = p.GetValue(rank), Alpha = p.GetValue(alpha) },
                new SftOptions { Seed = lab.Seed, LearningRate = p.GetValue(rate), Epochs = p.GetValue(epochs), BatchTokens = p.GetValue(batch), MaxSteps = p.GetValue(steps), MaxDuration = TimeSpan.FromMinutes(p.GetValue(minutes)) },
                step =>
                {
                    history.Add(step);
                    if (chart is not null && last.Elapsed < TimeSpan.FromSeconds(3) && step.Step != step.TotalSteps) return;
                    last.Restart();
                    status.Update($"step {step.Step}/{step.TotalSteps}, loss {step.Loss:F3}, {step.TokensPerSecond:F0} tokens/s, {step.Remaining:mm\\:ss} left");
                    var mime = Charts.Mime(cell, Charts.Dashboard(history));
                    if (chart is null) chart = cell.DisplayMime(mime);
                    else chart.UpdateMime(mime);
                }, cell.CancellationToken);
            chart?.UpdateMime(Charts.Mime(cell, Charts.Dashboard(history)));
            status.Update($"{result.Steps} steps, {result.Tokens:N0} tokens in {result.Elapsed:mm\\:ss}; loss {result.FinalLoss:F3}, validation {result.BestEvalLoss:F3}; adapter in {System.IO.Path.GetRelativePath(Environment.CurrentDirectory, result.AdapterDirectory)}");
            if (result.Interrupted && cell.CancellationToken.IsCancellationRequested) throw new OperationCanceledException("training was stopped; a checkpoint was written");
        });
        return command;
    }

    private static Command AdapterCommand(LabSession lab)
    {
        var directory = new Argument<string>("DIR") { Description = "Adapter folder in PEFT layout." };
        var command = new Command("#!adapter", "Loads an adapter that was trained before.") { directory };
        command.SetCellAction((p, cell) =>
        {
            var adapter = lab.LoadAdapter(p.GetValue(directory)!);
            cell.Display($"adapter of rank {adapter.Config.Rank}, {adapter.ParameterCount:N0} parameters");
        });
        return command;
    }

    private static Command EvaluateCommand(LabSession lab)
    {
        var split = new Option<string>("--split") { Description = "train, dev, test or all.", DefaultValueFactory = _ => "test" };
        split.AcceptOnlyFromAmong("train", "dev", "test", "all");
        var allow = new Option<bool>("--allow-untrusted-code") { Description = "Run the models' code against the hidden tests, in a sandbox." };
        var command = new Command("#!evaluate", "Compares base and tuned model on held-out tasks.") { split, allow };
        command.SetCellAction((p, cell) =>
        {
            var live = cell.Display("evaluating …");
            Split? chosen = p.GetValue(split) == "all" ? null : Enum.Parse<Split>(p.GetValue(split)!, ignoreCase: true);
            var comparison = lab.Evaluate(chosen, p.GetValue(allow), new Follow<EvaluationProgress>(s => live.Update($"{s.Phase}: {s.Done}/{s.Total}")), cell.CancellationToken);
            live.Update($"{lab.Results!.Value.Base.Code.Count} code tasks and {lab.Results.Value.Base.Qa.Count} questions in two arms");
            cell.DisplayMime(new Dictionary<string, object> { ["text/html"] = Summary.Table(comparison.Metrics), ["text/plain"] = Evaluation.Reports.MarkdownReport.Of(comparison, 0) });
            Charts.Show(cell, Charts.Metrics(comparison));
        });
        return command;
    }

    private static Command ChartCommand(LabSession lab)
    {
        var name = new Argument<string>("NAME") { Description = "loss, lr, throughput, memory, dashboard or metrics." };
        name.AcceptOnlyFromAmong("loss", "lr", "throughput", "memory", "dashboard", "metrics");
        var command = new Command("#!chart", "Draws a chart of the last run.") { name };
        command.SetCellAction((p, cell) =>
        {
            var chosen = p.GetValue(name)!;
            if (chosen == "metrics")
            {
                Charts.Show(cell, Charts.Metrics(lab.Comparison ?? throw new LabException("there are no metrics yet: run #!evaluate first")));
                return;
            }
            var history = lab.Training?.History ?? throw new LabException("there is no training run yet: run #!train first");
            Charts.Show(cell, chosen == "dashboard" ? Charts.Dashboard(history) : Charts.Series(history, chosen));
        });
        return command;
    }

    private static Command ReportCommand(LabSession lab)
    {
        var flips = new Option<int>("--flips") { Description = "Shows this many gained and lost tasks instead of the summary.", DefaultValueFactory = _ => 0 };
        var command = new Command("#!report", "The experiment in one table.") { flips };
        command.SetCellAction((p, cell) =>
        {
            var html = p.GetValue(flips) > 0 && lab.Comparison is { } comparison ? Summary.Flips(comparison, p.GetValue(flips)) : Summary.Html(lab);
            cell.DisplayMime(new Dictionary<string, object> { ["text/html"] = html, ["text/plain"] = lab.Comparison is { } c ? Evaluation.Reports.MarkdownReport.Of(c, 0) : "" });
        });
        return command;
    }

    private sealed class Follow<T>(Action<T> show) : IProgress<T>
    {
        public void Report(T value) => show(value);
    }
}

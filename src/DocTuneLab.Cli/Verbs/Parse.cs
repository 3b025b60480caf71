using System.CommandLine;
using DocTuneLab.Cli.Arguments;
using DocTuneLab.Cli.Output;
using DocTuneLab.Storage;
using Spectre.Console;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune parse</c>: documentation and library into a lab.</summary>
internal static class Parse
{
    private const int ShownProblems = 20;

    public static Command Command()
    {
        var sources = LabOptions.Sources(
            "Documentation folders, pages or packages (.nupkg). With several, the paths of pages begin with the folder's name.");
        var assemblies = LabOptions.Assemblies();
        var lab = LabOptions.Lab();
        var tokens = new Option<int>("--max-tokens")
        {
            Description = "Budget of a passage.",
            DefaultValueFactory = _ => 384,
            HelpName = "N"
        };
        var tokenizer = new Option<string?>("--tokenizer")
        {
            Description = "Model folder whose tokenizer counts. Without it, four characters count as a token.",
            HelpName = "DIR"
        };
        var full = new Option<bool>("--full") { Description = "Parse even if no file changed." };
        var json = LabOptions.Json();
        var command = new Command("parse",
            "Reads documentation and library into a lab. What did not change since the last time is not parsed again.")
        {
            sources, assemblies, lab, tokens, tokenizer, full, json
        };
        command.SetAction((parsed, cancellation) => Task.FromResult(Run(new ParseOptions
        {
            Sources = parsed.GetRequiredValue(sources),
            Assemblies = LabOptions.Existing(parsed.GetValue(assemblies) ?? []),
            MaxTokens = parsed.GetValue(tokens) is > 0 and var n
                ? n
                : throw new UsageException($"--max-tokens takes a positive number, not {parsed.GetValue(tokens)}."),
            TokenizerDirectory = parsed.GetValue(tokenizer),
            Full = parsed.GetValue(full),
        }, parsed.GetRequiredValue(lab), parsed.GetValue(json), cancellation)));
        return command;
    }

    private static int Run(ParseOptions options, string path, bool json, CancellationToken cancellation)
    {
        if (options.TokenizerDirectory is { } directory && !File.Exists(Path.Combine(directory, "tokenizer.json")))
            throw new LabException($"{directory}: no tokenizer.json in it. Give the folder of a model in Hugging Face layout.");
        using var lab = Lab.Open(path);
        var report = Work.Show("Parsing", json, progress => lab.Documents.Parse(options, progress, cancellation: cancellation));
        if (json)
        {
            JsonOutput.Write(new
            {
                lab = lab.Directory,
                report.Changes,
                report.Pages,
                report.Chunks,
                report.Tokens,
                report.Symbols,
                report.LinkedSymbols,
                report.StaleSamples,
                report.FromScan,
                report.Problems
            });
            return ExitCodes.Ok;
        }
        var console = Terminal.Create();
        var changes = report.Changes;
        console.WriteLine(report.FromScan
            ? $"Nothing changed: {report.Pages} pages."
            : $"{report.Pages} pages: {changes.Added} new, {changes.Changed} changed, {changes.Unchanged} unchanged, "
                + $"{changes.Removed} removed.");
        console.WriteLine($"{report.Chunks} passages, {report.Tokens} tokens"
            + (report.Symbols > 0
                ? $"; {report.LinkedSymbols} of {report.Symbols} members are mentioned."
                : "; without --assembly they are not linked to members."));
        if (report.StaleSamples > 0)
            console.WriteLine(
                $"{report.StaleSamples} samples are stale: what they were built on is gone or changed. Generate the corpus again.");
        foreach (var problem in report.Problems.Take(ShownProblems)) console.WriteLine($"{problem}");
        if (report.Problems.Count > ShownProblems)
            console.WriteLine($"… and {report.Problems.Count - ShownProblems} more; --json lists all.");
        console.WriteLine($"lab  {lab.Directory}");
        return ExitCodes.Ok;
    }
}

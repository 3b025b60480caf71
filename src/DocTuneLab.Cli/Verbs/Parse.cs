using System.CommandLine;
using DocTuneLab.Cli.Arguments;
using DocTuneLab.Cli.Output;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Storage;
using DocTuneLab.Training.Models;
using Spectre.Console;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune parse</c>: documentation and library into a lab.</summary>
internal static class Parse
{
    private const int ShownProblems = 20;

    public static Command Command()
    {
        var sources = LabArguments.Sources(
            "Documentation folders, pages or packages (.nupkg). With several, the paths of pages begin with the folder's name.");
        var (assemblies, references) = (CommonOptions.Assembly(), CommonOptions.Reference());
        var lab = CommonOptions.Lab();
        var settings = new SettingOptions(ParseOptions.Settings);
        var json = CommonOptions.Json();
        var command = new Command("parse",
            "Reads documentation and library into a lab. What did not change since the last time is not parsed again.")
        {
            sources, assemblies, references, lab, json
        };
        settings.AddTo(command);
        command.SetAction((parsed, cancellation) => Task.FromResult(Run(settings.Apply(parsed, ParseOptions.Settings, new ParseOptions
        {
            Sources = parsed.GetRequiredValue(sources),
            Assemblies = LabArguments.Existing(parsed.GetValue(assemblies) ?? []),
            References = parsed.GetValue(references) ?? [],
        }), parsed.GetRequiredValue(lab), parsed.GetValue(json), cancellation)));
        return command;
    }

    private static int Run(ParseOptions options, string path, bool json, CancellationToken cancellation)
    {
        // Of a file the tokenizer is laid beside the lab's databases, where its passages are known again.
        if (options.TokenizerDirectory is { } model)
            options = options with
            {
                TokenizerDirectory = ModelFiles.TokenizerFolder(ModelFolder.Of(model, json, cancellation), Path.Combine(path, "tokenizer")),
            };
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

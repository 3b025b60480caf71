using System.CommandLine;
using DocTuneLab.Cli.Output;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Storage;
using Spectre.Console;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune lab</c>: the databases themselves.</summary>
internal static class LabVerb
{
    public static Command Command() =>
        new("lab", "The lab's databases: check, clean, measure, carry elsewhere.") { Verify(), Collect(), Stats(), Export(), Import() };

    private static Command Verify()
    {
        var (lab, json) = (CommonOptions.Lab(), CommonOptions.Json());
        var command = new Command("verify", "Checks every reference and the hash of all content (exit code 1 if something does not hold).")
        {
            lab, json
        };
        command.SetAction(parsed =>
        {
            using var opened = Open(parsed.GetRequiredValue(lab));
            var problems = opened.Maintenance.Verify();
            if (parsed.GetValue(json)) JsonOutput.Write(new { lab = opened.Directory, sound = problems.Count == 0, problems });
            else if (problems.Count == 0) Console.WriteLine($"Sound: {opened.Directory}");
            else
                foreach (var problem in problems) Console.WriteLine(problem);
            return problems.Count == 0 ? ExitCodes.Ok : ExitCodes.Failed;
        });
        return command;
    }

    private static Command Collect()
    {
        var (lab, json) = (CommonOptions.Lab(), CommonOptions.Json());
        var command = new Command("gc",
            "Removes what nothing refers to: documents of interrupted work, passages of former pages that no sample is built on.")
        {
            lab, json
        };
        command.SetAction(parsed =>
        {
            using var opened = Open(parsed.GetRequiredValue(lab), write: true);
            var garbage = opened.Maintenance.CollectGarbage();
            if (parsed.GetValue(json)) JsonOutput.Write(garbage);
            else
                Console.WriteLine(
                    $"Removed {garbage.Documents} documents, {garbage.Passages} passages and pages, {garbage.RunFolders} folders of runs.");
            return ExitCodes.Ok;
        });
        return command;
    }

    private static Command Stats()
    {
        var (lab, json) = (CommonOptions.Lab(), CommonOptions.Json());
        var command = new Command("stats", "Counts and sizes.") { lab, json };
        command.SetAction(parsed =>
        {
            using var opened = Open(parsed.GetRequiredValue(lab));
            var stats = opened.Maintenance.Stats();
            if (parsed.GetValue(json))
            {
                JsonOutput.Write(stats);
                return ExitCodes.Ok;
            }
            var table = new Table().Border(TableBorder.Simple).AddColumn("What").AddColumn(new TableColumn("How much").RightAligned());
            foreach (var (name, count) in stats.Rows) table.AddRow(name, $"{count:N0}");
            table.AddRow("samples accepted", $"{stats.AcceptedSamples:N0}")
                .AddRow("samples stale", $"{stats.StaleSamples:N0}")
                .AddRow("tokens of chunks", $"{stats.Tokens:N0}")
                .AddRow("stored documents", $"{stats.StoredDocuments:N0}")
                .AddRow("lab.sqlite", Size(stats.SqliteBytes))
                .AddRow("lab.litedb", Size(stats.LiteDbBytes))
                .AddRow("runs/", Size(stats.RunBytes))
                .AddRow("content hash", stats.ContentHash);
            var console = Terminal.Create();
            console.Write(table);
            return ExitCodes.Ok;
        });
        return command;
    }

    private static Command Export()
    {
        var (lab, json) = (CommonOptions.Lab(), CommonOptions.Json());
        var file = new Argument<string>("file") { Description = "ZIP file to write." };
        var command = new Command("export", "Writes the whole lab, runs and all, into one file.") { file, lab, json };
        command.SetAction((parsed, cancellation) =>
        {
            var manifest = Work.Show("Exporting", parsed.GetValue(json),
                progress => LabArchive.Export(parsed.GetRequiredValue(lab), parsed.GetRequiredValue(file), Bytes(progress), cancellation));
            Print(parsed.GetValue(json), manifest, "Wrote", Path.GetFullPath(parsed.GetRequiredValue(file)));
            return Task.FromResult(ExitCodes.Ok);
        });
        return command;
    }

    private static Command Import()
    {
        var (lab, json) = (CommonOptions.Lab(), CommonOptions.Json());
        var file = new Argument<string>("file") { Description = "File that 'doctune lab export' wrote." };
        var command = new Command("import",
            "Makes a lab from such a file, in a folder that is new or empty. All of it is checked first; it ends whole or not at all.")
        {
            file, lab, json
        };
        command.SetAction((parsed, cancellation) =>
        {
            var manifest = Work.Show("Importing", parsed.GetValue(json),
                progress => LabArchive.Import(parsed.GetRequiredValue(file), parsed.GetRequiredValue(lab), Bytes(progress), cancellation));
            Print(parsed.GetValue(json), manifest, "Imported into", Path.GetFullPath(parsed.GetRequiredValue(lab)));
            return Task.FromResult(ExitCodes.Ok);
        });
        return command;
    }

    public static Lab Open(string path, bool write = false) =>
        // Only stages make a lab; a slip of the path must not leave an empty one behind.
        write && !Lab.Exists(path)
            ? throw new LabException($"{path}: no lab here. Expected a folder with lab.sqlite; create one with 'doctune parse'.")
            : Lab.Open(path, readOnly: !write);

    public static string Size(long bytes) => bytes switch
    {
        < 1 << 10 => $"{bytes} B",
        < 1 << 20 => $"{bytes / 1024.0:0.0} KB",
        < 1 << 30 => $"{bytes / 1048576.0:0.0} MB",
        _ => $"{bytes / 1073741824.0:0.00} GB"
    };

    private static void Print(bool json, ArchiveManifest manifest, string what, string where)
    {
        if (json) JsonOutput.Write(manifest);
        else Console.WriteLine($"{what} {where}: {manifest.Entries.Count} files, {Size(manifest.Entries.Sum(e => e.Bytes))}.");
    }

    // The bar counts in thousandths: bytes of a large lab do not fit its numbers.
    private static Scaled? Bytes(IProgress<(int Done, int Total)>? progress) =>
        progress is null ? null : new Scaled(progress);

    private sealed class Scaled(IProgress<(int Done, int Total)> progress) : IProgress<(long Done, long Total)>
    {
        public void Report((long Done, long Total) value) => progress.Report(((int)(1000 * value.Done / Math.Max(1, value.Total)), 1000));
    }
}

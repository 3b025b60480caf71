using System.CommandLine;
using DocTuneLab.Cli.Output;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Extension.Arguments;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune suite freeze</c>: locks the files of a suite.</summary>
internal static class SuiteFreeze
{
    public static Command Command()
    {
        var folder = new Argument<string>("DIR") { Description = "Folder of the suite." };
        var json = CommonOptions.Json();
        var command = new Command("freeze",
            "Locks the files of a suite: writes their SHA-256 into suite.json. From then on a suite whose files are others is refused, so "
                + "that results of different days are of the same tasks. Again, it renews the lock.")
        {
            folder, json
        };
        command.SetAction(parsed =>
        {
            var changed = SuiteLock.Freeze(parsed.GetRequiredValue(folder));
            var suite = Suite.Load(parsed.GetRequiredValue(folder));
            if (parsed.GetValue(json)) JsonOutput.Write(new { suite = suite.Hash, tasks = suite.Count, changed });
            else
            {
                foreach (var file in changed) Console.Out.WriteLine($"{file}: locked anew");
                var manifest = Path.Combine(parsed.GetRequiredValue(folder), Suite.ManifestFile);
                Console.Out.WriteLine($"suite {suite.Hash}, {suite.Count} tasks, frozen in {manifest}");
            }
            return ExitCodes.Ok;
        });
        return command;
    }
}

using System.CommandLine;
using DocTuneLab.Cli.Output;
using DocTuneLab.Evaluation.Reports;
using DocTuneLab.Experiments.Stages;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Storage;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune runs compare</c>: two evaluations, task by task.</summary>
internal static class RunsCompare
{
    public static Command Command()
    {
        var first = new Argument<string>("A")
        {
            Description = "A run of the lab, a folder or a result file. Of a run with several arms, name one as RUN:ARM; default its last."
        };
        var second = new Argument<string>("B") { Description = "The other one." };
        var lab = CommonOptions.Lab();
        var output = CommonOptions.Out();
        var json = CommonOptions.Json();
        var command = new Command("compare",
            "Compares two evaluations: paired differences with intervals, tasks whose outcome changed, members, inventions. A folder for "
                + "the result gets the report in every format.")
        {
            first, second, lab, output, json
        };
        command.SetAction(parsed =>
        {
            using var opened = Lab.Open(parsed.GetRequiredValue(lab));
            var report = new StoredResults(opened).Compare(parsed.GetRequiredValue(first), parsed.GetRequiredValue(second));
            if (parsed.GetValue(output) is { } folder) ReportFiles.Write(report, folder);
            Evaluate.Show(report, parsed.GetValue(json), parsed.GetValue(output));
            return ExitCodes.Ok;
        });
        return command;
    }
}

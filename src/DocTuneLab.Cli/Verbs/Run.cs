using System.CommandLine;
using DocTuneLab.Cli.Arguments;
using DocTuneLab.Cli.Output;
using DocTuneLab.Extension;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Jupyter;
using DocTuneLab.Notebooks.Reporting;
using DocTuneLab.Notebooks.Running;
using Spectre.Console;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune run</c>: a notebook without a front end.</summary>
internal static class Run
{
    public static Command Command()
    {
        var notebook = new Argument<string>("notebook") { Description = "Notebook to run (.ipynb or .dib). It is not changed." };
        var parameters = Parameters.Option();
        var output = CommonOptions.Out();
        output.Aliases.Add("--output");
        var report = new Option<string?>("--report")
        {
            Description = "Write the executed notebook as one self-contained HTML file.",
            HelpName = "OUT.html"
        };
        var files = new Option<string[]>("--parameters-file", "-f")
        {
            Description = "YAML or JSON file of parameters. -y and -p go before it.",
            HelpName = "FILE"
        };
        var yaml = new Option<string[]>("--parameters-yaml", "-y")
        {
            Description = "Parameters as YAML: -y 'steps: 60'. -p goes before it.",
            HelpName = "YAML"
        };
        var kernel = CommonOptions.Choice("--kernel",
            "Where cells run: in this process, or in a kernel of its own, whose death is reported (exit code 4).", CellHost.Inproc);
        var timeout = new Option<double?>("--timeout") { Description = "Limit for each cell, in seconds (exit code 3).", HelpName = "S" };
        var verbose = new Option<bool>("--verbose", "-v") { Description = "Pass on what cells print and show." };
        var command = new Command("run",
            "Runs a notebook from top to bottom and stops at the first cell that fails, unless it is tagged 'raises-exception'. "
                + "Exit codes: 0 all cells ran, 1 a cell failed, 2 wrong usage, 3 a cell reached the limit, 4 the kernel died, "
                + "130 interrupted. Whatever happens, the executed notebook is saved, at the start and end of every cell: where "
                + "--out says, or as artifacts/<name>.ipynb.")
        {
            notebook, parameters, yaml, files, output, report, timeout, kernel, verbose
        };
        command.SetAction((parsed, cancellation) => RunAsync(new(
            parsed.GetRequiredValue(notebook),
            Parameters.Of(parsed.GetValue(files) ?? [], parsed.GetValue(yaml) ?? [], parsed.GetValue(parameters) ?? []),
            parsed.GetValue(output), parsed.GetValue(report), parsed.GetValue(timeout), parsed.Chosen<CellHost>(kernel) == CellHost.Process,
            parsed.GetValue(verbose)), cancellation));
        return command;
    }

    private enum CellHost
    {
        Inproc,
        Process,
    }

    /// <summary>What a command line asks for.</summary>
    internal sealed record Asked(string Path, Dictionary<string, string> Parameters, string? Output, string? Report, double? Timeout,
        bool OwnProcess, bool Verbose);

    /// <summary>Runs a notebook, and says how it ended.</summary>
    public static async Task<int> RunAsync(Asked asked, CancellationToken cancellation)
    {
        var (path, parameters, output, report, timeout, ownProcess, verbose) = asked;
        if (timeout is <= 0)
            throw new UsageException($"--timeout takes a positive number of seconds, not {timeout}.");
        output ??= Path.Combine("artifacts", Path.GetFileNameWithoutExtension(path) + ".ipynb");
        if (Path.GetFullPath(output) == Path.GetFullPath(path))
            throw new UsageException($"The output '{output}' is the notebook itself. Name another file with -o.");
        var console = Terminal.Create();
        RunResult result;
        await using (var display = new RunDisplay(console, verbose))
        {
            result = await NotebookRunner.RunAsync(path, new RunOptions
            {
                Parameters = parameters,
                OutputPath = output,
                Timeout = timeout is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
                Extensions = [new LabExtension()],
                Progress = display,
                StartHost = ownProcess ? async (notebook, cancel) =>
                    await KernelProcess.StartAsync([.. Kernel.Self(), "kernel", "start", "-f"], notebook, cancel) : null,
            }, cancellation);
        }
        if (report is not null)
            HtmlReport.Write(result.Notebook, report);
        var outcome = result.Status switch
        {
            RunStatus.Completed => "[green]Done[/]",
            RunStatus.Failed => "[red]Failed[/]",
            RunStatus.TimedOut => $"[red]Stopped after {timeout} s[/]",
            RunStatus.KernelDied => "[red]The kernel died[/]",
            _ => "[red]Interrupted[/]",
        };
        var reached = result.Status == RunStatus.Completed
            ? $": {result.CellsRun} cells"
            : $" at cell {result.CellsRun} of {result.CodeCells}";
        console.MarkupLine($"{outcome}{reached} in {result.Duration.TotalSeconds:0.0} s");
        console.WriteLine($"notebook  {Path.GetFullPath(output)}");
        if (report is not null)
            console.WriteLine($"report    {Path.GetFullPath(report)}");
        return (int)result.Status;
    }

    /// <summary>
    /// Papermill's <c>-p NAME VALUE</c> as <c>-p=NAME=VALUE</c>: an option of the parser has one value, and that must be
    /// free to start with '-'.
    /// </summary>
    public static IReadOnlyList<string> JoinParameters(string[] args)
    {
        if (args is not ["run" or "new", ..])
            return args;
        var joined = new List<string>();
        for (var i = 0; i < args.Length; i++)
        {
            if (args[i] is "-p" or "--parameter" && i + 2 < args.Length && !args[i + 1].Contains('='))
            {
                joined.Add($"-p={args[i + 1]}={args[i + 2]}");
                i += 2;
            }
            else
            {
                joined.Add(args[i]);
            }
        }
        return joined;
    }
}

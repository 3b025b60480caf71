using System.CommandLine;
using DocTuneLab.Cli.Output;
using DocTuneLab.Extension;
using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Formats;
using DocTuneLab.Notebooks.Hosting;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune script</c>: a C# script or notebook whose output goes to the terminal.</summary>
internal static class Script
{
    public static Command Command()
    {
        var file = new Argument<string>("file") { Description = "Script (.csx) or notebook (.dib, .ipynb) to run." };
        var arguments = new Argument<string[]>("args")
        {
            Description = "Arguments for the script, as the variable 'args'.",
            Arity = ArgumentArity.ZeroOrMore
        };
        var command = new Command("script", "Runs a C# script with the lab's magics and prints what it shows.") { file, arguments };
        command.SetAction((parsed, cancellation) =>
            RunAsync(parsed.GetRequiredValue(file), parsed.GetValue(arguments) ?? [], cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string path, string[] arguments, CancellationToken cancellation)
    {
        var notebook = Notebook.Load(path);
        var printer = new CellPrinter();
        using var session = new NotebookSession(
            new SessionOptions { NotebookPath = Path.GetFullPath(path), Extensions = [new LabExtension()] });
        session.SetValue("args", arguments);
        var number = 0;
        foreach (var cell in notebook.Cells.Where(cell => cell.Kind == CellKind.Code))
        {
            number++;
            var label = notebook.Cells.Count == 1 ? Path.GetFileName(path) : $"cell {number}";
            var result = await session.RunAsync(new CellRequest(cell.Source, label, cell.Language), printer.Print, cancellation);
            if (result.Status is CellStatus.Cancelled or CellStatus.Stuck)
                return ExitCodes.Interrupted;
            if (result.Status != CellStatus.Ok)
                return ExitCodes.Failed;
        }
        // A script says how it went as a program does: Environment.ExitCode = 3.
        return Environment.ExitCode;
    }
}

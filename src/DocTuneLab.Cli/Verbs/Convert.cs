using System.CommandLine;
using DocTuneLab.Cli.Output;
using DocTuneLab.Notebooks.Formats;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune convert</c>: between .ipynb and .dib.</summary>
internal static class Convert
{
    public static Command Command()
    {
        var source = new Argument<string>("from") { Description = "Notebook to read (.ipynb or .dib)." };
        var target = new Argument<string>("to") { Description = "Notebook to write (.ipynb or .dib)." };
        var command = new Command("convert", "Converts a notebook between .ipynb and .dib. A .dib has no outputs; everything else is kept.")
        {
            source, target
        };
        command.SetAction(parsed =>
        {
            Notebook.Load(parsed.GetRequiredValue(source)).Save(parsed.GetRequiredValue(target));
            return ExitCodes.Ok;
        });
        return command;
    }
}

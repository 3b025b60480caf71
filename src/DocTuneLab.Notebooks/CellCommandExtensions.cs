using System.CommandLine;

namespace DocTuneLab.Notebooks;

/// <summary>Gives the commands of magics their actions.</summary>
public static class CellCommandExtensions
{
    /// <summary>Runs <paramref name="action"/> with the parsed arguments and the running cell when the magic is used.</summary>
    public static void SetCellAction(this Command command, Func<ParseResult, CellContext, Task> action)
    {
        ArgumentNullException.ThrowIfNull(command);
        command.SetAction((parsed, _) => action(parsed, CellContext.Current));
    }

    /// <summary>Runs <paramref name="action"/> with the parsed arguments and the running cell when the magic is used.</summary>
    public static void SetCellAction(this Command command, Action<ParseResult, CellContext> action)
    {
        ArgumentNullException.ThrowIfNull(command);
        command.SetAction(parsed => action(parsed, CellContext.Current));
    }
}

using Spectre.Console;

namespace DocTuneLab.Cli.Output;

/// <summary>The console of the tool. Lines are not wrapped where no person reads them on a screen.</summary>
internal static class Terminal
{
    public static IAnsiConsole Create()
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });
        if (Console.IsOutputRedirected)
            console.Profile.Width = 4096;
        return console;
    }
}

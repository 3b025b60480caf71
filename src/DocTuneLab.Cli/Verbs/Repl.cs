using System.CommandLine;
using System.Reflection;
using DocTuneLab.Cli.Output;
using DocTuneLab.Cli.Repl;
using DocTuneLab.Extension;
using DocTuneLab.Notebooks;
using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Hosting;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune repl</c>: the engine of the notebooks in a terminal.</summary>
internal static class Repl
{
    public static Command Command()
    {
        var forget = new Option<bool>("--no-history") { Description = "Neither read nor keep the history of inputs." };
        var command = new Command("repl", "C# and the lab's magics, input by input.") { forget };
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetValue(forget), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(bool forget, CancellationToken cancellation)
    {
        // Before the session takes the console's place: cells ask their front end for input, and that is this.
        var (keyboard, screen, printer) = (Console.In, Console.Out, new CellPrinter());
        using var session = new NotebookSession(new SessionOptions { Extensions = [new LabExtension()] });
        var isTerminal = !Console.IsInputRedirected && !Console.IsOutputRedirected;
        var history = new History(forget || !isTerminal ? null : History.DefaultFile);
        var editor = new LineEditor(() => Console.ReadKey(intercept: true), Console.Out, () => Console.WindowWidth,
            (text, at) => Complete(session, text, at), text => IsComplete(session, text));
        if (isTerminal)
        {
            var version = typeof(Repl).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
                .Split('+')[0];
            Console.WriteLine($"DocTuneLab {version}: C# and the lab's magics. #!lsmagic lists them, Tab completes, Ctrl-D ends.");
        }
        for (var number = 1; !cancellation.IsCancellationRequested; number++)
        {
            var source = isTerminal ? Edited(editor, history, number) : Piped(keyboard, session);
            if (source is null) break;
            if (source.Trim() is "exit" or "quit" && !session.TryGetValue(source.Trim(), out _)) break;
            if (string.IsNullOrWhiteSpace(source))
            {
                number--;
                continue;
            }
            history.Add(source);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            Interruption.OnInterrupt = () => _ = stop.CancelAsync();
            CellResult result;
            try
            {
                result = await session.RunAsync(
                    new CellRequest(source, $"cell {number}")
                    {
                        Input = (prompt, secret, _) => Task.FromResult(Asked(keyboard, screen, prompt, secret))
                    },
                    printer.Print, stop.Token);
            }
            finally
            {
                Interruption.OnInterrupt = null;
            }
            if (result.Status == CellStatus.Stuck)
            {
                Console.Error.WriteLine("The input did not stop. Its variables cannot be used any more: start the console anew.");
                return ExitCodes.Failed;
            }
        }
        return cancellation.IsCancellationRequested ? ExitCodes.Interrupted : ExitCodes.Ok;
    }

    private static string? Edited(LineEditor editor, History history, int number)
    {
        Console.TreatControlCAsInput = true;
        try
        {
            return editor.Read($"[{number}] > ", history.Entries);
        }
        finally
        {
            Console.TreatControlCAsInput = false;
        }
    }

    // Lines up to where the code is complete; an incomplete rest is run, so that its error is seen.
    private static string? Piped(TextReader reader, NotebookSession session)
    {
        var text = "";
        while (reader.ReadLine() is { } line)
        {
            text += text.Length == 0 ? line : "\n" + line;
            if (IsComplete(session, text)) return text;
        }
        return text.Length > 0 ? text : null;
    }

    private static bool IsComplete(NotebookSession session, string text) => session.Completeness(text) != CodeCompleteness.Incomplete;

    private static (int Start, int End, IReadOnlyList<string> Texts) Complete(NotebookSession session, string text, int at)
    {
        var found = session.CompleteAsync(text, at).GetAwaiter().GetResult();
        return (found.Start, found.End, [.. found.Entries.Select(entry => entry.Text)]);
    }

    private static string? Asked(TextReader keyboard, TextWriter screen, string prompt, bool isSecret)
    {
        screen.Write(prompt);
        if (!isSecret || Console.IsInputRedirected) return keyboard.ReadLine();
        var typed = new System.Text.StringBuilder();
        for (var key = Console.ReadKey(intercept: true); key.Key != ConsoleKey.Enter; key = Console.ReadKey(intercept: true))
        {
            if (key.Key != ConsoleKey.Backspace) typed.Append(key.KeyChar);
            else if (typed.Length > 0) typed.Length--;
        }
        screen.WriteLine();
        return typed.ToString();
    }
}

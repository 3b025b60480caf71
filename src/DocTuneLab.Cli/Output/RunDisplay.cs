using System.Diagnostics;
using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Running;
using Spectre.Console;

namespace DocTuneLab.Cli.Output;

/// <summary>Follows a run in the terminal: one line a cell, rewritten while it runs where the terminal allows.</summary>
internal sealed class RunDisplay : IRunProgress, IAsyncDisposable
{
    private readonly IAnsiConsole console;
    private readonly bool verbose;
    private readonly bool live;
    private readonly Stopwatch total = Stopwatch.StartNew();
    private readonly Stopwatch cellTime = new();
    private readonly InTurn turn = new();
    private readonly TextWriter output = Console.Out;
    private readonly TextWriter error = Console.Error;
    private readonly Timer? timer;
    private RunCell? current;
    private readonly Dictionary<string, string> updates = [];
    private string lastLine = "";

    public RunDisplay(IAnsiConsole console, bool verbose)
    {
        this.console = console;
        this.verbose = verbose;
        live = console.Profile.Capabilities.Interactive && console.Profile.Out.IsTerminal && !verbose;
        if (live)
            timer = new Timer(_ => turn.Do(Redraw), null, TimeSpan.FromMilliseconds(250), TimeSpan.FromMilliseconds(250));
    }

    public void CellStarted(RunCell cell)
    {
        turn.Do(() =>
        {
            current = cell;
            cellTime.Restart();
            lastLine = "";
            if (verbose)
                console.MarkupLine($"[grey]── {Place(cell)}[/]");
            Redraw();
        });
    }

    public void CellOutput(RunCell cell, CellOutput shown)
    {
        var text = shown switch
        {
            StreamOutput stream => stream.Text,
            DisplayOutput display => Plain(display.Data),
            UpdateOutput update => Plain(update.Data),
            ResultOutput result => Plain(result.Data),
            _ => "",
        };
        turn.Do(() =>
        {
            if (verbose)
                Pass(shown, text);
            else if (text.Split('\n', '\r').LastOrDefault(line => line.Trim().Length > 0) is { } line)
                lastLine = line.Trim();
        });
    }

    // An update replaces what was printed before, which a log cannot: only its last state is passed on, when the cell ends.
    private void Pass(CellOutput shown, string text)
    {
        if (shown is UpdateOutput { DisplayId: var id })
            updates[id] = text;
        else if (text.Length > 0)
            ((shown as StreamOutput)?.IsError ?? false ? error : output).Write(shown is StreamOutput ? text : text + "\n");
    }

    private static string Plain(System.Text.Json.Nodes.JsonObject data) =>
        data["text/plain"]?.ToString() ?? $"({string.Join(", ", data.Select(pair => pair.Key))})";

    public void CellFinished(RunCell cell, CellResult result)
    {
        turn.Do(() =>
        {
            current = null;
            foreach (var text in updates.Values.Where(text => text.Length > 0))
                output.WriteLine(text);
            updates.Clear();
            var mark = result.Status == CellStatus.Ok ? "[green]ok[/]  " : "[red]FAIL[/]";
            Clear();
            console.MarkupLine($"{mark} {Place(cell)} [grey]{Seconds(result.Duration)}[/]");
            foreach (var line in result.Error?.Traceback ?? [])
                console.WriteLine("     " + line);
        });
    }

    /// <summary>Waits for what is being drawn.</summary>
    public ValueTask DisposeAsync() => timer?.DisposeAsync() ?? ValueTask.CompletedTask;

    private void Redraw()
    {
        if (!live || current is null)
            return;
        Clear();
        var text = $"     cell {current.Number}/{current.Total} {current.Heading}  {Seconds(cellTime.Elapsed)} of "
            + $"{Seconds(total.Elapsed)}  {lastLine}";
        var width = Math.Max(20, console.Profile.Width - 1);
        console.Write(new Spectre.Console.Text(text.Length > width ? text[..width] : text, new Style(Color.Grey)));
    }

    private void Clear()
    {
        if (live)
            console.Profile.Out.Writer.Write("\r\u001b[2K");
    }

    private static string Place(RunCell cell) => Markup.Escape($"cell {cell.Number}/{cell.Total} {cell.Heading}".TrimEnd());

    private static string Seconds(TimeSpan time) =>
        time.TotalMinutes >= 1 ? $"{(int)time.TotalMinutes}m {time.Seconds:00}s" : $"{time.TotalSeconds:0.0} s";
}

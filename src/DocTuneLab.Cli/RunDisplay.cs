using System.Diagnostics;
using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Running;
using Spectre.Console;

namespace DocTuneLab.Cli;

/// <summary>Follows a run in the terminal: one line a cell, rewritten while it runs where the terminal allows.</summary>
internal sealed class RunDisplay : IRunProgress, IDisposable
{
    private readonly IAnsiConsole console;
    private readonly bool verbose;
    private readonly bool live;
    private readonly Stopwatch total = Stopwatch.StartNew();
    private readonly Stopwatch cellTime = new();
    private readonly Lock gate = new();
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
            timer = new Timer(_ => Redraw(), null, TimeSpan.FromMilliseconds(250), TimeSpan.FromMilliseconds(250));
    }

    public void CellStarted(RunCell cell)
    {
        lock (gate)
        {
            current = cell;
            cellTime.Restart();
            lastLine = "";
            if (verbose)
                console.MarkupLine($"[grey]── {Place(cell)}[/]");
        }
        Redraw();
    }

    public void CellOutput(RunCell cell, CellOutput output)
    {
        var text = output switch
        {
            StreamOutput stream => stream.Text,
            DisplayOutput display => Plain(display.Data),
            UpdateOutput update => Plain(update.Data),
            ResultOutput result => Plain(result.Data),
            _ => "",
        };
        lock (gate)
        {
            if (verbose)
                Pass(output, text);
            else if (text.Split('\n', '\r').LastOrDefault(line => line.Trim().Length > 0) is { } line)
                lastLine = line.Trim();
        }
    }

    // An update replaces what was printed before, which a log cannot: only its last state is passed on, when the cell ends.
    private void Pass(CellOutput output, string text)
    {
        if (output is UpdateOutput { DisplayId: var id })
            updates[id] = text;
        else if (text.Length > 0)
            ((output as StreamOutput)?.IsError ?? false ? Console.Error : Console.Out).Write(output is StreamOutput ? text : text + "\n");
    }

    private static string Plain(System.Text.Json.Nodes.JsonObject data) => data["text/plain"]?.ToString() ?? $"({string.Join(", ", data.Select(pair => pair.Key))})";

    public void CellFinished(RunCell cell, CellResult result)
    {
        lock (gate)
        {
            current = null;
            foreach (var text in updates.Values.Where(text => text.Length > 0))
                Console.Out.WriteLine(text);
            updates.Clear();
            var mark = result.Status == CellStatus.Ok ? "[green]ok[/]  " : "[red]FAIL[/]";
            Clear();
            console.MarkupLine($"{mark} {Place(cell)} [grey]{Seconds(result.Duration)}[/]");
            foreach (var line in result.Error?.Traceback ?? [])
                console.WriteLine("     " + line);
        }
    }

    public void Dispose() => timer?.Dispose();

    private void Redraw()
    {
        lock (gate)
        {
            if (!live || current is null)
                return;
            Clear();
            var text = $"     cell {current.Number}/{current.Total} {current.Heading}  {Seconds(cellTime.Elapsed)} of {Seconds(total.Elapsed)}  {lastLine}";
            var width = Math.Max(20, console.Profile.Width - 1);
            console.Write(new Spectre.Console.Text(text.Length > width ? text[..width] : text, new Style(Color.Grey)));
        }
    }

    private void Clear()
    {
        if (live)
            console.Profile.Out.Writer.Write("\r\u001b[2K");
    }

    private static string Place(RunCell cell) => Markup.Escape($"cell {cell.Number}/{cell.Total} {cell.Heading}".TrimEnd());

    private static string Seconds(TimeSpan time) => time.TotalMinutes >= 1 ? $"{(int)time.TotalMinutes}m {time.Seconds:00}s" : $"{time.TotalSeconds:0.0} s";
}

using System.Diagnostics;
using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Running;
using Spectre.Console;

namespace DocTuneLab.Cli.Output;

/// <summary>Follows a run in the terminal: one line a cell, rewritten while it runs where the terminal allows.</summary>
internal sealed class RunDisplay : IRunProgress, IAsyncDisposable
{
    private readonly IAnsiConsole _console;
    private readonly bool _verbose;
    private readonly bool _live;
    private readonly Stopwatch _total = Stopwatch.StartNew();
    private readonly Stopwatch _cellTime = new();
    private readonly InTurn _turn = new();
    private readonly TextWriter _output = Console.Out;
    private readonly TextWriter _error = Console.Error;
    private readonly Timer? _timer;
    private RunCell? _current;
    private readonly Dictionary<string, string> _updates = [];
    private string _lastLine = "";

    public RunDisplay(IAnsiConsole console, bool verbose)
    {
        this._console = console;
        this._verbose = verbose;
        _live = console.Profile.Capabilities.Interactive && console.Profile.Out.IsTerminal && !verbose;
        if (_live)
            _timer = new Timer(_ => _turn.Do(Redraw), null, TimeSpan.FromMilliseconds(250), TimeSpan.FromMilliseconds(250));
    }

    public void CellStarted(RunCell cell)
    {
        _turn.Do(() =>
        {
            _current = cell;
            _cellTime.Restart();
            _lastLine = "";
            if (_verbose)
                _console.MarkupLine($"[grey]── {Place(cell)}[/]");
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
        _turn.Do(() =>
        {
            if (_verbose)
                Pass(shown, text);
            else if (text.Split('\n', '\r').LastOrDefault(line => line.Trim().Length > 0) is { } line)
                _lastLine = line.Trim();
        });
    }

    // An update replaces what was printed before, which a log cannot: only its last state is passed on, when the cell ends.
    private void Pass(CellOutput shown, string text)
    {
        if (shown is UpdateOutput { DisplayId: var id })
            _updates[id] = text;
        else if (text.Length > 0)
            ((shown as StreamOutput)?.IsError ?? false ? _error : _output).Write(shown is StreamOutput ? text : text + "\n");
    }

    private static string Plain(System.Text.Json.Nodes.JsonObject data) =>
        data["text/plain"]?.ToString() ?? $"({string.Join(", ", data.Select(pair => pair.Key))})";

    public void CellFinished(RunCell cell, CellResult result)
    {
        _turn.Do(() =>
        {
            _current = null;
            foreach (var text in _updates.Values.Where(text => text.Length > 0))
                _output.WriteLine(text);
            _updates.Clear();
            var mark = result.Status == CellStatus.Ok ? "[green]ok[/]  " : "[red]FAIL[/]";
            Clear();
            _console.MarkupLine($"{mark} {Place(cell)} [grey]{Seconds(result.Duration)}[/]");
            foreach (var line in result.Error?.Traceback ?? [])
                _console.WriteLine("     " + line);
        });
    }

    /// <summary>Waits for what is being drawn.</summary>
    public ValueTask DisposeAsync() => _timer?.DisposeAsync() ?? ValueTask.CompletedTask;

    private void Redraw()
    {
        if (!_live || _current is null)
            return;
        Clear();
        var text = $"     cell {_current.Number}/{_current.Total} {_current.Heading}  {Seconds(_cellTime.Elapsed)} of "
            + $"{Seconds(_total.Elapsed)}  {_lastLine}";
        var width = Math.Max(20, _console.Profile.Width - 1);
        _console.Write(new Spectre.Console.Text(text.Length > width ? text[..width] : text, new Style(Color.Grey)));
    }

    private void Clear()
    {
        if (_live)
            _console.Profile.Out.Writer.Write("\r\u001b[2K");
    }

    private static string Place(RunCell cell) => Markup.Escape($"cell {cell.Number}/{cell.Total} {cell.Heading}".TrimEnd());

    private static string Seconds(TimeSpan time) =>
        time.TotalMinutes >= 1 ? $"{(int)time.TotalMinutes}m {time.Seconds:00}s" : $"{time.TotalSeconds:0.0} s";
}

using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Formats;
using DocTuneLab.Notebooks.Hosting;

namespace DocTuneLab.Notebooks.Running;

/// <summary>Runs notebooks without a front end, by papermill's conventions for tags and metadata.</summary>
public static partial class NotebookRunner
{
    /// <summary>Tag of the cells that point at a failure.</summary>
    public const string ErrorTag = "papermill-error-cell-tag";

    /// <summary>Tag of the cells that may fail: the error is kept as their output, and the run goes on.</summary>
    public const string MayFailTag = "raises-exception";

    /// <summary>Runs the notebook at <paramref name="path"/>. The file itself is not changed.</summary>
    /// <exception cref="NotebookException">The notebook cannot be read, or a parameter is wrong. A failing cell does not throw.</exception>
    public static Task<RunResult> RunAsync(string path, RunOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        return RunAsync(Notebook.Load(path), path, options, cancellation);
    }

    private static async Task<RunResult> RunAsync(Notebook notebook, string path, RunOptions options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        notebook.Cells.RemoveAll(cell => cell.HasTag(ErrorTag));
        var parameters = ParameterCell.Inject(notebook, options.Parameters);
        var code = notebook.Cells.Where(cell => cell.Kind == CellKind.Code && cell.Source.Trim().Length > 0).ToList();
        foreach (var cell in notebook.Cells.Where(cell => cell.Kind == CellKind.Code))
            Reset(cell);

        var recorder = new OutputRecorder();
        var started = options.Clock.GetUtcNow();
        var facts = Facts(notebook, path, options.OutputPath, parameters, started);
        Save();

        var full = Path.GetFullPath(path);
        using var host = options.StartHost is { } start
            ? await start(full, cancellation)
            : new NotebookSession(new SessionOptions { NotebookPath = full, Extensions = options.Extensions });
        await using var saving = options.OutputPath is null ? null : new Timer(_ => Save(), null, options.SaveEvery, options.SaveEvery);
        var (status, run, failure) = (RunStatus.Completed, 0, (ErrorOutput?)null);
        for (var i = 0; i < code.Count && status == RunStatus.Completed; i++)
        {
            var cell = code[i];
            var place = new RunCell(i + 1, code.Count, Heading(notebook, cell));
            options.Progress?.CellStarted(place);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            if (options.Timeout is { } timeout)
                limit.CancelAfter(timeout);
            Start(cell, i + 1, options.Clock);
            Save();
            var result = await RunCellAsync(host, cell, i + 1, output =>
            {
                recorder.Add(cell, output);
                options.Progress?.CellOutput(place, output);
            }, options.Clock, limit.Token);
            run++;
            if (result.Status != CellStatus.Ok && !(result.Status == CellStatus.Failed && cell.HasTag(MayFailTag)))
            {
                failure = result.Error;
                status = result.Status == CellStatus.Died ? RunStatus.KernelDied
                    : cancellation.IsCancellationRequested ? RunStatus.Interrupted
                    : limit.IsCancellationRequested ? RunStatus.TimedOut
                    : RunStatus.Failed;
                Mark(notebook, cell, i + 1);
            }
            Finish(facts, started, options.Clock, status != RunStatus.Completed);
            Save();
            options.Progress?.CellFinished(place, result);
        }
        Finish(facts, started, options.Clock, status != RunStatus.Completed);
        facts["status"] = status.ToString().ToLowerInvariant();
        Save();
        return new RunResult(notebook, status, run, code.Count, options.Clock.GetUtcNow() - started, failure);

        void Save()
        {
            if (options.OutputPath is { } output)
                recorder.Pause(() => notebook.Save(output));
        }
    }

    private static void Start(NotebookCell cell, int number, TimeProvider clock)
    {
        cell.ExecutionCount = number;
        cell.Metadata["papermill"] = new JsonObject
        {
            ["start_time"] = Time(clock.GetUtcNow()),
            ["exception"] = null,
            ["status"] = "running"
        };
    }

    private static async Task<CellResult> RunCellAsync(ICellHost host, NotebookCell cell, int number, Action<CellOutput> output,
        TimeProvider clock, CancellationToken cancellation)
    {
        var start = clock.GetUtcNow();
        CellResult result;
        try
        {
            result = await host.RunAsync(new CellRequest(cell.Source, $"cell {number}", cell.Language), output, cancellation);
        }
        catch (OperationCanceledException)
        {
            // The run was cancelled between two cells.
            var error = new ErrorOutput("Cancelled", $"cell {number} was cancelled.", [$"cell {number} was cancelled before it started."]);
            output(error);
            result = new CellResult(CellStatus.Cancelled, TimeSpan.Zero, error);
        }
        var end = clock.GetUtcNow();
        cell.Metadata["papermill"] = new JsonObject
        {
            ["start_time"] = Time(start),
            ["end_time"] = Time(end),
            ["duration"] = Math.Round((end - start).TotalSeconds, 3),
            ["exception"] = result.Status != CellStatus.Ok,
            ["status"] = result.Status == CellStatus.Ok ? "completed" : "failed",
        };
        return result;
    }

    private static void Reset(NotebookCell cell)
    {
        cell.Outputs.Clear();
        cell.ExecutionCount = null;
        cell.Metadata["papermill"] = new JsonObject { ["status"] = "pending" };
    }

    /// <summary>Says at the top that the notebook failed, and where; the reader should not have to search.</summary>
    private static void Mark(Notebook notebook, NotebookCell failed, int number)
    {
        notebook.Cells.Insert(notebook.Cells.IndexOf(failed), new NotebookCell
        {
            Id = "papermill-error-cell",
            Kind = CellKind.Markdown,
            Source = "<span id=\"papermill-error-cell\" style=\"color:red; font-family:Helvetica Neue, Helvetica, Arial, sans-serif; "
                + "font-size:2em;\">Execution stopped here</span>",
            Metadata = new() { ["tags"] = new JsonArray(ErrorTag) },
        });
        notebook.Cells.Insert(0, new NotebookCell
        {
            Id = "papermill-error-notice",
            Kind = CellKind.Markdown,
            Source = "<span style=\"color:red; font-family:Helvetica Neue, Helvetica, Arial, sans-serif; font-size:2em;\">An exception was "
                + $"encountered at '<a href=\"#papermill-error-cell\">In [{number}]</a>'.</span>",
            Metadata = new() { ["tags"] = new JsonArray(ErrorTag) },
        });
    }

    private static JsonObject Facts(Notebook notebook, string path, string? output, JsonObject parameters, DateTimeOffset started)
    {
        var facts = new JsonObject
        {
            ["input_path"] = path,
            ["output_path"] = output,
            ["default_parameters"] = new JsonObject(),
            ["parameters"] = parameters,
            ["environment_variables"] = new JsonObject(),
            ["version"] = $"doctune {typeof(NotebookRunner).Assembly.GetName().Version?.ToString(3)}",
            ["start_time"] = Time(started),
            ["status"] = "running",
        };
        notebook.Metadata["papermill"] = facts;
        return facts;
    }

    private static void Finish(JsonObject facts, DateTimeOffset started, TimeProvider clock, bool failed)
    {
        var now = clock.GetUtcNow();
        facts["end_time"] = Time(now);
        facts["duration"] = Math.Round((now - started).TotalSeconds, 3);
        facts["exception"] = failed ? true : null;
    }

    private static string Heading(Notebook notebook, NotebookCell cell)
    {
        for (var i = notebook.Cells.IndexOf(cell); i >= 0; i--)
        {
            if (notebook.Cells[i].Kind == CellKind.Markdown && MarkdownHeading().Matches(notebook.Cells[i].Source) is [.., var last])
                return last.Groups[1].Value.Trim();
        }
        return "";
    }

    private static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^\s{0,3}#{1,6}\s+(.+?)\s*#*\s*$", RegexOptions.Multiline)]
    private static partial Regex MarkdownHeading();
}

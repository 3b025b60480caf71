using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Hosting;

namespace DocTuneLab.Notebooks.Tests;

/// <summary>A session whose outputs are kept, in the order in which they came.</summary>
internal sealed class SessionDriver(params INotebookExtension[] extensions)
{
    private int _cells;

    public NotebookSession Session { get; } = new(new SessionOptions { Extensions = extensions, StopGrace = TimeSpan.FromSeconds(5) });

    public List<CellOutput> Outputs { get; } = [];

    public string Printed => string.Concat(Outputs.OfType<StreamOutput>().Where(stream => !stream.IsError).Select(stream => stream.Text));

    public string Result => Outputs.OfType<ResultOutput>().Last().Data["text/plain"]!.GetValue<string>();

    public async Task<CellResult> RunAsync(string source, CancellationToken cancellation = default)
    {
        Outputs.Clear();
        return await Session.RunAsync(new CellRequest(source, $"cell {++_cells}"), output =>
        {
            lock (Outputs)
                Outputs.Add(output);
        }, cancellation);
    }

    /// <summary>Runs a cell and cancels it as soon as it has printed something.</summary>
    public async Task<CellResult> CancelOnceItPrintsAsync(string source)
    {
        Outputs.Clear();
        using var stop = new CancellationTokenSource();
        var printed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var run = Session.RunAsync(new CellRequest(source, $"cell {++_cells}"), _ => printed.TrySetResult(), stop.Token);
        await Task.WhenAny(printed.Task, run);
        await stop.CancelAsync();
        return await run;
    }

    public async Task<CellResult> OkAsync(string source)
    {
        var result = await RunAsync(source);
        Assert.True(result.Status == CellStatus.Ok,
            result.Error is null ? result.Status.ToString() : string.Join('\n', result.Error.Traceback));
        return result;
    }
}

using DocTuneLab.Notebooks.Cells;

namespace DocTuneLab.Notebooks.Tests;

/// <summary>A session whose outputs are kept, in the order in which they came.</summary>
internal sealed class SessionDriver(params INotebookExtension[] extensions)
{
    private int cells;

    public NotebookSession Session { get; } = new(new SessionOptions { Extensions = extensions, StopGrace = TimeSpan.FromSeconds(5) });

    public List<CellOutput> Outputs { get; } = [];

    public string Printed => string.Concat(Outputs.OfType<StreamOutput>().Where(stream => !stream.IsError).Select(stream => stream.Text));

    public string Result => Outputs.OfType<ResultOutput>().Last().Data["text/plain"]!.GetValue<string>();

    public async Task<CellResult> RunAsync(string source, CancellationToken cancellation = default)
    {
        Outputs.Clear();
        return await Session.RunAsync(new CellRequest(source, $"cell {++cells}"), output =>
        {
            lock (Outputs)
                Outputs.Add(output);
        }, cancellation);
    }

    public async Task<CellResult> OkAsync(string source)
    {
        var result = await RunAsync(source);
        Assert.True(result.Status == CellStatus.Ok, result.Error is null ? result.Status.ToString() : string.Join('\n', result.Error.Traceback));
        return result;
    }
}

using System.Runtime.ExceptionServices;
using System.Text.Json.Nodes;
using DocTuneLab.Notebooks.Formatting;

namespace DocTuneLab.Notebooks.Cells;

/// <summary>The running cell of a session.</summary>
internal sealed class HostCellContext : CellContext
{
    private readonly SessionState session;
    private readonly OutputQueue queue;
    private readonly AsyncLocal<string?> body = new();
    private readonly InputHandler? input;
    private readonly Stack<Action> atEnd = new();

    public HostCellContext(SessionState session, InputHandler? input, Action<CellOutput> emit, CancellationToken cancellationToken)
    {
        this.session = session;
        Language = session.Main;
        this.input = input;
        CancellationToken = cancellationToken;
        queue = new OutputQueue(emit);
        Out = new CellStreamWriter(queue, isError: false);
        Error = new CellStreamWriter(queue, isError: true);
    }

    public override TextWriter Out { get; }

    public override TextWriter Error { get; }

    public override CancellationToken CancellationToken { get; }

    public override string Body => body.Value ?? "";

    public override string? NotebookPath => session.NotebookPath;

    public override IDictionary<string, object> Items => session.Items;

    /// <summary>Language of the code that the running magic stands in.</summary>
    public ICellLanguage Language { get; set; }

    public void SetBody(string? text) => body.Value = text;

    public override DisplayHandle Display(object? value) => Show(ValueFormatter.Format(value), []);

    public override DisplayHandle DisplayMime(IReadOnlyDictionary<string, object> data,
        IReadOnlyDictionary<string, object>? metadata = null) =>
        Show(ValueFormatter.ToJson(data), ValueFormatter.ToJson(metadata));

    public override bool TryGetValue(string name, out object? value) => session.Main.TryGetValue(name, out value);

    public override void SetValue<T>(string name, T value) => session.Main.TrySetValue(name, value, typeof(T));

    public override void Clear(bool wait = false) => Emit(new ClearOutput(wait));

    public override Task<string?> ReadLineAsync(string prompt = "", bool isSecret = false)
    {
        return input is null ? base.ReadLineAsync(prompt, isSecret) : AskAsync(input);

        async Task<string?> AskAsync(InputHandler ask)
        {
            // What was printed so far is often the question. The cell's thread may be blocked until there is an answer: go on without it.
            await queue.SentAsync().WaitAsync(CancellationToken).ConfigureAwait(false);
            return await ask(prompt, isSecret, CancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Sends an output in order with what was printed before it.</summary>
    public void Emit(CellOutput cellOutput) => queue.Add(cellOutput);

    /// <summary>Does something when the cell has ended, however it did.</summary>
    public void AtEnd(Action action) => atEnd.Push(action);

    /// <summary>Ends the cell's output, and completes when the host has got all of it; fails with what the host threw.</summary>
    public async Task CompleteAsync()
    {
        while (atEnd.TryPop(out var action))
            action();
        // Those of earlier cells too: this cell may have updated them.
        var displays = session.WaitingDisplays.Values.Select(display => display.FlushAsync()).ToList();
        queue.Close();
        await Task.WhenAll([.. displays, queue.SentAsync()]);
        queue.Dispose();
        if (queue.Failure is { } failure)
            ExceptionDispatchInfo.Throw(failure);
    }

    private LiveDisplay Show(JsonObject data, JsonObject metadata)
    {
        var display = new LiveDisplay(session.NextDisplayId(), session.WaitingDisplays, queue);
        Emit(new DisplayOutput(data, metadata, display.Id));
        return display;
    }
}

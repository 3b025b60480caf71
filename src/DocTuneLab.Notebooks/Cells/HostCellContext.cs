using System.Text.Json.Nodes;
using DocTuneLab.Notebooks.Formatting;

namespace DocTuneLab.Notebooks.Cells;

/// <summary>The running cell of a session.</summary>
internal sealed class HostCellContext : CellContext
{
    private readonly SessionState session;
    private readonly Action<CellOutput> emit;
    private readonly object gate = new();
    private readonly CellStreamWriter output;
    private readonly CellStreamWriter error;
    private readonly AsyncLocal<string?> body = new();
    private readonly InputHandler? input;
    private readonly Stack<Action> atEnd = new();
    private bool completed;

    public HostCellContext(SessionState session, InputHandler? input, Action<CellOutput> emit, CancellationToken cancellationToken)
    {
        this.session = session;
        Language = session.Main;
        this.input = input;
        this.emit = emit;
        CancellationToken = cancellationToken;
        output = new CellStreamWriter(gate, isError: false, emit);
        error = new CellStreamWriter(gate, isError: true, emit) { Sibling = output };
        output.Sibling = error;
    }

    public override TextWriter Out => output;

    public override TextWriter Error => error;

    public override CancellationToken CancellationToken { get; }

    public override string Body => body.Value ?? "";

    public override string? NotebookPath => session.NotebookPath;

    public override IDictionary<string, object> Items => session.Items;

    /// <summary>Language of the code that the running magic stands in.</summary>
    public ICellLanguage Language { get; set; }

    public void SetBody(string? text) => body.Value = text;

    public override DisplayHandle Display(object? value) => Show(ValueFormatter.Format(value), []);

    public override DisplayHandle DisplayMime(IReadOnlyDictionary<string, object> data, IReadOnlyDictionary<string, object>? metadata = null) =>
        Show(ValueFormatter.ToJson(data), ValueFormatter.ToJson(metadata));

    public override bool TryGetValue(string name, out object? value) => session.Main.TryGetValue(name, out value);

    public override void SetValue<T>(string name, T value) => session.Main.TrySetValue(name, value, typeof(T));

    public override void Clear(bool wait = false) => Emit(new ClearOutput(wait));

    public override Task<string?> ReadLineAsync(string prompt = "", bool isSecret = false)
    {
        // What was printed so far is often the question.
        output.Flush();
        error.Flush();
        return input is null ? base.ReadLineAsync(prompt, isSecret) : input(prompt, isSecret, CancellationToken);
    }

    /// <summary>Sends an output in order with what was printed before it.</summary>
    public void Emit(CellOutput cellOutput)
    {
        lock (gate)
        {
            // A cell that was left where it awaited may get a value after all: too late.
            if (completed && cellOutput is ResultOutput)
                return;
            output.Flush();
            error.Flush();
            emit(cellOutput);
        }
    }

    /// <summary>Does something when the cell has ended, however it did.</summary>
    public void AtEnd(Action action) => atEnd.Push(action);

    /// <summary>Sends everything still held back.</summary>
    public void Complete()
    {
        while (atEnd.TryPop(out var action))
            action();
        // Those of earlier cells too: this cell may have updated them.
        foreach (var display in session.WaitingDisplays.Values)
            display.Flush();
        lock (gate)
            completed = true;
        output.Complete();
        error.Complete();
    }

    private LiveDisplay Show(JsonObject data, JsonObject metadata)
    {
        var display = new LiveDisplay(session.NextDisplayId(), session.WaitingDisplays, update => Emit(update));
        Emit(new DisplayOutput(data, metadata, display.Id));
        return display;
    }
}

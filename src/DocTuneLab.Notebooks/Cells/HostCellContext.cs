using System.Runtime.ExceptionServices;
using System.Text.Json.Nodes;
using DocTuneLab.Notebooks.Formatting;

namespace DocTuneLab.Notebooks.Cells;

/// <summary>The running cell of a session.</summary>
internal sealed class HostCellContext : CellContext
{
    private readonly SessionState _session;
    private readonly OutputQueue _queue;
    private readonly AsyncLocal<string?> _body = new();
    private readonly InputHandler? _input;
    private readonly Stack<Action> _atEnd = new();

    public HostCellContext(SessionState session, InputHandler? input, Action<CellOutput> emit, CancellationToken cancellationToken)
    {
        this._session = session;
        Language = session.Main;
        this._input = input;
        CancellationToken = cancellationToken;
        _queue = new OutputQueue(emit);
        Out = new CellStreamWriter(_queue, isError: false);
        Error = new CellStreamWriter(_queue, isError: true);
    }

    public override TextWriter Out { get; }

    public override TextWriter Error { get; }

    public override CancellationToken CancellationToken { get; }

    public override string Body => _body.Value ?? "";

    public override string? NotebookPath => _session.NotebookPath;

    public override IDictionary<string, object> Items => _session.Items;

    /// <summary>Language of the code that the running magic stands in.</summary>
    public ICellLanguage Language { get; set; }

    public void SetBody(string? text) => _body.Value = text;

    public override DisplayHandle Display(object? value) => Show(ValueFormatter.Format(value), []);

    public override DisplayHandle DisplayMime(IReadOnlyDictionary<string, object> data,
        IReadOnlyDictionary<string, object>? metadata = null) =>
        Show(ValueFormatter.ToJson(data), ValueFormatter.ToJson(metadata));

    public override bool TryGetValue(string name, out object? value) => _session.Main.TryGetValue(name, out value);

    public override void SetValue<T>(string name, T value) => _session.Main.TrySetValue(name, value, typeof(T));

    public override void Clear(bool wait = false) => Emit(new ClearOutput(wait));

    public override Task<string?> ReadLineAsync(string prompt = "", bool isSecret = false)
    {
        return _input is null ? base.ReadLineAsync(prompt, isSecret) : AskAsync(_input);

        async Task<string?> AskAsync(InputHandler ask)
        {
            // What was printed so far is often the question. The cell's thread may be blocked until there is an answer: go on without it.
            await _queue.SentAsync().WaitAsync(CancellationToken).ConfigureAwait(false);
            return await ask(prompt, isSecret, CancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Sends an output in order with what was printed before it.</summary>
    public void Emit(CellOutput cellOutput) => _queue.Add(cellOutput);

    /// <summary>Does something when the cell has ended, however it did.</summary>
    public void AtEnd(Action action) => _atEnd.Push(action);

    /// <summary>Ends the cell's output, and completes when the host has got all of it; fails with what the host threw.</summary>
    public async Task CompleteAsync()
    {
        while (_atEnd.TryPop(out var action))
            action();
        // Those of earlier cells too: this cell may have updated them.
        var displays = _session.WaitingDisplays.Values.Select(display => display.FlushAsync()).ToList();
        _queue.Close();
        await Task.WhenAll([.. displays, _queue.SentAsync()]);
        _queue.Dispose();
        if (_queue.Failure is { } failure)
            ExceptionDispatchInfo.Throw(failure);
    }

    private LiveDisplay Show(JsonObject data, JsonObject metadata)
    {
        var display = new LiveDisplay(_session.NextDisplayId(), _session.WaitingDisplays, _queue);
        Emit(new DisplayOutput(data, metadata, display.Id));
        return display;
    }
}

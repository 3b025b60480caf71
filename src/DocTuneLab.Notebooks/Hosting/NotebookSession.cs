using System.CommandLine;
using System.Data.Common;
using System.Reflection;
using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Formatting;
using DocTuneLab.Notebooks.Languages;
using DocTuneLab.Notebooks.Languages.CSharp;
using DocTuneLab.Notebooks.Languages.Sql;
using DocTuneLab.Notebooks.Magics;

namespace DocTuneLab.Notebooks.Hosting;

/// <summary>
/// A live notebook: runs cells one after the other and keeps their state. Jupyter, headless runs and the console are thin layers over it.
/// </summary>
public sealed class NotebookSession : IExtensionHost, ICellHost
{
    private readonly SemaphoreSlim _oneCell = new(1, 1);
    private readonly SessionOptions _options;
    private readonly SessionState _state;
    private readonly CSharpLanguage _csharp;
    private readonly SqlConnections _databases = new();
    private readonly CellRunner _runner;
    private readonly CellIntelligence _intelligence;
    private readonly ExtensionLoader _extensions;
    private readonly Stack<IDisposable> _owned = new();

    /// <summary>Starts a session and loads the extensions.</summary>
    /// <exception cref="NotebookException">An extension failed to load.</exception>
    public NotebookSession(SessionOptions? options = null)
    {
        this._options = options ?? new SessionOptions();
        var folder = NotebookPath is null ? Environment.CurrentDirectory : Path.GetDirectoryName(Path.GetFullPath(NotebookPath))!;
        _extensions = new ExtensionLoader(this);
        _csharp = new CSharpLanguage(folder, assembly => _extensions.LoadAll(assembly));
        _state = new SessionState(NotebookPath, folder, _csharp);
        _runner = new CellRunner(_state);
        _intelligence = new CellIntelligence(_state);
        ConsoleRouter.Install();
        BuiltInLanguages.AddTo(_state, _databases);
        ValueMagics.AddTo(_state);
        SessionMagics.AddTo(_state, new NotebookImport(_state, _runner).RunAsync, _extensions.LoadAll);
        foreach (var extension in this._options.Extensions)
            Load(extension);
    }

    /// <summary>Full path of the notebook, or null.</summary>
    public string? NotebookPath => _options.NotebookPath;

    /// <summary>The bag behind <see cref="CellContext.Items"/>.</summary>
    public IDictionary<string, object> Items => _state.Items;

    /// <summary>All magics by name, built-in ones included.</summary>
    public IEnumerable<Command> Magics => _state.Magics.Commands;

    /// <summary>True after a cell could not be stopped: no further cell can run.</summary>
    public bool IsStuck { get; private set; }

    /// <summary>Whether what stands under this magic belongs to it: a body, or code in another language.</summary>
    public bool TakesBody(string magic) => _state.Magics.TakesBody(magic);

    /// <summary>Loads an extension into the running session.</summary>
    /// <exception cref="NotebookException">It failed to load.</exception>
    public void Load(INotebookExtension extension) => _extensions.Load(extension);

    /// <summary>
    /// Runs a cell. What it shows goes to <paramref name="output"/>, which may be called from any thread, one call at a time; updates of
    /// displays may still come after the cell has ended, from tasks that it left running.
    /// </summary>
    public async Task<CellResult> RunAsync(CellRequest cell, Action<CellOutput> output, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(cell);
        ArgumentNullException.ThrowIfNull(output);
        await _oneCell.WaitAsync(cancellation);
        try
        {
            if (IsStuck)
                throw new NotebookException("An earlier cell did not stop when it was cancelled. Restart the session.");
            var execution = new CellExecution(_state, _options.StopGrace);
            var result = await execution.RunAsync(cell, _runner, output, cancellation);
            IsStuck = result.Status == CellStatus.Stuck;
            return result;
        }
        finally
        {
            _oneCell.Release();
        }
    }

    /// <summary>
    /// Compiles a trifle, so that the first cell does not wait for the compiler to be loaded. Not needed; useful while a host still waits
    /// for its user.
    /// </summary>
    public void WarmUp()
    {
        _csharp.Session.WarmUp();
        ValueFormatter.Format(0);
    }

    /// <summary>Ways to go on typing at a position of a cell.</summary>
    public Task<CellCompletions> CompleteAsync(string cell, int position, CancellationToken cancellation = default) =>
        _intelligence.CompleteAsync(cell, position, cancellation);

    /// <summary>Signature and documentation of what stands at a position of a cell, or null.</summary>
    public Task<string?> InspectAsync(string cell, int position, CancellationToken cancellation = default) =>
        _intelligence.InspectAsync(cell, position, cancellation);

    /// <summary>The overloads of the call around a position of a cell, or null outside of one.</summary>
    public Task<CellSignatures?> SignaturesAsync(string cell, int position, CancellationToken cancellation = default) =>
        _intelligence.SignaturesAsync(cell, position, cancellation);

    /// <summary>Errors and warnings of a cell that has not run.</summary>
    public Task<IReadOnlyList<CellDiagnostic>> DiagnosticsAsync(string cell, CancellationToken cancellation = default) =>
        _intelligence.DiagnosticsAsync(cell, cancellation);

    /// <summary>Whether a cell can be run as it is.</summary>
    public CodeCompleteness Completeness(string cell) => _intelligence.Completeness(cell);

    /// <summary>Reads a variable of the C# session.</summary>
    public bool TryGetValue(string name, out object? value) => _csharp.TryGetValue(name, out value);

    /// <inheritdoc/>
    public void SetValue<T>(string name, T value)
    {
        _csharp.TrySetValue(name, value, typeof(T));
        if (value is IDisposable disposable)
            _owned.Push(disposable);
    }

    /// <summary>Declares a variable with the type of its value.</summary>
    public void SetValue(string name, object? value, Type type) => _csharp.TrySetValue(name, value, type);

    /// <inheritdoc/>
    public void AddMagic(Command command, bool takesBody = false) =>
        _state.Magics.Add(command, takesBody ? MagicKind.WithBody : MagicKind.Line);

    /// <inheritdoc/>
    public void AddLanguage(ICellLanguage language)
    {
        _state.Magics.Add(language);
        if (language is IDisposable disposable)
            _owned.Push(disposable);
    }

    /// <inheritdoc/>
    public void AddUsings(params string[] namespaces) => _csharp.Session.AddUsings(namespaces);

    /// <inheritdoc/>
    public void AddReferences(params Assembly[] assemblies) => _csharp.Session.AddReferences(assemblies);

    /// <inheritdoc/>
    public void AddSqlConnection(string name, Func<DbConnection> open) => _databases.Add(name, open);

    /// <inheritdoc/>
    public void AddFormatter<T>(string mimeType, Func<T, string> format) => ValueFormatter.Register(mimeType, format);

    /// <summary>
    /// Ends the session and disposes of what extensions declared. Does nothing while a cell runs, or when one could not be stopped: it may
    /// still use them.
    /// </summary>
    public void Dispose()
    {
        if (IsStuck || !_oneCell.Wait(0))
            return;
        while (_owned.TryPop(out var value))
            value.Dispose();
        _oneCell.Release();
    }
}

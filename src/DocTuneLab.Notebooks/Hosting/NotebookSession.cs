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
    private readonly SemaphoreSlim oneCell = new(1, 1);
    private readonly SessionOptions options;
    private readonly SessionState state;
    private readonly CSharpLanguage csharp;
    private readonly SqlConnections databases = new();
    private readonly CellRunner runner;
    private readonly CellIntelligence intelligence;
    private readonly ExtensionLoader extensions;
    private readonly Stack<IDisposable> owned = new();

    /// <summary>Starts a session and loads the extensions.</summary>
    /// <exception cref="NotebookException">An extension failed to load.</exception>
    public NotebookSession(SessionOptions? options = null)
    {
        this.options = options ?? new SessionOptions();
        var folder = NotebookPath is null ? Environment.CurrentDirectory : Path.GetDirectoryName(Path.GetFullPath(NotebookPath))!;
        extensions = new ExtensionLoader(this);
        csharp = new CSharpLanguage(folder, assembly => extensions.LoadAll(assembly));
        state = new SessionState(NotebookPath, folder, csharp);
        runner = new CellRunner(state);
        intelligence = new CellIntelligence(state);
        ConsoleRouter.Install();
        BuiltInLanguages.AddTo(state, databases);
        ValueMagics.AddTo(state);
        SessionMagics.AddTo(state, new NotebookImport(state, runner).RunAsync, extensions.LoadAll);
        foreach (var extension in this.options.Extensions)
            Load(extension);
    }

    /// <summary>Full path of the notebook, or null.</summary>
    public string? NotebookPath => options.NotebookPath;

    /// <summary>The bag behind <see cref="CellContext.Items"/>.</summary>
    public IDictionary<string, object> Items => state.Items;

    /// <summary>All magics by name, built-in ones included.</summary>
    public IEnumerable<Command> Magics => state.Magics.Commands;

    /// <summary>True after a cell could not be stopped: no further cell can run.</summary>
    public bool IsStuck { get; private set; }

    /// <summary>Whether what stands under this magic belongs to it: a body, or code in another language.</summary>
    public bool TakesBody(string magic) => state.Magics.TakesBody(magic);

    /// <summary>Loads an extension into the running session.</summary>
    /// <exception cref="NotebookException">It failed to load.</exception>
    public void Load(INotebookExtension extension) => extensions.Load(extension);

    /// <summary>
    /// Runs a cell. What it shows goes to <paramref name="output"/>, which may be called from any thread, one call at a time; updates of
    /// displays may still come after the cell has ended, from tasks that it left running.
    /// </summary>
    public async Task<CellResult> RunAsync(CellRequest cell, Action<CellOutput> output, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(cell);
        ArgumentNullException.ThrowIfNull(output);
        await oneCell.WaitAsync(cancellation);
        try
        {
            if (IsStuck)
                throw new NotebookException("An earlier cell did not stop when it was cancelled. Restart the session.");
            var execution = new CellExecution(state, options.StopGrace);
            var result = await execution.RunAsync(cell, runner, output, cancellation);
            IsStuck = result.Status == CellStatus.Stuck;
            return result;
        }
        finally
        {
            oneCell.Release();
        }
    }

    /// <summary>
    /// Compiles a trifle, so that the first cell does not wait for the compiler to be loaded. Not needed; useful while a host still waits
    /// for its user.
    /// </summary>
    public void WarmUp()
    {
        csharp.Session.WarmUp();
        ValueFormatter.Format(0);
    }

    /// <summary>Ways to go on typing at a position of a cell.</summary>
    public Task<CellCompletions> CompleteAsync(string cell, int position, CancellationToken cancellation = default) =>
        intelligence.CompleteAsync(cell, position, cancellation);

    /// <summary>Signature and documentation of what stands at a position of a cell, or null.</summary>
    public Task<string?> InspectAsync(string cell, int position, CancellationToken cancellation = default) =>
        intelligence.InspectAsync(cell, position, cancellation);

    /// <summary>The overloads of the call around a position of a cell, or null outside of one.</summary>
    public Task<CellSignatures?> SignaturesAsync(string cell, int position, CancellationToken cancellation = default) =>
        intelligence.SignaturesAsync(cell, position, cancellation);

    /// <summary>Errors and warnings of a cell that has not run.</summary>
    public Task<IReadOnlyList<CellDiagnostic>> DiagnosticsAsync(string cell, CancellationToken cancellation = default) =>
        intelligence.DiagnosticsAsync(cell, cancellation);

    /// <summary>Whether a cell can be run as it is.</summary>
    public CodeCompleteness Completeness(string cell) => intelligence.Completeness(cell);

    /// <summary>Reads a variable of the C# session.</summary>
    public bool TryGetValue(string name, out object? value) => csharp.TryGetValue(name, out value);

    /// <inheritdoc/>
    public void SetValue<T>(string name, T value)
    {
        csharp.TrySetValue(name, value, typeof(T));
        if (value is IDisposable disposable)
            owned.Push(disposable);
    }

    /// <summary>Declares a variable with the type of its value.</summary>
    public void SetValue(string name, object? value, Type type) => csharp.TrySetValue(name, value, type);

    /// <inheritdoc/>
    public void AddMagic(Command command, bool takesBody = false) =>
        state.Magics.Add(command, takesBody ? MagicKind.WithBody : MagicKind.Line);

    /// <inheritdoc/>
    public void AddLanguage(ICellLanguage language)
    {
        state.Magics.Add(language);
        if (language is IDisposable disposable)
            owned.Push(disposable);
    }

    /// <inheritdoc/>
    public void AddUsings(params string[] namespaces) => csharp.Session.AddUsings(namespaces);

    /// <inheritdoc/>
    public void AddReferences(params Assembly[] assemblies) => csharp.Session.AddReferences(assemblies);

    /// <inheritdoc/>
    public void AddSqlConnection(string name, Func<DbConnection> open) => databases.Add(name, open);

    /// <inheritdoc/>
    public void AddFormatter<T>(string mimeType, Func<T, string> format) => ValueFormatter.Register(mimeType, format);

    /// <summary>
    /// Ends the session and disposes of what extensions declared. Does nothing while a cell runs, or when one could not be stopped: it may
    /// still use them.
    /// </summary>
    public void Dispose()
    {
        if (IsStuck || !oneCell.Wait(0))
            return;
        while (owned.TryPop(out var value))
            value.Dispose();
        oneCell.Release();
    }
}

using System.Collections.Concurrent;
using System.CommandLine;
using System.CommandLine.Help;
using System.Data.Common;
using System.Reflection;
using System.Runtime.Loader;
using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Formats;
using DocTuneLab.Notebooks.Formatting;
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
    private readonly Dictionary<string, Magic> magics = new(StringComparer.Ordinal);
    private readonly CellRunner runner;
    private readonly CodeIntelligence intelligence;
    private readonly Stack<IDisposable> owned = new();
    private readonly Stack<string> importing = new();
    private readonly HashSet<Type> loadedExtensions = [];
    private readonly string folder;
    private int displays;

    /// <summary>Starts a session and loads the extensions.</summary>
    /// <exception cref="NotebookException">An extension failed to load.</exception>
    public NotebookSession(SessionOptions? options = null)
    {
        this.options = options ?? new SessionOptions();
        folder = NotebookPath is null ? Environment.CurrentDirectory : Path.GetDirectoryName(Path.GetFullPath(NotebookPath))!;
        CSharp = new CSharpSession(folder);
        NuGet = new NuGetReferences();
        runner = new CellRunner(this);
        intelligence = new CodeIntelligence(this);
        ConsoleRouter.Install();
        BuiltInMagics.AddTo(this);
        foreach (var extension in this.options.Extensions)
            Load(extension);
    }

    /// <summary>Full path of the notebook, or null.</summary>
    public string? NotebookPath => options.NotebookPath;

    /// <summary>The bag behind <see cref="CellContext.Items"/>.</summary>
    public IDictionary<string, object> Items { get; } = new ConcurrentDictionary<string, object>();

    /// <summary>All magics by name, built-in ones included.</summary>
    public IEnumerable<Command> Magics => magics.Values.Select(magic => magic.Command);

    /// <summary>Whether what stands under this magic belongs to it: a body, or code in another language.</summary>
    public bool TakesBody(string magic) => magics.TryGetValue(magic, out var known) && known.Kind != MagicKind.Line;

    /// <summary>True after a cell could not be stopped: no further cell can run.</summary>
    public bool IsStuck { get; private set; }

    internal CSharpSession CSharp { get; }

    internal NuGetReferences NuGet { get; }

    internal ConcurrentDictionary<string, LiveDisplay> WaitingDisplays { get; } = new();

    internal SqlConnections Sql { get; } = new();

    /// <summary>Loads an extension into the running session.</summary>
    /// <exception cref="NotebookException">It failed to load.</exception>
    public void Load(INotebookExtension extension)
    {
        ArgumentNullException.ThrowIfNull(extension);
        try
        {
            extension.Load(this);
        }
        catch (Exception exception) when (exception is not NotebookException)
        {
            throw new NotebookException($"The extension '{extension.Name}' failed to load: {exception.Message}", exception);
        }
    }

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
            var execution = new CellExecution(this, options.StopGrace);
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
    /// Compiles a trifle, so that the first cell does not wait for the compiler to be loaded. Not needed; useful while a host still waits for
    /// its user.
    /// </summary>
    public void WarmUp()
    {
        CSharp.WarmUp();
        ValueFormatter.Format(0);
    }

    /// <summary>Ways to go on typing at a position of a cell.</summary>
    public Task<CellCompletions> CompleteAsync(string cell, int position, CancellationToken cancellation = default) => intelligence.CompleteAsync(cell, position, cancellation);

    /// <summary>Signature and documentation of what stands at a position of a cell, or null.</summary>
    public Task<string?> InspectAsync(string cell, int position, CancellationToken cancellation = default) => intelligence.InspectAsync(cell, position, cancellation);

    /// <summary>The overloads of the call around a position of a cell, or null outside of one.</summary>
    public Task<CellSignatures?> SignaturesAsync(string cell, int position, CancellationToken cancellation = default) => intelligence.SignaturesAsync(cell, position, cancellation);

    /// <summary>Errors and warnings of a cell that has not run.</summary>
    public Task<IReadOnlyList<CellDiagnostic>> DiagnosticsAsync(string cell, CancellationToken cancellation = default) => intelligence.DiagnosticsAsync(cell, cancellation);

    /// <summary>Whether a cell can be run as it is.</summary>
    public static CodeCompleteness Completeness(string cell) => CodeIntelligence.Completeness(cell);

    /// <summary>Reads a variable of the C# session.</summary>
    public bool TryGetValue(string name, out object? value) => CSharp.TryGetValue(name, out value);

    /// <inheritdoc/>
    public void SetValue<T>(string name, T value)
    {
        CSharp.SetValue(name, value, typeof(T));
        if (value is IDisposable disposable)
            owned.Push(disposable);
    }

    /// <summary>Declares a variable with the type of its value.</summary>
    public void SetValue(string name, object? value, Type type) => CSharp.SetValue(name, value, type);

    /// <inheritdoc/>
    public void AddMagic(Command command, bool takesBody = false) => AddMagic(command, takesBody ? MagicKind.WithBody : MagicKind.Line);

    /// <inheritdoc/>
    public void AddUsings(params string[] namespaces) => CSharp.AddUsings(namespaces);

    /// <inheritdoc/>
    public void AddReferences(params Assembly[] assemblies) => CSharp.AddReferences(assemblies);

    /// <inheritdoc/>
    public void AddSqlConnection(string name, Func<DbConnection> open) => Sql.Add(name, open);

    /// <inheritdoc/>
    public void AddFormatter<T>(string mimeType, Func<T, string> format) => ValueFormatter.Register(mimeType, format);

    /// <summary>Ends the session and disposes of what extensions declared. Does nothing while a cell runs, or when one could not be stopped: it may still use them.</summary>
    public void Dispose()
    {
        if (IsStuck || !oneCell.Wait(0))
            return;
        while (owned.TryPop(out var value))
            value.Dispose();
        oneCell.Release();
    }

    /// <summary>Full path of a file that a cell names: relative to the notebook.</summary>
    internal string Resolve(string path) => Path.GetFullPath(path, folder);

    /// <summary>Loads the extensions in an assembly and returns their names.</summary>
    internal IReadOnlyList<string> LoadExtensions(string path)
    {
        Assembly assembly;
        try
        {
            assembly = AssemblyLoadContext.Default.LoadFromAssemblyPath(path);
        }
        catch (Exception exception) when (exception is BadImageFormatException or FileLoadException)
        {
            throw new NotebookException($"{path}: not a .NET assembly that can be loaded here: {exception.Message}", exception);
        }
        CSharp.AddReferences([assembly]);
        var extensions = assembly.GetExportedTypes().Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(INotebookExtension)) && type.GetConstructor([]) is not null)
            .Select(type => (INotebookExtension)Activator.CreateInstance(type)!).Where(extension => loadedExtensions.Add(extension.GetType())).ToList();
        foreach (var extension in extensions)
            Load(extension);
        return [.. extensions.Select(extension => extension.Name)];
    }

    /// <summary>Runs the code cells of another notebook as part of the running cell.</summary>
    internal async Task ImportAsync(string file, CellContext context)
    {
        const int Deepest = 16;
        var path = Resolve(file);
        if (importing.Count == Deepest || importing.Contains(path))
            throw new NotebookException($"{path}: the notebooks import each other: {string.Join(" > ", importing.Reverse().Select(Path.GetFileName))} > {Path.GetFileName(path)}.");
        var notebook = Notebook.Load(path);
        importing.Push(path);
        try
        {
            var number = 0;
            foreach (var cell in notebook.Cells.Where(cell => cell.Kind == CellKind.Code && cell.Source.Trim().Length > 0))
                await runner.RunAsync(new CellRequest(cell.Source, $"{Path.GetFileName(path)} cell {++number}", cell.Language), (HostCellContext)context);
        }
        finally
        {
            importing.Pop();
        }
    }

    internal void AddMagic(Command command, MagicKind kind)
    {
        ArgumentNullException.ThrowIfNull(command);
        if (!CellSplitter.IsMagic(command.Name))
            throw new NotebookException($"A magic's name starts with '#!' and a letter, as in '#!docs'; '{command.Name}' does not.");
        if (!command.Options.Any(option => option is HelpOption))
            command.Options.Add(new HelpOption { Recursive = true });
        magics[command.Name] = new Magic(command, kind);
        foreach (var alias in command.Aliases)
            magics[alias] = new Magic(command, kind);
    }

    internal bool TryGetMagic(string name, out Magic magic) => magics.TryGetValue(name, out magic);

    internal IEnumerable<string> MagicNames => magics.Keys;

    internal string NextDisplayId() => $"display-{Interlocked.Increment(ref displays)}";
}

/// <summary>A magic and how it treats the lines after it.</summary>
internal readonly record struct Magic(Command Command, MagicKind Kind);

using System.Collections.Concurrent;
using System.CommandLine;
using System.CommandLine.Help;
using System.Data.Common;
using System.Diagnostics;
using System.Reflection;
using System.Runtime.Loader;
using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.CSharp;
using DocTuneLab.Notebooks.Formats;
using DocTuneLab.Notebooks.Formatting;
using DocTuneLab.Notebooks.Languages;

namespace DocTuneLab.Notebooks;

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
            return await RunOnThreadAsync(cell, output, cancellation);
        }
        finally
        {
            oneCell.Release();
        }
    }

    /// <summary>Ways to go on typing at a position of a cell.</summary>
    public Task<CellCompletions> CompleteAsync(string cell, int position, CancellationToken cancellation = default) => intelligence.CompleteAsync(cell, position, cancellation);

    /// <summary>Signature and documentation of what stands at a position of a cell, or null.</summary>
    public Task<string?> InspectAsync(string cell, int position, CancellationToken cancellation = default) => intelligence.InspectAsync(cell, position, cancellation);

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

    private async Task<CellResult> RunOnThreadAsync(CellRequest cell, Action<CellOutput> output, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var context = new HostCellContext(this, cell.Input, output, stop.Token);
        using var thread = new CellThread(async () =>
        {
            using (context.Enter())
                await runner.RunAsync(cell, context);
        });
        thread.Start();
        ErrorOutput? error = null;
        var status = CellStatus.Ok;
        try
        {
            if (!await StoppedAsync(thread, stop.Token))
            {
                IsStuck = true;
                (status, error) = (CellStatus.Stuck, new ErrorOutput("CellStuck", $"{cell.Label} was cancelled but did not stop.", [$"{cell.Label} was cancelled but did not stop. Restart the session."]));
            }
            else
            {
                await thread.Completion;
            }
        }
        catch (Exception exception)
        {
            var cancelled = stop.IsCancellationRequested && Cause(exception) is OperationCanceledException or ThreadInterruptedException;
            status = cancelled ? CellStatus.Cancelled : CellStatus.Failed;
            error = cancelled ? new ErrorOutput("Cancelled", $"{cell.Label} was cancelled.", [$"{cell.Label} was cancelled."]) : ErrorOf(exception, cell.Label);
        }
        if (error is not null)
            context.Emit(error);
        context.Complete();
        return new CellResult(status, clock.Elapsed, error);
    }

    /// <summary>Waits for the end of the cell; after a cancellation only for <see cref="SessionOptions.StopGrace"/>.</summary>
    private async Task<bool> StoppedAsync(CellThread thread, CancellationToken cancelled)
    {
        var ended = thread.Completion.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        var cancel = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (cancelled.Register(() => cancel.TrySetResult()))
            await Task.WhenAny(ended, cancel.Task);
        for (var waited = TimeSpan.Zero; !ended.IsCompleted && waited < options.StopGrace; waited += TimeSpan.FromMilliseconds(100))
        {
            thread.Interrupt();
            await Task.WhenAny(ended, Task.Delay(100, CancellationToken.None));
        }
        return ended.IsCompleted;
    }

    private static Exception Cause(Exception exception) => exception switch
    {
        ScriptFailure { InnerException: { } inner } => Cause(inner),
        AggregateException { InnerExceptions: [var inner] } => Cause(inner),
        _ => exception,
    };

    private static ErrorOutput ErrorOf(Exception exception, string label) => exception switch
    {
        CellFailure failure => failure.Error,
        ScriptFailure { InnerException: { } inner } => CSharpErrors.Error(inner),
        NotebookException => new ErrorOutput("Error", exception.Message, [$"{label}: {exception.Message}"]),
        _ => CSharpErrors.Error(exception),
    };
}

/// <summary>A magic and how it treats the lines after it.</summary>
internal readonly record struct Magic(Command Command, MagicKind Kind);

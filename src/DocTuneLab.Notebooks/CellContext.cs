namespace DocTuneLab.Notebooks;

/// <summary>
/// The running cell, as seen by extensions and by code in cells. Implemented by each host, so that an extension does not know which
/// one it runs in. All members may be called from any thread.
/// </summary>
public abstract class CellContext
{
    private static readonly AsyncLocal<CellContext?> s_ambient = new();

    /// <summary>The cell that runs on this logical thread of execution (it flows into tasks started by the cell).</summary>
    /// <exception cref="NotebookException">No cell is running.</exception>
    public static CellContext Current =>
        s_ambient.Value
            ?? throw new NotebookException("No notebook cell is running here; display(…) and the magics work only inside a cell.");

    /// <summary>The running cell, or null outside of one.</summary>
    public static CellContext? CurrentOrNull => s_ambient.Value;

    /// <summary>Shows a value with the registered formatters (text/html and text/plain) and returns a handle to
    /// change it in place.</summary>
    public abstract DisplayHandle Display(object? value);

    /// <summary>
    /// Shows raw content. Keys are MIME types; values are strings, or for JSON types a <see cref="System.Text.Json.Nodes.JsonNode"/>;
    /// binary types (image/png) take base64 text or a byte array.
    /// </summary>
    /// <param name="data">The content by MIME type.</param>
    /// <param name="metadata">Output metadata, as nbformat keeps it beside the data. Same values as for data.</param>
    public abstract DisplayHandle DisplayMime(IReadOnlyDictionary<string, object> data,
        IReadOnlyDictionary<string, object>? metadata = null);

    /// <summary>The cell's standard output.</summary>
    public abstract TextWriter Out { get; }

    /// <summary>The cell's standard error.</summary>
    public abstract TextWriter Error { get; }

    /// <summary>Cancelled when the user interrupts the cell, or when it runs out of time.</summary>
    public abstract CancellationToken CancellationToken { get; }

    /// <summary>The lines under a magic that takes a body; otherwise empty.</summary>
    public abstract string Body { get; }

    /// <summary>Full path of the notebook, or null when there is none (a console, an unsaved notebook).</summary>
    public abstract string? NotebookPath { get; }

    /// <summary>State that lives as long as the session: one bag per notebook, shared by all its cells.</summary>
    public abstract IDictionary<string, object> Items { get; }

    /// <summary>Reads a variable of the C# session.</summary>
    public abstract bool TryGetValue(string name, out object? value);

    /// <summary>Declares (or replaces) a variable of type <typeparamref name="T"/> in the C# session, visible from the
    /// next C# part on.</summary>
    public abstract void SetValue<T>(string name, T value);

    /// <summary>Takes away what the cell has shown so far.</summary>
    /// <param name="wait">Only when something new comes, so that an animation does not flicker.</param>
    public virtual void Clear(bool wait = false)
    {
    }

    /// <summary>Asks the user for a line and waits for it. A host that has no input throws.</summary>
    /// <param name="prompt">What to show before the input.</param>
    /// <param name="isSecret">True for passwords: what is typed is not shown.</param>
    /// <returns>The line without its end, or null at the end of the input.</returns>
    /// <exception cref="NotebookException">Nobody is there to answer, as in a headless run.</exception>
    public virtual Task<string?> ReadLineAsync(string prompt = "", bool isSecret = false) =>
        throw new NotebookException(
            "This cell asks for input, but nobody is there to answer. In a headless run, give the value as a parameter: -p NAME VALUE.");

    /// <summary>Makes this cell <see cref="Current"/> until the returned scope is disposed of. For hosts.</summary>
    public IDisposable Enter()
    {
        var previous = s_ambient.Value;
        s_ambient.Value = this;
        return new Scope(previous);
    }

    private sealed class Scope(CellContext? previous) : IDisposable
    {
        public void Dispose() => s_ambient.Value = previous;
    }
}

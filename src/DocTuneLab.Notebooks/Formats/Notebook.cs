using System.Text.Json.Nodes;

namespace DocTuneLab.Notebooks.Formats;

/// <summary>What a cell is.</summary>
public enum CellKind
{
    /// <summary>Code, with outputs.</summary>
    Code,
    /// <summary>Formatted text.</summary>
    Markdown,
    /// <summary>Text that no one interprets.</summary>
    Raw,
}

/// <summary>A notebook as nbformat 4.5 has it. Metadata and outputs stay JSON, so that what we do not know is kept.</summary>
public sealed class Notebook
{
    /// <summary>Metadata of the notebook: <c>kernelspec</c>, <c>language_info</c>, …</summary>
    public JsonObject Metadata { get; init; } = [];

    /// <summary>The cells in order.</summary>
    public List<NotebookCell> Cells { get; init; } = [];

    /// <summary>Reads <c>.ipynb</c>, <c>.dib</c> or <c>.csx</c> by the ending of the name.</summary>
    /// <exception cref="NotebookException">The file is missing or not in its format; the message names file and line.</exception>
    public static Notebook Load(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new NotebookException($"{path}: there is no such notebook. Give the path of an .ipynb or .dib file.", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new NotebookException($"{path}: cannot be read: {exception.Message}", exception);
        }
        return Parse(text, path);
    }

    /// <summary>Reads the text of a notebook, by the ending of its name.</summary>
    /// <exception cref="NotebookException">It is not in its format; the message names file and line.</exception>
    public static Notebook Parse(string text, string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".ipynb" => IpynbFormat.Read(text, path),
            ".dib" => DibFormat.Read(text, path),
            ".csx" or ".cs" => new Notebook { Cells = { new NotebookCell { Source = text } } },
            var other => throw new NotebookException($"{path}: '{other}' is not a notebook format. Expected .ipynb or .dib."),
        };
    }

    /// <summary>Writes <c>.ipynb</c> or <c>.dib</c> by the ending of the name. The file is replaced in one step:
    /// readers never see half of it.</summary>
    /// <exception cref="NotebookException">The ending is neither.</exception>
    public void Save(string path)
    {
        var text = Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".ipynb" => IpynbFormat.Write(this),
            ".dib" => DibFormat.Write(this),
            var other => throw new NotebookException($"{path}: '{other}' is not a notebook format. Use .ipynb or .dib."),
        };
        AtomicFile.Write(path, text);
    }
}

/// <summary>A cell of a <see cref="Notebook"/>.</summary>
public sealed class NotebookCell
{
    /// <summary>Identity within the notebook: 1 to 64 letters, digits, <c>-</c> and <c>_</c>.</summary>
    public string Id { get; set; } = Guid.NewGuid().ToString("N")[..8];

    /// <summary>What the cell is. Default: code.</summary>
    public CellKind Kind { get; set; }

    /// <summary>Its text, lines separated by LF.</summary>
    public string Source { get; set; } = "";

    /// <summary>Its metadata: <c>tags</c>, …</summary>
    public JsonObject Metadata { get; init; } = [];

    /// <summary>Outputs of a code cell in nbformat's form, with multi-line text as one string.</summary>
    public JsonArray Outputs { get; init; } = [];

    /// <summary>The number of its last execution.</summary>
    public int? ExecutionCount { get; set; }

    /// <summary>Members of the cell that nbformat allows and we do not interpret (<c>attachments</c>).</summary>
    public JsonObject Other { get; init; } = [];

    /// <summary>The cell's tags.</summary>
    public IEnumerable<string> Tags => Metadata["tags"] is JsonArray tags ? tags.OfType<JsonValue>().Select(tag => tag.ToString()) : [];

    /// <summary>True if the cell has the tag.</summary>
    public bool HasTag(string tag) => Tags.Contains(tag, StringComparer.Ordinal);

    /// <summary>
    /// Language of a code cell without a magic at its top, as polyglot notebooks record it in the metadata. Default: <c>csharp</c>.
    /// </summary>
    public string Language => (Metadata["polyglot_notebook"] as JsonObject)?["kernelName"]?.ToString()
        ?? (Metadata["dotnet_interactive"] as JsonObject)?["language"]?.ToString()
        ?? "csharp";
}

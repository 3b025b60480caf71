using System.Text.Json.Nodes;

namespace DocTuneLab.Notebooks.Cells;

/// <summary>Something that a cell shows. Mirrors nbformat's outputs.</summary>
public abstract record CellOutput;

/// <summary>Text written to standard output or standard error.</summary>
public sealed record StreamOutput(bool IsError, string Text) : CellOutput;

/// <summary>A display. <paramref name="Data"/> maps MIME types to text or JSON.</summary>
public sealed record DisplayOutput(JsonObject Data, JsonObject Metadata, string DisplayId) : CellOutput;

/// <summary>New content for an earlier display, which may be another cell's.</summary>
public sealed record UpdateOutput(JsonObject Data, JsonObject Metadata, string DisplayId) : CellOutput;

/// <summary>What the cell has shown so far is to go away: at once, or with <paramref name="Wait"/> when something new comes.</summary>
public sealed record ClearOutput(bool Wait) : CellOutput;

/// <summary>The value of the last expression.</summary>
public sealed record ResultOutput(JsonObject Data, JsonObject Metadata) : CellOutput;

/// <summary>What went wrong: the kind, the message, and the lines to show (they include kind and message).</summary>
public sealed record ErrorOutput(string Name, string Message, IReadOnlyList<string> Traceback) : CellOutput;

/// <summary>How a cell ended.</summary>
public enum CellStatus
{
    /// <summary>It ran to its end.</summary>
    Ok,
    /// <summary>It did not compile, threw, or used a magic wrongly.</summary>
    Failed,
    /// <summary>It was cancelled and stopped.</summary>
    Cancelled,
    /// <summary>It was cancelled and did not stop: the session cannot run further cells.</summary>
    Stuck,
    /// <summary>The process that ran it ended: the host cannot run further cells.</summary>
    Died,
}

/// <summary>The outcome of a cell.</summary>
public sealed record CellResult(CellStatus Status, TimeSpan Duration, ErrorOutput? Error);

/// <summary>A cell to run.</summary>
/// <param name="Source">Its text, magics included.</param>
/// <param name="Label">Name of the cell in traces, for example <c>cell 3</c>.</param>
/// <param name="Language">Language of lines before the first language magic.</param>
public sealed record CellRequest(string Source, string Label, string Language = "csharp")
{
    /// <summary>How to ask the user for a line, or null where nobody is there to answer.</summary>
    public InputHandler? Input { get; init; }
}

/// <summary>Asks the user for a line of text.</summary>
/// <param name="prompt">What to show before the input; may be empty.</param>
/// <param name="isSecret">True for passwords: what is typed must not be shown or kept.</param>
/// <param name="cancellation">Ends the wait.</param>
/// <returns>The line without its end, or null at the end of the input.</returns>
public delegate Task<string?> InputHandler(string prompt, bool isSecret, CancellationToken cancellation);

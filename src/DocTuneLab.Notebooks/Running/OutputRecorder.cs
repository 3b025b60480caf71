using System.Text.Json.Nodes;
using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Formats;

namespace DocTuneLab.Notebooks.Running;

/// <summary>
/// Writes outputs into cells as nbformat has them: neighbouring stream texts become one, lines that were overwritten with a carriage
/// return are dropped, and an update replaces the display it belongs to, in whichever cell that is.
/// </summary>
internal sealed class OutputRecorder
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, List<JsonObject>> _displays = [];
    private readonly HashSet<NotebookCell> _clearNext = [];

    /// <summary>Adds an output to a cell.</summary>
    public void Add(NotebookCell cell, CellOutput output)
    {
        ArgumentNullException.ThrowIfNull(cell);
        lock (_gate)
        {
            if (output is not (UpdateOutput or ClearOutput) && _clearNext.Remove(cell))
                cell.Outputs.Clear();
            switch (output)
            {
                case ClearOutput { Wait: true }:
                    _clearNext.Add(cell);
                    break;
                case ClearOutput:
                    cell.Outputs.Clear();
                    break;
                case StreamOutput stream:
                    AddText(cell.Outputs, stream.IsError ? "stderr" : "stdout", stream.Text);
                    break;
                case DisplayOutput display:
                    var shown = Data("display_data", display.Data, display.Metadata);
                    if (!_displays.TryGetValue(display.DisplayId, out var places))
                        _displays[display.DisplayId] = places = [];
                    places.Add(shown);
                    cell.Outputs.Add((JsonNode)shown);
                    break;
                case UpdateOutput update:
                    foreach (var place in _displays.GetValueOrDefault(update.DisplayId, []))
                    {
                        place["data"] = update.Data.DeepClone();
                        place["metadata"] = update.Metadata.DeepClone();
                    }
                    break;
                case ResultOutput result:
                    var value = Data("execute_result", result.Data, result.Metadata);
                    value["execution_count"] = cell.ExecutionCount;
                    cell.Outputs.Add((JsonNode)value);
                    break;
                case ErrorOutput error:
                    cell.Outputs.Add((JsonNode)new JsonObject
                    {
                        ["output_type"] = "error",
                        ["ename"] = error.Name,
                        ["evalue"] = error.Message,
                        ["traceback"] = new JsonArray([.. error.Traceback.Select(line => (JsonNode)line)]),
                    });
                    break;
            }
        }
    }

    /// <summary>Runs <paramref name="action"/> while no output is added, for example to save the notebook.</summary>
    public void Pause(Action action)
    {
        ArgumentNullException.ThrowIfNull(action);
        lock (_gate)
            action();
    }

    private static JsonObject Data(string type, JsonObject data, JsonObject metadata) => new()
    {
        ["output_type"] = type,
        ["data"] = data.DeepClone(),
        ["metadata"] = metadata.DeepClone(),
    };

    private static void AddText(JsonArray outputs, string name, string text)
    {
        if (outputs.LastOrDefault() is JsonObject last && last["output_type"]?.ToString() == "stream" && last["name"]?.ToString() == name)
        {
            var old = last["text"]!.ToString();
            // Only the last line can still be overwritten: leave the rest alone, or long logs would take quadratic time.
            var lineStart = old.LastIndexOf('\n') + 1;
            last["text"] = old[..lineStart] + Overwrite(old[lineStart..] + text);
            return;
        }
        outputs.Add((JsonNode)new JsonObject { ["output_type"] = "stream", ["name"] = name, ["text"] = Overwrite(text) });
    }

    private static string Overwrite(string text)
    {
        if (!text.Contains('\r'))
            return text;
        var lines = text.Replace("\r\n", "\n", StringComparison.Ordinal).Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            // A carriage return at the very end may still be followed by the text that overwrites.
            var end = lines[i].TrimEnd('\r');
            var pending = i == lines.Length - 1 && end.Length < lines[i].Length ? "\r" : "";
            lines[i] = end[(end.LastIndexOf('\r') + 1)..] + pending;
        }
        return string.Join('\n', lines);
    }
}

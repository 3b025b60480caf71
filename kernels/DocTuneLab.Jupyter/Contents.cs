using System.Text.Json.Nodes;
using DocTuneLab.Notebooks.Cells;

namespace DocTuneLab.Jupyter;

/// <summary>Contents of messages: fields of requests, and outputs of cells in the form of the protocol.</summary>
internal static class Contents
{
    public static string Code(this JsonObject content) =>
        content["code"] is JsonValue value && value.TryGetValue<string>(out var code) ? code : "";

    public static int Number(this JsonObject content, string name, int otherwise) =>
        content[name] is JsonValue value && value.TryGetValue<int>(out var number) ? number : otherwise;

    public static bool Flag(this JsonObject content, string name, bool otherwise) =>
        content[name] is JsonValue value && value.TryGetValue<bool>(out var flag) ? flag : otherwise;

    public static JsonObject Ok(JsonObject content)
    {
        content["status"] = "ok";
        return content;
    }

    /// <summary>Content of an <c>error</c> message.</summary>
    public static JsonObject Error(ErrorOutput error) => new()
    {
        ["ename"] = error.Name,
        ["evalue"] = error.Message,
        ["traceback"] = new JsonArray([.. error.Traceback.Select(line => (JsonNode)line)]),
    };

    /// <summary>Content of a reply that says what went wrong.</summary>
    public static JsonObject Failed(ErrorOutput error)
    {
        var content = Error(error);
        content["status"] = "error";
        return content;
    }

    /// <summary>Type and content of the message that shows an output.</summary>
    public static (string Type, JsonObject Content) Of(CellOutput output, int execution) => output switch
    {
        StreamOutput stream => ("stream", new JsonObject { ["name"] = stream.IsError ? "stderr" : "stdout", ["text"] = stream.Text }),
        DisplayOutput display => ("display_data", Data(display.Data, display.Metadata, display.DisplayId)),
        UpdateOutput update => ("update_display_data", Data(update.Data, update.Metadata, update.DisplayId)),
        ClearOutput clear => ("clear_output", new JsonObject { ["wait"] = clear.Wait }),
        ResultOutput result => ("execute_result", new JsonObject
        {
            ["data"] = result.Data.DeepClone(),
            ["metadata"] = result.Metadata.DeepClone(),
            ["execution_count"] = execution
        }),
        ErrorOutput error => ("error", Error(error)),
        _ => throw new ArgumentOutOfRangeException(nameof(output), output, null),
    };

    public static JsonObject KernelInfo() => Ok(new JsonObject
    {
        ["protocol_version"] = "5.4",
        ["implementation"] = "doctune",
        ["implementation_version"] = typeof(Contents).Assembly.GetName().Version?.ToString(3),
        ["language_info"] = new JsonObject
        {
            ["name"] = "C#",
            ["version"] = "14.0",
            ["mimetype"] = "text/x-csharp",
            ["file_extension"] = ".cs",
            ["pygments_lexer"] = "csharp",
            ["codemirror_mode"] = "text/x-csharp",
        },
        ["banner"] = "DocTuneLab: C# with the magics of the lab. '#!lsmagic' lists them.",
        // Neither of the optional parts of the protocol: no debugger, no subshells.
        ["debugger"] = false,
        ["supported_features"] = new JsonArray(),
        ["help_links"] = new JsonArray(),
    });

    private static JsonObject Data(JsonObject data, JsonObject metadata, string displayId) => new()
    {
        ["data"] = data.DeepClone(),
        ["metadata"] = metadata.DeepClone(),
        ["transient"] = new JsonObject { ["display_id"] = displayId },
    };
}

using System.Text.Json;
using System.Text.Json.Nodes;

namespace DocTuneLab.Notebooks.Formats;

/// <summary>Jupyter's notebook format, nbformat 4.5.</summary>
internal static class IpynbFormat
{
    private static readonly string[] s_knownMembers = ["cell_type", "id", "source", "metadata", "outputs", "execution_count"];

    /// <summary>Reads a notebook.</summary>
    /// <param name="json">The text of the file.</param>
    /// <param name="path">Name of the file, for messages.</param>
    /// <exception cref="NotebookException">It is not a notebook of version 4; the message names file, line and field.</exception>
    public static Notebook Read(string json, string path = "notebook")
    {
        JsonNode? root;
        try
        {
            root = JsonNode.Parse(json);
        }
        catch (JsonException exception)
        {
            throw new NotebookException($"{path}, line {exception.LineNumber + 1}: not valid JSON: {Short(exception.Message)}", exception);
        }
        if (root is not JsonObject notebook || notebook["cells"] is not JsonArray cells)
            throw new NotebookException($"{path}: not a notebook: expected a JSON object with 'cells' (nbformat 4).");
        if (notebook["nbformat"] is not JsonValue version || version.ToString() != "4")
            throw new NotebookException($"{path}: nbformat {notebook["nbformat"]?.ToString() ?? "missing"}; expected 4. "
                + "Open and save it with a current Jupyter to upgrade it.");
        return new Notebook
        {
            Metadata = Take(notebook, "metadata"),
            Cells = [.. cells.Select((cell, index) => ReadCell(cell, index, path))],
        };
    }

    /// <summary>The notebook as Jupyter would write it.</summary>
    public static string Write(Notebook notebook)
    {
        ArgumentNullException.ThrowIfNull(notebook);
        return CanonicalJson.Write(new JsonObject
        {
            ["cells"] = new JsonArray([.. notebook.Cells.Select(WriteCell)]),
            ["metadata"] = WithKernel(notebook.Metadata),
            ["nbformat"] = 4,
            ["nbformat_minor"] = 5,
        });
    }

    private static NotebookCell ReadCell(JsonNode? node, int index, string path)
    {
        if (node is not JsonObject cell)
            throw new NotebookException($"{path}: cells[{index}] is not an object.");
        var kind = cell["cell_type"]?.ToString() switch
        {
            "code" => CellKind.Code,
            "markdown" => CellKind.Markdown,
            "raw" => CellKind.Raw,
            var other =>
                throw new NotebookException($"{path}: cells[{index}].cell_type is '{other}'; expected 'code', 'markdown' or 'raw'."),
        };
        var result = new NotebookCell
        {
            Id = cell["id"]?.ToString() ?? $"cell-{index}",
            Kind = kind,
            Source = Join(cell["source"] ?? throw new NotebookException($"{path}: cells[{index}].source is missing.")),
            ExecutionCount = cell["execution_count"] is JsonValue count && count.TryGetValue<int>(out var number) ? number : null,
            Metadata = Take(cell, "metadata"),
        };
        foreach (var output in (cell["outputs"] as JsonArray ?? []).OfType<JsonObject>())
            result.Outputs.Add(JoinOutput((JsonObject)output.DeepClone()));
        foreach (var (name, value) in cell.Where(member => !s_knownMembers.Contains(member.Key)))
            result.Other[name] = value?.DeepClone();
        return result;
    }

    private static JsonNode WriteCell(NotebookCell cell)
    {
        var result = new JsonObject
        {
            ["cell_type"] = cell.Kind.ToString().ToLowerInvariant(),
            ["id"] = cell.Id,
            ["metadata"] = cell.Metadata.DeepClone(),
            ["source"] = MultilineText.Split(cell.Source),
        };
        if (cell.Kind == CellKind.Code)
        {
            result["execution_count"] = cell.ExecutionCount is { } count ? JsonValue.Create(count) : null;
            result["outputs"] = new JsonArray([.. cell.Outputs.OfType<JsonObject>()
                .Select(output => SplitOutput((JsonObject)output.DeepClone()))]);
        }
        foreach (var (name, value) in cell.Other)
            result[name] = value?.DeepClone();
        return result;
    }

    private static JsonObject JoinOutput(JsonObject output)
    {
        if (output["text"] is JsonArray)
            output["text"] = Join(output["text"]!);
        if (output["data"] is JsonObject data)
        {
            foreach (var (mimeType, value) in data.ToList())
            {
                if (value is JsonArray && !MultilineText.IsJson(mimeType))
                    data[mimeType] = Join(value);
            }
        }
        return output;
    }

    private static JsonObject SplitOutput(JsonObject output)
    {
        if (output["text"] is JsonValue text)
            output["text"] = MultilineText.Split(text.ToString());
        if (output["data"] is JsonObject data)
        {
            foreach (var (mimeType, value) in data.ToList())
            {
                if (value is JsonValue && value.GetValueKind() == JsonValueKind.String && MultilineText.IsSplit(mimeType))
                    data[mimeType] = MultilineText.Split(value.GetValue<string>());
            }
        }
        return output;
    }

    private static string Join(JsonNode node) =>
        node is JsonArray lines ? string.Concat(lines.Select(line => line?.ToString())) : node.ToString();

    private static JsonObject Take(JsonObject owner, string name)
    {
        var value = owner[name] as JsonObject ?? [];
        owner.Remove(name);
        return value;
    }

    // Front ends refuse a notebook without a kernel; .NET Interactive understands this one too.
    private static JsonObject WithKernel(JsonObject metadata)
    {
        var result = (JsonObject)metadata.DeepClone();
        result["kernelspec"] ??= new JsonObject { ["display_name"] = "C# (DocTuneLab)", ["language"] = "C#", ["name"] = "doctune" };
        result["language_info"] ??=
            new JsonObject { ["file_extension"] = ".cs", ["mimetype"] = "text/x-csharp", ["name"] = "C#", ["pygments_lexer"] = "csharp" };
        return result;
    }

    private static string Short(string message) => message.Split(" Path:")[0].Split(" LineNumber:")[0];
}

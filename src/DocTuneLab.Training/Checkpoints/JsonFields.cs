using System.Text.Json;
using System.Text.Json.Nodes;

namespace DocTuneLab.Training.Checkpoints;

/// <summary>Fields of a JSON file, with errors that name file and field. A field that holds null counts as absent.</summary>
/// <param name="path">The file, for messages.</param>
/// <param name="json">The object.</param>
public sealed class JsonFields(string path, JsonObject json)
{
    /// <summary>The file, and within it the field that holds the object.</summary>
    public string Path => path;

    /// <summary>Reads a file whose root is an object.</summary>
    /// <param name="path">The file.</param>
    /// <param name="purpose">Ends the message where there is no such file.</param>
    /// <exception cref="LabException">There is no such file, or it holds no object.</exception>
    public static JsonFields Read(string path, string purpose)
    {
        if (!File.Exists(path)) throw new LabException($"{path}: no such file; {purpose}");
        try
        {
            return new JsonFields(path,
                JsonNode.Parse(File.ReadAllBytes(path)) as JsonObject ?? throw new JsonException("the file holds no object"));
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw new LabException($"{path}: not valid JSON: {e.Message}", e);
        }
    }

    /// <summary>What a field holds, or null.</summary>
    public JsonNode? Node(string field) => json[field];

    /// <summary>The fields of an object within, or null where there is none.</summary>
    public JsonFields? Inner(string field) => json[field] is JsonObject inner ? new JsonFields($"{path}: {field}", inner) : null;

    /// <summary>A field's value.</summary>
    /// <exception cref="LabException">The field is missing or of another type.</exception>
    public T Required<T>(string field) =>
        json[field] is { } node ? Get<T>(node, field) : throw new LabException($"{path}: the field '{field}' is missing");

    /// <summary>A field's value, or another where it is missing.</summary>
    /// <exception cref="LabException">The field is of another type.</exception>
    public T Optional<T>(string field, T fallback) => json[field] is { } node ? Get<T>(node, field) : fallback;

    private T Get<T>(JsonNode node, string field)
    {
        try
        {
            return node.GetValue<T>();
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            throw new LabException($"{path}: the field '{field}' is {node.ToJsonString()}, expected {typeof(T).Name}", e);
        }
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;

namespace DocTuneLab.Training.Checkpoints;

/// <summary>Fields of a JSON file, with errors that name file and field. A field that holds null counts as absent.</summary>
/// <param name="path">The file, for messages.</param>
/// <param name="json">The object.</param>
internal sealed class JsonFields(string path, JsonObject json)
{
    public string Path => path;

    /// <summary>Reads a file whose root is an object.</summary>
    /// <param name="path">The file.</param>
    /// <param name="purpose">Ends the message where there is no such file.</param>
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

    public JsonNode? Node(string field) => json[field];

    public JsonFields? Inner(string field) => json[field] is JsonObject inner ? new JsonFields($"{path}: {field}", inner) : null;

    public T Required<T>(string field) =>
        json[field] is { } node ? Get<T>(node, field) : throw new LabException($"{path}: the field '{field}' is missing");

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

using System.Text.Json;
using System.Text.Json.Nodes;

namespace DocTuneLab.Training.Checkpoints;

/// <summary>Fields of a JSON file, with errors that name file and field. A field that holds null counts as absent. It knows which fields
/// were asked for, so that none is left out silently.</summary>
/// <param name="path">The file, for messages.</param>
/// <param name="json">The object.</param>
/// <param name="names">Other names that fields have in this file, by their usual ones; null where there are none.</param>
public sealed class JsonFields(string path, JsonObject json, IReadOnlyDictionary<string, string>? names = null)
{
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);

    /// <summary>The file, and within it the field that holds the object.</summary>
    public string Path => path;

    /// <summary>Reads a file whose root is an object.</summary>
    /// <param name="path">The file.</param>
    /// <param name="purpose">Ends the message where there is no such file.</param>
    /// <exception cref="LabException">There is no such file, or it holds no object.</exception>
    public static JsonFields Read(string path, string purpose) => new(path, ReadObject(path, purpose));

    /// <summary>The same, as the object.</summary>
    internal static JsonObject ReadObject(string path, string purpose)
    {
        if (!File.Exists(path)) throw new LabException($"{path}: no such file; {purpose}");
        try
        {
            return JsonNode.Parse(File.ReadAllBytes(path)) as JsonObject ?? throw new JsonException("the file holds no object");
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw new LabException($"{path}: not valid JSON: {e.Message}", e);
        }
    }

    /// <summary>What a field holds, or null.</summary>
    public JsonNode? Node(string field) => json[Own(field)];

    /// <summary>Whether the field is there, even if it holds null.</summary>
    public bool Has(string field) => json.ContainsKey(Own(field));

    /// <summary>The fields of an object within, or null where there is none.</summary>
    public JsonFields? Inner(string field) => Node(field) is JsonObject inner ? new JsonFields($"{path}: {field}", inner) : null;

    /// <summary>A field's value.</summary>
    /// <exception cref="LabException">The field is missing or of another type.</exception>
    public T Required<T>(string field) => Node(field) is { } node
        ? Get<T>(node, Own(field))
        : throw new LabException($"{path}: the field '{Own(field)}' is missing");

    /// <summary>A field's value, or another where it is missing.</summary>
    /// <exception cref="LabException">The field is of another type.</exception>
    public T Optional<T>(string field, T fallback) => Node(field) is { } node ? Get<T>(node, Own(field)) : fallback;

    /// <summary>Fields that hold something and that nobody has asked for.</summary>
    internal IEnumerable<KeyValuePair<string, JsonNode>> Unasked =>
        json.Where(f => f.Value is not null && !_asked.Contains(f.Key)).Select(f => KeyValuePair.Create(f.Key, f.Value!));

    private string Own(string field)
    {
        var own = names is not null && names.TryGetValue(field, out var other) && json.ContainsKey(other) ? other : field;
        _asked.Add(own);
        return own;
    }

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

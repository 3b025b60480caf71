using System.Text.Json.Nodes;

namespace DocTuneLab.Tokenization.Steps;

/// <summary>Fields of one step of a <c>tokenizer.json</c>; a field that nobody asked for is refused by its name.</summary>
/// <param name="node">The step.</param>
/// <param name="name">Where it stands: <c>pre_tokenizer.pretokenizers[1]</c>.</param>
internal sealed class StepFields(JsonObject node, string name)
{
    private readonly HashSet<string> _read = ["type"];

    public string Name => name;

    public string? Type => TextOrNull("type");

    public JsonNode? Node(string field)
    {
        _read.Add(field);
        return node[field];
    }

    public string? TextOrNull(string field) => Value<string>(field, "a text");

    public string Text(string field) => TextOrNull(field) ?? throw Missing(field);

    public bool Flag(string field, bool otherwise) => FlagOrNull(field) ?? otherwise;

    public bool? FlagOrNull(string field) => Node(field) is null ? null : Value<bool>(field, "true or false");

    public int? NumberOrNull(string field) => Node(field) is null ? null : Value<int>(field, "a whole number");

    /// <summary>One character.</summary>
    public string Character(string field, string otherwise)
    {
        var text = TextOrNull(field) ?? otherwise;
        return text.EnumerateRunes().Count() == 1 ? text : throw Unexpected(field, "one character");
    }

    public StepFields Fields(string field) =>
        Node(field) is JsonObject inner ? new StepFields(inner, $"{name}.{field}") : throw Missing(field);

    public JsonArray Items(string field) => Node(field) as JsonArray ?? throw Missing(field);

    public LabException Missing(string field) => new($"the field '{name}.{field}' is missing or of another type than expected");

    public LabException Unexpected(string field, string expected) =>
        new($"{name}.{field} is {node[field]?.ToJsonString() ?? "null"}; expected {expected}");

    public LabException Unsupported(string field) =>
        new($"{name}.{field} is {Short(node[field])}, which is not supported");

    /// <summary>Refuses what was not read, null apart.</summary>
    public void Finish()
    {
        foreach (var (field, value) in node)
            if (value is not null && !_read.Contains(field))
                throw new LabException($"the field '{name}.{field}' is not known; its value is {Short(value)}");
    }

    private T? Value<T>(string field, string expected)
    {
        if (Node(field) is not { } value) return default;
        return value is JsonValue one && one.TryGetValue<T>(out var result) ? result : throw Unexpected(field, expected);
    }

    private static string Short(JsonNode? value)
    {
        var text = value?.ToJsonString() ?? "null";
        return text.Length > 80 ? text[..80] + " …" : text;
    }
}

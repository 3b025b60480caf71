using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace DocTuneLab.Cli.Output;

/// <summary>Results as JSON on the standard output: indented, names in camel case, enumerations by name.</summary>
internal static class JsonOutput
{
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>Stored JSON with its names in camel case.</summary>
    public static JsonNode? Camel(JsonNode? node) => node switch
    {
        JsonObject fields =>
            new JsonObject(fields.Select(f => KeyValuePair.Create(JsonNamingPolicy.CamelCase.ConvertName(f.Key), Camel(f.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Camel)]),
        _ => node?.DeepClone(),
    };

    public static void Write<T>(T value) => Console.Out.WriteLine(JsonSerializer.Serialize(value, s_options));
}

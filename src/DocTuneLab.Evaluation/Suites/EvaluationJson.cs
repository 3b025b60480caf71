using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace DocTuneLab.Evaluation.Suites;

/// <summary>
/// How suites and results are written: camelCase, enums as lower-case words, code readable (no escapes of quotes and CJK).
/// </summary>
internal static class EvaluationJson
{
    /// <summary>One line per value.</summary>
    public static JsonSerializerOptions Compact { get; } = Create(indented: false);

    /// <summary>For files that people read.</summary>
    public static JsonSerializerOptions Indented { get; } = Create(indented: true);

    /// <summary>Writes values as a file of a suite, one a line.</summary>
    internal static void WriteLines<T>(string path, IEnumerable<T> values) =>
        File.WriteAllLines(path, values.Select(v => JsonSerializer.Serialize(v, Compact)));

    private static JsonSerializerOptions Create(bool indented) => new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = indented,
        // Another kind of file must not pass for an empty result.
        RespectRequiredConstructorParameters = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };
}

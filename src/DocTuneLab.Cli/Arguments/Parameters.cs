using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using DocTuneLab.Cli.Output;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace DocTuneLab.Cli.Arguments;

/// <summary>Parameters of a run as papermill takes them: files, then YAML, then single values; the last one wins.</summary>
internal static class Parameters
{
    /// <summary><c>-p</c>.</summary>
    public static Option<string[]> Option() => new("--parameter", "-p")
    {
        Description = "Value for the cell tagged 'parameters': -p NAME VALUE. May be repeated.",
        HelpName = "NAME VALUE"
    };

    /// <exception cref="UsageException">A file is missing, or something is not a mapping of names to values.</exception>
    public static Dictionary<string, string> Of(IReadOnlyList<string> files, IReadOnlyList<string> yaml, IReadOnlyList<string> pairs)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in files)
        {
            if (!File.Exists(file))
                throw new UsageException($"-f: there is no file '{file}'.");
            Add(values, File.ReadAllText(file), file);
        }
        foreach (var text in yaml)
            Add(values, text, "-y");
        foreach (var pair in pairs)
        {
            if (pair.Split('=', 2) is not [{ Length: > 0 } name, var value])
                throw new UsageException($"-p takes a name and a value; '{pair}' has no value. Put quotes around a value with blanks.");
            values[name] = value;
        }
        return values;
    }

    private static void Add(Dictionary<string, string> values, string text, string source)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException exception)
        {
            throw new UsageException($"{source}, line {exception.Start.Line}: not valid YAML: {exception.Message}");
        }
        if (stream.Documents.Count == 0)
            return;
        if (stream.Documents[0].RootNode is not YamlMappingNode map)
            throw new UsageException($"{source}: expected names with values, such as 'steps: 60'.");
        foreach (var (key, value) in map.Children)
            values[key.ToString()] = value is YamlScalarNode scalar ? scalar.Value ?? "null" : Json(value).ToJsonString();
    }

    // Lists and mappings as JSON, which is how a parameter takes them on the command line, too.
    private static JsonNode Json(YamlNode node) => node switch
    {
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(Json)]),
        YamlMappingNode map =>
            new JsonObject(map.Children.Select(pair => KeyValuePair.Create(pair.Key.ToString(), (JsonNode?)Json(pair.Value)))),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: { } text }
            when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) =>
            JsonValue.Create(whole),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: { } text }
            when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) =>
            JsonValue.Create(number),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "true" or "false" } scalar => JsonValue.Create(scalar.Value == "true"),
        _ => JsonValue.Create((node as YamlScalarNode)?.Value ?? ""),
    };
}

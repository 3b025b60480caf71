using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using DocTuneLab.Settings;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace DocTuneLab.Endpoints.Exchange;

/// <summary>The protocol that an endpoint speaks.</summary>
public enum EndpointKind
{
    /// <summary>OpenAI's chat completions, as most servers offer them.</summary>
    [JsonStringEnumMemberName("openai")]
    OpenAI,
    /// <summary>Ollama's own protocol.</summary>
    Ollama,
}

/// <summary>An endpoint that answers chat requests. It holds no key, only the name under which the key is found.</summary>
public sealed record EndpointOptions
{
    /// <summary>Names, ranges and words of these settings.</summary>
    public static SettingTable<EndpointOptions> Settings => SettingTable<EndpointOptions>.Instance;

    /// <summary>Name in tables and messages; default host and model.</summary>
    [Setting("Name in tables and messages. Without one, host and model.", Field = "name", InFilesOnly = true, Placeholder = "NAME")]
    public string Name { get => field.Length > 0 || BaseUrl is null ? field : $"{BaseUrl.Authority}/{Model}"; init; } = "";

    /// <summary>Protocol; default OpenAI.</summary>
    [Setting("The protocol: OpenAI's, as most servers offer it, or Ollama's own.", Field = "kind", Option = "ollama", SwitchTo = "ollama",
        OptionWords = "Speak Ollama's own protocol instead of OpenAI's.")]
    public EndpointKind Kind { get; init; } = EndpointKind.OpenAI;

    /// <summary>Address up to the version, such as <c>http://127.0.0.1:8080/v1</c>.</summary>
    [Setting("Address of a server, up to the version: http://127.0.0.1:8080/v1. Without one no hosted model is asked.", Option = "endpoint",
        Field = "baseUrl", Placeholder = "URL")]
    public required Uri BaseUrl { get; init; }

    /// <summary>Model as the server names it.</summary>
    [Setting("The model's name as the server knows it.", Option = "endpoint-model", Field = "model", Placeholder = "NAME", Pattern = ".+",
        Expected = "the model's name as the server knows it")]
    public required string Model { get; init; }

    /// <summary>Environment variable, or user secret, that holds the key; default <c>OPENAI_API_KEY</c>.
    /// A server without keys needs none.</summary>
    [Setting("Environment variable or user secret that holds the key.", Field = "keyVariable", Placeholder = "NAME")]
    public string KeyVariable { get; init; } = "OPENAI_API_KEY";

    /// <summary>Share of the requests, relative to the other endpoints; default 1.</summary>
    [Setting("Share of the requests, relative to the other endpoints.", Field = "weight", InFilesOnly = true, Above = 0)]
    public double Weight { get; init; } = 1;

    /// <summary>Requests in flight at most; default 32. Where it starts, and what adaptive concurrency never exceeds.</summary>
    [Setting("Requests in flight at most.", Option = "concurrency", Field = "maxConcurrency", Min = 1)]
    public int MaxConcurrency { get; init; } = 32;

    /// <summary>Requests per minute; null is without limit.</summary>
    [Setting("Requests per minute at most.", Field = "requestsPerMinute", InFilesOnly = true, Min = 1)]
    public int? RequestsPerMinute { get; init; }

    /// <summary>Tokens (sent and received) per minute; null is without limit.</summary>
    [Setting("Tokens, sent and received, per minute at most.", Field = "tokensPerMinute", InFilesOnly = true, Min = 1)]
    public int? TokensPerMinute { get; init; }

    /// <summary>Price of a million tokens sent; null where it is unknown.</summary>
    [Setting("Price of a million tokens sent.", Field = "inputPrice", InFilesOnly = true, Placeholder = "PRICE", Min = 0)]
    public double? InputPrice { get; init; }

    /// <summary>Price of a million tokens received; null where it is unknown.</summary>
    [Setting("Price of a million tokens received.", Field = "outputPrice", InFilesOnly = true, Placeholder = "PRICE", Min = 0)]
    public double? OutputPrice { get; init; }

    /// <summary>Whether the server holds answers to a JSON schema; without, the schema stands in the prompt. Default true.</summary>
    [Setting("Whether the server holds answers to a JSON schema; without, the schema stands in the prompt.", Field = "structuredOutput",
        Option = "no-schema", SwitchTo = "false",
        OptionWords = "Put JSON schemas into the prompt, for a server that does not hold answers to them.")]
    public bool StructuredOutput { get; init; } = true;

    /// <summary>Whether answers are streamed; default false.</summary>
    [Setting("Whether answers are streamed.", Field = "streaming", InFilesOnly = true)]
    public bool Streaming { get; init; }

    /// <summary>Tokens that a model may think before it answers, on top of every budget; default 0.</summary>
    [Setting("Tokens that a model may spend on reasoning before it answers; they come on top of every budget of an answer.",
        Field = "reasoningTokens", Min = 0)]
    public int ReasoningTokens { get; init; }

    /// <summary>
    /// Fields of a request as a JSON object: null leaves one out (<c>{"temperature": null}</c>), any other value is sent
    /// (<c>{"reasoning_effort": "low"}</c>). Default none.
    /// </summary>
    [Setting("Fields of every request, as a JSON object (in a file a mapping): null leaves a field out, any other value is sent.",
        Option = "endpoint-parameters", Field = "parameters", Placeholder = "JSON",
        Expected = """a JSON object such as {"temperature": null}""")]
    public string Parameters { get; init; } = "{}";

    /// <summary>Fields of a request under other names, each as <c>name=other</c>; renamed before <see cref="Parameters"/> are put in.
    /// Default none.</summary>
    [Setting("Fields of every request that the server knows under another name (in a file a mapping).", Option = "rename-parameters",
        Field = "rename", Placeholder = "NAME=OTHER", Pattern = "[^=]+=[^=]+",
        Expected = "name=other, such as max_completion_tokens=max_tokens")]
    public IReadOnlyList<string> RenamedParameters { get; init; } = [];

    /// <summary>Price of a call; 0 where prices are unknown.</summary>
    public double Cost(long promptTokens, long completionTokens) =>
        (promptTokens * (InputPrice ?? 0) + completionTokens * (OutputPrice ?? 0)) / 1e6;

    /// <exception cref="LabException">An option is out of range.</exception>
    public EndpointOptions Validated()
    {
        Settings.Validate(this, $"endpoint {Name}: ");
        if (RequestBody.Read(Parameters) is null)
            throw new LabException($"endpoint {Name}: parameters is '{Parameters}'; expected {Settings[nameof(Parameters)].Expected}");
        return this;
    }

    /// <summary>Reads a YAML list of endpoints: <c>baseUrl</c> and <c>model</c>, and optionally the other <see cref="Settings"/>.</summary>
    /// <exception cref="LabException">The file is missing or wrong, or holds a key; the message names file and line.</exception>
    public static IReadOnlyList<EndpointOptions> Load(string path)
    {
        if (!File.Exists(path))
            throw new LabException($"{path}: no such file of endpoints. Expected a YAML list of entries with baseUrl and model.");
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(File.ReadAllText(path)));
        }
        catch (YamlException e)
        {
            throw new LabException($"{path}:{e.Start.Line}: not valid YAML: {e.InnerException?.Message ?? e.Message}", e);
        }
        if (stream.Documents.Count == 0 || stream.Documents[0].RootNode is not YamlSequenceNode { Children.Count: > 0 } list)
            throw new LabException($"{path}:1: expected a list of endpoints, each beginning with '- baseUrl: …'.");
        return [.. list.Select(node => Read(path, node))];
    }

    private static EndpointOptions Read(string path, YamlNode node)
    {
        if (node is not YamlMappingNode map)
            throw new LabException($"{path}:{node.Start.Line}: an endpoint holds 'key: value' lines (baseUrl, model, …).");
        var values = new List<(Setting Setting, object? Value)>();
        foreach (var (k, v) in map.Children)
        {
            var name = ((YamlScalarNode)k).Value ?? "";
            if (name.ToLowerInvariant() is "key" or "apikey" or "api_key" or "token" or "secret")
                throw new LabException($"{path}:{k.Start.Line}: keys are not read from files. Put the key into an environment variable and "
                    + "name that with 'keyVariable'.");
            var setting = Settings.Find(name)
                ?? throw new LabException(
                    $"{path}:{v.Start.Line}: there is no field '{name}'; there are {string.Join(", ", Settings.Select(s => s.Field))}.");
            try
            {
                values.Add((setting, setting.Parse(Text(setting, v), name)));
            }
            catch (LabException e)
            {
                throw new LabException($"{path}:{v.Start.Line}: {e.Message}.", e);
            }
        }
        foreach (var needed in (string[])[nameof(BaseUrl), nameof(Model)])
            if (values.All(v => v.Setting.Property != needed))
                throw new LabException($"{path}:{map.Start.Line}: the endpoint lacks '{Settings[needed].Field}'.");
        return Settings.With(Settings.Defaults, values).Validated();
    }

    // What a mapping or a list stands for is what an option takes: pairs with commas, or JSON.
    private static string Text(Setting setting, YamlNode node) => node switch
    {
        YamlScalarNode scalar => scalar.Value ?? "",
        YamlMappingNode map when setting.IsList => string.Join(',', map.Select(p => $"{p.Key}={p.Value}")),
        YamlSequenceNode list when setting.IsList => string.Join(',', list.Select(i => $"{i}")),
        _ => Json(node)?.ToJsonString() ?? "",
    };

    private static JsonNode? Json(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Select(p => KeyValuePair.Create($"{p.Key}", Json(p.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Select(Json)]),
        YamlScalarNode { Style: not ScalarStyle.Plain } quoted => JsonValue.Create(quoted.Value),
        YamlScalarNode { Value: null or "" or "~" or "null" } => null,
        YamlScalarNode { Value: "true" or "false" } truth => JsonValue.Create(truth.Value == "true"),
        YamlScalarNode { Value: { } text } when long.TryParse(text, CultureInfo.InvariantCulture, out var whole) => JsonValue.Create(whole),
        YamlScalarNode { Value: { } text } when double.TryParse(text, CultureInfo.InvariantCulture, out var number)
            && double.IsFinite(number) => JsonValue.Create(number),
        _ => JsonValue.Create($"{node}"),
    };
}

using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace DocTuneLab.Endpoints.Exchange;

/// <summary>The protocol that an endpoint speaks.</summary>
public enum EndpointKind
{
    /// <summary>OpenAI's chat completions, as most servers offer them.</summary>
    OpenAI,
    /// <summary>Ollama's own protocol.</summary>
    Ollama,
}

/// <summary>An endpoint that answers chat requests. It holds no key, only the name under which the key is found.</summary>
public sealed record EndpointOptions
{
    /// <summary>Name in tables and messages; default host and model.</summary>
    public string Name { get => field.Length > 0 ? field : $"{BaseUrl.Authority}/{Model}"; init; } = "";

    /// <summary>Protocol; default OpenAI.</summary>
    public EndpointKind Kind { get; init; } = EndpointKind.OpenAI;

    /// <summary>Address up to the version, such as <c>http://127.0.0.1:8080/v1</c>.</summary>
    public required Uri BaseUrl { get; init; }

    /// <summary>Model as the server names it.</summary>
    public required string Model { get; init; }

    /// <summary>Environment variable, or user secret, that holds the key; default <c>OPENAI_API_KEY</c>. A server without keys needs none.</summary>
    public string KeyVariable { get; init; } = "OPENAI_API_KEY";

    /// <summary>Share of the requests, relative to the other endpoints; default 1.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>Requests in flight at most; default 32. Where it starts, and what adaptive concurrency never exceeds.</summary>
    public int MaxConcurrency { get; init; } = 32;

    /// <summary>Requests per minute; null is without limit.</summary>
    public int? RequestsPerMinute { get; init; }

    /// <summary>Tokens (sent and received) per minute; null is without limit.</summary>
    public int? TokensPerMinute { get; init; }

    /// <summary>Price of a million tokens sent; null where it is unknown.</summary>
    public double? InputPrice { get; init; }

    /// <summary>Price of a million tokens received; null where it is unknown.</summary>
    public double? OutputPrice { get; init; }

    /// <summary>Whether the server holds answers to a JSON schema; without, the schema stands in the prompt. Default true.</summary>
    public bool StructuredOutput { get; init; } = true;

    /// <summary>Whether answers are streamed; default false.</summary>
    public bool Streaming { get; init; }

    /// <summary>Price of a call; 0 where prices are unknown.</summary>
    public double Cost(long promptTokens, long completionTokens) => (promptTokens * (InputPrice ?? 0) + completionTokens * (OutputPrice ?? 0)) / 1e6;

    /// <exception cref="LabException">An option is out of range.</exception>
    public EndpointOptions Validated()
    {
        if (BaseUrl.Scheme is not ("http" or "https")) throw Wrong(nameof(BaseUrl), BaseUrl, "an http or https address such as http://127.0.0.1:8080/v1");
        if (Model.Length == 0) throw Wrong(nameof(Model), Model, "the model's name as the server knows it");
        if (Weight <= 0) throw Wrong(nameof(Weight), Weight, "a number above 0");
        if (MaxConcurrency < 1) throw Wrong(nameof(MaxConcurrency), MaxConcurrency, "at least 1");
        if (RequestsPerMinute < 1) throw Wrong(nameof(RequestsPerMinute), RequestsPerMinute, "at least 1, or nothing");
        if (TokensPerMinute < 1) throw Wrong(nameof(TokensPerMinute), TokensPerMinute, "at least 1, or nothing");
        if (InputPrice < 0 || OutputPrice < 0) throw Wrong("price", Math.Min(InputPrice ?? 0, OutputPrice ?? 0), "0 or more, per million tokens");
        return this;

        LabException Wrong(string what, object? value, string expected) => new($"endpoint {Name}: {what} is '{value}'; expected {expected}.");
    }

    /// <summary>
    /// Reads a YAML list of endpoints: <c>baseUrl</c> and <c>model</c>, and optionally <c>name</c>, <c>kind</c>, <c>keyVariable</c>, <c>weight</c>,
    /// <c>maxConcurrency</c>, <c>requestsPerMinute</c>, <c>tokensPerMinute</c>, <c>inputPrice</c>, <c>outputPrice</c>, <c>structuredOutput</c>, <c>streaming</c>.
    /// </summary>
    /// <exception cref="LabException">The file is missing or wrong, or holds a key; the message names file and line.</exception>
    public static IReadOnlyList<EndpointOptions> Load(string path)
    {
        if (!File.Exists(path)) throw new LabException($"{path}: no such file of endpoints. Expected a YAML list of entries with baseUrl and model.");
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
        if (node is not YamlMappingNode map) throw new LabException($"{path}:{node.Start.Line}: an endpoint holds 'key: value' lines (baseUrl, model, …).");
        var values = new Dictionary<string, (string Value, long Line)>(StringComparer.OrdinalIgnoreCase);
        foreach (var (k, v) in map.Children)
        {
            var name = ((YamlScalarNode)k).Value ?? "";
            if (name.ToLowerInvariant() is "key" or "apikey" or "api_key" or "token" or "secret")
                throw new LabException($"{path}:{k.Start.Line}: keys are not read from files. Put the key into an environment variable and name that with 'keyVariable'.");
            values[name] = ((v as YamlScalarNode)?.Value ?? "", v.Start.Line);
        }
        string[] known = ["name", "kind", "baseUrl", "model", "keyVariable", "weight", "maxConcurrency", "requestsPerMinute", "tokensPerMinute", "inputPrice", "outputPrice", "structuredOutput", "streaming"];
        foreach (var (name, (_, line)) in values)
            if (!known.Contains(name, StringComparer.OrdinalIgnoreCase)) throw new LabException($"{path}:{line}: there is no field '{name}'; there are {string.Join(", ", known)}.");
        string Text(string name, string? otherwise) => values.TryGetValue(name, out var v) ? v.Value : otherwise ?? throw new LabException($"{path}:{map.Start.Line}: the endpoint lacks '{name}'.");
        double? Number(string name) => !values.TryGetValue(name, out var v) ? null
            : double.TryParse(v.Value, System.Globalization.CultureInfo.InvariantCulture, out var d) ? d : throw new LabException($"{path}:{v.Line}: '{name}' is '{v.Value}'; expected a number.");
        bool Flag(string name, bool otherwise) => !values.TryGetValue(name, out var v) ? otherwise : bool.TryParse(v.Value, out var b) ? b : throw new LabException($"{path}:{v.Line}: '{name}' is '{v.Value}'; expected true or false.");
        if (!Uri.TryCreate(Text("baseUrl", null), UriKind.Absolute, out var url)) throw new LabException($"{path}:{values["baseUrl"].Line}: '{values["baseUrl"].Value}' is no address; expected one such as http://127.0.0.1:8080/v1.");
        if (!Enum.TryParse<EndpointKind>(Text("kind", "OpenAI"), true, out var kind)) throw new LabException($"{path}:{values["kind"].Line}: kind is '{values["kind"].Value}'; expected openai or ollama.");
        return new EndpointOptions
        {
            Name = Text("name", ""), Kind = kind, BaseUrl = url, Model = Text("model", null), KeyVariable = Text("keyVariable", "OPENAI_API_KEY"), Weight = Number("weight") ?? 1,
            MaxConcurrency = (int)(Number("maxConcurrency") ?? 32), RequestsPerMinute = (int?)Number("requestsPerMinute"), TokensPerMinute = (int?)Number("tokensPerMinute"),
            InputPrice = Number("inputPrice"), OutputPrice = Number("outputPrice"), StructuredOutput = Flag("structuredOutput", true), Streaming = Flag("streaming", false),
        }.Validated();
    }
}

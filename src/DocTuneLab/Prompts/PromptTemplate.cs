using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DocTuneLab.Conversations;
using DocTuneLab.Text;
using Fluid;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace DocTuneLab.Prompts;

/// <summary>A question and its answer shown to the model before the real one.</summary>
/// <param name="Inputs">Inputs of the template.</param>
/// <param name="Answer">The assistant's turn.</param>
public sealed record FewShot(IReadOnlyDictionary<string, string> Inputs, string Answer);

/// <summary>
/// A user turn as a file: YAML front matter (<c>name</c>, <c>version</c>, <c>kind</c>, <c>inputs</c>, optionally
/// <c>description</c> and <c>examples</c>) and a Liquid body. An input whose name ends in <c>?</c> may be left out and is then
/// the empty string. Immutable; addressed by <see cref="Hash"/>.
/// </summary>
public sealed partial class PromptTemplate
{
    private static readonly FluidParser s_parser = new();
    private readonly IFluidTemplate _body;

    private PromptTemplate(string source, string path, Dictionary<string, bool> inputs, string text, IFluidTemplate body)
    {
        Source = source;
        Body = text;
        Path = path;
        _inputs = inputs;
        _body = body;
        Hash = ContentHash.Of(source);
    }

    private readonly Dictionary<string, bool> _inputs;

    /// <summary>Name, unique in its library, such as <c>code-task.terse</c>.</summary>
    public string Name { get; private init; } = "";

    /// <summary>Version as written in the file.</summary>
    public string Version { get; private init; } = "";

    /// <summary>What it renders: <c>code-task</c>, <c>doc-qa</c>, <c>explain</c>, <c>repair</c>, <c>completion</c>, or
    /// one of your own.</summary>
    public string Kind { get; private init; } = "";

    /// <summary>One line for people; may be empty.</summary>
    public string Description { get; private init; } = "";

    /// <summary>Names of the inputs that must be given.</summary>
    public IEnumerable<string> RequiredInputs => _inputs.Where(i => i.Value).Select(i => i.Key);

    /// <summary>Names of all inputs.</summary>
    public IEnumerable<string> Inputs => _inputs.Keys;

    /// <summary>Turns shown before the real one.</summary>
    public IReadOnlyList<FewShot> Examples { get; private init; } = [];

    /// <summary>What stands as the system turn before everything; empty for none.</summary>
    public string SystemTurn { get; private init; } = "";

    /// <summary>JSON schema that an answer must satisfy; null where answers are free text.</summary>
    public string? Schema { get; private init; }

    /// <summary>Sampling that the template was written for (<c>temperature</c>, <c>top_p</c>, <c>max_tokens</c>);
    /// the seed is the caller's.</summary>
    public SamplingOptions Sampling { get; private init; } = new();

    /// <summary>The file's text.</summary>
    public string Source { get; }

    /// <summary>The Liquid text under the front matter.</summary>
    public string Body { get; }

    /// <summary>Where it was read from, for messages.</summary>
    public string Path { get; }

    /// <summary>Content hash of <see cref="Source"/>.</summary>
    public string Hash { get; }

    /// <summary>Reads a template file.</summary>
    /// <exception cref="LabException">The file is missing or wrong; the message names file and line.</exception>
    public static PromptTemplate Load(string path) =>
        File.Exists(path) ? Parse(File.ReadAllText(path), path)
        : throw new LabException($"{path}: no such prompt template. Give the path of a .liquid file with YAML front matter.");

    /// <summary>Parses the text of a template file.</summary>
    /// <param name="source">Front matter and body.</param>
    /// <param name="path">Name used in messages.</param>
    /// <exception cref="LabException">Front matter or body is wrong; the message names file and line.</exception>
    public static PromptTemplate Parse(string source, string path)
    {
        source = source.ReplaceLineEndings("\n");
        var match = FrontMatter().Match(source);
        if (!match.Success)
            throw new LabException($"{path}:1: a prompt template begins with YAML front matter between two '---' lines; "
                + "add it with name, version, kind and inputs.");
        var root = ReadYaml(match.Groups[1].Value, path);
        var inputs = new Dictionary<string, bool>(StringComparer.Ordinal);
        if (Child(root, "inputs") is not YamlSequenceNode list)
            throw new LabException(
                $"{path}:{Line(root)}: 'inputs' must be a list of input names, such as [instruction, signature, context?].");
        foreach (var node in list)
        {
            if (node is not YamlScalarNode { Value: { Length: > 0 } text } || !InputName().IsMatch(text))
                throw new LabException($"{path}:{Line(node)}: an input is a name of letters, digits and '_', with '?' behind it where it "
                    + $"may be left out; got '{node}'.");
            inputs[text.TrimEnd('?')] = !text.EndsWith('?');
        }
        var bodyText = source[match.Length..];
        var bodyLine = source.AsSpan(0, match.Length).Count('\n');
        if (!s_parser.TryParse(bodyText.TrimEnd('\n'), out var body, out var error))
            throw new LabException($"{path}:{bodyLine + ErrorLine(error)}: Liquid error: {error}");
        CheckNames(bodyText, bodyLine, path, inputs);
        return new PromptTemplate(source, path, inputs, bodyText.TrimEnd('\n'), body)
        {
            Name = Required(root, "name", path),
            Version = Required(root, "version", path),
            Kind = Required(root, "kind", path),
            Description = (Child(root, "description") as YamlScalarNode)?.Value ?? "",
            SystemTurn = (Child(root, "system") as YamlScalarNode)?.Value?.Trim() ?? "",
            Schema = ReadSchema(root, path),
            Sampling = ReadSampling(root, path),
            Examples = ReadExamples(root, path, inputs),
        };
    }

    /// <summary>A template made from this one; its front matter names its <c>parent</c>, and the rest of it stays.</summary>
    /// <param name="name">Name of the new one.</param>
    /// <param name="version">Version; default this one's.</param>
    /// <param name="body">Liquid text; default this one's.</param>
    /// <param name="examples">All examples; default this one's.</param>
    /// <param name="parent">What it counts as made from; default this one.</param>
    /// <exception cref="LabException">The body is no valid template for these inputs.</exception>
    public PromptTemplate Derive(string name, string? version = null, string? body = null, IReadOnlyList<FewShot>? examples = null,
        PromptTemplate? parent = null)
    {
        var match = FrontMatter().Match(Source);
        var root = ReadYaml(match.Groups[1].Value, Path);
        void Set(string key, YamlNode value) => root.Children[new YamlScalarNode(key)] = value;
        Set("name", new YamlScalarNode(name));
        Set("version", new YamlScalarNode(version ?? Version));
        Set("parent", new YamlScalarNode($"{(parent ?? this).Name}@{(parent ?? this).Version} {(parent ?? this).Hash}"));
        if (examples is not null)
            Set("examples",
                new YamlSequenceNode(examples.Select(e => new YamlMappingNode(
                    [.. e.Inputs.Where(i => _inputs.ContainsKey(i.Key)).Select(i => Pair(i.Key, i.Value)), Pair("answer", e.Answer)]))));
        using var yaml = new StringWriter { NewLine = "\n" };
        new YamlStream(new YamlDocument(root)).Save(yaml, assignAnchors: false);
        var front = yaml.ToString().ReplaceLineEndings("\n").TrimEnd('\n');
        if (front.EndsWith("\n...", StringComparison.Ordinal)) front = front[..^4];
        return Parse($"---\n{front}\n---\n{body ?? Body}\n", name);

        static KeyValuePair<YamlNode, YamlNode> Pair(string key, string value) =>
            new(new YamlScalarNode(key), new YamlScalarNode(value) { Style = YamlDotNet.Core.ScalarStyle.DoubleQuoted });
    }

    /// <summary>Renders the user turn.</summary>
    /// <exception cref="LabException">A required input is missing, or one is given that the template does not declare.</exception>
    public string Render(IReadOnlyDictionary<string, string> inputs)
    {
        var context = new TemplateContext();
        foreach (var (name, required) in _inputs)
        {
            if (inputs.TryGetValue(name, out var value)) context.SetValue(name, value);
            else if (required)
                throw new LabException(
                    $"{Path}: template '{Name}' needs the input '{name}', which was not given (given: {Names(inputs.Keys)}).");
            else context.SetValue(name, "");
        }
        return _body.Render(context);
    }

    /// <summary>The conversation up to and with the user turn: the examples' turns first.</summary>
    public IReadOnlyList<Message> Messages(IReadOnlyDictionary<string, string> inputs)
    {
        var turns = new List<Message>();
        if (SystemTurn.Length > 0) turns.Add(new Message("system", SystemTurn));
        foreach (var shot in Examples)
        {
            turns.Add(Message.User(Render(shot.Inputs)));
            turns.Add(Message.Assistant(shot.Answer));
        }
        turns.Add(Message.User(Render(inputs)));
        return turns;
    }

    private static YamlMappingNode ReadYaml(string yaml, string path)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(yaml));
        }
        catch (YamlException e)
        {
            throw new LabException($"{path}:{e.Start.Line + 1}: front matter is not valid YAML: {e.InnerException?.Message ?? e.Message}",
                e);
        }
        return stream.Documents.Count > 0 && stream.Documents[0].RootNode is YamlMappingNode map
            ? map : throw new LabException($"{path}:2: front matter must hold 'key: value' lines (name, version, kind, inputs).");
    }

    private static string? ReadSchema(YamlMappingNode root, string path)
    {
        if (Child(root, "schema") is not { } node) return null;
        try
        {
            return JsonNode.Parse((node as YamlScalarNode)?.Value ?? "") is JsonObject schema
                ? schema.ToJsonString()
                : throw new JsonException("not an object");
        }
        catch (JsonException e)
        {
            throw new LabException(
                $"{path}:{Line(node)}: 'schema' must be a JSON schema as text ('schema: |' and an object below it): {e.Message}", e);
        }
    }

    private static SamplingOptions ReadSampling(YamlMappingNode root, string path)
    {
        if (Child(root, "sampling") is not { } node) return new SamplingOptions();
        if (node is not YamlMappingNode map)
            throw new LabException($"{path}:{Line(node)}: 'sampling' holds temperature, top_p and max_tokens.");
        double Number(string name, double otherwise) => Child(map, name) is not YamlScalarNode value ? otherwise
            : double.TryParse(value.Value, CultureInfo.InvariantCulture, out var number) && number >= 0 ? number
            : throw new LabException($"{path}:{Line(value)}: sampling.{name} is '{value.Value}'; expected a number of at least 0.");
        return new SamplingOptions((int)Number("max_tokens", 192), Number("temperature", 0), Number("top_p", 1));
    }

    private static List<FewShot> ReadExamples(YamlMappingNode root, string path, Dictionary<string, bool> inputs)
    {
        var shots = new List<FewShot>();
        if (Child(root, "examples") is not YamlSequenceNode list) return shots;
        foreach (var node in list)
        {
            if (node is not YamlMappingNode map || Child(map, "answer") is not YamlScalarNode answer)
                throw new LabException($"{path}:{Line(node)}: an example has the template's inputs and 'answer'.");
            var values = map.Children.Where(c => ((YamlScalarNode)c.Key).Value != "answer")
                .ToDictionary(c => ((YamlScalarNode)c.Key).Value!, c => (c.Value as YamlScalarNode)?.Value ?? "", StringComparer.Ordinal);
            foreach (var (name, required) in inputs)
                if (required && !values.ContainsKey(name))
                    throw new LabException($"{path}:{Line(node)}: the example lacks the input '{name}'.");
            shots.Add(new FewShot(values, answer.Value ?? ""));
        }
        return shots;
    }

    /// <summary>A misspelt input would render as nothing and train on nonsense, so every output tag must name a declared input.</summary>
    private static void CheckNames(string body, int bodyLine, string path, Dictionary<string, bool> inputs)
    {
        var local = Assigned().Matches(body).Select(m => m.Groups[1].Value).ToHashSet(StringComparer.Ordinal);
        foreach (Match use in OutputName().Matches(body))
        {
            var name = use.Groups[1].Value;
            if (inputs.ContainsKey(name) || local.Contains(name)) continue;
            var line = bodyLine + 1 + body.AsSpan(0, use.Index).Count('\n');
            throw new LabException($"{path}:{line}: '{name}' is not an input of this template; declared are {Names(inputs.Keys)}. "
                + "Correct the name or add it to 'inputs'.");
        }
    }

    private static YamlNode? Child(YamlMappingNode map, string key) =>
        map.Children.TryGetValue(new YamlScalarNode(key), out var node) ? node : null;

    private static string Required(YamlMappingNode root, string key,
        string path) => Child(root, key) is YamlScalarNode { Value: { Length: > 0 } value }
        ? value : throw new LabException($"{path}:{Line(root)}: front matter lacks '{key}'; add a line '{key}: …'.");

    // Front matter starts on the file's second line, YAML counts from one.
    private static long Line(YamlNode node) => node.Start.Line + 1;

    private static int ErrorLine(string error) =>
        ErrorPosition().Match(error) is { Success: true } m ? int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture) : 1;

    private static string Names(IEnumerable<string> names) => string.Join(", ", names) is { Length: > 0 } text ? text : "none";

    [GeneratedRegex(@"\A---[ \t]*\n(.*?\n)---[ \t]*\n", RegexOptions.Singleline)]
    private static partial Regex FrontMatter();
    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*\??$")]
    private static partial Regex InputName();
    [GeneratedRegex(@"(?:\{\{-?|\{%-?\s*(?:if|elsif|unless))\s*([A-Za-z_][A-Za-z0-9_]*)")]
    private static partial Regex OutputName();
    [GeneratedRegex(@"\{%-?\s*(?:assign|capture|for)\s+([A-Za-z_][A-Za-z0-9_]*)")]
    private static partial Regex Assigned();
    [GeneratedRegex(@"\((\d+):\d+\)")]
    private static partial Regex ErrorPosition();
}

using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Devices;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace DocTuneLab.Training.Recipes;

/// <summary>
/// A training run as a YAML file says it: our own fields, or a file of LLaMA-Factory or Axolotl, from which the fields that
/// both sides have are taken and the others named.
/// </summary>
public sealed record TrainingConfig
{
    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Folder of the base model.</summary>
    public string? Base { get; init; }

    /// <summary>File of samples, one JSON object a line.</summary>
    public string? Corpus { get; init; }

    /// <summary>Lab whose samples are trained on, instead of <see cref="Corpus"/>.</summary>
    public string? Lab { get; init; }

    /// <summary>Samples held out for the validation loss: a share below 1, or a number. Default 0.1, at most 120.</summary>
    public double Validation { get; init; } = 0.1;

    /// <summary>What the base is quantised to as it loads: <c>nf4</c>, <c>fp4</c>, <c>int8</c> or <c>none</c>. Default nf4.</summary>
    public string Quantization { get; init; } = "nf4";

    /// <summary><c>auto</c>, <c>bf16</c> or <c>fp32</c>. Default auto.</summary>
    public string ComputeType { get; init; } = "auto";

    /// <summary>Where the model is: <c>auto</c>, <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>. Default auto.</summary>
    public string Device { get; init; } = "auto";

    /// <summary>The adapter.</summary>
    public LoraConfig Lora { get; init; } = new();

    /// <summary>The recipe.</summary>
    public SftOptions Options { get; init; } = new();

    /// <summary>Fields of another tool's file that were not taken.</summary>
    public IReadOnlyList<string> Ignored { get; init; } = [];

    /// <summary>Whose file it was: <c>DocTuneLab</c>, <c>LLaMA-Factory</c> or <c>Axolotl</c>.</summary>
    public string Dialect { get; init; } = "DocTuneLab";

    /// <summary>How many of so many samples are held out.</summary>
    public int ValidationCount(int samples) => Validation < 1 ? Math.Min(120, (int)(samples * Validation)) : Math.Min((int)Validation, samples - 1);

    /// <summary>Reads a file.</summary>
    /// <exception cref="LabException">The file is missing, not YAML, or a field is unknown or has a wrong value; the message names line and field.</exception>
    public static TrainingConfig Load(string path)
    {
        if (!File.Exists(path)) throw new LabException($"{path}: no such file; expected a YAML file with the settings of a training run");
        var stream = new YamlStream();
        try
        {
            using var reader = new StreamReader(path);
            stream.Load(reader);
        }
        catch (YamlException e)
        {
            throw new LabException($"{path}:{e.Start.Line}: not valid YAML: {e.Message}", e);
        }
        if (stream.Documents.Count == 0) return new TrainingConfig();
        if (stream.Documents[0].RootNode is not YamlMappingNode root) throw new LabException($"{path}: expected fields and values, such as 'rank: 16'");
        var fields = root.Children.Select(c => new Field(((YamlScalarNode)c.Key).Value ?? "", c.Value, c.Key.Start.Line)).ToArray();
        var names = fields.Select(f => f.Name).ToHashSet(StringComparer.Ordinal);
        var foreign = names.Contains("model_name_or_path") ? ForeignFields.LlamaFactory : names.Contains("base_model") ? ForeignFields.Axolotl : null;
        return foreign is null ? Own(path, fields) : foreign.Read(path, fields);
    }

    /// <summary>A field of the file.</summary>
    internal sealed record Field(string Name, YamlNode Value, long Line)
    {
        /// <summary>The value as JSON: numbers and truth values as such.</summary>
        public JsonNode? Json => Convert(Value);

        private static JsonNode? Convert(YamlNode node) => node switch
        {
            YamlSequenceNode sequence => new JsonArray([.. sequence.Children.Select(Convert)]),
            YamlScalarNode { Style: not ScalarStyle.Plain, Value: var text } => JsonValue.Create(text),
            YamlScalarNode { Value: null or "" or "~" or "null" } => null,
            YamlScalarNode { Value: "true" or "True" } => JsonValue.Create(true),
            YamlScalarNode { Value: "false" or "False" } => JsonValue.Create(false),
            YamlScalarNode { Value: var text } when int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => JsonValue.Create(whole),
            YamlScalarNode { Value: var text } when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => JsonValue.Create(number),
            YamlScalarNode { Value: var text } => JsonValue.Create(text),
            _ => throw new LabException($"line {node.Start.Line}: a table is not expected here"),
        };
    }

    private static TrainingConfig Own(string path, IEnumerable<Field> fields)
    {
        var (top, lora, options) = (new JsonObject(), new JsonObject(), new JsonObject());
        foreach (var field in fields)
        {
            var target = Known(typeof(LoraConfig)).ContainsKey(field.Name) ? lora : Known(typeof(SftOptions)).ContainsKey(field.Name) ? options : top;
            if (target == top && !s_own.Contains(field.Name))
                throw new LabException($"{path}:{field.Line}: the field '{field.Name}' is unknown; there are {string.Join(", ", s_own.Concat(Known(typeof(LoraConfig)).Keys).Concat(Known(typeof(SftOptions)).Keys).Order(StringComparer.Ordinal))}");
            var type = Known(target == lora ? typeof(LoraConfig) : target == options ? typeof(SftOptions) : typeof(TrainingConfig))[field.Name];
            try
            {
                target[field.Name] = field.Json;
                var value = JsonSerializer.Deserialize(target[field.Name], type, s_json);
                if (field.Name == "device" && !ComputeDevices.IsName(value as string ?? "")) throw new LabException($"{path}:{field.Line}: there is no device '{value}'; expected auto, cpu, cuda or cuda:N");
            }
            catch (JsonException e)
            {
                throw new LabException($"{path}:{field.Line}: the field '{field.Name}' is {target[field.Name]?.ToJsonString()}, expected {(Nullable.GetUnderlyingType(type) ?? type).Name}", e);
            }
        }
        top.Add("lora", lora);
        top.Add("options", options);
        return top.Deserialize<TrainingConfig>(s_json)!;
    }

    private static readonly string[] s_own = ["base", "corpus", "lab", "validation", "quantization", "compute_type", "device"];

    private static Dictionary<string, Type> Known(Type type) => type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite)
        .ToDictionary(p => JsonNamingPolicy.SnakeCaseLower.ConvertName(p.Name), p => p.PropertyType, StringComparer.Ordinal);

    /// <summary>The settings in effect, as a file that <see cref="Load"/> reads.</summary>
    public string ToYaml()
    {
        var text = new StringBuilder("# doctune train config.yaml\n");
        foreach (var (part, names) in ((object, IEnumerable<string>)[])[(this, s_own), (Lora, Known(typeof(LoraConfig)).Keys), (Options, Known(typeof(SftOptions)).Keys)])
        {
            var json = JsonSerializer.SerializeToNode(part, part.GetType(), s_json)!;
            foreach (var name in names)
                if (json[name] is { } value) text.Append(name).Append(": ").Append(value.ToJsonString(s_relaxed)).Append('\n');
        }
        return text.ToString();
    }

    private static readonly JsonSerializerOptions s_relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}

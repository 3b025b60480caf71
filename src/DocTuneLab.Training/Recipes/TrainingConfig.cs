using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using DocTuneLab.Settings;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Models;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace DocTuneLab.Training.Recipes;

/// <summary>Whose way of writing a configuration.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ConfigDialect>))]
public enum ConfigDialect
{
    /// <summary>This project's.</summary>
    [JsonStringEnumMemberName("DocTuneLab")]
    DocTuneLab,

    /// <summary>LLaMA-Factory's.</summary>
    [JsonStringEnumMemberName("LLaMA-Factory")]
    LlamaFactory,

    /// <summary>Axolotl's.</summary>
    [JsonStringEnumMemberName("Axolotl")]
    Axolotl,
}

/// <summary>
/// A training run as a YAML file says it: our own fields, or a file of LLaMA-Factory or Axolotl, from which the fields that
/// both sides have are taken and the others named.
/// </summary>
public sealed record TrainingConfig
{
    /// <summary>Names, ranges and words of these settings; <see cref="Model"/>, <see cref="Lora"/> and <see cref="Options"/> have tables
    /// of their own.</summary>
    public static SettingTable<TrainingConfig> Settings => SettingTable<TrainingConfig>.Instance;

    /// <summary>The base model.</summary>
    [Setting("Base model: a folder in Hugging Face layout, a .gguf file, or owner/name[@revision] on the hub (HF_ENDPOINT, HF_TOKEN).",
        Aliases = ["model"], Placeholder = "DIR")]
    public string? Base { get; init; }

    /// <summary>Adapter that training goes on from, in PEFT's layout; its rank, scale and layers are kept.
    /// Default none: a new one.</summary>
    [Setting("Adapter that training goes on from, in PEFT layout; its rank, scale and layers are kept.",
        Aliases = ["adapter-name-or-path", "lora-model-dir"], Placeholder = "DIR")]
    public string? Adapter { get; init; }

    /// <summary>File of samples, one JSON object a line. Default none: those of <see cref="Lab"/>.</summary>
    [Setting("File of samples, one JSON object a line. Without one, the accepted samples of the lab.", Placeholder = "FILE")]
    public string? Corpus { get; init; }

    /// <summary>Lab whose accepted samples are trained on, and which keeps the run, where there is no <see cref="Corpus"/>.
    /// Default artifacts/lab.</summary>
    [Setting("The lab's folder.", Placeholder = "L")]
    public string Lab { get; init; } = Storage.Lab.DefaultFolder;

    /// <summary>Samples held out for the validation loss: a share below 1, or a number. Default 0.1, at most 120.</summary>
    [Setting("Samples held out for the validation loss: a share below 1 (of which 120 at most), or their number.", Min = 0)]
    public double Validation { get; init; } = 0.1;

    /// <summary>How the base model is loaded.</summary>
    public ModelLoadOptions Model { get; init; } = new();

    /// <summary>The adapter.</summary>
    public LoraConfig Lora { get; init; } = new();

    /// <summary>The recipe.</summary>
    public SftOptions Options { get; init; } = new();

    /// <summary>Fields of another tool's file that were not taken.</summary>
    public IReadOnlyList<string> Ignored { get; init; } = [];

    /// <summary>Whose file it was. Default DocTuneLab.</summary>
    public ConfigDialect Dialect { get; init; } = ConfigDialect.DocTuneLab;

    /// <summary>How many of so many samples are held out.</summary>
    /// <exception cref="LabException">As many are held out as there are, or more.</exception>
    public int ValidationCount(int samples) =>
        Validation < 1 ? Math.Min(120, (int)(samples * Validation))
        : Validation < samples ? (int)Validation
        : throw new LabException($"validation is {Validation}, and there are {samples} samples: none would be left to train on. "
            + "Hold out fewer, or a share below 1");

    /// <summary>Reads a file.</summary>
    /// <exception cref="LabException">The file is missing, not YAML, or a field is unknown or has a wrong value;
    /// the message names line and field.</exception>
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
        if (stream.Documents[0].RootNode is not YamlMappingNode root)
            throw new LabException($"{path}: expected fields and values, such as 'rank: 16'");
        var fields = root.Children.Select(c => new Field(((YamlScalarNode)c.Key).Value ?? "", c.Value, c.Key.Start.Line)).ToArray();
        var names = fields.Select(f => f.Name).ToHashSet(StringComparer.Ordinal);
        var foreign = names.Contains("model_name_or_path")
            ? ForeignFields.LlamaFactory : names.Contains("base_model") ? ForeignFields.Axolotl : null;
        return foreign is null ? Own(path, fields) : foreign.Read(path, fields);
    }

    /// <summary>All settings of a training run, in the order in which a file is written.</summary>
    public static IReadOnlyList<SettingTable> Tables => [Settings, ModelLoadOptions.Settings, LoraConfig.Settings, SftOptions.Settings];

    /// <summary>The configuration with some settings of <see cref="Tables"/> changed.</summary>
    public TrainingConfig With(IReadOnlyList<(Setting Setting, object? Value)> values)
    {
        // A share that is given goes before a number of steps that was there.
        bool Gives(string property) => values.Any(v => v.Setting.Property == property);
        if (Gives(nameof(SftOptions.WarmupRatio)) && !Gives(nameof(SftOptions.WarmupSteps)))
            return (this with { Options = Options with { WarmupSteps = null } }).Changed(values);
        return Changed(values);
    }

    private TrainingConfig Changed(IReadOnlyList<(Setting Setting, object? Value)> values)
    {
        IEnumerable<(Setting, object?)> Of(SettingTable table) => values.Where(v => table.Contains(v.Setting));
        return Settings.With(this, Of(Settings)) with
        {
            Model = ModelLoadOptions.Settings.With(Model, Of(ModelLoadOptions.Settings)),
            Lora = LoraConfig.Settings.With(Lora, Of(LoraConfig.Settings)),
            Options = SftOptions.Settings.With(Options, Of(SftOptions.Settings)),
        };
    }

    /// <summary>A field of the file.</summary>
    internal sealed record Field(string Name, YamlNode Value, long Line)
    {
        /// <summary>The value as JSON: numbers and truth values as such.</summary>
        public JsonNode? Json => Convert(Value);

        /// <summary>Whether it says more than nothing or no.</summary>
        public bool Says => Value switch
        {
            YamlSequenceNode { Children.Count: 0 } or YamlMappingNode { Children.Count: 0 } => false,
            YamlScalarNode => Json is { } said && said.GetValueKind() != JsonValueKind.False && said.ToString() is not ("" or "0"),
            _ => true,
        };

        private static JsonNode? Convert(YamlNode node) => node switch
        {
            YamlSequenceNode sequence => new JsonArray([.. sequence.Children.Select(Convert)]),
            YamlScalarNode { Style: not ScalarStyle.Plain, Value: var text } => JsonValue.Create(text),
            YamlScalarNode { Value: null or "" or "~" or "null" } => null,
            YamlScalarNode { Value: "true" or "True" or "TRUE" or "yes" or "Yes" or "YES" or "on" or "On" or "ON" } =>
                JsonValue.Create(true),
            YamlScalarNode { Value: "false" or "False" or "FALSE" or "no" or "No" or "NO" or "off" or "Off" or "OFF" } =>
                JsonValue.Create(false),
            YamlScalarNode { Value: var text }
                when int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) =>
                JsonValue.Create(whole),
            YamlScalarNode { Value: var text }
                when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) =>
                JsonValue.Create(number),
            YamlScalarNode { Value: var text } => JsonValue.Create(text),
            _ => throw new LabException($"line {node.Start.Line}: a table is not expected here"),
        };
    }

    private static TrainingConfig Own(string path, IReadOnlyList<Field> fields)
    {
        var all = Tables.SelectMany(t => t).ToList();
        var values = new List<(Setting, object?)>();
        foreach (var field in fields)
        {
            if (all.FirstOrDefault(s => s.IsCalled(field.Name)) is not { } setting)
            {
                var names = all.Select(s => s.Field).Order(StringComparer.Ordinal).ToList();
                var nearest = SettingNames.Nearest(field.Name, names) is { } near ? $"did you mean '{near}'? There" : "there";
                throw new LabException(
                    $"{path}:{field.Line}: the field '{field.Name}' is unknown; {nearest} are {string.Join(", ", names)}");
            }
            try
            {
                if (field.Value is YamlSequenceNode list)
                    values.Add((setting,
                        setting.IsList
                            ? setting.List([.. list.Children.Select(Scalar)], field.Name)
                            : throw new LabException($"{field.Name} is a list; expected {setting.Expected}")));
                else if (Scalar(field.Value) is var text && text is not ("" or "~" or "null"))
                    values.Add((setting, setting.Parse(text, field.Name)));
            }
            catch (LabException e)
            {
                throw new LabException($"{path}:{field.Line}: {e.Message}", e);
            }
        }
        return new TrainingConfig().With(values);
    }

    private static string Scalar(YamlNode node) =>
        node is YamlScalarNode { Value: var text } ? text ?? "" : throw new LabException("a table is not expected here");

    /// <summary>The settings in effect, as a file that <see cref="Load"/> reads.</summary>
    public string ToYaml()
    {
        var text = new StringBuilder("# doctune train config.yaml\n");
        foreach (var (table, options) in ((SettingTable, object)[])
        [
            (Settings, this), (ModelLoadOptions.Settings, Model), (LoraConfig.Settings, Lora), (SftOptions.Settings, Options)
        ])
            foreach (var setting in table)
                if (!s_onceOnly.Contains(setting.Property) && setting.Get(options) is { } value)
                    text.Append(setting.Field).Append(": ").Append(Yaml(setting, value)).Append('\n');
        return text.ToString();
    }

    // Said of one start of a run, not of the run.
    private static readonly string[] s_onceOnly = [nameof(SftOptions.Resume), nameof(SftOptions.Overwrite)];

    // JSON's way of writing values is one of YAML's.
    private static string Yaml(Setting setting, object value) => value switch
    {
        string text => JsonSerializer.Serialize(text, s_relaxed),
        IReadOnlyList<string> list => JsonSerializer.Serialize(list, s_relaxed),
        _ => setting.Text(value),
    };

    private static readonly JsonSerializerOptions s_relaxed = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping
    };
}

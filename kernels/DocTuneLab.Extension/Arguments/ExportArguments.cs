using System.CommandLine;
using DocTuneLab.Settings;
using DocTuneLab.Training.Checkpoints.Gguf;
using DocTuneLab.Training.Export;
using DocTuneLab.Training.Quantization.Formats;
using DocTuneLab.Training.Recipes;

namespace DocTuneLab.Extension.Arguments;

/// <summary>How a model or an adapter is exported: the same options in the tool and in a cell.</summary>
public sealed class ExportArguments
{
    private const string Stored = "stored", Dequantized = "dequantized";

    private readonly Option<string> _format, _type, _into, _weights;
    private readonly Option<string> _floats =
        CommonOptions.Choice("--dtype", "safetensors: type of what is not quantised.", StoredFloats.Stored);
    private readonly Option<string?> _output = CommonOptions.Out();

    /// <summary>The options.</summary>
    /// <param name="required">Whether format and target must be given.</param>
    public ExportArguments(bool required)
    {
        _format = new("--format")
        {
            Description = OneOf([.. ExportFormats.All.All.Select(f => $"{f.Name} ({f.Description})")], ", or ") + ".",
            Required = required
        };
        _format.AcceptOnlyFromAmong([.. ExportFormats.All.Names]);
        string[] types = [.. GgufExporter.Types.Select(t => SettingNames.Of(t))];
        _type = new("--type")
        {
            Description = $"GGUF: type of the matrices, one of {string.Join(", ", types)}.",
            DefaultValueFactory = _ => SettingNames.Of(GgufType.F16)
        };
        _type.AcceptOnlyFromAmong(types);
        _into = new("--merge-into")
        {
            Description = $"stored: the model's own weights. {OneOf(Roundings, " or ")}: those after such a rounding. dequantized: those "
                + "after the one that the adapter was trained over, by the run's config.yaml.",
            DefaultValueFactory = _ => Stored
        };
        _into.AcceptOnlyFromAmong([Stored, .. Roundings, Dequantized]);
        _weights = new("--weights")
        {
            Description = $"safetensors: quantise the linear layers as bitsandbytes stores them: {OneOf(WeightFormats.All.Names, " or ")}.",
            DefaultValueFactory = _ => "none"
        };
        _weights.AcceptOnlyFromAmong([.. WeightFormats.All.Names]);
        _output.Required = required;
    }

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        ArgumentNullException.ThrowIfNull(command);
        foreach (var option in (Option[])[_format, _type, _weights, _floats, _into, _output]) command.Add(option);
    }

    /// <summary>Whether a format and a target are given.</summary>
    /// <exception cref="LabException">One of them alone is.</exception>
    public bool AreGiven(ParseResult parsed)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        var (format, output) = (parsed.GetValue(_format), parsed.GetValue(_output));
        return format is null == output is null ? format is not null
            : throw new LabException($"{(format is null ? "--format" : "--out")} is missing: give both, or none to see what can be done.");
    }

    /// <summary>What is written, as it was named.</summary>
    public string Output(ParseResult parsed)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        return parsed.GetRequiredValue(_output)!;
    }

    /// <summary>Writes it.</summary>
    /// <param name="parsed">What was given.</param>
    /// <param name="request">The model, the target and the adapter.</param>
    /// <param name="cancel">Stops between tensors.</param>
    /// <returns>What was written, and in words what to know of it.</returns>
    /// <exception cref="LabException">The format needs an adapter, or has no place for what the model has.</exception>
    public (ExportResult Result, IReadOnlyList<string> Words) Write(ParseResult parsed, ExportRequest request, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        ArgumentNullException.ThrowIfNull(request);
        var format = ExportFormats.All[parsed.GetRequiredValue(_format)];
        if (format.NeedsAdapter && request.Adapter is null) throw new LabException($"--format {format.Name} needs --adapter DIR.");
        var into = Rounding(parsed.GetValue(_into)!, request.Adapter);
        var result = format.Write(request with
        {
            MergeInto = into,
            GgufType = parsed.Chosen<GgufType>(_type)!.Value,
            Weights = parsed.GetValue(_weights)!,
            Floats = parsed.Chosen<StoredFloats>(_floats)!.Value,
        }, cancel);
        List<string> words = [FormattableString.Invariant($"{Path.GetFullPath(result.Path)}  {result.Bytes / 1e6:0.0} MB")];
        if (result.MergeDifference is { } difference)
        {
            var (chosen, other) = into == "none" ? ("stored weights", "NF4") : ($"weights after {into}", "the stored ones");
            words.Add(FormattableString.Invariant(
                $"Merged into the {chosen}. Over {other} it would differ by {difference:0.00} of the update's own size."));
        }
        return (result, [.. words, .. result.Notes]);
    }

    private static string[] Roundings => [.. WeightFormats.All.Names.Where(n => n != "none")];

    // What a run trained over stands in the file of its settings, beside the adapter's folder.
    private static string Rounding(string into, string? adapter)
    {
        if (into != Dequantized) return into == Stored ? "none" : into;
        if (adapter is null) throw new LabException("--merge-into dequantized needs --adapter DIR.");
        var settings = Path.Combine(Path.GetFullPath(adapter), "..", "config.yaml");
        return File.Exists(settings)
            ? TrainingConfig.Load(settings).Model.Quantization
            : throw new LabException($"{adapter}: there is no config.yaml of a run beside it that says what it was trained over; say it: "
                + $"--merge-into {OneOf(Roundings, " or ")}.");
    }

    private static string OneOf(IReadOnlyList<string> names, string last) =>
        string.Join(", ", names.Take(names.Count - 1)) + last + names[^1];
}

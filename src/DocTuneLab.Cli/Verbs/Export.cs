using System.CommandLine;
using System.Globalization;
using DocTuneLab.Cli.Arguments;
using DocTuneLab.Cli.Output;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Settings;
using DocTuneLab.Training.Checkpoints.Gguf;
using DocTuneLab.Training.Export;
using DocTuneLab.Training.Quantization.Formats;
using DocTuneLab.Training.Recipes;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune export</c>: models and adapters for other tools.</summary>
internal static class Export
{
    public static Command Command()
    {
        var model = ModelArguments.Base();
        var adapter = CommonOptions.Adapter();
        var format = new Option<string>("--format")
        {
            Description = OneOf([.. ExportFormats.All.All.Select(f => $"{f.Name} ({f.Description})")], ", or ") + ".",
            Required = true
        };
        format.AcceptOnlyFromAmong([.. ExportFormats.All.Names]);
        string[] types = [.. GgufExporter.Types.Select(t => SettingNames.Of(t))];
        var type = new Option<string>("--type")
        {
            Description = $"GGUF: type of the matrices, one of {string.Join(", ", types)}.",
            DefaultValueFactory = _ => SettingNames.Of(GgufType.F16)
        };
        type.AcceptOnlyFromAmong(types);
        var into = new Option<string>("--merge-into")
        {
            Description = $"stored: the model's own weights. {OneOf(Roundings, " or ")}: those after such a rounding. dequantized: those "
                + "after the one that the adapter was trained over, by the run's config.yaml.",
            DefaultValueFactory = _ => Stored
        };
        into.AcceptOnlyFromAmong([Stored, .. Roundings, Dequantized]);
        var floats = CommonOptions.Choice("--dtype", "safetensors: type of what is not quantised.", StoredFloats.Stored);
        var quantize = new Option<string>("--weights")
        {
            Description = $"safetensors: quantise the linear layers as bitsandbytes stores them: {OneOf(WeightFormats.All.Names, " or ")}.",
            DefaultValueFactory = _ => "none"
        };
        quantize.AcceptOnlyFromAmong([.. WeightFormats.All.Names]);
        var output = CommonOptions.Out();
        output.Required = true;
        var json = CommonOptions.Json();
        var command = new Command("export",
            "Writes a model, with an adapter merged into it, or an adapter, for other tools: a file (gguf) or a folder (safetensors).")
        {
            adapter, format, type, quantize, floats, into, output, json
        };
        model.AddTo(command, required: true);
        command.SetAction((parsed, cancel) => Task.Run(() =>
        {
            var (folder, tuned, path) = (ModelFolder.Of(model.BaseOf(parsed)!, parsed.GetValue(json), cancel), parsed.GetValue(adapter),
                parsed.GetRequiredValue(output)!);
            var mergeInto = Rounding(parsed.GetValue(into)!, tuned);
            var result = Work.Show("export", parsed.GetValue(json), progress =>
            {
                var chosen = ExportFormats.All[parsed.GetRequiredValue(format)];
                if (chosen.NeedsAdapter && tuned is null) throw new UsageException($"--format {chosen.Name} needs --adapter DIR.");
                return chosen.Write(new ExportRequest
                {
                    Model = folder,
                    Target = path,
                    Adapter = tuned,
                    MergeInto = mergeInto,
                    GgufType = parsed.Chosen<GgufType>(type)!.Value,
                    Weights = parsed.GetValue(quantize)!,
                    Floats = parsed.Chosen<StoredFloats>(floats)!.Value,
                    Progress = progress is null ? null : (done, total) => progress.Report((done, total)),
                }, cancel);
            });
            if (parsed.GetValue(json))
            {
                JsonOutput.Write(result);
                return ExitCodes.Ok;
            }
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{Path.GetFullPath(result.Path)}  {result.Bytes / 1e6:0.0} MB"));
            if (result.MergeDifference is { } difference)
            {
                var (chosen, other) = mergeInto == "none" ? ("stored weights", "NF4") : ($"weights after {mergeInto}", "the stored ones");
                Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"Merged into the {chosen}. Over {other} it would differ by {difference:0.00} of the update's own size."));
            }
            foreach (var note in result.Notes) Console.Out.WriteLine(note);
            return ExitCodes.Ok;
        }, cancel));
        return command;
    }

    private const string Stored = "stored", Dequantized = "dequantized";

    private static string[] Roundings => [.. WeightFormats.All.Names.Where(n => n != "none")];

    // What a run trained over stands in the file of its settings, beside the adapter's folder.
    private static string Rounding(string into, string? adapter)
    {
        if (into != Dequantized) return into == Stored ? "none" : into;
        if (adapter is null) throw new UsageException("--merge-into dequantized needs --adapter DIR.");
        var settings = Path.Combine(Path.GetFullPath(adapter), "..", "config.yaml");
        return File.Exists(settings)
            ? TrainingConfig.Load(settings).Model.Quantization
            : throw new UsageException($"{adapter}: there is no config.yaml of a run beside it that says what it was trained over; say it: "
                + $"--merge-into {OneOf(Roundings, " or ")}.");
    }

    private static string OneOf(IReadOnlyList<string> names, string last) =>
        string.Join(", ", names.Take(names.Count - 1)) + last + names[^1];
}

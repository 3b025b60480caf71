using System.CommandLine;
using System.Globalization;
using DocTuneLab.Cli.Arguments;
using DocTuneLab.Cli.Output;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Training.Export;
using DocTuneLab.Training.Quantization;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune export</c>: models and adapters for other tools.</summary>
internal static class Export
{
    public static Command Command()
    {
        var model = ModelArguments.Base();
        var adapter = new Option<string?>("--adapter")
        {
            Description = "Adapter in PEFT layout; merged into the model's weights, except for gguf-adapter.",
            HelpName = "DIR"
        };
        var format = new Option<string>("--format")
        {
            Description =
                "gguf (llama.cpp, Ollama), gguf-adapter (for a GGUF of the base), or safetensors (a folder in Hugging Face layout).",
            Required = true
        };
        format.AcceptOnlyFromAmong("gguf", "gguf-adapter", "safetensors");
        var type = new Option<string>("--type")
        {
            Description = $"GGUF: type of the matrices, one of {string.Join(", ", GgufExporter.TypeNames)}.",
            DefaultValueFactory = _ => "f16"
        };
        type.AcceptOnlyFromAmong([.. GgufExporter.TypeNames]);
        var into = new Option<string>("--merge-into")
        {
            Description = "stored: the model's own weights. dequantized: those after NF4, which a QLoRA adapter was trained over.",
            DefaultValueFactory = _ => "stored"
        };
        into.AcceptOnlyFromAmong("stored", "dequantized");
        var quantize = new Option<string>("--weights")
        {
            Description = "safetensors: quantise the linear layers as bitsandbytes stores them: none, nf4, fp4 or int8.",
            DefaultValueFactory = _ => "none"
        };
        quantize.AcceptOnlyFromAmong([.. WeightFormat.Names]);
        var output = new Option<string>("--out", "-o")
        {
            Description = "File (gguf) or folder (safetensors) to write.",
            Required = true,
            HelpName = "PATH"
        };
        var json = new Option<bool>("--json") { Description = "Print what was written as JSON." };
        var command = new Command("export", "Writes a model, with an adapter merged into it, or an adapter, for other tools.")
        {
            adapter, format, type, quantize, into, output, json
        };
        model.AddTo(command, required: true);
        command.SetAction((parsed, cancel) => Task.Run(() =>
        {
            var (folder, tuned, path) = (ModelFolder.Of(model.BaseOf(parsed)!, parsed.GetValue(json), cancel), parsed.GetValue(adapter),
                parsed.GetRequiredValue(output));
            var mergeBase = parsed.GetValue(into) == "stored" ? MergeBase.Stored : MergeBase.Dequantized;
            var result = Work.Show("export", parsed.GetValue(json), progress =>
            {
                Action<int, int>? report = progress is null ? null : (done, total) => progress.Report((done, total));
                return parsed.GetValue(format) switch
                {
                    "gguf" => GgufExporter.Write(folder, path, parsed.GetValue(type)!, tuned, mergeBase, report, cancel),
                    "safetensors" => SafetensorsExporter.Write(folder, path, tuned, mergeBase, parsed.GetValue(quantize)!, report, cancel),
                    _ =>
                        GgufExporter.WriteAdapter(folder, tuned ?? throw new UsageException("--format gguf-adapter needs --adapter DIR."),
                            path),
                };
            });
            if (parsed.GetValue(json))
            {
                JsonOutput.Write(result);
                return ExitCodes.Ok;
            }
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{Path.GetFullPath(result.Path)}  {result.Bytes / 1e6:0.0} MB"));
            if (result.MergeDifference is { } difference)
                Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"Merged into the {parsed.GetValue(into)} weights. The other choice differs by {difference:0.00} of the "
                        + $"update's own size."));
            foreach (var note in result.Notes) Console.Out.WriteLine(note);
            return ExitCodes.Ok;
        }, cancel));
        return command;
    }
}

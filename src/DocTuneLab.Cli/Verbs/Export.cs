using System.CommandLine;
using DocTuneLab.Cli.Arguments;
using DocTuneLab.Cli.Output;
using DocTuneLab.Extension.Arguments;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune export</c>: models and adapters for other tools.</summary>
internal static class Export
{
    public static Command Command()
    {
        var (model, adapter, json) = (ModelArguments.Base(), CommonOptions.Adapter(), CommonOptions.Json());
        var export = new ExportArguments(required: true);
        var command = new Command("export",
            "Writes a model, with an adapter merged into it, or an adapter, for other tools: a file (gguf) or a folder "
                + "(safetensors, ollama).")
        {
            adapter
        };
        export.AddTo(command);
        command.Add(json);
        model.AddTo(command, required: true);
        command.SetAction((parsed, cancel) => Task.Run(() =>
        {
            var folder = ModelFolder.Of(model.BaseOf(parsed)!, parsed.GetValue(json), cancel);
            var (result, words) = Work.Show("export", parsed.GetValue(json), progress => export.Write(parsed, new()
            {
                Model = folder,
                Target = export.Output(parsed),
                Adapter = parsed.GetValue(adapter),
                Progress = progress is null ? null : (done, total) => progress.Report((done, total)),
            }, cancel));
            if (parsed.GetValue(json)) JsonOutput.Write(result);
            else foreach (var line in words) Console.Out.WriteLine(line);
            return ExitCodes.Ok;
        }, cancel));
        return command;
    }
}

using System.CommandLine;
using DocTuneLab.Cli.Arguments;
using DocTuneLab.Cli.Output;
using DocTuneLab.Extension.Arguments;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune download</c>: a model into the cache that huggingface_hub uses too.</summary>
internal static class Download
{
    public static Command Command()
    {
        var model = new Argument<string>("MODEL") { Description = "owner/name, or owner/name/file.gguf, with @revision or without." };
        var json = CommonOptions.Json();
        var command = new Command("download",
            "Downloads a model from a Hugging Face-compatible hub, or continues to. Every verb that takes a model also takes its name. "
                + "HF_ENDPOINT, HF_TOKEN, HF_HOME, HF_HUB_CACHE and HF_HUB_OFFLINE are heeded.")
        {
            model, json
        };
        command.SetAction((parsed, cancel) => Task.Run(() =>
        {
            var folder = ModelFolder.Of(parsed.GetRequiredValue(model), parsed.GetValue(json), cancel);
            if (!Directory.Exists(folder) && !File.Exists(folder))
                throw new UsageException(
                    $"'{folder}' is neither a folder, nor a file, nor the name of a model; expected owner/name or owner/name@revision.");
            if (parsed.GetValue(json)) JsonOutput.Write(new { Folder = folder });
            else Console.Out.WriteLine(folder);
            return ExitCodes.Ok;
        }, cancel));
        return command;
    }
}

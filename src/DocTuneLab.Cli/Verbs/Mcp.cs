using System.CommandLine;
using DocTuneLab.Cli.Arguments;
using DocTuneLab.Cli.Output;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Serving.Editors;
using DocTuneLab.Serving.Models;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune mcp</c>: a library's knowledge for an editor's agent.</summary>
internal static class Mcp
{
    public static Command Command()
    {
        var (known, source, load) = (new KnownLibrary(), ModelArguments.Base(), ModelArguments.Loading());
        var adapter = CommonOptions.Adapter();
        var command = new Command("mcp",
            "Tools for an editor's agent over the standard input and output (Model Context Protocol): search the documentation, look at a "
                + "type or member, check code with the compiler; with --base, write a method with the tuned model. No model is needed for "
                + "the first three. The adapter is that which the lab trained last, unless another is given.")
        {
            adapter
        };
        known.AddTo(command);
        source.AddTo(command);
        load.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            using var library = known.Open(parsed);
            var model = source.BaseOf(parsed);
            if (model is null)
            {
                if (parsed.GetValue(adapter) is not null)
                    throw new UsageException("--adapter needs --base: the model that it was trained over.");
                await EditorServer.RunAsync(library.Knowledge, null, cancel);
                return ExitCodes.Ok;
            }
            using var loaded = BaseModel.Load(ModelFolder.Of(model, cancel: cancel), load.LoadOf(parsed));
            var tuned = parsed.GetValue(adapter) ?? library.AdapterOver(loaded);
            using var models = new ServedModels(loaded, loaded.Name, tuned is null ? [] : [("tuned", LoraAdapter.Load(loaded, tuned))], 1);
            await EditorServer.RunAsync(library.Knowledge, models, cancel);
            return ExitCodes.Ok;
        });
        return command;
    }
}

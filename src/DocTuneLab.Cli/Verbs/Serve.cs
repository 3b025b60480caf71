using System.CommandLine;
using DocTuneLab.Cli.Serving;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Inference;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune serve</c>: a local model behind OpenAI's protocol.</summary>
internal static class Serve
{
    public static Command Command()
    {
        var model = new Option<string>("--model") { Description = ModelFolder.Description, HelpName = "DIR", Required = true };
        var adapter = new Option<string?>("--adapter") { Description = "Adapter folder in PEFT layout.", HelpName = "DIR" };
        var name = new Option<string?>("--name") { Description = "The model's name for clients. Default: the folder's name.", HelpName = "NAME" };
        var urls = new Option<string[]>("--urls") { Description = "Addresses to listen on. Default: http://127.0.0.1:8080", HelpName = "URL", DefaultValueFactory = _ => ["http://127.0.0.1:8080"] };
        var device = LabOptions.Device();
        var command = new Command("serve", "Serves a local model with OpenAI's chat completions (plain and streamed) until Ctrl-C. There is no authentication: keep it on this machine.") { model, adapter, name, urls, device };
        command.SetAction(async (parsed, cancel) =>
        {
            using var loaded = BaseModel.Load(ModelFolder.Of(parsed.GetRequiredValue(model)), new ModelLoadOptions { Device = parsed.GetValue(device) ?? "auto" });
            using var lora = parsed.GetValue(adapter) is { } folder ? LoraAdapter.Load(loaded, folder) : null;
            var local = new LocalModel(loaded, lora);
            var addresses = parsed.GetRequiredValue(urls);
            using var server = new ChatServer(loaded, local, parsed.GetValue(name) ?? local.Name, addresses, TimeProvider.System);
            Console.WriteLine($"{local.Name} at {string.Join(", ", addresses.Select(u => u.TrimEnd('/') + "/v1"))}; Ctrl-C ends it");
            await server.RunAsync(cancel);
            return ExitCodes.Ok;
        });
        return command;
    }
}

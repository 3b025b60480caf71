using System.CommandLine;
using DocTuneLab.Cli.Arguments;
using DocTuneLab.Cli.Output;
using DocTuneLab.Cli.Serving;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune serve</c>: a local model behind OpenAI's protocol.</summary>
internal static class Serve
{
    public static Command Command()
    {
        var source = new ModelOptions();
        var name = new Option<string?>("--name")
        {
            Description = "The model's name for clients. Default: the folder's name.",
            HelpName = "NAME"
        };
        var urls = new Option<string[]>("--urls")
        {
            Description = "Addresses to listen on. Default: http://127.0.0.1:8080",
            HelpName = "URL",
            DefaultValueFactory = _ => ["http://127.0.0.1:8080"]
        };
        var command = new Command("serve",
            "Serves a local model with OpenAI's chat completions (plain and streamed) until Ctrl-C. There is no authentication: "
                + "keep it on this machine.")
        {
            name, urls
        };
        source.AddTo(command);
        command.SetAction((parsed, cancel) => source.UseAsync(parsed, async (loaded, local) =>
        {
            var addresses = parsed.GetRequiredValue(urls);
            using var server = new ChatServer(loaded, local, parsed.GetValue(name) ?? local.Name, addresses, TimeProvider.System);
            Console.WriteLine($"{local.Name} at {string.Join(", ", addresses.Select(u => u.TrimEnd('/') + "/v1"))}; Ctrl-C ends it");
            await server.RunAsync(cancel);
            return ExitCodes.Ok;
        }));
        return command;
    }
}

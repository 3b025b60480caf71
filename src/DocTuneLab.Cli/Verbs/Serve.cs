using System.CommandLine;
using DocTuneLab.Cli.Arguments;
using DocTuneLab.Cli.Output;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Serving.Hosting;
using DocTuneLab.Serving.Models;
using DocTuneLab.Storage;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune serve</c>: local models behind OpenAI's protocol.</summary>
internal static class Serve
{
    private const string KeyVariable = "DOCTUNE_API_KEY";

    public static Command Command()
    {
        var (source, load, known) = (ModelArguments.Base(), ModelArguments.Loading(), new KnownLibrary());
        var adapters = new Option<string[]>("--adapter")
        {
            Description = CommonOptions.Adapter().Description + " NAME=DIR gives it a name for clients. May be repeated: all are served "
                + "beside the base, and the last one answers where a request names none.",
            HelpName = "DIR"
        };
        var name = new Option<string?>("--name")
        {
            Description = "The base's name for clients. Default: the folder's name.",
            HelpName = "NAME"
        };
        var urls = new Option<string[]>("--urls")
        {
            Description = "Addresses to listen on. Default: http://127.0.0.1:8080",
            HelpName = "URL",
            DefaultValueFactory = _ => ["http://127.0.0.1:8080"]
        };
        var keys = new Option<string[]>("--api-key")
        {
            Description = $"Key that clients must send; also from {KeyVariable}, where it is not seen in the list of processes. May be "
                + "repeated. Needed where other machines can connect.",
            HelpName = "KEY"
        };
        var origins = new Option<string[]>("--cors")
        {
            Description = "Origin of pages in a browser that may ask, such as http://localhost:3000; * is any. May be repeated.",
            HelpName = "ORIGIN"
        };
        var most = Number("--parallel", "Answers that are written at once.", 16);
        var queue = Number("--queue", "Answers that are asked for at once, those that wait included; more are told to try again.", 256);
        var seconds = Number("--answer-timeout", "Seconds for an answer, its waiting included.", 600);
        var command = new Command("serve",
            "Serves a local model and adapters over it until Ctrl-C: a page to chat at /, OpenAI's chat completions, completions and "
                + "responses (whole and streamed), /v1/models, /health and /metrics. With --lab or --assembly code in answers is "
                + "checked by the compiler, and editors' agents find tools at /mcp; the adapter that the lab trained last is served, "
                + "unless others are given. Many are answered side by side.")
        {
            adapters, name, urls, keys, origins, most, queue, seconds
        };
        source.AddTo(command, required: true);
        load.AddTo(command);
        known.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            using var library = known.Find(parsed);
            var options = new ServerOptions
            {
                Library = library?.Knowledge,
                Votes = library?.Lab is { } lab ? new AnswerVotes(lab, TimeProvider.System).Add : null,
                Urls = parsed.GetRequiredValue(urls),
                Keys = [.. parsed.GetValue(keys) ?? [], .. Environment.GetEnvironmentVariable(KeyVariable) is { Length: > 0 } key
                    ? (string[])[key] : []],
                Origins = parsed.GetValue(origins) ?? [],
                Limits = new()
                {
                    Queue = parsed.GetValue(queue),
                    Time = TimeSpan.FromSeconds(parsed.GetValue(seconds))
                },
                Faults = fault => Console.Error.WriteLine($"doctune: {fault}")
            };
            using var model = BaseModel.Load(ModelFolder.Of(source.BaseOf(parsed)!, cancel: cancel), load.LoadOf(parsed));
            var own = parsed.GetValue(name) ?? model.Name;
            string[] given = parsed.GetValue(adapters) is { Length: > 0 } named ? named
                : library?.AdapterOver(model) is { } last ? [$"{own}-tuned={last}"] : [];
            using var models = new ServedModels(model, own, Load(model, own, given), parsed.GetValue(most));
            await using var server = await ModelServer.StartAsync(models, options, TimeProvider.System);
            Console.WriteLine($"{string.Join(", ", models.Names)} at {string.Join(", ", server.Urls.Select(u => u.TrimEnd('/') + "/v1"))}; "
                + $"a page to chat at {server.Urls.First().TrimEnd('/')}/; Ctrl-C ends it");
            await server.RunAsync(cancel);
            return ExitCodes.Ok;
        });
        return command;
    }

    private static List<(string, LoraAdapter)> Load(BaseModel model, string own, string[] adapters)
    {
        List<(string, LoraAdapter)> loaded = [];
        foreach (var adapter in adapters)
        {
            var (name, folder) = adapter.IndexOf('=', StringComparison.Ordinal) is > 0 and var at && !Directory.Exists(adapter)
                ? (adapter[..at], adapter[(at + 1)..]) : ("", adapter);
            // A run keeps its adapter in a folder of that name: the run's says which it is.
            var path = new DirectoryInfo(folder);
            if (name.Length == 0) name = $"{own}-{(path is { Name: "adapter", Parent: { } run } ? run.Name : path.Name)}";
            loaded.Add((name, LoraAdapter.Load(model, folder)));
        }
        return loaded;
    }

    private static Option<int> Number(string name, string description, int otherwise)
    {
        var option = new Option<int>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => otherwise };
        option.Validators.Add(r =>
        {
            if (r.GetValueOrDefault<int>() < 1) r.AddError($"{name} takes 1 or more.");
        });
        return option;
    }
}

using System.CommandLine;
using DocTuneLab.Cli.Arguments;
using DocTuneLab.Cli.Output;
using DocTuneLab.Serving.Hosting;
using DocTuneLab.Serving.Labs;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune ui</c>: the lab as a page.</summary>
internal static class Ui
{
    private const string Usual = "artifacts/labs";

    public static Command Command()
    {
        var folder = new Argument<string>("DIR")
        {
            Description = $"Folder of the labs; made where it is missing. Default: {Usual}",
            DefaultValueFactory = _ => Usual,
            Arity = ArgumentArity.ZeroOrOne,
        };
        LabArguments.RefuseOptions(folder);
        var urls = new Option<string[]>("--urls")
        {
            Description = "Addresses to listen on, of this machine alone. Default: http://127.0.0.1:8090",
            HelpName = "URL",
            DefaultValueFactory = _ => ["http://127.0.0.1:8090"],
        };
        var command = new Command("ui",
            "The lab as a page in a browser, until Ctrl-C, with no line of code: choose pages, library and base model, start, watch every "
                + "stage, stop and go on, read samples and answers, open the report, and chat with the result. What is done is in DIR, one "
                + "folder for each lab, which all other verbs know too.")
        {
            folder, urls
        };
        command.SetAction(async (parsed, cancel) =>
        {
            var workspace = new Workspace(parsed.GetRequiredValue(folder), RestoreAsync, TimeProvider.System);
            await using var server = await LabServer.StartAsync(workspace, new()
            {
                Urls = parsed.GetRequiredValue(urls),
                Faults = fault => Console.Error.WriteLine($"doctune: {fault}"),
            });
            Console.WriteLine($"the lab at {server.Url}, its folders in {workspace.Folder}; Ctrl-C ends it");
            await server.RunAsync(cancel);
            return ExitCodes.Ok;
        });
        return command;
    }

    private static async Task<(string Package, IReadOnlyList<string> References)> RestoreAsync(string package, CancellationToken cancel)
    {
        try
        {
            return await New.PackageAsync(package, cancel);
        }
        catch (UsageException e)
        {
            throw new LabException(e.Message, e);
        }
    }
}

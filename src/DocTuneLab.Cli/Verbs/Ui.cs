using System.CommandLine;
using System.Globalization;
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
        var port = new Option<int>("--port")
        {
            Description = "Port of this machine, from which alone the page can be reached; 0 takes one that is free.",
            HelpName = "N",
            DefaultValueFactory = _ => 8090,
        };
        port.Validators.Add(r =>
        {
            if (r.GetValueOrDefault<int>() is < 0 or > 65_535) r.AddError("--port takes 0 to 65535.");
        });
        var command = new Command("ui",
            "The lab as a page in a browser, until Ctrl-C, with no line of code: choose pages, library and base model, start, watch every "
                + "stage, stop and go on, read samples and answers, open the report, and chat with the result. What is done is in DIR, one "
                + "folder for each lab, which all other verbs know too.")
        {
            folder, port
        };
        command.SetAction(async (parsed, cancel) =>
        {
            var workspace = new Workspace(parsed.GetRequiredValue(folder), RestoreAsync, TimeProvider.System);
            await using var server = await LabServer.StartAsync(workspace, new()
            {
                Urls = [string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{parsed.GetValue(port)}")],
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

using System.CommandLine;
using DocTuneLab.Extension;
using DocTuneLab.Jupyter;
using DocTuneLab.Notebooks;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune kernel</c>: the Jupyter kernel.</summary>
internal static class Kernel
{
    public static Command Command() => new("kernel", "The Jupyter kernel: install it, then choose 'C# (DocTuneLab)' in Jupyter or VS Code.")
    {
        Install(),
        Uninstall(),
        Start(),
    };

    private static Command Install()
    {
        var (user, system, prefix) = Places();
        var command = new Command("install", "Tells Jupyter about the kernel.") { user, system, prefix };
        command.SetAction(parsed =>
        {
            var folder = KernelSpec.Install(Prefix(parsed.GetValue(user), parsed.GetValue(system), parsed.GetValue(prefix)), Self());
            Console.WriteLine($"Installed {KernelSpec.Name} in {folder}");
            return ExitCodes.Ok;
        });
        return command;
    }

    private static Command Uninstall()
    {
        var (user, system, prefix) = Places();
        var command = new Command("uninstall", "Takes the kernel away from Jupyter.") { user, system, prefix };
        command.SetAction(parsed =>
        {
            var where = Prefix(parsed.GetValue(user), parsed.GetValue(system), parsed.GetValue(prefix));
            Console.WriteLine(KernelSpec.Uninstall(where) is { } folder ? $"Removed {folder}" : $"There is no kernel in {KernelSpec.Folder(where)}");
            return ExitCodes.Ok;
        });
        return command;
    }

    private static Command Start()
    {
        var file = new Option<string>("-f", "--connection-file") { Description = "Connection file, written by Jupyter.", Required = true, HelpName = "FILE" };
        var command = new Command("start", "Runs the kernel. Jupyter does this.") { file };
        command.SetAction(async (parsed, cancellation) =>
        {
            var connection = ConnectionInfo.Load(parsed.GetRequiredValue(file));
            await new KernelServer(connection, new SessionOptions { NotebookPath = Notebook(), Extensions = [new LabExtension()] }).RunAsync(cancellation);
            // A cell that could not be stopped, or a task that one left behind, must not keep the process.
            Environment.Exit(ExitCodes.Ok);
            return ExitCodes.Ok;
        });
        return command;
    }

    // Jupyter's servers say which notebook a kernel is started for; the file may not be saved yet.
    private static string? Notebook() => Environment.GetEnvironmentVariable("JPY_SESSION_NAME") is { Length: > 0 } path && File.Exists(path) ? Path.GetFullPath(path) : null;

    private static (Option<bool> User, Option<bool> System, Option<string?> Prefix) Places() => (
        new Option<bool>("--user") { Description = "For this user (the default)." },
        new Option<bool>("--sys") { Description = "For all users of this machine; needs the right to write there." },
        new Option<string?>("--prefix") { Description = "Under this folder's share/jupyter, for example of a Python environment.", HelpName = "P" });

    private static string? Prefix(bool user, bool system, string? prefix)
    {
        if ((user ? 1 : 0) + (system ? 1 : 0) + (prefix is null ? 0 : 1) > 1)
            throw new UsageException("--user, --sys and --prefix exclude each other.");
        return !system ? prefix : OperatingSystem.IsWindows() ? throw new UsageException("--sys is for Linux and macOS. On Windows use --user or --prefix.") : "/usr/local";
    }

    // Started by its own executable, or as 'dotnet doctune.dll'.
    public static IEnumerable<string> Self()
    {
        var process = Environment.ProcessPath ?? "dotnet";
        var library = Path.Combine(AppContext.BaseDirectory, "doctune.dll");
        return Path.GetFileNameWithoutExtension(process) == "dotnet" ? [process, library] : [process];
    }
}

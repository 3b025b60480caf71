using System.CommandLine;
using DocTuneLab.Cli.Output;
using DocTuneLab.Extension;
using DocTuneLab.Jupyter;
using DocTuneLab.Notebooks;
using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Hosting;

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
        var plain = new Option<bool>("--no-compile")
        {
            Description = "Do not compile the kernel ahead of time: installs at once, but each start takes about a second longer."
        };
        var command = new Command("install", "Tells Jupyter about the kernel, and makes a copy of it that starts fast.")
        {
            user, system, prefix, plain
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var where = Prefix(parsed.GetValue(user), parsed.GetValue(system), parsed.GetValue(prefix));
            var folder = KernelSpec.Install(where,
                parsed.GetValue(plain) || !await CompileAsync(where, cancellation) ? Self() : Self(KernelSpec.CopyFolder(where)));
            Console.WriteLine($"Installed {KernelSpec.Name} in {folder}");
            return ExitCodes.Ok;
        });
        return command;
    }

    private static async Task<bool> CompileAsync(string? where, CancellationToken cancellation)
    {
        Console.WriteLine("Compiling the kernel ahead of time, so that it starts fast. This is done once and takes a minute or two …");
        try
        {
            if (IsSingleFile)
                throw new NotebookException("this build is a single file, which cannot be copied in parts.");
            await CompiledCopy.MakeAsync(AppContext.BaseDirectory, KernelSpec.CopyFolder(where), cancellation);
            await TryAsync(KernelSpec.CopyFolder(where), cancellation);
            return true;
        }
        catch (NotebookException exception)
        {
            Console.Error.WriteLine($"The kernel was not compiled ahead of time: {exception.Message}");
            Console.Error.WriteLine("It works all the same; each start takes about a second longer.");
            return false;
        }
    }

    /// <summary>Runs a cell in the copy: it works, and later starts know what the first one had to compile.</summary>
    private static async Task TryAsync(string folder, CancellationToken cancellation)
    {
        using var kernel = await KernelProcess.StartAsync([.. Self(folder), "kernel", "start", "-f"], null, cancellation);
        var result = await kernel.RunAsync(new CellRequest("1 + 1", "cell"), _ => { }, cancellation);
        if (result.Status != CellStatus.Ok)
            throw new NotebookException($"the compiled copy does not work: {result.Error?.Message}");
    }

    private static Command Uninstall()
    {
        var (user, system, prefix) = Places();
        var command = new Command("uninstall", "Takes the kernel away from Jupyter.") { user, system, prefix };
        command.SetAction(parsed =>
        {
            var where = Prefix(parsed.GetValue(user), parsed.GetValue(system), parsed.GetValue(prefix));
            Console.WriteLine(
                KernelSpec.Uninstall(where) is { } folder ? $"Removed {folder}" : $"There is no kernel in {KernelSpec.Folder(where)}");
            return ExitCodes.Ok;
        });
        return command;
    }

    private static Command Start()
    {
        var file = new Option<string>("-f", "--connection-file")
        {
            Description = "Connection file, written by Jupyter.",
            Required = true,
            HelpName = "FILE"
        };
        var command = new Command("start", "Runs the kernel. Jupyter does this.") { file };
        command.SetAction((parsed, cancellation) => StartAsync(parsed.GetRequiredValue(file), cancellation));
        return command;
    }

    /// <summary>Runs the kernel until its client is done with it.</summary>
    public static async Task<int> StartAsync(string connectionFile, CancellationToken cancellation)
    {
        var connection = ConnectionInfo.Load(connectionFile);
        var end = await new KernelServer(connection, new SessionOptions { NotebookPath = Notebook(), Extensions = [new LabExtension()] })
            .RunAsync(cancellation);
        if (end == KernelEnd.Stuck)
            await Console.Error.WriteLineAsync(
                "A cell did not stop when it was interrupted. The kernel ends, so that the front end starts a new one.");
        // A cell that could not be stopped, or a task that one left behind, must not keep the process.
        Environment.Exit(end == KernelEnd.Stuck ? ExitCodes.Failed : ExitCodes.Ok);
        return ExitCodes.Ok;
    }

    // Jupyter's servers say which notebook a kernel is started for; the file may not be saved yet.
    private static string? Notebook() =>
        Environment.GetEnvironmentVariable("JPY_SESSION_NAME") is { Length: > 0 } path && File.Exists(path) ? Path.GetFullPath(path) : null;

    private static (Option<bool> User, Option<bool> System, Option<string?> Prefix) Places() => (
        new Option<bool>("--user") { Description = "For this user (the default)." },
        new Option<bool>("--sys") { Description = "For all users of this machine; needs the right to write there." },
        new Option<string?>("--prefix")
        {
            Description = "Under this folder's share/jupyter, for example of a Python environment.",
            HelpName = "P"
        });

    private static string? Prefix(bool user, bool system, string? prefix)
    {
        if ((user ? 1 : 0) + (system ? 1 : 0) + (prefix is null ? 0 : 1) > 1)
            throw new UsageException("--user, --sys and --prefix exclude each other.");
        return !system ? prefix
            : OperatingSystem.IsWindows() ? throw new UsageException("--sys is for Linux and macOS. On Windows use --user or --prefix.")
            : "/usr/local";
    }

    // A single file unpacks itself elsewhere than where it lies.
    private static bool IsSingleFile =>
        Environment.ProcessPath is { } process
            && Path.GetFileNameWithoutExtension(process) == "doctune"
            && !File.Exists(Path.Combine(Path.GetDirectoryName(process)!, "doctune.dll"));

    // Started by its own executable, or as 'dotnet doctune.dll'.
    public static IEnumerable<string> Self(string? folder = null)
    {
        var process = Environment.ProcessPath ?? "dotnet";
        var library = Path.Combine(folder ?? AppContext.BaseDirectory, "doctune.dll");
        return Path.GetFileNameWithoutExtension(process) == "doctune"
            ? [folder is null ? process : Path.Combine(folder, Path.GetFileName(process))]
            : ["dotnet", library];
    }
}

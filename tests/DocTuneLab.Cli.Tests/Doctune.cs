using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace DocTuneLab.Cli.Tests;

/// <summary>Runs the built tool as a process, in a folder of its own.</summary>
public sealed class Doctune : IDisposable
{
    // Tells a process that hangs from one that a busy machine slows down, no more.
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(10);

    /// <summary>The tool's working folder.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("doctune-cli").FullName;

    /// <summary>The built tool.</summary>
    public static string Library => Path.Combine(AppContext.BaseDirectory, "doctune.dll");

    /// <summary>The project's root.</summary>
    public static string Root { get; } = FindRoot();

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    public string Write(string name, string text)
    {
        var path = Path.Combine(Folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    public bool Has(string name) => File.Exists(Path.Combine(Folder, name));

    public string Read(string name) => File.ReadAllText(Path.Combine(Folder, name));

    public Result Run(params string[] arguments) => Wait(Start(arguments));

    public Process Start(params string[] arguments) => StartProgram("dotnet", [Library, .. arguments]);

    public Process StartPiped(params string[] arguments) =>
        Process.Start(new ProcessStartInfo("dotnet", [Library, .. arguments])
        {
            WorkingDirectory = Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true
        })!;

    public Process StartProgram(string program, params string[] arguments) => StartProgram(program, Folder, arguments);

    public static Process StartProgram(string program, string folder, IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true
        };
        start.Environment.Remove("DOCTUNE_DEBUG");
        return Process.Start(start)!;
    }

    /// <summary>An address of this machine whose port is free.</summary>
    public static string FreeUrl()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}";
    }

    public static Result Wait(Process process)
    {
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(s_limit))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"The process did not end in {s_limit.TotalMinutes:0} minutes.\n{output.Result}\n{error.Result}");
        }
        return new Result(process.ExitCode, output.Result, error.Result);
    }

    private static string FindRoot()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "DocTuneLab.sln"))) return at.FullName;
        throw new DirectoryNotFoundException($"DocTuneLab.sln was not found above {AppContext.BaseDirectory}.");
    }

    public sealed record Result(int Code, string Out, string Error);
}

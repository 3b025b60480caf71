using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DocTuneLab.Training.Tests;

/// <summary>A script of the Node folder, asked line by line.</summary>
internal sealed class NodePeer : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _errors;

    public NodePeer(string script)
    {
        _process = Process.Start(new ProcessStartInfo("node", [Path.Combine(Folder, script)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Folder,
        })!;
        _errors = _process.StandardError.ReadToEndAsync();
    }

    private static string Folder { get; } = Find();

    /// <summary>Skips the test, with the reason, where Node or its packages are missing.</summary>
    public static void Require()
    {
        Assert.SkipUnless(Directory.Exists(Path.Combine(Folder, "node_modules", "node-llama-cpp")),
            $"needs the Node packages of tests/DocTuneLab.Training.Tests/Node: npm install --no-save --omit=optional --ignore-scripts");
        var found = Environment.GetEnvironmentVariable("PATH")!
            .Split(Path.PathSeparator)
            .Any(p => File.Exists(Path.Combine(p, OperatingSystem.IsWindows() ? "node.exe" : "node")));
        Assert.SkipUnless(found, "needs node, which is missing");
    }

    public JsonNode Ask(object request)
    {
        _process.StandardInput.WriteLine(JsonSerializer.Serialize(request));
        _process.StandardInput.Flush();
        var line = _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("the script ended: " + _errors.Result);
        var answer = JsonNode.Parse(line)!;
        return answer["error"] is { } error ? throw new InvalidOperationException((string?)error) : answer;
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(20_000)) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    // Not from the source's path, which deterministic builds replace.
    private static string Find()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "DocTuneLab.sln")))
                return Path.Combine(at.FullName, "tests", "DocTuneLab.Training.Tests", "Node");
        throw new DirectoryNotFoundException($"DocTuneLab.sln was not found above {AppContext.BaseDirectory}.");
    }
}

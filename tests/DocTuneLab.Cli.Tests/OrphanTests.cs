using System.Diagnostics;
using System.Text.Json.Nodes;

namespace DocTuneLab.Cli.Tests;

/// <summary>Whatever is killed, nothing is left running and what was saved is whole.</summary>
public sealed class OrphanTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly Doctune _doctune = new();

    public void Dispose() => _doctune.Dispose();

    [Fact]
    public void A_kernel_ends_when_the_one_who_started_it_is_killed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs the command 'sleep'");
        using var parent = _doctune.StartProgram("sleep", "600");
        _doctune.Write("connection.json",
            "{\"transport\":\"tcp\",\"ip\":\"127.0.0.1\",\"shell_port\":0,\"control_port\":0,\"iopub_port\":0,\"stdin_port\":0,"
                + "\"hb_port\":0,\"key\":\"k\",\"signature_scheme\":\"hmac-sha256\"}");
        var start = new ProcessStartInfo("dotnet", [Doctune.Library, "kernel", "start", "-f", "connection.json"])
        {
            WorkingDirectory = _doctune.Folder
        };
        start.Environment["JPY_PARENT_PID"] = parent.Id.ToString();
        using var kernel = Process.Start(start)!;
        Assert.False(kernel.WaitForExit(3000));
        parent.Kill();
        Assert.True(kernel.WaitForExit(s_patience));
    }

    [Fact]
    public void A_run_that_is_killed_leaves_no_kernel_and_a_readable_notebook()
    {
        _doctune.Write("nb.dib",
            "#!csharp\n\nFile.WriteAllText(\"pid\", Environment.ProcessId.ToString());\nConsole.WriteLine(\"kept\");\n\n#!csharp\n\n"
                + "File.WriteAllText(\"second\", \"\");\nThread.Sleep(600_000);\n");
        using var run = _doctune.Start("run", "nb.dib", "--kernel", "process", "-o", "out.ipynb");
        Until(() => _doctune.Has("second"));
        run.Kill();
        var pid = int.Parse(_doctune.Read("pid"));
        var saved = JsonNode.Parse(_doctune.Read("out.ipynb"))!;
        Assert.Contains("kept", saved["cells"]!.AsArray()[0]!["outputs"]!.ToJsonString());
        Until(() => !Process.GetProcesses().Any(process => process.Id == pid));
    }

    private static void Until(Func<bool> condition)
    {
        for (var clock = Stopwatch.StartNew(); !condition(); Thread.Sleep(50))
            Assert.True(clock.Elapsed < s_patience, "It did not happen.");
    }
}

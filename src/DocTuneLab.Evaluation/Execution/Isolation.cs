using System.Diagnostics;
using System.Runtime.InteropServices;

namespace DocTuneLab.Evaluation.Execution;

/// <summary>What stands between an answer's process and this machine.</summary>
/// <param name="Name"><c>bubblewrap</c>, <c>namespaces</c>, <c>network namespace</c> or <c>process</c>.</param>
/// <param name="Covers">What is enforced.</param>
/// <param name="NotCovered">What is not; goes into every report.</param>
public sealed record Isolation(string Name, IReadOnlyList<string> Covers, IReadOnlyList<string> NotCovered)
{
    private static readonly string[] s_always =
    [
        "empty stdin", "scrubbed environment", "own temporary folder", "output cap", "wall-clock limit", "managed heap limit"
    ];

    private static readonly string[] s_never = ["code that sets out to cheat through reflection inside its own process"];

    private const string Files = "files of this user (can be read and written)";

    private static readonly Lazy<Isolation> s_detected = new(Detect);

    /// <summary>The strongest kind that works on this machine, tried once.</summary>
    public static Isolation Best => s_detected.Value;

    /// <summary>Whether anything but limits stands there: at least the network is cut off.</summary>
    public bool IsSandbox => Name != "process";

    /// <summary>Words that go before a command to run it so.</summary>
    internal Func<IsolatedPaths, IReadOnlyList<string>> Prefix { get; init; } = _ => [];

    private static Isolation Detect()
    {
        var found = new[] { Bubblewrap(), Namespaces(), NetworkNamespace() }.FirstOrDefault(i => i is not null && Works(i)) ?? Process();
        return ProcessLimit.Best.Name is { } limit
            ? found with { Covers = [.. found.Covers, limit] }
            : found with { NotCovered = [.. found.NotCovered, "number of processes"] };
    }

    private static Isolation? Bubblewrap() => Find("bwrap") is not { } bwrap ? null : new(
        "bubblewrap",
        [
            .. s_always, "no network", "own process tree, killed as a whole",
            "file system read-only but for the run's folder, which is in memory and bounded; home and /tmp hidden", "no capabilities",
            .. Limits
        ],
        ["reading system files outside home and /tmp", .. s_never])
    {
        // Order matters: later mounts lie over earlier ones, so what the child must read inside a hidden folder is bound after hiding it.
        // Without --cap-drop, a run started by root could undo these mounts.
        Prefix = paths =>
        [
            bwrap, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--ro-bind", "/", "/", "--proc", "/proc",
            "--dev", "/dev",
            "--size", paths.Bytes, "--tmpfs", "/dev/shm", "--remount-ro", "/dev",
            .. Hidden().SelectMany(h => new[] { "--size", paths.Bytes, "--tmpfs", h }),
            .. paths.Read.SelectMany(r => new[] { "--ro-bind", r, r }),
            "--size", paths.Bytes, "--tmpfs", paths.Folder,
            .. paths.Files.SelectMany(f => new[] { "--ro-bind", f, f }), .. paths.Reports.SelectMany(f => new[] { "--bind", f, f }),
            "--chdir", paths.Folder,
        ],
    };

    private static IEnumerable<string> Hidden() =>
        new[] { "/tmp", "/var/tmp", "/run", "/home", "/root", Home }.OfType<string>()
            .Where(Directory.Exists)
            .Distinct(StringComparer.Ordinal);

    private static Isolation? Namespaces() => Find("unshare") is not { } unshare ? null : new(
        "namespaces", [.. s_always, "no network", "own process tree, killed as a whole", .. Limits], [Files, .. s_never])
    {
        Prefix = _ => [unshare, "--user", "--map-current-user", "--net", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc"],
    };

    private static Isolation? NetworkNamespace() => Find("unshare") is not { } unshare ? null : new(
        "network namespace", [.. s_always, "no network", .. Group, .. Limits],
        [Files, "other processes of this user", "processes that leave the group", .. s_never])
    {
        Prefix = _ => [unshare, "--user", "--map-current-user", "--net"],
    };

    private static Isolation Process() => new(
        "process", OperatingSystem.IsLinux() ? [.. s_always, .. Group, .. Limits] : s_always,
        [
            .. OperatingSystem.IsLinux() ? Array.Empty<string>() : ["native memory", "processor time"], "network", Files,
            "other processes of this user", Group.Length > 0 ? "processes that leave the group" : "processes left behind", .. s_never
        ]);

    // Without setsid there is no group of its own, and what outlives its parent cannot be found.
    private static string[] Group => Find("setsid") is null ? [] : ["own process group, killed as a whole"];

    private static string[] Limits => ["processor-time limit", "file-size limit", "native memory limit"];

    private static string? Home =>
        Environment.GetEnvironmentVariable("HOME") is { Length: > 1 } home && Directory.Exists(home) ? Path.GetFullPath(home) : null;

    /// <summary>Full path of a program on the PATH, or null; Linux only.</summary>
    internal static string? Find(string program) => !OperatingSystem.IsLinux() ? null
        : (Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin").Split(':')
            .Where(Path.IsPathRooted)
            .Select(d => Path.Combine(d, program))
            .FirstOrDefault(File.Exists);

    private static bool Works(Isolation isolation)
    {
        // Namespaces are often there but forbidden (containers, hardened kernels): only a trial tells.
        var folder = Directory.CreateTempSubdirectory("doctune-probe-");
        try
        {
            var command = isolation.Prefix(new(folder.FullName, [], [], [], 1 << 20));
            var start = new ProcessStartInfo(command[0])
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
                RedirectStandardInput = true
            };
            foreach (var word in command.Skip(1).Concat(["/bin/sh", "-c", "exit 42"])) start.ArgumentList.Add(word);
            using var process = System.Diagnostics.Process.Start(start);
            if (process is null) return false;
            if (process.WaitForExit(5000)) return process.ExitCode == 42;
            process.Kill(entireProcessTree: true);
            return false;
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException)
        {
            return false;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}

/// <summary>What an isolated process is to see.</summary>
/// <param name="Folder">Its working folder, the only place it may write to.</param>
/// <param name="Read">Folders that it must read.</param>
/// <param name="Files">Files in <paramref name="Folder"/> that it must read.</param>
/// <param name="Reports">Files in <paramref name="Folder"/> that it writes and that outlive it.</param>
/// <param name="Size">Bytes that it may write in all.</param>
internal sealed record IsolatedPaths(
    string Folder, IReadOnlyList<string> Read, IReadOnlyList<string> Files, IReadOnlyList<string> Reports, long Size)
{
    public string Bytes => Size.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>Kills a process with all that it started.</summary>
internal static partial class ProcessGroup
{
    private const int SigKill = 9;

    /// <summary>Kills the tree as seen from outside, then the group that <c>setsid</c> made the process the leader of.</summary>
    public static void Kill(Process process)
    {
        var id = process.Id;
        try { process.Kill(entireProcessTree: true); }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception) { /* it has ended by itself */ }
        if (!OperatingSystem.IsWindows()) _ = KillNative(-id, SigKill);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int KillNative(int pid, int signal);
}

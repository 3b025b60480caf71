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

    private static readonly string[] s_never = ["values that a hidden test keeps in variables of its own"];

    private const string Files = "files of this user (can be read and written)";

    // Where programs and their libraries lie; what a machine keeps elsewhere is no business of an answer.
    private static readonly string[] s_system =
        ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/sys", "/nix", "/gnu"];

    private static readonly Lazy<Isolation> s_detected = new(() => Working().First());

    /// <summary>The strongest kind that works on this machine, tried once.</summary>
    public static Isolation Best => s_detected.Value;

    /// <summary>Whether anything but limits stands there: at least the network is cut off.</summary>
    public bool IsSandbox => Name != "process";

    /// <summary>Whether what a process only reads is beyond its reach, and what is not named is hidden.</summary>
    internal bool HidesHost { get; init; }

    /// <summary>Words that go before a command to run it so.</summary>
    internal Func<IsolatedPaths, IReadOnlyList<string>> Prefix { get; init; } = _ => [];

    /// <summary>Every kind that works on this machine, the strongest first; each is tried when it is asked for.</summary>
    internal static IEnumerable<Isolation> Working()
    {
        // A system whose programs lie elsewhere is shown whole.
        Func<Isolation?>[] kinds =
        [
            () => Bubblewrap(s_system) is { } narrow && Works(narrow) ? narrow : Bubblewrap(["/"]), Namespaces, NetworkNamespace
        ];
        return kinds.Select(kind => kind()).OfType<Isolation>().Where(Works).Append(Process())
            .Select(i => ProcessLimit.Best.Name is { } limit
                ? i with { Covers = [.. i.Covers, limit] }
                : i with { NotCovered = [.. i.NotCovered, "number of processes"] });
    }

    private static Isolation? Bubblewrap(string[] system) => Find("bwrap") is not { } bwrap ? null : new(
        "bubblewrap",
        [
            .. s_always, "no network", "own process tree, killed as a whole",
            "file system read-only but for the run's folder, which is in memory and bounded; home and /tmp hidden", "no capabilities",
            .. Limits
        ],
        [system[0] == "/" ? "reading system files outside home and /tmp" : "reading programs and settings of the system", .. s_never])
    {
        HidesHost = true,
        // Order matters: later mounts lie over earlier ones, so what the child must read inside a hidden folder is bound after hiding it.
        // Without --cap-drop, a run started by root could undo these mounts.
        Prefix = paths =>
        [
            bwrap, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL",
            .. system.SelectMany(s => new[] { "--ro-bind-try", s, s }), "--proc", "/proc", "--dev", "/dev",
            "--size", paths.Bytes, "--tmpfs", "/dev/shm", "--remount-ro", "/dev",
            .. Hidden().SelectMany(h => new[] { "--size", paths.Bytes, "--tmpfs", h }),
            .. paths.Read.SelectMany(r => new[] { "--ro-bind", r, r }),
            "--size", paths.Bytes, "--tmpfs", paths.Folder,
            .. paths.Reports.SelectMany(f => new[] { "--bind", f, f }),
            "--remount-ro", "/", "--chdir", paths.Folder,
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
            var command = isolation.Prefix(new(folder.FullName, [], [], 1 << 20));
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
/// <param name="Reports">Files in <paramref name="Folder"/> that it writes and that outlive it.</param>
/// <param name="Size">Bytes that it may write in all.</param>
internal sealed record IsolatedPaths(
    string Folder, IReadOnlyList<string> Read, IReadOnlyList<string> Reports, long Size)
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

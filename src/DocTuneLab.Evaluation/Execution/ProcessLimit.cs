using System.Globalization;
using System.Runtime.InteropServices;

namespace DocTuneLab.Evaluation.Execution;

/// <summary>
/// How the number of processes of a run is bounded. Root is exempt from RLIMIT_NPROC, so root uses a control group (which bounds the memory
/// of all of them together, too); others use the rlimit, which since Linux 5.14 counts only what runs in the run's own user namespace.
/// </summary>
/// <param name="Name">For reports; null where nothing bounds them.</param>
/// <param name="UsesGroup">By control group.</param>
internal sealed partial record ProcessLimit(string? Name, bool UsesGroup)
{
    private static readonly Lazy<ProcessLimit> s_detected = new(Detect);

    public static ProcessLimit Best => s_detected.Value;

    /// <summary>The shell command that sets the rlimit; empty where a group does it.</summary>
    public string ShellLimit(int processes) =>
        UsesGroup || Name is null ? "" : $"ulimit -u {processes} 2>/dev/null || ulimit -p {processes}; "; // bash calls it -u, dash -p

    private static ProcessLimit Detect()
    {
        if (!OperatingSystem.IsLinux()) return new(null, false);
        using (var trial = ControlGroup.Create(64, 1L << 30))
            if (trial is not null)
                return new(trial.LimitsMemory
                    ? "number of processes and their memory together (control group)"
                    : "number of processes (control group)", true);
        return UserId() != 0 && Environment.OSVersion.Version >= new Version(5, 14)
            ? new("number of processes (limit of the user namespace)", false)
            : new(null, false);
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint UserId();
}

/// <summary>A control group of one run, version 1 or 2; removed with all that is still in it.</summary>
internal sealed partial class ControlGroup : IDisposable
{
    private readonly List<string> _folders;

    private ControlGroup(List<string> folders, bool memory) => (this._folders, LimitsMemory) = (folders, memory);

    public bool LimitsMemory { get; }

    /// <summary>Words that put the command behind them into the group.</summary>
    public IReadOnlyList<string> Prefix =>
        ["/bin/sh", "-c", string.Concat(_folders.Select(f => $"echo $$ > '{f}/cgroup.procs' && ")) + "exec \"$@\"", "sh"];

    /// <summary>Whether the kernel killed something in the group for want of memory.</summary>
    public bool RanOutOfMemory => _folders.SelectMany(f => new[] { "memory.events", "memory.oom_control" }.Select(n => Path.Combine(f, n)))
        .Where(File.Exists)
        .SelectMany(File.ReadAllLines)
        .Any(l => l.StartsWith("oom_kill ", StringComparison.Ordinal) && !l.EndsWith(" 0", StringComparison.Ordinal));

    /// <summary>Makes a group, or returns null where this user may not.</summary>
    public static ControlGroup? Create(int processes, long memory)
    {
        var name = "doctune-" + Guid.NewGuid().ToString("n");
        const string Root = "/sys/fs/cgroup";
        List<string> made = [];
        bool Try(string parent, string file, long value)
        {
            var folder = Path.Combine(parent, name);
            try
            {
                if (!File.Exists(Path.Combine(parent, "cgroup.procs"))) return false;
                Directory.CreateDirectory(folder);
                if (!made.Contains(folder)) made.Add(folder);
                // A controller that is not enabled for the group lacks the file.
                if (!File.Exists(Path.Combine(folder, file))) return false;
                File.WriteAllText(Path.Combine(folder, file), value.ToString(CultureInfo.InvariantCulture));
                return true;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return false;
            }
        }
        var unified = File.Exists(Path.Combine(Root, "cgroup.controllers"));
        bool Limit(string controller, string file, long value) =>
            Parents(unified ? Root : Path.Combine(Root, controller), unified ? "" : controller).Any(p => Try(p, file, value));
        var counted = Limit("pids", "pids.max", processes);
        var group = new ControlGroup(made, counted && Limit("memory", unified ? "memory.max" : "memory.limit_in_bytes", memory));
        if (counted && group.Accepts()) return group;
        group.Dispose();
        return null;
    }

    public void Dispose()
    {
        foreach (var folder in _folders)
        {
            for (var tries = 0; tries < 40 && Directory.Exists(folder); tries++)
            {
                try
                {
                    foreach (var id in File.ReadAllLines(Path.Combine(folder, "cgroup.procs")))
                        if (int.TryParse(id, CultureInfo.InvariantCulture, out var process) && process > 1) _ = Kill(process, 9);
                    Directory.Delete(folder);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    Thread.Sleep(25); // what was killed takes a moment to leave
                }
            }
        }
    }

    /// <summary>Under this process's own group, whose limits then hold as well;
    /// else at the root, where a group without limits of its own may lie.</summary>
    private static IEnumerable<string> Parents(string mount, string controller)
    {
        const string Own = "/proc/self/cgroup";
        var line = File.Exists(Own)
            ? File.ReadLines(Own).Select(l => l.Split(':', 3)).FirstOrDefault(l => l.Length == 3 && l[1].Split(',').Contains(controller))
            : null;
        if (line is not null && line[2].Trim('/') is { Length: > 0 } own) yield return Path.Combine(mount, own);
        yield return mount;
    }

    private bool Accepts()
    {
        try
        {
            var words = Prefix;
            var start = new System.Diagnostics.ProcessStartInfo(words[0]) { RedirectStandardError = true, RedirectStandardOutput = true };
            foreach (var word in words.Skip(1).Concat(["/bin/sh", "-c", "exit 42"])) start.ArgumentList.Add(word);
            using var process = System.Diagnostics.Process.Start(start);
            return process is not null && process.WaitForExit(5000) && process.ExitCode == 42;
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}

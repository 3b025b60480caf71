using System.Diagnostics;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Extraction;

namespace DocTuneLab.Evaluation.Tests;

/// <summary>
/// What a model's answer may do to the machine that runs it. Each program goes for one weakness; it must be contained and reported. The
/// programs are bounded themselves, so that a sandbox that fails the test does not take the machine with it.
/// </summary>
public class EvilProgramTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    private static readonly Isolation s_here = Sandbox.Isolation;

    private ExecutionResult Run(string body, string helpers = "", ExecutionOptions? options = null)
    {
        var task = TinyLibrary.Task() with
        {
            Signature = "public static int F()",
            Context = helpers,
            Tests = ["Check.Equal(1, Solution.F());"]
        };
        var job = new ExecutionJob(SolutionUnit.Compose(task, body).Source, task.Usings, task.Tests);
        if (options is null) return Report(fixture.Sandbox.Run(job));
        using var sandbox = TinyLibrary.Sandbox(options);
        return Report(sandbox.Run(job));

        static ExecutionResult Report(ExecutionResult result)
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"{s_here.Name}: {result.Status}: "
                + $"{result.Message} ({result.Elapsed.TotalSeconds:0.0} s) "
                + $"{result.Output.ReplaceLineEndings(" ")[..Math.Min(160, result.Output.Length)]}");
            return result;
        }
    }

    private static void NeedsCover(string what) =>
        Assert.SkipUnless(s_here.Covers.Any(c => c.Contains(what, StringComparison.Ordinal)),
            $"isolation here is {s_here.Name}: {what} is not covered, and the report says so");

    private const string Native = """
        using System.Runtime.InteropServices;
        public static class Native
        {
            [DllImport("libc")] public static extern int fork();
            [DllImport("libc")] public static extern int kill(int pid, int signal);
            [DllImport("libc")] public static extern int getppid();
            [DllImport("libc", SetLastError = true)] public static extern int umount2(string target, int flags);
            [DllImport("libc", SetLastError = true)] public static extern int mount(string? source, string target, string? type, ulong flags, string? data);
            [DllImport("libc")] public static extern uint sleep(uint seconds);
            [DllImport("libc")] public static extern void _exit(int code);
        }
        """;

    [Fact]
    public void A_fork_bomb_runs_into_the_limit()
    {
        NeedsCover("number of processes");
        // 400 at most, asleep: enough to see the limit, too few to hurt.
        var result = Run("""
            var made = 0;
            for (var i = 0; i < 400; i++)
            {
                var id = Native.fork();
                if (id == 0) { Native.sleep(20); Native._exit(0); }
                if (id < 0) break;
                made++;
            }
            return made is > 0 and < 128 ? 1 : made;
            """, Native);
        Assert.Equal(ExecutionStatus.Pass, result.Status);
        Assert.True(result.Elapsed < TimeSpan.FromSeconds(10), "what it left behind held the run");
    }

    [Fact]
    public void Processes_that_start_processes_for_ever_end_with_the_run()
    {
        NeedsCover("number of processes");
        var mark = "doctune-bomb-" + Guid.NewGuid().ToString("n");
        // Three generations deep, so 15 in all; each sleeps far beyond the limit of time.
        var script = $"f() {{ if [ $1 -gt 0 ]; then f $(($1-1)) & f $(($1-1)) & fi; sleep 60; }}; : {mark}; f 3";
        var result = Run($"System.Diagnostics.Process.Start(\"/bin/sh\", [\"-c\", \"{script}\"]); while (true) Thread.Sleep(100);");
        Assert.Equal(ExecutionStatus.Timeout, result.Status);
        Assert.DoesNotContain(Processes(), line => line.Contains(mark, StringComparison.Ordinal));
    }

    [Fact]
    public void The_disk_cannot_be_filled()
    {
        NeedsCover("bounded");
        var result = Run("""
            var written = 0L;
            try { for (var i = 0; i < 60; i++) { File.WriteAllBytes("f" + i, new byte[8_000_000]); written += 8_000_000; } }
            catch (IOException e) { Console.WriteLine(e.Message); }
            Console.WriteLine("wrote " + written);
            return written > 64 << 20 ? 0 : 1;
            """);
        Assert.Equal(ExecutionStatus.Pass, result.Status);
    }

    [Fact]
    public void No_socket_leaves_the_sandbox()
    {
        NeedsCover("no network");
        var result = Run("""
            using var socket = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.InterNetwork, System.Net.Sockets.SocketType.Dgram, 0);
            socket.SendTo(new byte[] { 1 }, new System.Net.IPEndPoint(System.Net.IPAddress.Parse("192.0.2.1"), 9));
            return 1;
            """);
        Assert.Equal(ExecutionStatus.Exception, result.Status);
        Assert.Contains("SocketException", result.Message);
    }

    [Fact]
    public void The_home_folder_cannot_be_read()
    {
        NeedsCover("home and /tmp hidden");
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var secret = Path.Combine(home, ".doctune-secret-" + Guid.NewGuid().ToString("n"));
        File.WriteAllText(secret, "hunter2");
        try
        {
            var result = Run($$"""
                foreach (var f in new[] { "{{home}}", "/root", "/home" }) if (Directory.Exists(f)) foreach (var e in Directory.EnumerateFileSystemEntries(f)) Console.WriteLine(e);
                return File.Exists("{{secret}}") ? 0 : 1;
                """);
            Assert.Equal(ExecutionStatus.Pass, result.Status);
            Assert.DoesNotContain(".nuget", result.Output);
        }
        finally
        {
            File.Delete(secret);
        }
    }

    [Fact]
    public void Mounts_cannot_be_undone()
    {
        NeedsCover("no capabilities");
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var result = Run($$"""
            const ulong Remount = 32, Bind = 4096;
            var undone = Native.umount2("{{home}}", 2) == 0 || Native.umount2("/tmp", 2) == 0;
            var writable = Native.mount(null, "/", null, Remount | Bind, null) == 0;
            return undone || writable ? 0 : 1;
            """, Native);
        Assert.Equal(ExecutionStatus.Pass, result.Status);
    }

    [Theory]
    [InlineData("/etc/doctune-evil")]
    [InlineData("/usr/lib/doctune-evil")]
    [InlineData("/dev/doctune-evil")]
    [InlineData("../../doctune-evil")]
    public void Nothing_is_written_outside(string path)
    {
        NeedsCover("read-only");
        var result = Run($"File.WriteAllText(\"{path}\", \"x\"); return 1;");
        // A relative path ends in memory that is gone with the run; it is no error there.
        if (Path.IsPathRooted(path)) Assert.Equal(ExecutionStatus.Exception, result.Status);
        Assert.False(File.Exists(path));
        Assert.False(File.Exists(Path.Combine(Path.GetTempPath(), "doctune-evil")));
    }

    [Fact]
    public void An_endless_loop_is_stopped() => Assert.Equal(ExecutionStatus.Timeout, Run("while (true) { }").Status);

    [Fact]
    public void Endless_loops_on_many_threads_are_stopped()
    {
        var clock = Stopwatch.StartNew();
        Assert.Equal(ExecutionStatus.Timeout,
            Run("for (var i = 0; i < 16; i++) new Thread(() => { while (true) { } }).Start(); while (true) { }").Status);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void A_stack_overflow_is_an_exception()
    {
        var result = Run("return G(1); static int G(int i) => 1 + G(i + 1);");
        Assert.Equal((ExecutionStatus.Exception, "stack overflow"), (result.Status, result.Message));
    }

    [Theory]
    [InlineData("var all = new List<byte[]>(); for (var i = 0; i < 100; i++) all.Add(new byte[1 << 30]); return all.Count;")]
    [InlineData("var all = new List<string>(); while (true) all.Add(new string('x', 100_000));")]
    [InlineData("long sum = 0; for (var i = 0; i < 400; i++) { var p = System.Runtime.InteropServices.Marshal.AllocHGlobal(1 << 28); "
        + "for (var k = 0; k < 1 << 28; k += 4096) System.Runtime.InteropServices.Marshal.WriteByte(p, k, 1); sum += p; "
        + "} return sum == 0 ? 0 : 1;")]
    public void A_hundred_gigabytes_are_out_of_memory(string body)
    {
        if (body.Contains("Marshal", StringComparison.Ordinal)) NeedsCover("native memory limit");
        // However slowly a busy machine hands out pages, what ends this is memory.
        var options = new ExecutionOptions
        {
            AllowUntrustedCode = true,
            AllowWithoutIsolation = true,
            WallTime = TimeSpan.FromSeconds(60),
            MemoryBytes = 256 << 20
        };
        Assert.Equal(ExecutionStatus.OutOfMemory, Run(body, options: options).Status);
    }

    [Fact]
    public void The_parent_cannot_be_killed()
    {
        NeedsCover("own process tree");
        // The first check keeps a process that sees the machine's own ids from killing anything.
        var result = Run("if (Environment.ProcessId > 100) return 0; for (var i = 2; i < 40000; i++) if (i != Environment.ProcessId) "
            + "Native.kill(i, 9); Native.kill(Native.getppid(), 9); Native.kill(-1, 9); return 1;", Native);
        Assert.Equal(ExecutionStatus.Exception, result.Status);
        Assert.False(Process.GetCurrentProcess().HasExited);
    }

    [Fact]
    public void Endless_output_is_cut()
    {
        var result = Run("var line = new string('x', 4000); while (true) Console.WriteLine(line);");
        Assert.Equal(ExecutionStatus.Timeout, result.Status);
        Assert.True(result.Output.Length <= 4096);
    }

    [Fact]
    public void Threads_left_behind_end_with_the_run()
    {
        var result = Run("for (var i = 0; i < 8; i++) new Thread(() => { while (true) Thread.Sleep(5); }).Start(); return 1;");
        Assert.Equal(ExecutionStatus.Pass, result.Status);
        Assert.True(result.Elapsed < TimeSpan.FromSeconds(3));
    }

    [Fact]
    public void Where_nothing_isolates_nothing_runs_unless_it_is_asked_for()
    {
        var refusal = Sandbox.Refusal(new ExecutionOptions { AllowUntrustedCode = true });
        Assert.Equal(s_here.IsSandbox, refusal is null);
        Assert.Null(Sandbox.Refusal(new ExecutionOptions { AllowUntrustedCode = true, AllowWithoutIsolation = true }));
        if (refusal is not null) Assert.Contains("--allow-without-isolation", refusal);
    }

    [Fact]
    public void Every_report_says_what_is_not_covered()
    {
        Assert.NotEmpty(s_here.NotCovered);
        Assert.Empty(s_here.Covers.Intersect(s_here.NotCovered));
        Assert.Equal(s_here.Covers.Any(c => c.StartsWith("number of processes", StringComparison.Ordinal)),
            !s_here.NotCovered.Contains("number of processes"));
    }

    private static IEnumerable<string> Processes()
    {
        foreach (var folder in Directory.Exists("/proc") ? Directory.GetDirectories("/proc") : [])
        {
            string line;
            try { line = int.TryParse(Path.GetFileName(folder), out _) ? File.ReadAllText(Path.Combine(folder, "cmdline")) : ""; }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException) { continue; }
            yield return line;
        }
    }
}

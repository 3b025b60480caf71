using System.Diagnostics;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Extraction;
using DocTuneLab.Evaluation.Suites;

namespace DocTuneLab.Evaluation.Tests;

public class SandboxTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    private static ExecutionJob Job(CodeTask task, string body) => new(SolutionUnit.Compose(task, body).Source, task.Usings, task.Tests,
        task.Reference.Length > 0 ? SolutionUnit.Compose(task, task.Reference).Source : "");

    private ExecutionResult Run(string body, params string[] tests)
    {
        var task = TinyLibrary.Task() with
        {
            Signature = "public static int F()",
            Reference = "return 1;",
            Tests = tests.Length > 0 ? tests : ["Check.Equal(1, Solution.F());"]
        };
        return fixture.Sandbox.Run(Job(task, body));
    }

    [Fact]
    public void The_reference_passes_and_the_stub_fails()
    {
        var task = TinyLibrary.Task();
        var reference = fixture.Sandbox.Run(Job(task, task.Reference));
        Assert.True(reference.Status == ExecutionStatus.Pass, reference.ToString());
        Assert.Equal(2, reference.Test);
        var stub = fixture.Sandbox.Run(Job(task, task.Stub));
        Assert.Equal(ExecutionStatus.WrongAnswer, stub.Status);
        Assert.Equal(1, stub.Test);
        Assert.Equal("expected 3, got 0", stub.Message);
    }

    [Fact]
    public void An_endless_loop_times_out()
    {
        var clock = Stopwatch.StartNew();
        Assert.Equal(ExecutionStatus.Timeout, Run("while (true) { }").Status);
        Assert.InRange(clock.Elapsed.TotalSeconds, 2.9, 8);
    }

    [Fact]
    public void Leaving_early_is_no_pass()
    {
        var result = Run("Environment.Exit(0); return 1;");
        Assert.Equal(ExecutionStatus.Exception, result.Status);
        Assert.Contains("without a report", result.Message);
    }

    [Fact]
    public void Printing_or_writing_a_fake_report_is_no_pass()
    {
        var fake = "var fake = \"0123456789abcdef0123456789abcdef\\nPass\\n1\\n1\\n\"; Console.WriteLine(fake); "
            + "File.WriteAllText(\"report\", fake); Environment.Exit(0); return 1;";
        Assert.Equal(ExecutionStatus.Exception, Run(fake).Status);
        // It writes over the record of its own checks, so what they found is not known.
        Assert.Equal(ExecutionStatus.Exception,
            Run("Console.WriteLine(\"PASS\"); File.WriteAllText(\"report\", \"Pass\"); return 1;").Status);
        Assert.Equal(ExecutionStatus.WrongAnswer, Run("Console.WriteLine(\"PASS\"); return 2;").Status);
    }

    [Fact]
    public void Swallowing_a_failed_check_is_no_pass()
    {
        var result = Run("return 2;", "try { Check.Equal(1, Solution.F()); } catch { }", "Check.True(true);");
        Assert.Equal(ExecutionStatus.WrongAnswer, result.Status);
    }

    [Fact]
    public void A_test_that_does_its_work_in_what_it_expects_is_charged_to_the_task()
    {
        // What is expected is not there where an answer runs, so the number left differs, with the reference as with a right answer.
        var result = Run("return 1;", "var q = new Queue<int>([1, 2]); Check.Equal(q.Dequeue(), Solution.F()); Check.Equal(1, q.Count);");
        Assert.Equal(ExecutionStatus.HarnessError, result.Status);
        Assert.Contains("without what they expect", result.Message);
    }

    [Fact]
    public void Output_is_capped_and_does_not_block()
    {
        var result = Run("var line = new string('x', 1000); for (var i = 0; i < 20000; i++) Console.WriteLine(line); return 1;");
        Assert.Equal(ExecutionStatus.Pass, result.Status);
        Assert.InRange(result.Output.Length, 4000, 4096);
    }

    [Fact]
    public void Neither_environment_nor_parent_shows_secrets()
    {
        Environment.SetEnvironmentVariable("DOCTUNE_TEST_SECRET", "hunter2");
        var result = Run("""
            foreach (System.Collections.DictionaryEntry e in Environment.GetEnvironmentVariables()) Console.WriteLine($"{e.Key}={e.Value}");
            Console.WriteLine("stdin:" + Console.In.ReadToEnd() + ":");
            return 1;
            """);
        Assert.Equal(ExecutionStatus.Pass, result.Status);
        Assert.DoesNotContain("hunter2", result.Output);
        Assert.Contains("stdin::", result.Output);
    }

    [Fact]
    public void Other_processes_are_out_of_sight_where_the_sandbox_says_so()
    {
        Assert.SkipUnless(Sandbox.Isolation.Covers.Contains("own process tree, killed as a whole"),
            $"isolation here is {Sandbox.Isolation.Name}");
        Environment.SetEnvironmentVariable("DOCTUNE_TEST_SECRET", "hunter2");
        var result = Run($$"""
            foreach (var d in Directory.GetDirectories("/proc"))
                if (int.TryParse(Path.GetFileName(d), out var id))
                    try { Console.WriteLine(id + " " + File.ReadAllText(d + "/environ") + File.ReadAllText(d + "/cmdline")); }
                    catch (Exception e) { Console.WriteLine(e.Message); }
            return 1;
            """);
        Assert.Equal(ExecutionStatus.Pass, result.Status);
        Assert.DoesNotContain("hunter2", result.Output);
        Assert.DoesNotContain("DocTuneLab.Evaluation.Tests", result.Output);
    }

    [Fact]
    public void The_network_is_cut_where_the_sandbox_says_so()
    {
        Assert.SkipUnless(Sandbox.Isolation.IsSandbox, "the network cannot be cut off here");
        var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var port = ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
        var result = Run($"using var c = new System.Net.Sockets.TcpClient(); c.Connect(System.Net.IPAddress.Loopback, {port}); return 1;");
        listener.Stop();
        Assert.Equal(ExecutionStatus.Exception, result.Status);
        Assert.Contains("SocketException", result.Message);
    }

    [Fact]
    public void A_stack_overflow_is_an_exception()
    {
        var result = Run("return G(1); static int G(int i) => 1 + G(i + 1);");
        Assert.Equal(ExecutionStatus.Exception, result.Status);
        Assert.Equal("stack overflow", result.Message);
    }

    [Theory]
    [InlineData("var all = new List<byte[]>(); for (var i = 0; i < 100; i++) all.Add(new byte[1 << 30]); return all.Count;")]
    [InlineData("var all = new List<byte[]>(); while (true) all.Add(new byte[100_000]);")]
    public void Too_much_memory_is_out_of_memory(string body) => Assert.Equal(ExecutionStatus.OutOfMemory, Run(body).Status);

    [Fact]
    public void Native_memory_is_limited_where_the_sandbox_says_so()
    {
        Assert.SkipUnless(Sandbox.Isolation.Covers.Contains("native memory limit"), "no limit on data here");
        var result = Run("long sum = 0; for (var i = 0; i < 100; i++) sum += System.Runtime.InteropServices.Marshal.AllocHGlobal(1 << 28); "
            + "return sum == 0 ? 0 : 1;");
        Assert.Equal(ExecutionStatus.OutOfMemory, result.Status);
    }

    [Fact]
    public void Files_are_limited_where_the_sandbox_says_so()
    {
        Assert.SkipUnless(Sandbox.Isolation.Covers.Contains("file-size limit"), "no limit on files here");
        Assert.NotEqual(ExecutionStatus.Pass, Run("File.WriteAllBytes(\"big\", new byte[100_000_000]); return 1;").Status);
        Assert.Equal(ExecutionStatus.Pass, Run("File.WriteAllBytes(\"small\", new byte[1_000_000]); return 1;").Status);
    }

    [Fact]
    public void Threads_left_running_do_not_hold_the_result()
    {
        var clock = Stopwatch.StartNew();
        Assert.Equal(ExecutionStatus.Pass, Run("new Thread(() => { while (true) Thread.Sleep(10); }).Start(); return 1;").Status);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 2.9);
    }

    [Fact]
    public void Processes_left_running_are_killed()
    {
        Assert.SkipUnless(Sandbox.Isolation.Covers.Any(c => c.EndsWith("killed as a whole", StringComparison.Ordinal)),
            $"isolation here is {Sandbox.Isolation.Name}, without setsid");
        var marker = Path.Combine(Path.GetTempPath(), "doctune-escape-" + Guid.NewGuid().ToString("n"));
        var result = Run($"System.Diagnostics.Process.Start(\"/bin/sh\", [\"-c\", \"sleep 1; touch {marker}\"]); return 1;");
        Assert.Equal(ExecutionStatus.Pass, result.Status);
        Thread.Sleep(1500);
        Assert.False(File.Exists(marker));
    }

    [Fact]
    public void What_does_not_compile_is_not_run()
    {
        var result = Run("return new Vat(1).Swirl();");
        Assert.Equal(ExecutionStatus.CompileError, result.Status);
        Assert.Contains("CS1061", result.Message);
        Assert.Equal(TimeSpan.Zero, result.Elapsed);
    }

    [Fact]
    public void Tests_may_share_locals_or_repeat_their_names()
    {
        Assert.Equal(ExecutionStatus.Pass, Run("return 1;", "var x = Solution.F();", "Check.Equal(1, x);").Status);
        Assert.Equal(ExecutionStatus.Pass,
            Run("return 1;", "var x = Solution.F(); Check.Equal(1, x);", "var x = 2; Check.NotEqual(x, Solution.F())").Status);
    }

    [Fact]
    public void Tests_that_check_nothing_are_the_harness_fault() =>
        Assert.Equal(ExecutionStatus.HarnessError, Run("return 1;", "Solution.F();").Status);

    [Theory]
    [InlineData("Check.Equal(new[] { 1, 2 }, new List<int> { 1, 2 });", true)]
    [InlineData("Check.Equal([1, 2], new List<int> { 1, 3 });", false)]
    [InlineData("Check.Equal(\"a\", \"b\");", false)]
    [InlineData("Check.Equal(1, 1L);", true)]
    [InlineData("Check.Equal(0.3, 0.1 + 0.2);", false)]
    [InlineData("Check.Equal(0.3, 0.1 + 0.2, 1e-9);", true)]
    [InlineData("Check.Equal(new Dictionary<string, int[]> { [\"a\"] = [1] }, new SortedDictionary<string, int[]> { [\"a\"] = [1] });",
        true)]
    [InlineData("Check.Equal(new Dictionary<string, int> { [\"a\"] = 1 }, new Dictionary<string, int> { [\"a\"] = 2 });", false)]
    [InlineData("Check.Equal(new HashSet<int> { 1, 2 }, new HashSet<int> { 2, 1 });", true)]
    [InlineData("Check.Equal((1, new[] { 2 }), (1, new[] { 2 }));", true)]
    [InlineData("Check.Equal((1, new[] { 2 }), (1, new[] { 3 }));", false)]
    [InlineData("Check.Equal(new P(1, [2]), new P(1, [2]));", true)]
    [InlineData("Check.Equal(new P(1, [2]), new P(1, [3]));", false)]
    [InlineData("Check.Equal(null, null);", true)]
    [InlineData("Check.Throws<ArgumentException>(() => throw new ArgumentNullException());", true)]
    [InlineData("Check.Throws<ArgumentException>(() => { });", false)]
    [InlineData("Check.Throws<InvalidOperationException>(() => new List<int>().First());", true)]
    [InlineData("Check.Throws<InvalidOperationException>(async () => { await Task.Yield(); throw new InvalidOperationException(); });",
        true)]
    [InlineData("await Check.ThrowsAsync<FormatException>(async () => { await Task.Yield(); int.Parse(\"x\"); });", true)]
    [InlineData("await Check.ThrowsAsync<FormatException>(() => Task.CompletedTask);", false)]
    public void Checks_compare_by_structure(string test, bool holds)
    {
        var task = TinyLibrary.Task() with
        {
            Signature = "public static int F()",
            Context = "public record P(int A, List<int> B);",
            Reference = "", // so that each check is compared with what it says itself
            Tests = [test]
        };
        var result = fixture.Sandbox.Run(Job(task, "return 1;"));
        Assert.True(result.Status == (holds ? ExecutionStatus.Pass : ExecutionStatus.WrongAnswer), result.ToString());
    }

    [Fact]
    public void Many_answers_run_side_by_side_and_come_back_in_order()
    {
        var task = TinyLibrary.Task();
        var results = fixture.Sandbox.RunAll([.. Enumerable.Range(0, 8).Select(i => Job(task, i % 2 == 0 ? task.Reference : task.Stub))]);
        Assert.Equal(Enumerable.Range(0, 8).Select(i => i % 2 == 0 ? ExecutionStatus.Pass : ExecutionStatus.WrongAnswer),
            results.Select(r => r.Status));
    }

    [Fact]
    public void Nothing_runs_unless_it_is_allowed()
    {
        var error = Assert.Throws<LabException>(() => TinyLibrary.Sandbox(new ExecutionOptions()));
        Assert.Contains("AllowUntrustedCode", error.Message);
    }
}

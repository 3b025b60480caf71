using System.Diagnostics;
using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Hosting;

namespace DocTuneLab.Notebooks.Tests;

public class CSharpCellTests
{
    [Fact]
    public async Task State_goes_from_cell_to_cell()
    {
        var driver = new SessionDriver();
        await driver.OkAsync("var x = 20; record Pair(int A, string? B); int Twice(int n) => 2 * n;");
        await driver.OkAsync("x += 1;\nTwice(x) + new Pair(0, null).A");
        Assert.Equal("42", driver.Result);
    }

    [Fact]
    public async Task Only_a_last_expression_without_semicolon_is_shown()
    {
        var driver = new SessionDriver();
        await driver.OkAsync("var a = 1 + 1;");
        Assert.Empty(driver.Outputs);
        await driver.OkAsync("Console.Write(\"hi\")");
        Assert.Equal([new StreamOutput(false, "hi")], driver.Outputs);
        await driver.OkAsync("(string?)null");
        Assert.Equal("null", driver.Result);
    }

    [Fact]
    public async Task Await_works_at_top_level()
    {
        var driver = new SessionDriver();
        await driver.OkAsync("await Task.Delay(1);\nvar n = await Task.Run(() => { Console.WriteLine(\"from the pool\"); return 7; });\nn");
        Assert.Equal("7", driver.Result);
        Assert.Equal("from the pool\n", driver.Printed);
    }

    [Fact]
    public async Task Blocking_on_a_task_of_the_cell_does_not_deadlock()
    {
        var driver = new SessionDriver();
        await driver.OkAsync("async Task<int> Slow() { await Task.Delay(10); return 5; }\nSlow().Result");
        Assert.Equal("5", driver.Result);
    }

    [Fact]
    public async Task Compiler_errors_name_cell_line_and_place()
    {
        var driver = new SessionDriver();
        var result = await driver.RunAsync("var a = 1;\nfor (;;) undefined();");
        Assert.Equal(CellStatus.Failed, result.Status);
        Assert.StartsWith("cell 1:line 2: CS0103", result.Error!.Message);
        Assert.Equal(["    for (;;) undefined();", "             ^~~~~~~~~"], result.Error.Traceback.Skip(1).Take(2));
    }

    [Fact]
    public async Task Exceptions_name_the_lines_of_the_cells_they_came_through()
    {
        var driver = new SessionDriver();
        await driver.OkAsync("int Fail(int n)\n{\n    throw new InvalidOperationException($\"no {n}\");\n}");
        var result = await driver.RunAsync("var before = 3;\n\nFail(before);");
        Assert.Equal("InvalidOperationException", result.Error!.Name);
        Assert.Equal("InvalidOperationException: no 3", result.Error.Traceback[0]);
        Assert.Contains(result.Error.Traceback, line => line.EndsWith("cell 1:line 3", StringComparison.Ordinal));
        Assert.Contains(result.Error.Traceback, line => line.EndsWith("cell 2:line 3", StringComparison.Ordinal));
        Assert.DoesNotContain(result.Error.Traceback, line => line.Contains("CodeAnalysis", StringComparison.Ordinal));
        await driver.OkAsync("before");
        Assert.Equal("3", driver.Result);
    }

    [Fact]
    public async Task Lines_are_counted_from_the_top_of_the_cell_behind_magics()
    {
        var driver = new SessionDriver();
        var result = await driver.RunAsync("#!set --name a --value 1\n#!csharp\nvar b = 2;\nnope");
        Assert.StartsWith("cell 1:line 4: CS0103", result.Error!.Message);
    }

    [Theory]
    [InlineData("while (true) ;")]
    [InlineData("for (;;) { try { Thread.Sleep(Timeout.Infinite); } finally { } }")]
    [InlineData("void Spin() { Spin2(); } void Spin2() { while (true) { } } Spin();")]
    [InlineData("again: goto again;")]
    [InlineData("await Task.Delay(-1, CellContext.Current.CancellationToken);")]
    [InlineData("Task.Delay(-1).Wait();")]
    [InlineData("await Task.Delay(-1);")]
    [InlineData("Enumerable.InfiniteSequence(0, 1).First(x => x < 0)")]
    public async Task A_runaway_cell_stops_and_the_session_lives_on(string code)
    {
        var driver = new SessionDriver();
        await driver.OkAsync("var kept = 1;");
        Assert.Equal(CellStatus.Cancelled, (await driver.CancelOnceItPrintsAsync("Console.WriteLine(0);\n" + code)).Status);
        await driver.OkAsync("kept");
        Assert.Equal("1", driver.Result);
    }

    [Fact]
    public async Task A_cell_that_cannot_be_stopped_makes_the_session_say_so()
    {
        var session = new NotebookSession(new SessionOptions { StopGrace = TimeSpan.FromMilliseconds(300) });
        session.AddReferences(typeof(Visible).Assembly);
        using var stop = new CancellationTokenSource();
        var started = new TaskCompletionSource();
        var run = session.RunAsync(new CellRequest("Console.WriteLine(1);\nDocTuneLab.Notebooks.Tests.Visible.Spin(3000);", "cell 1"),
            _ => started.TrySetResult(), stop.Token);
        await started.Task;
        await stop.CancelAsync();
        Assert.Equal(CellStatus.Stuck, (await run).Status);
        Assert.True(session.IsStuck);
        await Assert.ThrowsAsync<NotebookException>(() => session.RunAsync(new CellRequest("1", "cell 2"), _ => { }));
    }

    [Theory]
    [InlineData("int Down(int n) => Down(n + 1) + 1;\nDown(0)")]
    [InlineData("int P => P + 1;\nP")]
    [InlineData("Func<int, int>? f = null; f = n => f!(n) + 1;\nf(0)")]
    [InlineData("class N { public N Next; public N() => Next = new N(); }\nnew N()")]
    public async Task Endless_recursion_is_an_error_not_the_end_of_the_process(string code)
    {
        var driver = new SessionDriver();
        var result = await driver.RunAsync(code);
        Assert.Equal("InsufficientExecutionStackException", result.Error!.Name);
        Assert.InRange(result.Error.Traceback.Count, 3, 60);
        await driver.OkAsync("1");
    }

    [Fact]
    public async Task A_long_chain_of_causes_is_shortened()
    {
        var result = await new SessionDriver().RunAsync(
            "Exception e = new Exception(\"0\");\nfor (var i = 1; i < 10_000; i++) e = new Exception(i.ToString(), e);\nthrow e;");
        Assert.Equal("9999", result.Error!.Message);
        Assert.InRange(result.Error.Traceback.Count, 20, 60);
        Assert.Equal("  … and 9980 more causes", result.Error.Traceback[^1]);
    }

    [Fact]
    public async Task A_cell_that_awaits_in_vain_is_left_and_what_comes_later_is_not_shown()
    {
        var driver = new SessionDriver();
        await driver.OkAsync("var late = new TaskCompletionSource<int>(); var before = 0;");
        Assert.Equal(CellStatus.Cancelled,
            (await driver.CancelOnceItPrintsAsync("before = 1;\nConsole.WriteLine();\nawait late.Task")).Status);
        await driver.OkAsync("late.SetResult(5); await Task.Delay(50); before");
        Assert.Equal("1", driver.Result);
        Assert.Single(driver.Outputs);
    }

    [Fact]
    public async Task Usings_types_and_hidden_variables_go_from_cell_to_cell()
    {
        var driver = new SessionDriver();
        await driver.OkAsync("using System.Globalization;\nusing static System.Math;");
        await driver.OkAsync("// nothing but a comment");
        await driver.OkAsync("enum Colour { Red }\nstatic string Loud(this string s) => s.ToUpperInvariant();\nvar x = 1;");
        await driver.OkAsync("var x = \"a\".Loud() + Max(1, 2) + Colour.Red + CultureInfo.InvariantCulture.Name.Length;");
        await driver.OkAsync("x");
        Assert.Equal("A2Red0", driver.Result);
        var broken = await driver.RunAsync("var first = 1;\nint.Parse(\"x\");\nvar second = 2;");
        Assert.Equal("FormatException", broken.Error!.Name);
        await driver.OkAsync("(first, second)");
        Assert.Equal("(1, 0)", driver.Result);
    }

    [Fact]
    public async Task A_loaded_file_brings_its_references_is_guarded_and_names_its_own_lines()
    {
        var folder = Directory.CreateTempSubdirectory("doctune-load");
        var inner = Path.Combine(folder.FullName, "inner.csx");
        File.WriteAllText(inner,
            $"#r \"{typeof(CSharpCellTests).Assembly.Location}\"\nint Answer() => DocTuneLab.Notebooks.Tests.Visible.Answer;\n");
        var outer = Path.Combine(folder.FullName, "outer.csx");
        File.WriteAllText(outer,
            "#load \"inner.csx\"\nvoid Forever()\n{\n    while (true) ;\n}\nvoid Fail()\n{\n    throw new Exception(\"here\");\n}\n");
        var driver = new SessionDriver();
        await driver.OkAsync($"#load \"{outer}\"\nAnswer()");
        Assert.Equal("42", driver.Result);
        Assert.Equal(CellStatus.Cancelled, (await driver.CancelOnceItPrintsAsync("Console.WriteLine();\nForever();")).Status);
        Assert.Contains((await driver.RunAsync("Fail();")).Error!.Traceback,
            line => line.EndsWith("outer.csx:line 8", StringComparison.Ordinal));
        folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("async Task A() => await Task.Yield(); await A();")]
    [InlineData("async Task<int> B() => await Task.FromResult(1); await B();")]
    [InlineData("void C() => throw new Exception(); try { C(); } catch { }")]
    [InlineData("int[] a = [1]; ref int D() => ref a[0]; D() = 2;")]
    [InlineData("foreach (var (k, v) in new Dictionary<int, int> { [1] = 2 }) if (k > 0) for (var i = 0; i < 2; i++) while (i < 1) i++;")]
    [InlineData("int i = 0; do i++; while (i < 3);")]
    [InlineData("IEnumerable<int> E() { yield return 1; } E().Select(x => { return x; }).Count();")]
    [InlineData("class G { public int P => 1; public int Q { get => 2; set => _ = value; } public G() => Q = 3; "
        + "public int this[int i] => i; public static G operator +(G a, G b) => a; public static implicit operator int(G g) => 4; "
        + "}\nint sum = new G() + new G(); if (sum + new G().P + new G()[2] != 7) throw new Exception();")]
    [InlineData("Action<int> act = i => Console.Write(i); act(1); Func<Task> go = async () => await Task.Yield(); await go(); "
        + "Func<Task<int>> get = async () => await Task.FromResult(2); if (await get() != 2) throw new Exception();")]
    [InlineData("if (Enumerable.Range(0, 9).Where(i => i > 4).SelectMany(i => Enumerable.Range(0, i).Select(j => (i, j))).ToDictionary(p "
        + "=> p, p => p.i + p.j).Count != 26) throw new Exception();")]
    [InlineData("System.Linq.Expressions.Expression<Func<int, int>> tree = x => x + 1; if (tree.Compile()(1) != 2) throw new Exception();")]
    [InlineData("await Task.Run(() => Task.Delay(1)); await Task.Run(() => Console.Write(1)); Func<int> f = () => throw new Exception(); "
        + "Func<int, Func<int, int>> add = a => b => a + b; if (add(1)(2) != 3) throw new Exception();")]
    [InlineData("class F { public int P { get { return 1; } } public override string ToString() => \"f\"; }")]
    public async Task Guards_keep_the_meaning_of_code(string code) => await new SessionDriver().OkAsync(code);

    [Fact]
    public async Task A_referenced_assembly_can_be_used()
    {
        var driver = new SessionDriver();
        await driver.OkAsync($"#r \"{typeof(CSharpCellTests).Assembly.Location}\"\nDocTuneLab.Notebooks.Tests.Visible.Answer");
        Assert.Equal("42", driver.Result);
    }

    [Fact]
    public async Task A_package_that_cannot_be_restored_is_an_error_at_its_line_and_poisons_nothing()
    {
        var driver = new SessionDriver();
        var result = await driver.RunAsync("var a = 1;\n#r \"nuget: No.Such.Package, not-a-version\"");
        Assert.Equal("PackageNotRestored", result.Error!.Name);
        Assert.StartsWith("cell 1:line 2: ", result.Error.Traceback[^1]);
        Assert.Contains("not-a-version", result.Error.Message);
        await driver.OkAsync("1");
    }
}

public static class Visible
{
    public static int Answer => 42;

    // Compiled without guards, and never waiting: nothing can stop it.
    public static void Spin(int milliseconds)
    {
        for (var clock = Stopwatch.StartNew(); clock.ElapsedMilliseconds < milliseconds;)
            Thread.SpinWait(100);
    }
}

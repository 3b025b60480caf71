using System.Collections.Concurrent;
using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Hosting;

namespace DocTuneLab.Notebooks.Tests;

/// <summary>How outputs come to the host: in order, all of them, and with no lock held that the host might want.</summary>
public sealed class OutputOrderTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_host_may_wait_for_the_console_that_a_cell_holds()
    {
        var session = new NotebookSession();
        var printed = new ConcurrentQueue<string>();
        // Console.WriteLine holds this very lock while it writes; here it is held until text is on its way to the host.
        var cell = new CellRequest("lock (Console.Out) { Console.Write(\"a\"); Thread.Sleep(300); Console.Write(\"b\"); }", "cell");
        var result = await session.RunAsync(cell, output =>
        {
            Console.Out.Flush();
            printed.Enqueue(((StreamOutput)output).Text);
        }, TestContext.Current.CancellationToken).WaitAsync(s_limit, TestContext.Current.CancellationToken);
        Assert.Equal(CellStatus.Ok, result.Status);
        Assert.Equal("ab", string.Concat(printed));
    }

    [Fact]
    public async Task A_host_may_wait_for_a_lock_that_the_cell_holds()
    {
        var session = new NotebookSession();
        var shared = new object();
        session.SetValue("shared", shared);
        var outputs = new ConcurrentQueue<CellOutput>();
        var cell = new CellRequest(
            "lock (shared) { var d = display(1); Console.WriteLine(new string('x', 70_000)); d.Update(2); Thread.Sleep(200); display(3); }",
            "cell");
        await session.RunAsync(cell, output =>
        {
            // From another thread, as a host does that hands on to one of its own.
            Task.Run(() => { lock (shared) outputs.Enqueue(output); }).Wait();
        }, TestContext.Current.CancellationToken).WaitAsync(s_limit, TestContext.Current.CancellationToken);
        Assert.Equal([typeof(DisplayOutput), typeof(StreamOutput), typeof(UpdateOutput), typeof(DisplayOutput)],
            outputs.Select(output => output.GetType()));
    }

    [Fact]
    public async Task What_a_host_prints_is_not_the_cell_s()
    {
        var session = new NotebookSession();
        var contexts = new ConcurrentQueue<CellContext?>();
        await session.RunAsync(new CellRequest("Console.Write(new string('x', 70_000)); display(1); 2", "cell"),
            _ => contexts.Enqueue(CellContext.CurrentOrNull), TestContext.Current.CancellationToken);
        Assert.Equal([null, null, null], contexts);
    }

    [Fact]
    public async Task Order_is_kept_and_nothing_is_missing_when_the_cell_has_ended()
    {
        var driver = new SessionDriver();
        await driver.OkAsync("for (var i = 0; i < 500; i++) { Console.Write($\"o{i} \"); Console.Error.Write($\"e{i} \"); "
            + "if (i % 50 == 0) display(i); if (i % 100 == 0) Thread.Sleep(50); }");
        var seen = string.Concat(driver.Outputs.Select(
            output => output is StreamOutput stream ? stream.Text : ((DisplayOutput)output).Data["text/plain"] + "! "));
        var expected = string.Concat(Enumerable.Range(0, 500).Select(i => $"o{i} e{i} " + (i % 50 == 0 ? $"{i}! " : "")));
        Assert.Equal(expected, seen);
    }

    [Fact]
    public async Task A_host_that_throws_ends_the_run_with_what_it_threw()
    {
        var session = new NotebookSession();
        var calls = 0;
        var thrown = await Assert.ThrowsAsync<IOException>(() =>
            session.RunAsync(new CellRequest("Console.Write(1); Thread.Sleep(200); display(2);", "cell"), _ =>
        {
            calls++;
            throw new IOException("no space left");
        }, TestContext.Current.CancellationToken));
        Assert.Equal("no space left", thrown.Message);
        Assert.Equal(1, calls);
        var outputs = new List<CellOutput>();
        await session.RunAsync(new CellRequest("1", "cell"), outputs.Add, TestContext.Current.CancellationToken);
        Assert.IsType<ResultOutput>(Assert.Single(outputs));
    }

    [Fact]
    public async Task A_cell_that_prints_faster_than_its_host_takes_it_is_held_up()
    {
        var session = new NotebookSession();
        using var open = new ManualResetEventSlim();
        var printed = new int[1];
        session.SetValue("printed", printed);
        var length = 0L;
        var run = session.RunAsync(new CellRequest("var text = new string('x', 1 << 20); for (var i = 0; i < 40; "
            + "i++) { Console.Out.Write(text); printed[0]++; }", "cell"), output =>
        {
            open.Wait();
            length += ((StreamOutput)output).Text.Length;
        }, TestContext.Current.CancellationToken);
        while (Volatile.Read(ref printed[0]) < 9)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        await Task.Delay(300, TestContext.Current.CancellationToken);
        Assert.InRange(Volatile.Read(ref printed[0]), 9, 39);
        open.Set();
        await run;
        Assert.Equal(40L << 20, length);
    }

    [Fact]
    public void What_is_done_in_turn_holds_nobody_up()
    {
        var turn = new InTurn();
        var done = new ConcurrentQueue<int>();
        turn.Do(() =>
        {
            turn.Do(() => done.Enqueue(2));
            Assert.True(Task.Run(() => turn.Do(() => done.Enqueue(3))).Wait(s_limit));
            done.Enqueue(1);
        });
        Assert.Throws<InvalidOperationException>(() => turn.Do(() => throw new InvalidOperationException()));
        turn.Do(() => done.Enqueue(4));
        Assert.Equal([1, 2, 3, 4], done);
    }
}

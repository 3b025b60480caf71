namespace DocTuneLab.Jupyter.Tests;

/// <summary>Cells that never end by themselves, one of each kind.</summary>
public static class Runaways
{
    /// <summary>A tight loop, a LINQ lambda, a sleep, a wait for a lock, an await of what never comes, a loop that allocates.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        "var spin = 0L; while (true) spin++;",
        "Enumerable.InfiniteSequence(0, 1).Where(x => x % 3 == 0).Count(x => x < 0)",
        "Thread.Sleep(Timeout.Infinite);",
        "var door = new object(); using (var held = new ManualResetEventSlim()) { new Thread(() => { lock (door) { held.Set(); "
            + "Thread.Sleep(60_000); } }) { IsBackground = true }.Start(); held.Wait(); lock (door) { } }",
        "await new TaskCompletionSource().Task;",
        "var all = new List<byte[]>(); while (true) { all.Add(new byte[1024]); if (all.Count > 100_000) all.Clear(); }",
    ];
}

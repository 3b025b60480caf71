using System.Diagnostics;
using System.Globalization;
using DocTuneLab.Endpoints;
using DocTuneLab.Endpoints.Exchange;
using DocTuneLab.Storage;
using DocTuneLab.Tests.Prompts.Loopback;

namespace DocTuneLab.Benchmarks;

/// <summary>
/// Requests a second of the engine, its answers kept in a lab, from a loopback server in a process of its own on the same processors, whose
/// answers take log-normal times. The ideal is the best that any client could do with so many places: as soon as one is free, it takes the
/// next request. Nothing of the difference is a ramp (an endpoint starts at its limit), and the drain at the end, while the last answers
/// come, is in the ideal as well; its length stands in a column.
/// </summary>
internal static class CorpusThroughput
{
    private static readonly int[] s_concurrencies = [8, 64, 512];

    /// <summary>The server: writes its address, then for each line read the number of requests at one time at most.</summary>
    public static async Task ServeAsync()
    {
        await using var server = await LoopbackServer.StartAsync();
        server.Latency = Latency;
        Console.WriteLine(server.Url);
        while (Console.ReadLine() is not null) Console.WriteLine(server.Peak);
    }

    public static async Task RunAsync(int[] concurrencies)
    {
        Console.WriteLine("Ideal: list scheduling of the server's latencies over the concurrent places, no time for anything else; "
            + "half as many again ask at a time, as in a corpus that is written.");
        Console.WriteLine("| concurrent | at the server at most | requests | ideal s | of it drain | took s | share of ideal | a place is "
            + "lost, ms a request | an answer waits for the disk, ms | CPU ms a request: "
            + "client | server |\n|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
        foreach (var concurrency in concurrencies is [] ? s_concurrencies : concurrencies) Console.WriteLine(await OneAsync(concurrency));
    }

    private static async Task<string> OneAsync(int concurrency)
    {
        using var server = Process.Start(new ProcessStartInfo("dotnet", [typeof(CorpusThroughput).Assembly.Location, "corpus", "server"])
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true
        })!;
        var url = new Uri((await server.StandardOutput.ReadLineAsync())!);
        var count = Math.Min(concurrency * 60, 12_000);
        var folder = Directory.CreateTempSubdirectory("doctune-bench-").FullName;
        using var self = Process.GetCurrentProcess();
        double took;
        TimeSpan client, served;
        Timed journal;
        using (var lab = Lab.Open(folder))
        {
            await using var kept = new LabJournal(lab);
            journal = new Timed(kept);
            using var engine = new RequestEngine([CorpusBenchmarks.Endpoint(url, concurrency)], journal);
            // The first connections and the compiler of code are not what is measured.
            await Task.WhenAll(Enumerable.Range(1_000_000, concurrency).Select(i => engine.AskAsync(CorpusBenchmarks.Request(i))));
            journal.Reset();
            self.Refresh(); server.Refresh();
            (client, served) = (self.TotalProcessorTime, server.TotalProcessorTime);
            var clock = Stopwatch.StartNew();
            await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = engine.Askers },
                async (i, cancel) => await engine.AskAsync(CorpusBenchmarks.Request(i), cancel));
            took = clock.Elapsed.TotalSeconds;
            self.Refresh(); server.Refresh();
            (client, served) = (self.TotalProcessorTime - client, server.TotalProcessorTime - served);
        }
        await server.StandardInput.WriteLineAsync();
        var peak = await server.StandardOutput.ReadLineAsync();
        server.Kill();
        Directory.Delete(folder, true);
        var places = new PriorityQueue<int, double>(Enumerable.Range(0, concurrency).Select(p => (p, 0.0)));
        var (ideal, lastStart) = (0.0, 0.0);
        for (var i = 0; i < count; i++)
        {
            places.TryDequeue(out var place, out var free);
            var latency = Latency(concurrency + i).TotalSeconds;
            ideal = Math.Max(ideal, free + latency);
            lastStart = free;
            places.Enqueue(place, free + latency);
        }
        return string.Create(CultureInfo.InvariantCulture,
            $"| {concurrency} | {peak} | {count} | {ideal:F2} | {ideal - lastStart:F2} | {took:F2} | {ideal / took:P1} | "
                + $"{1000 * (took - ideal) * concurrency / count:F1} | {journal.Milliseconds / count:F1} | "
                + $"{client.TotalMilliseconds / count:F2} | {served.TotalMilliseconds / count:F2} |");
    }

    // Log-normal with a median of 400 ms and a long tail, as hosted models answer.
    private static TimeSpan Latency(long number)
    {
        var random = new Random((int)number);
        var normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        return TimeSpan.FromMilliseconds(Math.Min(4000, 400 * Math.Exp(0.5 * normal)));
    }

    private sealed class Timed(IAnswerJournal inner) : IAnswerJournal
    {
        private long _ticks;

        public double Milliseconds => Stopwatch.GetElapsedTime(0, _ticks).TotalMilliseconds;

        public void Reset() => _ticks = 0;

        public string? Find(string key) => inner.Find(key);

        public async ValueTask KeepAsync(KeptAnswer answer)
        {
            var start = Stopwatch.GetTimestamp();
            await inner.KeepAsync(answer);
            Interlocked.Add(ref _ticks, Stopwatch.GetTimestamp() - start);
        }

        public void Note(FailedCall failed) => inner.Note(failed);

        public void Discard(FailedCall failed) => inner.Discard(failed);
    }
}

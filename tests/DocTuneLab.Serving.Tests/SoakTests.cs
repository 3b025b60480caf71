using System.Diagnostics;

namespace DocTuneLab.Serving.Tests;

/// <summary>A server among paced clients, most of them at fault, for a minute. Alone in its process, since what is measured is the
/// process's memory; the processor is free for others most of the time.</summary>
[CollectionDefinition(nameof(SoakTests), DisableParallelization = true)]
[Collection(nameof(SoakTests))]
public sealed class SoakTests(ServedNano served) : IClassFixture<ServedNano>
{
    private const int Thirds = 3, Rounds = 20, Requests = 30;

    private static readonly TimeSpan s_round = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task In_a_minute_of_paced_clients_at_fault_nothing_is_lost_and_memory_does_not_grow()
    {
        var cancel = TestContext.Current.CancellationToken;
        List<string> faults = [], wrong = [];
        await using var server = await served.StartAsync(new() { Urls = ["http://127.0.0.1:0"], Faults = faults.Add });
        var clients = new FaultyClients(new(server.Urls.Single()), 1 << 20);
        var (heap, asked) = (new long[Thirds], 0);
        for (var third = 0; third < Thirds; third++)
        {
            heap[third] = long.MaxValue;
            for (var round = 0; round < Rounds; round++)
            {
                var begun = Stopwatch.GetTimestamp();
                var (some, bad) = await clients.RunAsync(Requests, 4, (third * Rounds) + round, cancel);
                asked += some.Values.Sum();
                wrong.AddRange(bad);
                var rest = s_round - Stopwatch.GetElapsedTime(begun);
                if (rest > TimeSpan.Zero) await Task.Delay(rest, cancel);
                // The least of a third, since answers of clients that have gone may still end.
                if (round % 5 == 4) heap[third] = Math.Min(heap[third], Live());
            }
        }
        Assert.Empty(wrong);
        Assert.Empty(faults);
        Assert.Equal(Thirds * Rounds * Requests, asked);
        for (var i = 0; i < 100 && served.Models.Batch.Running + served.Models.Batch.Waiting > 0; i++) await Task.Delay(100, cancel);
        Assert.Equal((0, 0), (served.Models.Batch.Running, served.Models.Batch.Waiting));
        TestContext.Current.TestOutputHelper?.WriteLine($"managed heap by thirds: {string.Join(", ", heap.Select(h => $"{h >> 10} KB"))}");
        // 1 KB kept of each request is 300 KB more in a third (tried); without, no third had more than the one before.
        Assert.True(heap[2] < heap[1] + (192 << 10), $"the managed heap grew: {string.Join(", ", heap)} bytes by thirds");
    }

    private static long Live()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }
}

namespace DocTuneLab.Serving.Tests;

/// <summary>Clients at fault, many at once: none is left without its answer, and none takes anything from the others.</summary>
public sealed class FaultTests(ServedNano served) : IClassFixture<ServedNano>
{
    [Fact]
    public async Task Every_client_at_fault_gets_its_status_and_nothing_is_left_running()
    {
        List<string> faults = [];
        await using var server = await served.StartAsync(new() { Urls = ["http://127.0.0.1:0"], Faults = faults.Add });
        var clients = new FaultyClients(new(server.Urls.Single()), 1 << 20);
        var (asked, wrong) = await clients.RunAsync(1000, 24, 5, TestContext.Current.CancellationToken);
        Assert.Empty(wrong);
        Assert.Empty(faults);
        Assert.Equal(1000, asked.Values.Sum());
        Assert.Equal(12, asked.Count);
        // Those of clients that have gone are given up between two tokens.
        for (var i = 0; i < 100 && served.Models.Batch.Running + served.Models.Batch.Waiting > 0; i++)
            await Task.Delay(100, TestContext.Current.CancellationToken);
        Assert.Equal((0, 0), (served.Models.Batch.Running, served.Models.Batch.Waiting));
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Text;
using DocTuneLab.Serving.Hosting;
using DocTuneLab.Serving.Models;
using DocTuneLab.Serving.Tests;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Benchmarks;

/// <summary>A server among clients at fault: what they are answered, how long a good one waits for its first token meanwhile, and whether
/// memory grows.</summary>
internal static class ServerFaults
{
    private const int Part = 1000, Body = 1 << 20;

    /// <summary>Runs it.</summary>
    /// <param name="folder">The model.</param>
    /// <param name="words"><c>count=N</c> requests, <c>parallel=N</c> at once, <c>minutes=N</c> in place of a count.</param>
    public static async Task<int> RunAsync(string folder, IEnumerable<string> words)
    {
        var given = words.Select(w => w.Split('=', 2)).ToDictionary(w => w[0], w => int.Parse(w[1], CultureInfo.InvariantCulture));
        var (count, parallel) = (given.GetValueOrDefault("count", 10_000), given.GetValueOrDefault("parallel", 24));
        var minutes = given.TryGetValue("minutes", out var m) ? TimeSpan.FromMinutes(m) : (TimeSpan?)null;
        using var model = BaseModel.Load(folder);
        using var models = new ServedModels(model, model.Name, [], 16);
        List<string> faults = [];
        await using var server = await ModelServer.StartAsync(models,
            new() { Urls = ["http://127.0.0.1:0"], Limits = new() { Body = Body }, Faults = faults.Add }, TimeProvider.System);
        var url = new Uri(server.Urls.Single());
        var clients = new FaultyClients(url, Body);
        using var end = new CancellationTokenSource();
        var probing = ProbeAsync(url, end.Token);
        SortedDictionary<string, int> asked = new(StringComparer.Ordinal);
        var (wrong, clock, done) = (new List<string>(), Stopwatch.StartNew(), 0);
        for (var part = 0; minutes is { } limit ? clock.Elapsed < limit : done < count; part++)
        {
            var (some, bad) = await clients.RunAsync(Part, parallel, part, CancellationToken.None);
            foreach (var (name, number) in some) asked[name] = asked.GetValueOrDefault(name) + number;
            wrong.AddRange(bad);
            done += Part;
            if (part % 10 == 0 || minutes is null)
                Console.WriteLine(FormattableString.Invariant(
                    $"{clock.Elapsed:mm\\:ss} {done} requests, {wrong.Count} wrong, {Resident():0} MB, ")
                    + FormattableString.Invariant($"{GC.GetTotalMemory(true) >> 20} MB managed"));
        }
        await end.CancelAsync();
        var waits = await probing;
        waits.Sort();
        foreach (var (name, number) in asked) Console.WriteLine(FormattableString.Invariant($"{number,7} {name}"));
        foreach (var line in wrong.Take(10)) Console.WriteLine($"wrong: {line}");
        foreach (var line in faults.Take(10)) Console.WriteLine($"fault: {line}");
        if (waits.Count > 0)
            Console.WriteLine(FormattableString.Invariant($"first token of a good client meanwhile: p50 {waits[waits.Count / 2]:0} ms, ")
                + FormattableString.Invariant($"p99 {waits[waits.Count * 99 / 100]:0} ms, of {waits.Count}"));
        Console.WriteLine(FormattableString.Invariant($"running {models.Batch.Running}, waiting {models.Batch.Waiting}"));
        return wrong.Count + faults.Count == 0 ? 0 : 1;
    }

    private static double Resident()
    {
        using var own = Process.GetCurrentProcess();
        return own.WorkingSet64 / 1048576.0;
    }

    private static async Task<List<double>> ProbeAsync(Uri url, CancellationToken cancel)
    {
        using var http = new HttpClient { BaseAddress = url };
        List<double> waits = [];
        try
        {
            while (true)
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
                {
                    Content = new StringContent("""
                        {"messages":[{"role":"user","content":"What is a lot?"}],"max_tokens":8,"temperature":0,"stream":true}
                        """, Encoding.UTF8, "application/json"),
                };
                var begun = Stopwatch.GetTimestamp();
                using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
                using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancel));
                var isFirst = true;
                while (await reader.ReadLineAsync(cancel) is { } line)
                    if (isFirst && line.Contains("\"content\":", StringComparison.Ordinal)
                        && !line.Contains("\"content\":\"\"", StringComparison.Ordinal))
                    {
                        waits.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
                        isFirst = false;
                    }
                await Task.Delay(100, cancel);
            }
        }
        catch (OperationCanceledException)
        {
            return waits;
        }
    }
}

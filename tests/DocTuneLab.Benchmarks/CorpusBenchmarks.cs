using System.Diagnostics;
using System.Globalization;
using DocTuneLab.Conversations;
using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Corpus.Validation;
using DocTuneLab.Endpoints;
using DocTuneLab.Endpoints.Accounting;
using DocTuneLab.Endpoints.Exchange;
using DocTuneLab.Library;
using DocTuneLab.Storage;
using DocTuneLab.Tests.Prompts.Loopback;
using Microsoft.Extensions.AI;

namespace DocTuneLab.Benchmarks;

/// <summary>
/// The request engine against a loopback server: throughput beside the ideal, memory of a million planned requests, validation of a
/// thousand samples, and <c>kill -9</c> at random points. Run with <c>dotnet run -c Release --project tests/DocTuneLab.Benchmarks -- corpus
/// [throughput [CONCURRENT]...|memory|validation|programs [N]|faults|kill [N]]</c>.
/// </summary>
internal static class CorpusBenchmarks
{
    public static async Task<int> RunAsync(string[] args)
    {
        switch (args)
        {
            case ["child", var folder, var url, var count]:
                await ChildAsync(folder, url, int.Parse(count, CultureInfo.InvariantCulture));
                return 0;
            case ["server"]: await CorpusThroughput.ServeAsync(); return 0;
            case ["throughput", .. var at]:
                await CorpusThroughput.RunAsync([.. at.Select(c => int.Parse(c, CultureInfo.InvariantCulture))]);
                return 0;
            case ["memory"]: await MemoryAsync(); return 0;
            case ["validation"]: Validation(); return 0;
            case ["programs", .. var rest]:
                CorpusPrograms.Run(rest is [var samples] ? int.Parse(samples, CultureInfo.InvariantCulture) : 4000);
                return 0;
            case ["faults"]: return await CorpusFaults.RunAsync();
            case ["kill", .. var rest]: return await KillAsync(rest is [var n] ? int.Parse(n, CultureInfo.InvariantCulture) : 100);
            default:
                await CorpusThroughput.RunAsync([]);
                Validation();
                await MemoryAsync();
                return await KillAsync(100);
        }
    }

    private static async Task MemoryAsync()
    {
        const int Count = 1_000_000;
        using var engine = new RequestEngine([(Endpoint(new Uri("http://127.0.0.1:1/v1"), 512), (IChatClient)new InstantClient())],
            new NoJournal());
        var clock = Stopwatch.StartNew();
        var peak = 0L;
        await Parallel.ForEachAsync(Enumerable.Range(0, Count), new ParallelOptions { MaxDegreeOfParallelism = 512 }, async (i, cancel) =>
        {
            await engine.AskAsync(Request(i), cancel);
            if (i % 20_000 == 0) peak = Math.Max(peak, Environment.WorkingSet);
        });
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{engine.Status.Answered:N0} planned requests streamed in {clock.Elapsed.TotalSeconds:F1} s; "
                + $"at most {peak / 1e6:F0} MB resident; accounting closes: {engine.Status.Closes}"));
    }

    private static void Validation()
    {
        var root = Environment.CurrentDirectory;
        var references = ReferenceSet.Load([Path.Combine(root, "data/private-library/bin/Fenmark.dll")]);
        var (api, judge) = (ApiModel.Load(references), new CSharpJudge(references));
        var corpus = new StructuralGenerator(api, judge, new CorpusOptions
        {
            Count = 1000,
            Seed = 7,
            ChineseShare = 0,
            Mix = new Dictionary<SampleKind, double> { [SampleKind.Code] = 1 }
        })
            .Generate([]);
        var validator = new Corpus.Validation.SampleValidator(api, new BatchedJudge(judge));
        var clock = Stopwatch.StartNew();
        var judged = validator.Judge([.. corpus.Samples.Select(s => Corpus.Validation.SampleDrafts.Of(s, judge.LibraryNamespaces))]);
        var accepted = judged.Count(j => validator.Accept(j).Accepted);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{judged.Count} code samples validated in {clock.Elapsed.TotalSeconds:F2} s on {Environment.ProcessorCount} cores; "
                + $"{accepted} hold, {judged.Count(j => j.Compiled is { Compiles: true })} compile"));
    }

    private static async Task<int> KillAsync(int points)
    {
        const int Count = 400;
        await using var server = await LoopbackServer.StartAsync();
        var faults = new[] { Fault.Refused, Fault.ServerError, Fault.Reset, Fault.HalfClosedStream, Fault.WrongJson };
        server.FaultOf = (n, _) => n % 10 == 0 ? faults[n / 10 % faults.Length] : Fault.None;
        server.Answer = body => $"the answer to {LoopbackServer.UserTurn(body)}";
        server.Latency = n => TimeSpan.FromMilliseconds(new Random((int)n).Next(5, 60));
        var folder = Directory.CreateTempSubdirectory("doctune-kill-").FullName;
        var random = new Random(1);
        var (kills, lost, keptBefore) = (0, 0, new HashSet<string>());
        var askedKept = 0;
        for (var run = 0; ; run++)
        {
            var before = server.Asked.ToDictionary(a => a.Key, a => a.Value);
            // A fresh set of questions whenever the last is answered, until all points have been hit.
            var start = new ProcessStartInfo("dotnet",
            [
                typeof(CorpusBenchmarks).Assembly.Location, "corpus", "child", folder, server.Url.ToString(),
                (Count + 40 * run).ToString(CultureInfo.InvariantCulture)
            ])
            {
                RedirectStandardOutput = true
            };
            using var child = Process.Start(start)!;
            var last = kills >= points;
            if (!last)
            {
                // From before the first answer to after the last.
                await child.StandardOutput.ReadLineAsync();
                await Task.Delay(random.Next(0, 900));
                child.Kill();
                kills++;
            }
            else await child.StandardOutput.ReadToEndAsync();
            await child.WaitForExitAsync();
            using var lab = Lab.Open(folder);
            var kept =
                Enumerable.Range(0, Count + 40 * run).Select(i => Request(i).Key).Where(k => lab.Answers.Find(k) is not null).ToHashSet();
            lost += keptBefore.Count(k => !kept.Contains(k));
            askedKept += keptBefore.Count(k => server.Asked.GetValueOrDefault(k) > before.GetValueOrDefault(k));
            keptBefore = kept;
            var problems = lab.Maintenance.Verify();
            if (problems.Count > 0) Console.WriteLine(string.Join('\n', problems.Take(5)));
            if (!last) continue;
            var twice = server.Delivered.Count(d => d.Value > 1);
            var wrong = Enumerable.Range(0, Count + 40 * run)
                .Count(i => lab.Answers.Find(Request(i).Key) is { } r && RawAnswer.Parse(r.Raw).Text != $"the answer to question {i}");
            var failures = string.Join(", ", lab.Answers.Failures().Select(f => $"{f.Key} {f.Value}"));
            Console.WriteLine($"killed {kills} times; {kept.Count} of {Count + 40 * run} requests answered; kept answers lost: {lost}; "
                + $"kept answers asked again: {askedKept}; wrong answers kept: {wrong}; lab problems: {problems.Count}");
            Console.WriteLine("answers that the server had sent to the end and the dead process had not kept, so asked again under the "
                + $"same idempotency key: {twice}; failed calls named: {failures}");
            return lost + askedKept + wrong + problems.Count == 0 && kept.Count == Count + 40 * run ? 0 : 1;
        }
    }

    private static async Task ChildAsync(string folder, string url, int count)
    {
        using var lab = Lab.Open(folder);
        await using var journal = new LabJournal(lab);
        using var engine = new RequestEngine([Endpoint(new Uri(url), 16)], journal, new EngineOptions
        {
            FirstDelay = TimeSpan.FromMilliseconds(5),
            LongestDelay = TimeSpan.FromMilliseconds(50),
            BreakerDelay = TimeSpan.FromMilliseconds(20),
            MaxAttempts = 20
        });
        Console.WriteLine("ready");
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (i, cancel) => await engine.AskAsync(Request(i), cancel));
        Console.WriteLine(engine.Status.Closes ? "closes" : "does not close");
    }

    internal static EndpointOptions Endpoint(Uri url, int concurrency) =>
        new() { Name = "loop", BaseUrl = url, Model = "m", MaxConcurrency = concurrency, KeyVariable = "DOCTUNE_TEST_NO_KEY" };

    internal static ChatRequest Request(int i) =>
        ChatRequest.Create($"chunk{i}", "t", "m", [Message.User($"question {i}")], new SamplingOptions(64, 0.7, 1, i));

    private sealed class NoJournal : IAnswerJournal
    {
        public string? Find(string key) => null;
        public ValueTask KeepAsync(KeptAnswer answer) => ValueTask.CompletedTask;
        public void Note(FailedCall failed) { }
        public void Discard(FailedCall failed) { }
    }

    private sealed class InstantClient : IChatClient
    {
        public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null,
            CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            return new ChatResponse(new ChatMessage(ChatRole.Assistant, "yes")) { FinishReason = ChatFinishReason.Stop };
        }

        public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages,
            ChatOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public object? GetService(Type serviceType, object? serviceKey = null) => null;
        public void Dispose() { }
    }
}

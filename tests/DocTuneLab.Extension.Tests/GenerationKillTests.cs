using System.Diagnostics;
using DocTuneLab.Corpus;
using DocTuneLab.Library;
using DocTuneLab.Storage;
using DocTuneLab.Tests.Prompts.Loopback;

namespace DocTuneLab.Extension.Tests;

/// <summary><c>kill -9</c> while a corpus is written: what was paid for is there, and the next run goes on from it.</summary>
public sealed class GenerationKillTests
{
    private static readonly string[] s_inputs =
    [
        "data/private-library/docs", "data/private-library/bin/Fenmark.dll", "data/private-library/tasks"
    ];

    [Fact]
    public async Task A_killed_generation_by_batches_takes_its_batch_up()
    {
        using var lab = new LabFolder();
        string[] paths = [.. s_inputs.Select(p => Path.Combine(lab.Root, p))];
        var references = ReferenceSet.Load([paths[1]]);
        await using var server = await LoopbackServer.StartAsync();
        server.Answer = new LibraryAnswers(ApiModel.Load(references), new CSharpJudge(references), 400).Answer;
        server.FaultOf = (n, _) => n == 3 ? Fault.ServerError : Fault.None;
        server.BatchLooks = int.MaxValue;
        var folder = Path.Combine(lab.Path, "lab");
        // The command of docs/corpus.md, to this server and at a test's pace.
        var typed = File.ReadAllLines(Path.Combine(lab.Root, "docs", "corpus.md"))
            .Single(l => l.StartsWith("dotnet run ", StringComparison.Ordinal) && l.Contains(" --batch ", StringComparison.Ordinal));
        string[] command =
        [
            .. typed.Split(" -- ")[1]
                .Replace("http://127.0.0.1:8080/v1", server.Url.ToString(), StringComparison.Ordinal)
                .Replace("artifacts/corpus", folder, StringComparison.Ordinal)
                .Split(' '),
            "--batch-poll", "0.3"
        ];
        using (var first = Start(command))
        {
            string? line;
            // Killed while the server works on its first batch.
            while ((line = await first.StandardError.ReadLineAsync(TestContext.Current.CancellationToken)) is not null
                && !line.Contains("in progress", StringComparison.Ordinal))
            { }
            Assert.Contains("batch batch_0: in progress", line);
            first.Kill();
            await first.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        Assert.Matches(@"\nbatch batch_0 at 127\.0\.0\.1:[0-9]+/m: [0-9]+ requests under way",
            await ToolAsync(["corpus", "status", "--lab", folder]));
        server.BatchLooks = 1;
        using var second = Start(command);
        var (output, error) = (second.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken),
            second.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await second.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(second.ExitCode == 0, await error + await output);
        Assert.Contains("12 of 12 accepted", await output);
        // The batch of the dead process came first, its failure is named with the server's file, and only that was asked again.
        Assert.Matches(@"\Abatch batch_0: (in progress|completed)(.|\n)*batch batch_0: completed, [0-9]+ of [0-9]+ answered, 1 failed; "
            + @"the server's file of errors is file-[0-9]+", await error);
        Assert.Equal(1, server.Asked.Values.Count(n => n > 1));
        var covered = await ToolAsync(["corpus", "coverage", "--lab", folder, "--suite", paths[2], "--count", "2"]);
        Assert.Matches(@"\A[0-9]+ symbols; members documented (.|\n)*documented  asked  compiled  used  held out  member\n( +[0-9]+){5}  "
            + @"[A-Za-z ]+[.<(](.|\n)*\n\z", covered);
    }

    [Fact]
    public async Task A_cell_writes_by_batches_and_shows_how_they_stand()
    {
        using var lab = new LabFolder();
        var references = ReferenceSet.Load([Path.Combine(lab.Root, s_inputs[1])]);
        await using var server = await LoopbackServer.StartAsync();
        server.Answer = new LibraryAnswers(ApiModel.Load(references), new CSharpJudge(references), 200).Answer;
        var (shown, error) = await lab.RunAsync($"#!lab --path {lab.Path}/lab", $"#!docs {s_inputs[0]} --assembly {s_inputs[1]}",
            $"#!suite {s_inputs[2]}", $"#!corpus generate --count 6 --endpoint {server.Url} --endpoint-model m --batch --batch-poll 0.1");
        Assert.Null(error);
        Assert.Contains("batch batch_0: completed", shown + string.Join('\n', lab.Updates));
        Assert.Contains("6 of 6 accepted", string.Join('\n', lab.Updates));
        (_, error) = await lab.RunAsync($"#!lab --path {lab.Path}/lab", $"#!docs {s_inputs[0]} --assembly {s_inputs[1]}",
            $"#!suite {s_inputs[2]}", $"#!corpus generate --endpoint {server.Url} --endpoint-model m --batch --ollama");
        Assert.Contains("--batch: endpoint", error);
    }

    private static async Task<string> ToolAsync(string[] command)
    {
        using var process = Start(command);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken),
            process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, await error + await output);
        return await output;
    }

    [Fact]
    public async Task A_killed_generation_goes_on_and_asks_nothing_kept_again()
    {
        using var lab = new LabFolder();
        string[] paths = [.. s_inputs.Select(p => Path.Combine(lab.Root, p))];
        var references = ReferenceSet.Load([paths[1]]);
        var (api, judge) = (ApiModel.Load(references), new CSharpJudge(references));
        var answers = new LibraryAnswers(api, judge, 400);
        await using var server = await LoopbackServer.StartAsync();
        server.Answer = answers.Answer;
        server.Latency = n => TimeSpan.FromMilliseconds(20 + n * 37 % 60);
        var folder = Path.Combine(lab.Path, "lab");
        string[] command =
        [
            "corpus", "generate", "--lab", folder, "--docs", paths[0], "--assembly", paths[1], "--suite", paths[2], "--count", "20",
            "--endpoint", server.Url.ToString(), "--endpoint-model", "m", "--concurrency", "4"
        ];
        var random = new Random(5);
        var kept = new HashSet<string>(StringComparer.Ordinal);
        for (var kill = 0; kill < 3; kill++)
        {
            var asked = server.Asked.ToDictionary(a => a.Key, a => a.Value);
            var from = server.Requests;
            using var process = Start(command);
            var more = random.Next(4, 20);
            for (var waited = 0; waited < 600 && server.Requests < from + more && !process.HasExited; waited++)
                await Task.Delay(100, TestContext.Current.CancellationToken);
            await Task.Delay(random.Next(700), TestContext.Current.CancellationToken);
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.All(kept, k => Assert.Equal(asked.GetValueOrDefault(k), server.Asked.GetValueOrDefault(k)));
            using var storage = Lab.Open(folder);
            Assert.Empty(storage.Maintenance.Verify());
            Assert.All(kept, k => Assert.NotNull(storage.Answers.Find(k)));
            kept = [.. server.Asked.Keys.Where(k => storage.Answers.Find(k) is not null)];
        }
        Assert.NotEmpty(kept);
        var before = server.Asked.ToDictionary(a => a.Key, a => a.Value);
        await ToolAsync(command);
        Assert.All(kept, k => Assert.Equal(before[k], server.Asked[k]));
        using var done = Lab.Open(folder, readOnly: true);
        Assert.Equal(20,
            done.Samples.List().Count(s => s.Kind != SampleKind.Repair && s.Provenance?.Source == "model") - done.Samples.List()
                .Count(s => s.Provenance!.Templates.Any(t => t.StartsWith("generate.paraphrase", StringComparison.Ordinal))));
    }

    // The tool as its own project builds it.
    private static readonly string s_tool = Path.Combine(AppContext.BaseDirectory.Replace(Path.Combine("tests", "DocTuneLab.Extension.Tests"),
        Path.Combine("src", "DocTuneLab.Cli"), StringComparison.Ordinal), "doctune.dll");

    private static Process Start(string[] arguments) => Process.Start(new ProcessStartInfo("dotnet", [s_tool, .. arguments])
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true
    })!;
}

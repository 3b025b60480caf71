using System.Diagnostics;
using DocTuneLab.Corpus;
using DocTuneLab.Library;
using DocTuneLab.Storage;
using DocTuneLab.Tests.Prompts.Loopback;

namespace DocTuneLab.Extension.Tests;

/// <summary><c>kill -9</c> while a corpus is written: what was paid for is there, and the next run goes on from it.</summary>
public sealed class GenerationKillTests
{
    private static readonly string[] Inputs = ["data/private-library/docs", "data/private-library/bin/Fenmark.dll", "data/private-library/tasks"];

    [Fact]
    public async Task A_killed_generation_goes_on_and_asks_nothing_kept_again()
    {
        using var lab = new LabFolder();
        string[] paths = [.. Inputs.Select(p => Path.Combine(lab.Root, p))];
        var references = ReferenceSet.Load([paths[1]]);
        var (api, judge) = (ApiModel.Load(references), new CSharpJudge(references));
        var answers = new LibraryAnswers(api, judge, 400);
        await using var server = await LoopbackServer.StartAsync();
        server.Answer = answers.Answer;
        server.Latency = n => TimeSpan.FromMilliseconds(20 + n * 37 % 60);
        var folder = Path.Combine(lab.Path, "lab");
        string[] command = ["corpus", "generate", "--lab", folder, "--docs", paths[0], "--assembly", paths[1], "--suite", paths[2], "--count", "20", "--endpoint", server.Url.ToString(), "--model", "m", "--concurrency", "4"];
        var random = new Random(5);
        var kept = new HashSet<string>(StringComparer.Ordinal);
        for (var kill = 0; kill < 3; kill++)
        {
            var asked = server.Asked.ToDictionary(a => a.Key, a => a.Value);
            var from = server.Requests;
            using var process = Start(command);
            var more = random.Next(4, 20);
            for (var waited = 0; waited < 600 && server.Requests < from + more && !process.HasExited; waited++) await Task.Delay(100, TestContext.Current.CancellationToken);
            await Task.Delay(random.Next(700), TestContext.Current.CancellationToken);
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.All(kept, k => Assert.Equal(asked.GetValueOrDefault(k), server.Asked.GetValueOrDefault(k)));
            using var storage = Lab.Open(folder);
            Assert.Empty(storage.Verify());
            Assert.All(kept, k => Assert.NotNull(storage.FindRequest(k)));
            kept = [.. server.Asked.Keys.Where(k => storage.FindRequest(k) is not null)];
        }
        Assert.NotEmpty(kept);
        var before = server.Asked.ToDictionary(a => a.Key, a => a.Value);
        using (var last = Start(command))
        {
            var (output, error) = (last.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), last.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
            await last.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(last.ExitCode == 0, await error + await output);
        }
        Assert.All(kept, k => Assert.Equal(before[k], server.Asked[k]));
        using var done = Lab.Open(folder, readOnly: true);
        Assert.Equal(20, done.Samples().Count(s => s.Kind != SampleKind.Repair && s.Provenance?.Source == "model") - done.Samples().Count(s => s.Provenance!.Templates.Any(t => t.StartsWith("generate.paraphrase", StringComparison.Ordinal))));
    }

    // On the frameworks of this test project, which has the libraries of a web server from the runtime and not beside it.
    private static Process Start(string[] arguments)
    {
        string Beside(string name) => Path.Combine(AppContext.BaseDirectory, name);
        var host = typeof(GenerationKillTests).Assembly.GetName().Name;
        return Process.Start(new ProcessStartInfo("dotnet", ["exec", "--runtimeconfig", Beside($"{host}.runtimeconfig.json"), "--depsfile", Beside($"{host}.deps.json"), Beside("doctune.dll"), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Corpus.Formats;

namespace DocTuneLab.Cli.Tests;

/// <summary>Training as a process that may be killed at any moment.</summary>
public sealed class TrainTests : IDisposable
{
    private readonly Doctune _doctune = new();

    public void Dispose() => _doctune.Dispose();

    [Fact]
    public async Task A_run_killed_again_and_again_continues_bit_for_bit()
    {
        var command = Prepare(epochs: 4);
        var whole = _doctune.Run([.. command, "whole"]);
        Assert.True(whole.Code == 0, whole.Error);

        for (var kill = 1; kill <= 2; kill++)
        {
            using var process = _doctune.StartPiped([.. command, "killed", "--resume"]);
            _ = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            _ = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            while (!process.HasExited && Checkpointed() < kill * 9) await Task.Delay(5, TestContext.Current.CancellationToken);
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(137, process.ExitCode);
        }
        var resumed = _doctune.Run([.. command, "killed", "--resume"]);
        Assert.True(resumed.Code == 0, resumed.Error);
        Assert.Equal(Curve("whole"), Curve("killed"));
        Assert.Equal(File.ReadAllBytes(Adapter("whole")), File.ReadAllBytes(Adapter("killed")));
    }

    [Fact]
    public void The_end_of_the_minutes_that_were_given_is_no_failure()
    {
        var result = _doctune.Run([.. Prepare(epochs: 4000), "short", "--max-minutes", "0.02"]);
        Assert.True(result.Code == 0, result.Error);
        Assert.Contains("a checkpoint was written", result.Error);
        Assert.True(File.Exists(Adapter("short")));
    }

    [Fact]
    public void A_lab_is_trained_on_and_keeps_the_run()
    {
        var file = _doctune.Write("corpus.jsonl", string.Concat(Enumerable.Range(0, 20).Select(i => JsonSerializer.Serialize(new
        {
            messages = (object[])
            [
                new { role = "user", content = $"How wide is gate {i}?" }, new { role = "assistant", content = $"{i} metres." }
            ],
        }) + "\n")));
        var path = Path.Combine(_doctune.Folder, "lab");
        using (var lab = Storage.Lab.Open(path)) lab.Samples.Save(CorpusFormats.Read(file), replaceAll: true);
        string[] command =
        [
            "train", "--base", Path.Combine(Doctune.Root, "data/models/nano"), "--lab", "lab", "--rank", "2", "--max-steps", "2"
        ];
        Assert.Equal(0, _doctune.Run([.. command, "--dry-run"]).Code);
        var result = _doctune.Run(command);
        Assert.True(result.Code == 0, result.Error);
        using var opened = Storage.Lab.Open(path);
        var run = Assert.Single(opened.Runs.List("train"));
        Assert.Equal(("done", 2), (run.Status, opened.Runs.Metrics(run.Id, "loss").Count));
        Assert.True(File.Exists(Path.Combine(run.Directory, "adapter", "adapter_model.safetensors")));
    }

    [Fact]
    public async Task A_full_disk_is_named_and_the_last_good_checkpoint_stays_whole()
    {
        var command = Prepare(epochs: 2);
        Assert.Equal(0, _doctune.Run([.. command, "whole"]).Code);
        using (var process = _doctune.StartPiped([.. command, "killed"]))
        {
            _ = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            _ = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            while (!process.HasExited && Checkpointed() < 3) await Task.Delay(5, TestContext.Current.CancellationToken);
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        var newest = Path.Combine(_doctune.Folder, "killed", "checkpoints", $"step-{Checkpointed():D6}", "state.safetensors");
        var before = File.ReadAllBytes(newest);
        // No file over 200 kB: the same path as a full disk. Neither checkpoints nor the adapter fit.
        var full = Limited(200);
        Assert.Equal(1, full.Code);
        Assert.Contains("could not be written to", full.Error);
        Assert.Contains(
            $"The last good checkpoint is {Path.Combine("killed", "checkpoints", Path.GetFileName(Path.GetDirectoryName(newest)!))}",
            full.Error);
        Assert.DoesNotContain("   at ", full.Error);
        Assert.Equal(before, File.ReadAllBytes(newest));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_doctune.Folder, "*.partial", SearchOption.AllDirectories));
        // The adapter fits, checkpoints do not: a warning each, and the run goes on to its end.
        var warned = Limited(700);
        Assert.True(warned.Code == 0, warned.Error);
        Assert.Contains("warning: the checkpoint of step ", warned.Error);
        Assert.Equal(before, File.ReadAllBytes(newest));
        Assert.Equal(File.ReadAllBytes(Adapter("whole")), File.ReadAllBytes(Adapter("killed")));

        Doctune.Result Limited(int kilobytes)
        {
            // The runtime's own double mapping of code needs a large file.
            return Doctune.Wait(_doctune.StartProgram("bash", "-c",
                $"ulimit -f {kilobytes}; DOTNET_EnableWriteXorExecute=0 dotnet '{Doctune.Library}' "
                    + $"{string.Join(' ', command.Select(a => $"'{a}'"))} killed --resume"));
        }
    }

    private string[] Prepare(int epochs)
    {
        _doctune.Write("corpus.jsonl", string.Concat(Enumerable.Range(0, 30).Select(i => JsonSerializer.Serialize(new
        {
            messages = (object[])[new { role = "user", content = $"What does gate number {i} of the weir do?" },
                new { role = "assistant", content = $"It holds {i * 7} cubic metres behind it." }],
        }) + "\n")));
        _doctune.Write("run.yaml", $"rank: 4\nbatch_tokens: 128\nepochs: {epochs}\nsave_every: 3\neval_every: 5\nlearning_rate: 1e-3\n");
        return ["train", "run.yaml", "--base", Path.Combine(Doctune.Root, "data/models/nano"), "--corpus", "corpus.jsonl", "--out"];
    }

    private int Checkpointed() => Path.Combine(_doctune.Folder, "killed", "checkpoints") is var folder && !Directory.Exists(folder) ? 0 :
        Directory.GetDirectories(folder).Select(d => Path.GetFileName(d)).Where(n => !n.EndsWith(".partial", StringComparison.Ordinal))
            .Select(n => int.Parse(n["step-".Length..])).DefaultIfEmpty(0).Max();

    private string Adapter(string run) => Path.Combine(_doctune.Folder, run, "adapter", "adapter_model.safetensors");

    private (int, string, string, string)[] Curve(string run) => [.. _doctune.Read(Path.Combine(run, "trainer_log.jsonl"))
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(l => JsonNode.Parse(l)!)
        .Select(l => ((int)l["step"]!, l["loss"]!.ToJsonString(), l["grad_norm"]!.ToJsonString(), l["eval_loss"]?.ToJsonString() ?? ""))];
}

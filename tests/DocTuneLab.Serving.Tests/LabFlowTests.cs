using DocTuneLab.Corpus;
using DocTuneLab.Experiments;
using DocTuneLab.Experiments.Flow;
using DocTuneLab.Experiments.Setup;
using DocTuneLab.Storage;

namespace DocTuneLab.Serving.Tests;

/// <summary>A whole run of a lab: what is allowed, what stays of earlier runs, and what is made anew.</summary>
public sealed class LabFlowTests : IDisposable
{
    private static readonly string s_library = Path.Combine(ServedNano.Root, "data/private-library");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("doctune-flow-");
    private readonly string _lab;
    private readonly LabPlan _plan = new()
    {
        Base = BaseChoice.Default().Model,
        HeldOut = 0,
        Settings = new Dictionary<string, string> { ["--count"] = "30", ["--max-steps"] = "2", ["--allow-without-isolation"] = "true" },
    };

    public LabFlowTests()
    {
        _lab = Path.Combine(_folder.FullName, "lab");
        LabMaker.Make(new()
        {
            Folder = _lab,
            Assemblies = [Path.Combine(s_library, "bin/Fenmark.dll")],
            Docs = Path.Combine(s_library, "docs/reference"),
        }, TestContext.Current.CancellationToken);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Code_of_samples_runs_only_where_it_may(bool mayRun)
    {
        var news = Run(With(("--count", "60")) with { MayRun = mayRun }, until: FlowStage.Train);
        var samples = Samples();
        Assert.True(mayRun == samples.Any(s => s.Checks.Any(c => c.Name == "runs")), news[FlowStage.Corpus].Text + string.Join(",",
            samples.SelectMany(s => s.Checks.Select(c => c.Name)).Distinct()));
        // The share about .NET has a source.
        Assert.Contains(samples, s => s.Provenance?.Source == "general");
    }

    [Fact]
    public void Samples_and_adapter_stay_until_tasks_are_put_in()
    {
        Run(_plan);
        var again = Run(_plan);
        Assert.Contains("of an earlier run", again[FlowStage.Corpus].Text);
        Assert.Contains("of an earlier run", again[FlowStage.Train].Text);
        var tasks = Directory.CreateDirectory(Path.Combine(_lab, "tasks")).FullName;
        File.WriteAllLines(Path.Combine(tasks, "docqa.jsonl"), File.ReadLines(Path.Combine(s_library, "tasks/docqa.jsonl")).Take(2));
        Assert.DoesNotContain("of an earlier run", Run(_plan, until: FlowStage.Train)[FlowStage.Corpus].Text);
    }

    [Fact]
    public void More_tasks_are_drafted_where_more_are_wanted_or_it_may_run_now()
    {
        Assert.Contains("may not be run", Drafted(_plan with { HeldOut = 1, MayRun = false }));
        Assert.StartsWith("1 programming task,", Drafted(_plan with { HeldOut = 1 }));
        Assert.StartsWith("2 programming tasks,", Drafted(_plan with { HeldOut = 2 }));

        string Drafted(LabPlan plan) => Run(plan, until: FlowStage.Corpus)[FlowStage.HoldOut].Text;
    }

    [Fact]
    public void A_training_goes_on_from_its_own_checkpoint_and_its_adapter_is_found()
    {
        var plan = With(("--max-steps", "40"));
        Assert.Equal(FlowState.Stopped, Run(plan, stop: n => n.Loss is { Step: >= 2 })[FlowStage.Train].State);
        // Another training of this lab was interrupted in the meantime.
        using (var storage = Lab.Open(_lab))
            Directory.CreateDirectory(Path.Combine(storage.Runs.Begin("train", "{}").Directory, "checkpoints"));
        var first = 0;
        var news = Run(plan, stop: n =>
        {
            if (n.Loss is { } loss && first == 0) first = loss.Step;
            return false;
        });
        Assert.Equal(FlowState.Done, news[FlowStage.Train].State);
        Assert.True(first > 2, $"it went on with step {first}");
        using var lab = Lab.Open(_lab, readOnly: true);
        Assert.Equal(Path.Combine(lab.Runs.List("train")[0].Directory, "adapter"), LabOrigin.LastAdapter(_lab, plan.Base));
    }

    [Fact]
    public void An_adapter_is_found_by_its_base_wherever_that_lies()
    {
        using (var lab = Lab.Open(_lab))
            foreach (var name in (string[])["x.gguf", "0123abcd"])
            {
                var run = lab.Runs.Begin("train", "{}");
                var adapter = Directory.CreateDirectory(Path.Combine(run.Directory, "adapter")).FullName;
                File.WriteAllText(Path.Combine(adapter, "adapter_config.json"), $$"""{"base_model_name_or_path":"{{name}}"}""");
                lab.Runs.Finish(run.Id);
            }
        Assert.NotNull(LabOrigin.LastAdapter(_lab, "/models/x.gguf"));
        Assert.NotEqual(LabOrigin.LastAdapter(_lab, "/models/x.gguf"), LabOrigin.LastAdapter(_lab));
        Assert.Equal(LabOrigin.LastAdapter(_lab), LabOrigin.LastAdapter(_lab, "/hub/snapshots/0123abcd/"));
        Assert.Null(LabOrigin.LastAdapter(_lab, "/models/other"));
        Assert.Null(LabOrigin.LastAdapter(Path.Combine(_lab, "none")));
    }

    [Fact]
    public void A_stop_does_not_wait_for_a_download()
    {
        Assert.SkipWhen(Environment.GetEnvironmentVariable("HF_HUB_OFFLINE") is { Length: > 0 }, "the hub must not be asked");
        Assert.ThrowsAny<OperationCanceledException>(() => new LabPlan { Base = "doctune-tests/none" }.BaseFolder(cancel: new(true)));
    }

    private LabPlan With(params (string Name, string Value)[] settings)
    {
        var all = new Dictionary<string, string>(_plan.Settings);
        foreach (var (name, value) in settings) all[name] = value;
        return _plan with { Settings = all };
    }

    private IReadOnlyList<Sample> Samples()
    {
        using var lab = Lab.Open(_lab, readOnly: true);
        return lab.Samples.List();
    }

    // The last news of each stage; the run ends where a stage begins or something is told.
    private Dictionary<FlowStage, FlowNews> Run(LabPlan plan, FlowStage? until = null, Func<FlowNews, bool>? stop = null)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Dictionary<FlowStage, FlowNews> last = [];
        new LabFlow(_lab, plan, new Follow<FlowNews>(n =>
        {
            last[n.Stage] = n;
            if (n.Stage == until || stop?.Invoke(n) == true) cancel.Cancel();
        })).Run(cancel.Token);
        return last;
    }
}

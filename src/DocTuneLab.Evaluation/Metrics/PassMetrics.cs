using DocTuneLab.Evaluation.Statistics;

namespace DocTuneLab.Evaluation.Metrics;

internal sealed class Pass1 : IMetric
{
    public string Name => MetricNames.Pass1;
    public string Title => "Passes the hidden tests (pass@1)";
    public string Question => "Which share of the greedy answers passes the hidden tests?";
    public bool HigherIsBetter => true;
    public bool Primary => true;
    public IEnumerable<Observation> Observe(MetricInput input) =>
        input.Greedy.Where(r => r.IsDecided).Select(r => input.Of(r.Task, r.Passes));
}

/// <summary>Unbiased pass@k over the sampled answers; tasks with fewer than <paramref name="k"/> samples are left out.</summary>
internal sealed class SampledPass(string name, int k) : IMetric
{
    public string Name => name;
    public string Title => $"pass@{k}, sampled";
    public string Question => k == 1
        ? "Which share of the sampled answers passes the hidden tests (unbiased)?"
        : $"How likely does at least one of {k} sampled answers pass the hidden tests (unbiased)?";
    public bool HigherIsBetter => true;
    public IEnumerable<Observation> Observe(MetricInput input) =>
        input.Result.Code.Where(c => c.Sample > 0 && c.IsDecided).GroupBy(c => c.Task, StringComparer.Ordinal)
            .Select(g => (Task: g.Key, N: g.Count(), C: g.Count(r => r.Passes))).Where(s => s.N >= k)
            .Select(s => input.Of(s.Task, PassAtK.Estimate(s.N, s.C, k)));
}

internal sealed class GeneralPass1 : IMetric
{
    public string Name => MetricNames.GeneralPass1;
    public string Title => "Retention: plain C# tasks (pass@1)";
    public string Question => "Which share of the greedy answers to tasks in plain C# passes?";
    public bool HigherIsBetter => true;
    public IEnumerable<Observation> Observe(MetricInput input) =>
        input.Result.General.Where(r => r.IsDecided).Select(r => input.Of(r.Task, r.Passes));
}

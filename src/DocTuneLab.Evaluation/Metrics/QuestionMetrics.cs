using DocTuneLab.Evaluation.Statistics;

namespace DocTuneLab.Evaluation.Metrics;

internal sealed class QaAccuracy : IMetric
{
    public string Name => MetricNames.QaAccuracy;
    public string Title => "Closed questions right";
    public string Question => "Which share of the closed questions is answered right?";
    public bool HigherIsBetter => true;
    public bool Primary => true;
    public IEnumerable<Observation> Observe(MetricInput input) => input.Result.Qa.Select(r => input.Of(r.Task, r.Correct));
}

internal sealed class OpenScore : IMetric
{
    public string Name => MetricNames.OpenScore;
    public string Title => "Open questions, share of facts stated";
    public string Question => "Which share of a rubric's facts does an open answer state, by the judge, on average?";
    public bool HigherIsBetter => true;
    public IEnumerable<Observation> Observe(MetricInput input) => input.Result.Open.Select(r => input.Of(r.Task, r.Score));
}

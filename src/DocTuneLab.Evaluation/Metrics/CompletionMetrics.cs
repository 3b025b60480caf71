using DocTuneLab.Evaluation.Statistics;

namespace DocTuneLab.Evaluation.Metrics;

internal sealed class CompletionExact : IMetric
{
    public string Name => MetricNames.CompletionExact;
    public string Title => "Gaps filled exactly";
    public string Question => "Which share of the gaps is filled with what stood there?";
    public bool HigherIsBetter => true;
    public IEnumerable<Observation> Observe(MetricInput input) => input.Result.Completion.Select(r => input.Of(r.Task, r.Exact));
}

internal sealed class CompletionCompiles : IMetric
{
    public string Name => MetricNames.CompletionCompiles;
    public string Title => "Gaps filled so that it compiles";
    public string Question => "Which share of the gaps is filled so that the code compiles?";
    public bool HigherIsBetter => true;
    public IEnumerable<Observation> Observe(MetricInput input) => input.Result.Completion.Select(r => input.Of(r.Task, r.Compiles));
}

internal sealed class CompletionSimilarity : IMetric
{
    public string Name => MetricNames.CompletionSimilarity;
    public string Title => "Edit similarity of gaps";
    public string Question => "How near does the text in a gap come to what stood there, by edit distance, on average?";
    public bool HigherIsBetter => true;
    public IEnumerable<Observation> Observe(MetricInput input) => input.Result.Completion.Select(r => input.Of(r.Task, r.Similarity));
}

using DocTuneLab.Evaluation.Statistics;

namespace DocTuneLab.Evaluation.Metrics;

internal sealed class ExtractionRate : IMetric
{
    public string Name => MetricNames.ExtractionRate;
    public string Title => "Code found in the answer";
    public string Question => "In which share of the answers does the extraction rule find code?";
    public bool HigherIsBetter => true;
    public IEnumerable<Observation> Observe(MetricInput input) => input.Greedy.Select(r => input.Of(r.Task, r.Code is not null));
}

internal sealed class ParseRate : IMetric
{
    public string Name => MetricNames.ParseRate;
    public string Title => "Parses";
    public string Question => "Which share of the answers has no syntax error?";
    public bool HigherIsBetter => true;
    public IEnumerable<Observation> Observe(MetricInput input) => input.Greedy.Select(r => input.Of(r.Task, r.Parses));
}

internal sealed class CompileRate : IMetric
{
    public string Name => MetricNames.CompileRate;
    public string Title => "Compiles";
    public string Question => "Which share of the answers compiles against the library?";
    public bool HigherIsBetter => true;
    public bool Primary => true;
    public IEnumerable<Observation> Observe(MetricInput input) => input.Greedy.Select(r => input.Of(r.Task, r.Compiles));
}

using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Statistics;
using DocTuneLab.Library;

namespace DocTuneLab.Evaluation.Metrics;

internal sealed class ApiRecall : IMetric
{
    public string Name => MetricNames.ApiRecall;
    public string Title => "API recall";
    public string Question => "Which share of the members that a task needs does its answer use, on average?";
    public bool HigherIsBetter => true;
    public bool Primary => true;
    public IEnumerable<Observation> Observe(MetricInput input) => input.Greedy.Select(r => input.Of(r.Task, r.ApiRecall));
}

internal sealed class HallucinationRate : IMetric
{
    public string Name => MetricNames.HallucinationRate;
    public string Title => "Invented names";
    public string Question => "Which share of the library names that were written does not exist?";
    public bool HigherIsBetter => false;
    public bool Primary => true;
    public IEnumerable<Observation> Observe(MetricInput input) =>
        input.Greedy.Select(r => input.Of(r.Task, r.Count(SymbolUseKind.Missing), LibraryNames.Written(r)));
}

internal sealed class HallucinatingAnswers : IMetric
{
    public string Name => MetricNames.HallucinatingAnswers;
    public string Title => "Answers with an invented name";
    public string Question => "Which share of the answers with code invents at least one name?";
    public bool HigherIsBetter => false;
    public IEnumerable<Observation> Observe(MetricInput input) =>
        input.Greedy.Select(r => input.Of(r.Task, r.Count(SymbolUseKind.Missing) > 0 ? 1 : 0, r.Code is not null ? 1 : 0));
}

internal sealed class MisuseRate : IMetric
{
    public string Name => MetricNames.MisuseRate;
    public string Title => "Misused names";
    public string Question => "Which share of the library names that were written exists, but is used as it does not allow?";
    public bool HigherIsBetter => false;
    public IEnumerable<Observation> Observe(MetricInput input) =>
        input.Greedy.Select(r => input.Of(r.Task, r.Count(SymbolUseKind.Misuse), LibraryNames.Written(r)));
}

internal static class LibraryNames
{
    /// <summary>Library names that an answer writes; what only follows from another error is not counted.</summary>
    public static int Written(CodeResult r) =>
        r.Count(SymbolUseKind.Resolved) + r.Count(SymbolUseKind.Misuse) + r.Count(SymbolUseKind.Missing);
}

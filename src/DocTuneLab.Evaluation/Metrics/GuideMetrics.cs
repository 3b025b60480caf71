using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Statistics;
using DocTuneLab.Evaluation.Suites;

namespace DocTuneLab.Evaluation.Metrics;

/// <summary>What guidance costs; free answers contribute nothing.</summary>
internal sealed class DecodedTokens : IMetric
{
    public string Name => GuideMetricNames.DecodedTokens;
    public string Title => "Tokens decoded per guided answer";
    public string Question => "How many tokens are decoded for a guided answer, those of ways given up included, on average?";
    public bool HigherIsBetter => false;
    public MetricUnit Unit => MetricUnit.Number;
    public IEnumerable<Observation> Observe(MetricInput input) => Guided(input).Select(g => input.Of(g.Task, g.Guidance.Tokens));

    /// <summary>Greedy answers to the library's programming tasks that were guided.</summary>
    internal static IEnumerable<(string Task, AnswerGuidance Guidance)> Guided(MetricInput input) =>
        input.Result.GuidedAnswers.Where(a => a.Kind == TaskKind.Code).Select(a => (a.Task, a.Guidance!));
}

internal sealed class GaveUp : IMetric
{
    public string Name => GuideMetricNames.GaveUp;
    public string Title => "Guidance gave up";
    public string Question => "For which share of the guided answers did guidance give up, so that the model wrote on as it liked?";
    public bool HigherIsBetter => false;
    public IEnumerable<Observation> Observe(MetricInput input) =>
        DecodedTokens.Guided(input).Select(g => input.Of(g.Task, g.Guidance.GaveUp));
}

internal sealed class EndedByTypes : IMetric
{
    public string Name => GuideMetricNames.EndedByTypes;
    public string Title => "Ended by types";
    public string Question =>
        "For which share of the guided answers did the search find no end, so that the model chose one that types allow?";
    public bool HigherIsBetter => false;
    public IEnumerable<Observation> Observe(MetricInput input) =>
        DecodedTokens.Guided(input).Select(g => input.Of(g.Task, g.Guidance.EndedBecause.Length > 0));
}

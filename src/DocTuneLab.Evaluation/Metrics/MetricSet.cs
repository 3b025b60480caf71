using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Statistics;
using DocTuneLab.Evaluation.Suites;

namespace DocTuneLab.Evaluation.Metrics;

/// <summary>
/// The metrics of an evaluation, in the order of the reports. An answer without code does not parse, compile or pass, and recalls
/// nothing; to the symbol rates, which are about names that were written, it adds nothing.
/// </summary>
public sealed class MetricSet
{
    /// <summary>A set of metrics.</summary>
    /// <param name="metrics">The metrics, in the order of the reports.</param>
    /// <exception cref="LabException">A metric has no name, or two have the same.</exception>
    public MetricSet(IReadOnlyList<IMetric> metrics)
    {
        if (metrics.FirstOrDefault(m => string.IsNullOrWhiteSpace(m.Name)) is { } nameless)
            throw new LabException($"The metric {nameless.GetType().Name} has no name. Expected one such as answer_length.");
        if (metrics.GroupBy(m => m.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new LabException($"Two metrics are named \"{twice.Key}\". Give one another name.");
        Metrics = metrics;
    }

    /// <summary>The built-in metrics; a new one is a class in a file of its own and a line here.</summary>
    public static MetricSet Default { get; } = new(
    [
        new ExtractionRate(), new ParseRate(), new CompileRate(), new EmptyBodies(), new UnreadParameters(),
        new ApiRecall(), new HallucinationRate(), new HallucinatingAnswers(), new MisuseRate(),
        new Pass1(), new SampledPass(MetricNames.SampledPass1, 1), new SampledPass(MetricNames.Pass5, 5),
        new QaAccuracy(), new OpenScore(),
        .. MemberErrors.All,
        new CompletionExact(), new CompletionCompiles(), new CompletionSimilarity(),
        new GeneralPass1(),
        new DecodedTokens(), new EndedByTypes(), new GaveUp(),
        .. BitsPerByte.OfEveryKind,
    ]);

    /// <summary>The metrics, in the order of the reports.</summary>
    public IReadOnlyList<IMetric> Metrics { get; }

    /// <summary>These metrics and others after them.</summary>
    /// <exception cref="LabException">A metric has no name, or two have the same.</exception>
    public MetricSet With(params IReadOnlyList<IMetric> others) => new([.. Metrics, .. others]);

    /// <summary>Computes every metric to which a task of the result contributes.</summary>
    /// <param name="suite">The tasks.</param>
    /// <param name="result">Answers, likelihoods and verdicts; its seed and number of bootstrap draws are used.</param>
    /// <exception cref="LabException">A metric counts a task that the suite lacks.</exception>
    public IReadOnlyList<MetricValue> Compute(Suite suite, EvaluationResult result)
    {
        var input = new MetricInput(suite, result);
        var observed = Metrics.Select(m => (Metric: m, Observations: (IReadOnlyList<Observation>)[.. m.Observe(input)]));
        return [.. observed.Where(o => o.Observations.Count > 0).Select(o => Value(o.Metric, o.Observations, result.Options))];
    }

    private static MetricValue Value(IMetric metric, IReadOnlyList<Observation> observations, EvaluationOptions options) => new()
    {
        Name = metric.Name,
        Title = metric.Title,
        Value = Bootstrap.Estimate(observations),
        Interval = Bootstrap.Interval(observations, options.Seed, options.BootstrapDraws),
        HigherIsBetter = metric.HigherIsBetter,
        Primary = metric.Primary,
        Observations = observations,
        OwnUnit = metric.Unit == MetricValue.UnitOf(metric.Name) ? null : metric.Unit,
    };
}

using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Statistics;

namespace DocTuneLab.Evaluation.Metrics;

/// <summary>
/// A metric of one arm. It says what each task contributes; value, interval by bootstrap over documents, comparison of arms and place in
/// the reports follow from that. <see cref="MetricSet.Default"/> lists the built-in ones, <see cref="MetricSet.With"/> adds others.
/// </summary>
public interface IMetric
{
    /// <summary>Name in files, unique in a <see cref="MetricSet"/>: lower case, words joined by underscores.</summary>
    string Name { get; }

    /// <summary>For people: a few words, as they stand in the row of a table.</summary>
    string Title { get; }

    /// <summary>The question that the metric answers, in one sentence.</summary>
    string Question { get; }

    /// <summary>Direction: which of two arms is the better one.</summary>
    bool HigherIsBetter { get; }

    /// <summary>Whether verdicts rest on it; its p is then corrected over all primary metrics (Holm). Default false.</summary>
    bool Primary => false;

    /// <summary>What the value counts in. Default a share.</summary>
    MetricUnit Unit => MetricUnit.Share;

    /// <summary>
    /// What each task contributes: the metric is the sum of numerators over the sum of denominators, over all tasks, or over those of
    /// one document.
    /// A task appears once at most; where none appears, the arm lacks the metric.
    /// </summary>
    /// <param name="input">The suite, the answers and what was found of them.</param>
    IEnumerable<Observation> Observe(MetricInput input);
}

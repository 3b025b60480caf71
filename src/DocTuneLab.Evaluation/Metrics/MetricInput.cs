using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Statistics;
using DocTuneLab.Evaluation.Suites;

namespace DocTuneLab.Evaluation.Metrics;

/// <summary>What a metric is computed from.</summary>
public sealed class MetricInput
{
    private readonly Dictionary<string, string> _documents;

    /// <summary>The input of one arm.</summary>
    /// <param name="suite">The tasks.</param>
    /// <param name="result">Answers, likelihoods and verdicts; its metrics are not read.</param>
    public MetricInput(Suite suite, EvaluationResult result)
    {
        (Suite, Result) = (suite, result);
        Greedy = [.. result.Code.Where(c => c.Sample == 0)];
        _documents = suite.Code.Concat(suite.General).Select(t => (t.Id, t.Documents[0]))
            .Concat(suite.Qa.Select(t => (t.Id, t.Documents[0])))
            .Concat(suite.Open.Select(t => (t.Id, t.Documents[0])))
            .Concat(suite.Completion.Select(t => (t.Id, t.Documents[0])))
            .Concat(suite.Members.Select(t => (t.Id, t.Documents[0])))
            .Concat(suite.Retention.Select(t => (t.Id, t.Source)))
            .ToDictionary(p => p.Item1, p => p.Item2, StringComparer.Ordinal);
    }

    /// <summary>The tasks.</summary>
    public Suite Suite { get; }

    /// <summary>Answers, likelihoods and verdicts.</summary>
    public EvaluationResult Result { get; }

    /// <summary>Verdicts on the greedy answers to the library's programming tasks.</summary>
    public IReadOnlyList<CodeResult> Greedy { get; }

    /// <summary>The document that a task was made from (the source of a retention text); tasks of one are drawn together.</summary>
    /// <exception cref="LabException">The suite has no such task.</exception>
    public string DocumentOf(string task) => _documents.TryGetValue(task, out var document) ? document
        : throw new LabException($"A metric counts the task \"{task}\", which the suite lacks. Expected the ids of its tasks.");

    /// <summary>What a task contributes.</summary>
    /// <param name="task">Task id.</param>
    /// <param name="numerator">For a mean over tasks, the task's value.</param>
    /// <param name="denominator">1 for a mean over tasks; 0 where the task has nothing to count.</param>
    /// <exception cref="LabException">The suite has no such task.</exception>
    public Observation Of(string task, double numerator, double denominator = 1) => new(task, DocumentOf(task), numerator, denominator);

    /// <summary>What a task contributes that either passes or fails.</summary>
    /// <exception cref="LabException">The suite has no such task.</exception>
    public Observation Of(string task, bool passes) => Of(task, passes ? 1 : 0);
}

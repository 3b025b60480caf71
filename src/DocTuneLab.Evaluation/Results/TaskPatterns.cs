using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Validation;
using DocTuneLab.Evaluation.Suites;

namespace DocTuneLab.Evaluation.Results;

/// <summary>
/// Which tasks of a suite training data shows. A task is seen when its solution stands there but for names of variables and literals
/// (<see cref="Library.CodeShape"/>), a question when it is asked there but for case, numbers and names in code spans. What a tuned model
/// gets right of seen tasks may be remembered; of unseen ones it had to be understood.
/// </summary>
/// <param name="Samples">Number of training samples; null where none were given, so that seen and unseen cannot be told apart.</param>
/// <param name="Seen">Ids of the tasks that they show, in order of the suite.</param>
/// <param name="Unseen">Ids of the others. Frozen texts are in neither list.</param>
/// <param name="NoChoice">Ids of programming tasks whose solution is one step, which whoever teaches the member has to show.</param>
/// <param name="CodeTasks">Number of programming tasks.</param>
public sealed record TaskPatterns(
    int? Samples, IReadOnlyList<string> Seen, IReadOnlyList<string> Unseen, IReadOnlyList<string> NoChoice, int CodeTasks)
{
    /// <summary>Whether seen and unseen can be told apart.</summary>
    internal bool IsKnown => Samples is not null;

    /// <summary>Compares a suite with training data.</summary>
    /// <param name="suite">The tasks.</param>
    /// <param name="training">Samples that models are trained on; null or none where they are not known.</param>
    public static TaskPatterns Of(Suite suite, IReadOnlyList<Sample>? training = null)
    {
        ArgumentNullException.ThrowIfNull(suite);
        var items = suite.HeldOut();
        var held = new Decontamination(items);
        var single = held.LeavingNoChoice();
        IReadOnlyList<string> noChoice = [.. suite.Code.Select(t => t.Id).Where(single.Contains)];
        if (training is not { Count: > 0 }) return new(null, [], [], noChoice, suite.Code.Count);
        var shown = held.ShownBy(training);
        var ids = items.Select(i => i.Id).ToLookup(shown.Contains);
        return new(training.Count, [.. ids[true]], [.. ids[false]], noChoice, suite.Code.Count);
    }

    /// <summary>Of results that stand side by side: seen is what the training data of any of them shows. Null where none says anything.
    /// </summary>
    internal static TaskPatterns? Join(IEnumerable<EvaluationResult> results)
    {
        var all = results.Select(r => r.Patterns).OfType<TaskPatterns>().ToList();
        var known = all.Where(p => p.IsKnown).ToList();
        if (known.Count == 0) return all.FirstOrDefault();
        var seen = known.SelectMany(p => p.Seen).Distinct(StringComparer.Ordinal).ToList();
        return known[0] with
        {
            Samples = known.Max(p => p.Samples),
            Seen = seen,
            Unseen = [.. known.SelectMany(p => p.Unseen).Distinct(StringComparer.Ordinal).Except(seen, StringComparer.Ordinal)],
        };
    }
}

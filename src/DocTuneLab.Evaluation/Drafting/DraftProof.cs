using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;
using DocTuneLab.Library.Composition;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>
/// The proof of drafted tasks. Beyond what every suite must stand (<see cref="SuiteCheck"/>), nothing shorter may pass: no answer that
/// leaves a member out, is a part of the reference, hands back what goes in, needs the framework alone, or is what a search over types
/// makes with fewer members. And each member must be told from what is near to it: no answer with another property in its place may
/// pass, and of those with another method one at least must fail.
/// </summary>
/// <param name="evaluator">Evaluator of the library.</param>
/// <param name="material">The library.</param>
/// <param name="execution">Limits; running must be allowed.</param>
internal sealed class DraftProof(Evaluator evaluator, DraftMaterial material, ExecutionOptions execution)
{
    // What the library allows is worked out once, not for each batch.
    private readonly CompositionSearch _search = new(material.Api);

    /// <summary>Why each task that does not stand the proof falls, by its id; where less of its reference passes, with the least of that.
    /// </summary>
    public IReadOnlyDictionary<string, (string Why, string? Less)> Problems(IReadOnlyList<(CodeTask Task, DraftMethod Method)> drafts,
        CancellationToken cancel)
    {
        var suite = new Suite([.. drafts.Select(d => d.Task)], []);
        Dictionary<string, (string Why, string? Less)> problems = new(StringComparer.Ordinal);
        foreach (var problem in SuiteCheck.Run(evaluator, suite, material.Api, execution, material.Training,
            material.Pages.Count > 0 ? material.Pages : null, cancel).Problems)
        {
            // A sample near to a task is told by the sample's id, and names the task.
            var task = drafts.FirstOrDefault(d => d.Task.Id == problem.Task || problem.Problem
                .Contains(d.Task.Id, StringComparison.Ordinal)).Task;
            if (task is not null) problems.TryAdd(task.Id, (Kind(problem.Problem), null));
        }
        foreach (var (id, less) in Untold([.. drafts.Where(d => !problems.ContainsKey(d.Task.Id))], cancel))
            problems.TryAdd(id, ("a shorter or another answer passes", less));
        return problems;
    }

    // "tests: an answer that …": what comes before the details tells the kind.
    private static string Kind(string problem) => problem.Split(';')[0] is var text && text.Length > 90 ? text[..90] + "…" : text;

    private List<(string Task, string? Less)> Untold(IReadOnlyList<(CodeTask Task, DraftMethod Method)> drafts, CancellationToken cancel)
    {
        List<(string Task, Mutant Mutant, CodeTask Mutated)> all = [];
        foreach (var (task, method) in drafts)
        {
            cancel.ThrowIfCancellationRequested();
            var mutants = ReferenceMutants.Of(method, material.Api).Concat(ReferenceMutants.Shorter(method, _search));
            foreach (var (mutant, i) in mutants.Select((m, i) => (m, i)))
            {
                var verdict = material.Judge
                    .Judge($"{task.Context}\npublic static class Solution\n{{\n{task.Signature}\n{{\n{mutant.Body}\n}}\n}}",
                    CodeForm.File, task.Usings);
                if (verdict.Compiles) all.Add((task.Id, mutant, task with { Id = $"{task.Id}~{i}", Reference = mutant.Body }));
            }
        }
        var passing = evaluator.PassedBy([.. all.Select(m => m.Mutated)], execution, cancel);
        return [.. all.GroupBy(m => (m.Task, m.Mutant.Member)).Where(g => g.All(m => passing.Contains(m.Mutated.Id))
            || g.Any(m => m.Mutant.Decides && passing.Contains(m.Mutated.Id))).Select(g => g.Key.Task).Distinct().Select(task => (task,
                all.Where(m => m.Task == task && m.Mutant.IsLess && passing.Contains(m.Mutated.Id)).Select(m => m.Mutant.Body)
                    .MinBy(b => b.Length)))];
    }
}

using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Metrics;
using DocTuneLab.Library;

namespace DocTuneLab.Evaluation.Suites;

/// <summary>What is wrong with a task.</summary>
/// <param name="Task">Task id.</param>
/// <param name="Problem">What is wrong, and what the compiler or the run said.</param>
public sealed record SuiteProblem(string Task, string Problem);

/// <summary>The state of a suite; no run counts while there are problems.</summary>
/// <param name="SuiteHash">The suite that was checked.</param>
/// <param name="Problems">None where the suite is sound.</param>
public sealed record SuiteReport(string SuiteHash, IReadOnlyList<SuiteProblem> Problems)
{
    /// <summary>Throws where there are problems.</summary>
    /// <exception cref="LabException">Names the first problems.</exception>
    public void ThrowIfUnsound()
    {
        if (Problems.Count == 0) return;
        var first = string.Join("\n", Problems.Take(5).Select(p => $"  {p.Task}: {p.Problem}"));
        throw new LabException($"The suite is not sound ({Problems.Count} problems), so no result would count:\n{first}");
    }
}

/// <summary>
/// Proves a suite before it is used: every reference compiles, passes and uses its gold symbols, every stub compiles and fails, every gold
/// symbol exists, every accepted answer is graded right. References and stubs take the same way as a model's answers.
/// </summary>
public static class SuiteCheck
{
    /// <summary>Checks <paramref name="suite"/>.</summary>
    /// <param name="evaluator">Evaluator of the library.</param>
    /// <param name="suite">All its tasks.</param>
    /// <param name="api">The library's symbols.</param>
    /// <param name="execution">Limits; running must be allowed.</param>
    /// <param name="cancel">Stops between tasks.</param>
    /// <exception cref="LabException">Running is not allowed, or the sandbox failed.</exception>
    public static SuiteReport Run(Evaluator evaluator, Suite suite, ApiModel api, ExecutionOptions execution, CancellationToken cancel = default)
    {
        if (!execution.AllowUntrustedCode) throw new LabException("Checking a suite runs its reference solutions. Set AllowUntrustedCode.");
        List<SuiteProblem> problems = [];
        var answers = suite.Code.Select(t => new StoredAnswer(t.Id, TaskKind.Code, 0, Fenced(t.Reference)))
            .Concat(suite.Code.Select(t => new StoredAnswer(t.Id, TaskKind.Code, 1, Fenced(t.Stub)))).ToList();
        var results = evaluator.Score("suite check", suite, answers, [], new EvaluationOptions { Execution = execution, BootstrapDraws = 100 }, cancel: cancel).Code;

        foreach (var (task, i) in suite.Code.Select((t, i) => (t, i)))
        {
            void Wrong(string problem) => problems.Add(new(task.Id, problem));
            foreach (var gold in task.GoldSymbols.Where(g => api.Find(g) is null)) Wrong($"goldSymbols: {gold} does not exist in the library");
            var reference = results[i];
            if (!reference.Compiles) Wrong($"reference: does not compile: {First(reference)}");
            else if (!reference.Passes) Wrong($"reference: {reference.Status}: {reference.Message}");
            else foreach (var gold in reference.GoldMissed.Where(g => api.Find(g) is not null)) Wrong($"reference: does not use {gold}");
            var stub = results[suite.Code.Count + i];
            if (!stub.Compiles) Wrong($"stub: does not compile: {First(stub)}");
            else if (stub.Passes) Wrong("stub: passes, so the tests test nothing");
            else if (stub.Status == ExecutionStatus.CompileError) Wrong($"stub: {stub.Message}");
        }
        foreach (var task in suite.Qa)
            foreach (var answer in task.Answers.Where(a => !QaGrader.IsCorrect(a, [a])))
                problems.Add(new(task.Id, $"answers: \"{answer}\" is not graded right by the rule, so no model can give it"));
        return new(suite.Hash, problems);
    }

    // Tildes, because a reference may hold backticks.
    private static string Fenced(string code) => $"~~~~csharp\n{code.TrimEnd('\n')}\n~~~~";

    private static string First(CodeResult result) =>
        result.Errors.Count > 0 ? $"line {result.Errors[0].Line}: {result.Errors[0].Id}: {result.Errors[0].Message}" : result.Extraction;
}

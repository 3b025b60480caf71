using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Kinds;
using DocTuneLab.Corpus.Language;
using DocTuneLab.Corpus.Validation;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Extraction;
using DocTuneLab.Evaluation.Judging;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;

namespace DocTuneLab.Evaluation;

/// <summary>What is wrong with a task.</summary>
/// <param name="Task">Task id.</param>
/// <param name="Problem">What is wrong, and what the compiler or the run said.</param>
public sealed record SuiteProblem(string Task, string Problem);

/// <summary>The state of a suite; no run counts while there are problems.</summary>
/// <param name="SuiteHash">The suite that was checked.</param>
/// <param name="Problems">None where the suite is sound.</param>
public sealed record SuiteReport(string SuiteHash, IReadOnlyList<SuiteProblem> Problems)
{
    /// <summary>What the check could not prove, and what it compared.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

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
/// symbol exists, every test checks something that cannot be guessed, no constant passes, every accepted answer is graded right, every gap
/// compiles with what stood there, nothing is asked twice or names its own answer, every page exists and is of the task's split, and
/// nothing comes near the training data. References and stubs take the same way as a model's answers; references run several times and
/// must see the same.
/// </summary>
public static class SuiteCheck
{
    private const int ReferenceRuns = 3;

    /// <summary>Checks <paramref name="suite"/>.</summary>
    /// <param name="evaluator">Evaluator of the library.</param>
    /// <param name="suite">All its tasks.</param>
    /// <param name="api">The library's symbols.</param>
    /// <param name="execution">Limits; running must be allowed.</param>
    /// <param name="training">Samples that models are trained on, or none.</param>
    /// <param name="pages">The library's pages, or null where they are not known.</param>
    /// <param name="cancel">Stops between tasks.</param>
    /// <exception cref="LabException">Running is not allowed, or the sandbox failed.</exception>
    public static SuiteReport Run(
        Evaluator evaluator, Suite suite, ApiModel api, ExecutionOptions execution, IReadOnlyList<Sample>? training = null,
        IReadOnlyList<Document>? pages = null, CancellationToken cancel = default)
    {
        if (!execution.AllowUntrustedCode) throw new LabException("Checking a suite runs its reference solutions. Set AllowUntrustedCode.");
        if (Sandbox.Refusal(execution) is { } refusal) throw new LabException(refusal);
        List<SuiteProblem> problems = [.. SuiteReading.Problems(suite, api, pages)];
        List<string> notes = pages is null ? ["No pages were given, so whether they exist and are held out was not looked at."] : [];
        CodeTask[] tasks = [.. suite.Code, .. suite.General];
        var proven = new Suite(tasks, []);
        var answers = tasks.Select(t => new StoredAnswer(t.Id, TaskKind.Code, 0, Fenced(t.Reference)))
            .Concat(tasks.Select(t => new StoredAnswer(t.Id, TaskKind.Code, 1, Fenced(t.Stub)))).ToList();
        var options = new EvaluationOptions { Execution = execution, BootstrapDraws = 100 };
        var results = evaluator.Score("suite check", proven, answers, [], options, cancel: cancel).Code;

        var references = evaluator.RunReferences(tasks, execution, cancel).ToDictionary(r => r.Task.Id, r => r.Run, StringComparer.Ordinal);

        // A reference that depends on chance or the clock passes this time.
        for (var i = 1; i < ReferenceRuns; i++)
            foreach (var (task, run) in evaluator.RunReferences(tasks, execution, cancel, again: true))
                if (references[task.Id] is { Status: ExecutionStatus.Pass } first && first.Unlike(run) is { } otherwise)
                    problems.Add(new(task.Id, $"reference: not the same every time: {otherwise}"));

        var passing = tasks.Where(t => references.GetValueOrDefault(t.Id) is { Status: ExecutionStatus.Pass }).ToList();
        var constant = evaluator.PassedByConstant(passing, execution, cancel);
        foreach (var (task, i) in tasks.Select((t, i) => (t, i)))
        {
            void Wrong(string problem) => problems.Add(new(task.Id, problem));
            foreach (var gold in task.GoldSymbols.Where(g => api.Find(g) is null))
                Wrong($"goldSymbols: {gold} does not exist in the library");
            var reference = results[i];
            var run = references.GetValueOrDefault(task.Id);
            if (run is null)
                notes.Add($"{task.Id}: has no reference, so nothing shows that its tests can be passed, and what they expect is in the "
                    + "process of an answer");
            else if (reference.Refused) Wrong($"reference: {reference.Message}");
            else if (!reference.Compiles) Wrong($"reference: does not compile: {First(reference)}");
            else if (run.Status != ExecutionStatus.Pass) Wrong($"reference: {run.Status}: {run.Message}");
            else if (!reference.Passes)
                Wrong("reference: passes, but not where the tests run again without what they expect: "
                    + $"{reference.Status}: {reference.Message}");
            else foreach (var gold in reference.GoldMissed.Where(g => api.Find(g) is not null)) Wrong($"reference: does not use {gold}");
            if (run is { Status: ExecutionStatus.Pass })
                foreach (var weak in TestStrength.Weaknesses(task.Tests, run)) Wrong(weak);
            if (constant.Contains(task.Id))
                Wrong("tests: an answer that always gives the same value, whatever it is given, passes; expected a further call with "
                    + "another input that leads to another value");
            var stub = results[tasks.Length + i];
            if (!stub.Compiles) Wrong($"stub: does not compile: {First(stub)}");
            else if (stub.Passes) Wrong("stub: passes, so the tests test nothing");
            else if (stub.Status == ExecutionStatus.CompileError) Wrong($"stub: {stub.Message}");
            else if (stub.Status == ExecutionStatus.HarnessError && run is not { Status: not ExecutionStatus.Pass })
                Wrong($"stub: {stub.Status}: {stub.Message}");
        }
        foreach (var task in suite.Qa)
            foreach (var answer in task.Answers.Where(a => !QaGrader.IsCorrect(a, [a])))
                problems.Add(new(task.Id, $"answers: \"{answer}\" is not graded right by the rule, so no model can give it"));
        var names = new MemberNames(api.Symbols);
        foreach (var task in suite.Members.Where(t => names.Has(t.Member) != t.Exists))
            problems.Add(new(task.Id, $"exists: {task.Member} {(task.Exists ? "does not exist" : "exists")} in the library"));
        foreach (var wording in suite.Members.GroupBy(t => t.Wording).Where(g => g.Count(t => t.Exists) * 2 != g.Count()))
            problems.Add(new(wording.First().Id, $"exists: {wording.Count(t => t.Exists)} of the {wording.Count()} members asked about in "
                + $"wordings of the kind {wording.Key.ToString().ToLowerInvariant()} exist; expected half"));
        var middles = suite.Completion.Select(t => new StoredAnswer(t.Id, TaskKind.Completion, 0, t.Middle)).ToList();
        var unrun = options with { Execution = new ExecutionOptions() };
        var filled = evaluator.Score("suite check", suite, middles, [], unrun, cancel: cancel).Completion;
        foreach (var gap in filled)
        {
            var error = gap.Errors.Select(e => $"line {e.Line}: {e.Id}: {e.Message}").FirstOrDefault();
            if (!gap.Compiles) problems.Add(new(gap.Task, $"middle: the whole does not compile: {error}"));
            else if (!gap.Exact) problems.Add(new(gap.Task, "middle: an answer that repeats it would not count as exact"));
        }
        if (training is { Count: > 0 }) problems.AddRange(Overlaps(suite, training, evaluator.Kinds, notes));
        else notes.Add("No training data was given, so overlap with it was not looked for.");
        return new(suite.Hash, [.. problems.Distinct()]) { Notes = notes };
    }

    private static IEnumerable<SuiteProblem> Overlaps(
        Suite suite, IReadOnlyList<Sample> training, IReadOnlyList<SampleKindDefinition> kinds, List<string> notes)
    {
        var heldOut = new Decontamination(suite.HeldOut());
        notes.Add($"Compared with {training.Count} training {(training.Count == 1 ? "sample" : "samples")}: 8-grams of words, code and "
            + "questions but for names, literals and numbers.");
        var single = heldOut.LeavingNoChoice();
        notes.Add($"{suite.Code.Count(t => single.Contains(t.Id))} of {suite.Code.Count} programming tasks leave no choice: their solution "
            + "is one step, which training data may show under other names.");
        foreach (var sample in training)
        {
            var code = kinds.AnswerOf(sample.Kind) == AnswerForm.MethodBody
                ? CodeExtractor.Extract(sample.Messages[^1].Content).Code
                : null;
            var prompt = sample.Messages.LastOrDefault(m => m.Role == "user")?.Content ?? "";
            var why = heldOut.Find(prompt, code, sample.Evidence.Symbols)
                ?? SampleCode.Of(sample.Messages).Select(heldOut.FindShape).FirstOrDefault(w => w is not null);
            if (why is not null) yield return new(sample.Id, $"training sample: {why}");
        }
    }

    // Tildes, because a reference may hold backticks.
    private static string Fenced(string code) => $"~~~~csharp\n{code.TrimEnd('\n')}\n~~~~";

    private static string First(CodeResult result) =>
        result.Errors.Count > 0 ? $"line {result.Errors[0].Line}: {result.Errors[0].Id}: {result.Errors[0].Message}" : result.Extraction;
}

using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;

namespace DocTuneLab.Evaluation;

/// <summary>A task whose outcome differs between the arms.</summary>
public sealed record Flip
{
    /// <summary>Task id.</summary>
    public required string Task { get; init; }

    /// <summary>Kind of task.</summary>
    public required TaskKind Kind { get; init; }

    /// <summary>Outcome in the first arm.</summary>
    public required TaskOutcome Before { get; init; }

    /// <summary>Outcome in the second arm.</summary>
    public required TaskOutcome After { get; init; }

    /// <summary>Whether the second arm does better.</summary>
    public required bool Gain { get; init; }

    /// <summary>Code or answer of the first arm.</summary>
    public required string BeforeText { get; init; }

    /// <summary>Code or answer of the second arm.</summary>
    public required string AfterText { get; init; }

    /// <summary>Compiler errors, failed check or exception in the first arm.</summary>
    public required IReadOnlyList<string> BeforeDiagnostics { get; init; }

    /// <summary>The same in the second.</summary>
    public required IReadOnlyList<string> AfterDiagnostics { get; init; }

    /// <summary>The tasks whose outcome differs, gains first. Of programs, the greedy answers count.</summary>
    internal static IReadOnlyList<Flip> Between(EvaluationResult first, EvaluationResult second)
    {
        List<Flip> flips = [];
        var after = Programs(second).ToDictionary(c => c.Task, StringComparer.Ordinal);
        var general = first.General.Select(g => g.Task).ToHashSet(StringComparer.Ordinal);
        foreach (var a in Programs(first))
            if (after.TryGetValue(a.Task, out var b) && TaskOutcomes.Of(a) != TaskOutcomes.Of(b)
                && a.Status != ExecutionStatus.HarnessError && b.Status != ExecutionStatus.HarnessError)
                flips.Add(Of(a, b, general.Contains(a.Task) ? TaskKind.General : TaskKind.Code));
        var grades = second.Qa.ToDictionary(q => q.Task, StringComparer.Ordinal);
        foreach (var a in first.Qa)
            if (grades.TryGetValue(a.Task, out var b) && a.Correct != b.Correct)
                flips.Add(Of(a, b));
        var known = second.Members.ToDictionary(m => m.Task, StringComparer.Ordinal);
        foreach (var a in first.Members)
            if (known.TryGetValue(a.Task, out var b) && TaskOutcomes.Of(a) != TaskOutcomes.Of(b))
                flips.Add(Of(a, b));
        var filled = second.Completion.ToDictionary(c => c.Task, StringComparer.Ordinal);
        foreach (var a in first.Completion)
            if (filled.TryGetValue(a.Task, out var b) && TaskOutcomes.Of(a) != TaskOutcomes.Of(b))
                flips.Add(Of(a, b));
        return [.. flips.OrderByDescending(f => f.Gain)];

        static IEnumerable<CodeResult> Programs(EvaluationResult result) => result.Code.Where(c => c.Sample == 0).Concat(result.General);
    }

    private static Flip Of(CodeResult a, CodeResult b, TaskKind kind)
    {
        return new()
        {
            Task = a.Task,
            Kind = kind,
            Before = TaskOutcomes.Of(a),
            After = TaskOutcomes.Of(b),
            Gain = Rank(b) > Rank(a),
            BeforeText = a.Code ?? "",
            AfterText = b.Code ?? "",
            BeforeDiagnostics = Diagnostics(a),
            AfterDiagnostics = Diagnostics(b),
        };

        static int Rank(CodeResult r) => r.Passes ? 4 : r.Compiles ? 3 : r.Parses ? 2 : r.Code is not null ? 1 : 0;

        static IReadOnlyList<string> Diagnostics(CodeResult r) =>
            [.. Lines(r.Errors), .. (r.Compiles || r.Refused) && r.Message.Length > 0 ? [r.Message] : Array.Empty<string>()];
    }

    private static Flip Of(QaResult a, QaResult b) => new()
    {
        Task = a.Task,
        Kind = TaskKind.Qa,
        Before = TaskOutcomes.Of(a),
        After = TaskOutcomes.Of(b),
        Gain = b.Correct,
        BeforeText = a.Given,
        AfterText = b.Given,
        BeforeDiagnostics = [],
        AfterDiagnostics = [],
    };

    private static Flip Of(MemberResult a, MemberResult b)
    {
        return new()
        {
            Task = a.Task,
            Kind = TaskKind.Members,
            Before = TaskOutcomes.Of(a),
            After = TaskOutcomes.Of(b),
            Gain = Rank(b) > Rank(a),
            BeforeText = a.Given,
            AfterText = b.Given,
            BeforeDiagnostics = [],
            AfterDiagnostics = [],
        };

        static int Rank(MemberResult m) => m.Denies is not { } denies ? 1 : denies == m.Exists ? 0 : 2;
    }

    private static Flip Of(CompletionResult a, CompletionResult b)
    {
        return new()
        {
            Task = a.Task,
            Kind = TaskKind.Completion,
            Before = TaskOutcomes.Of(a),
            After = TaskOutcomes.Of(b),
            Gain = Rank(b) > Rank(a),
            BeforeText = a.Given,
            AfterText = b.Given,
            BeforeDiagnostics = Lines(a.Errors),
            AfterDiagnostics = Lines(b.Errors),
        };

        static int Rank(CompletionResult c) => c.Exact ? 2 : c.Compiles ? 1 : 0;
    }

    private static IReadOnlyList<string> Lines(IReadOnlyList<CodeDiagnostic> errors) =>
        [.. errors.Select(e => $"line {e.Line}: {e.Id}: {e.Message}")];
}

using System.Text.Json;
using DocTuneLab.Evaluation.Metrics;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Statistics;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;

namespace DocTuneLab.Evaluation;

/// <summary>What may be said of a difference.</summary>
public enum ComparisonVerdict
{
    /// <summary>The second arm is better.</summary>
    Better,
    /// <summary>The second arm is worse.</summary>
    Worse,
    /// <summary>The suite cannot tell.</summary>
    Inconclusive,
}

/// <summary>One metric of two arms.</summary>
/// <param name="First">Base.</param>
/// <param name="Second">The other arm.</param>
/// <param name="Difference">Second minus first, over the tasks that both have.</param>
/// <param name="P">Exact McNemar where tasks pass or fail, else the paired randomisation test.</param>
/// <param name="HolmP"><paramref name="P"/> corrected over the primary metrics; null for the others.</param>
/// <param name="Detectable">True difference that this suite would find 8 times of 10.</param>
/// <param name="Verdict">
/// Better or worse, where the 95% interval of the difference excludes zero and <paramref name="HolmP"/>, or <paramref name="P"/> where there is none, is below 0.05.
/// </param>
public sealed record MetricComparison(
    MetricValue First, MetricValue Second, PairedDifference Difference, double P, double? HolmP, double Detectable, ComparisonVerdict Verdict);

/// <summary>A task whose outcome differs between the arms.</summary>
/// <param name="Task">Task id.</param>
/// <param name="Kind">Kind of task.</param>
/// <param name="Before">Outcome in the first arm: <c>no code</c>, <c>does not compile</c>, <c>compiles</c>, a run's status, <c>right</c> or <c>wrong</c>.</param>
/// <param name="After">Outcome in the second arm.</param>
/// <param name="Gain">Whether the second arm does better.</param>
/// <param name="BeforeText">Code or answer of the first arm.</param>
/// <param name="AfterText">Code or answer of the second arm.</param>
/// <param name="BeforeDiagnostics">Compiler errors, failed check or exception in the first arm.</param>
/// <param name="AfterDiagnostics">The same in the second.</param>
public sealed record Flip(
    string Task, TaskKind Kind, string Before, string After, bool Gain, string BeforeText, string AfterText,
    IReadOnlyList<string> BeforeDiagnostics, IReadOnlyList<string> AfterDiagnostics);

/// <summary>Two arms on the same suite.</summary>
/// <param name="First">Arm and model of the first.</param>
/// <param name="Second">Arm and model of the second.</param>
/// <param name="SuiteHash">The suite.</param>
/// <param name="Metrics">Every metric that both have.</param>
/// <param name="Flips">Tasks whose outcome differs, gains first.</param>
/// <param name="Symbols">Members that a task needs or an arm used, most needed first; entry 0 is the first arm's.</param>
/// <param name="Invented">Names that do not exist, most frequent first; entry 0 is the first arm's.</param>
/// <param name="NotCovered">What the sandbox did not cover.</param>
public sealed record Comparison(
    string First, string Second, string SuiteHash, IReadOnlyList<MetricComparison> Metrics, IReadOnlyList<Flip> Flips,
    IReadOnlyList<SymbolRow> Symbols, IReadOnlyList<InventedRow> Invented, IReadOnlyList<string> NotCovered)
{
    /// <summary>Name of the first arm alone.</summary>
    public string FirstArm { get; init; } = First;

    /// <summary>Name of the second arm alone.</summary>
    public string SecondArm { get; init; } = Second;

    /// <summary>A metric by its name; null where an arm lacks it.</summary>
    public MetricComparison? this[string metric] => Metrics.FirstOrDefault(m => m.First.Name == metric);

    /// <summary>The comparison as indented JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, EvaluationJson.Indented);

    /// <summary>Compares two results.</summary>
    /// <exception cref="LabException">They are of different suites, or were scored by different rules.</exception>
    public static Comparison Of(EvaluationResult first, EvaluationResult second)
    {
        if (first.SuiteHash != second.SuiteHash)
            throw new LabException($"The results are of different suites ({first.SuiteHash} and {second.SuiteHash}). Evaluate both arms on the same tasks.");
        if ((first.ExtractorVersion, first.GraderVersion) != (second.ExtractorVersion, second.GraderVersion))
            throw new LabException("The results were scored by different versions of the rules. Score the stored answers of both again.");
        var (symbols, invented) = SymbolTables.Of([first, second]);
        return new(
            $"{first.Arm} ({first.Subject})", $"{second.Arm} ({second.Subject})", first.SuiteHash, CompareMetrics(first, second), CompareTasks(first, second),
            symbols, invented, [.. (first.Sandbox ?? second.Sandbox)?.NotCovered ?? []]) { FirstArm = first.Arm, SecondArm = second.Arm };
    }

    private static List<MetricComparison> CompareMetrics(EvaluationResult first, EvaluationResult second)
    {
        var pairs = first.Metrics.Where(m => second[m.Name] is not null).Select(m => (A: m, B: second[m.Name]!)).ToList();
        var differences = pairs.Select(p => Bootstrap.Difference(p.A.Observations, p.B.Observations, first.Options.Seed, first.Options.BootstrapDraws)).ToList();
        var ps = pairs.Select((p, i) => p.A.Binary ? Exact(p.A, p.B) : differences[i].P).ToList();
        var holm = Holm.Adjust([.. ps.Select((p, i) => pairs[i].A.Primary ? p : double.NaN)]);
        return [.. pairs.Select((p, i) =>
        {
            double? corrected = p.A.Primary ? holm[i] : null;
            return new MetricComparison(p.A, p.B, differences[i], ps[i], corrected, Detectable.Difference(differences[i].StandardError), Say(p.A, differences[i], corrected ?? ps[i]));
        })];
    }

    private static double Exact(MetricValue a, MetricValue b)
    {
        var passed = b.Observations.ToDictionary(o => o.Task, o => o.Numerator > 0, StringComparer.Ordinal);
        var shared = a.Observations.Where(o => passed.ContainsKey(o.Task)).ToList();
        return McNemar.P(shared.Count(o => o.Numerator > 0 && !passed[o.Task]), shared.Count(o => o.Numerator <= 0 && passed[o.Task]));
    }

    private static ComparisonVerdict Say(MetricValue metric, PairedDifference difference, double p)
    {
        // NaN (too few documents) compares false, and so says nothing.
        var clear = (difference.Interval.Low > 0 || difference.Interval.High < 0) && p < 0.05;
        return !clear ? ComparisonVerdict.Inconclusive : difference.Value > 0 == metric.HigherIsBetter ? ComparisonVerdict.Better : ComparisonVerdict.Worse;
    }

    private static List<Flip> CompareTasks(EvaluationResult first, EvaluationResult second)
    {
        List<Flip> flips = [];
        var after = second.Code.Where(c => c.Sample == 0).Concat(second.General).ToDictionary(c => c.Task, StringComparer.Ordinal);
        var general = first.General.Select(g => g.Task).ToHashSet(StringComparer.Ordinal);
        foreach (var a in first.Code.Where(c => c.Sample == 0).Concat(first.General))
        {
            if (!after.TryGetValue(a.Task, out var b) || Outcome(a) == Outcome(b)) continue;
            flips.Add(new(a.Task, general.Contains(a.Task) ? TaskKind.General : TaskKind.Code, Outcome(a), Outcome(b), Rank(b) > Rank(a), a.Code ?? "", b.Code ?? "", Diagnostics(a), Diagnostics(b)));
        }
        var grades = second.Qa.ToDictionary(q => q.Task, StringComparer.Ordinal);
        foreach (var a in first.Qa)
            if (grades.TryGetValue(a.Task, out var b) && a.Correct != b.Correct)
                flips.Add(new(a.Task, TaskKind.Qa, Word(a.Correct), Word(b.Correct), b.Correct, a.Given, b.Given, [], []));
        var filled = second.Completion.ToDictionary(c => c.Task, StringComparer.Ordinal);
        foreach (var a in first.Completion)
            if (filled.TryGetValue(a.Task, out var b) && Gap(a) != Gap(b))
                flips.Add(new(a.Task, TaskKind.Completion, Gap(a), Gap(b), GapRank(b) > GapRank(a), a.Given, b.Given, Lines(a.Errors), Lines(b.Errors)));
        return [.. flips.OrderByDescending(f => f.Gain)];

        static string Gap(CompletionResult c) => c.Exact ? "exact" : c.Compiles ? "compiles" : "does not compile";
        static int GapRank(CompletionResult c) => c.Exact ? 2 : c.Compiles ? 1 : 0;

        static string Word(bool correct) => correct ? "right" : "wrong";
    }

    private static string Outcome(CodeResult r) => r.Code is null ? "no code" : r.Status?.ToString() ?? (r.Compiles ? "compiles" : "does not compile");

    private static int Rank(CodeResult r) => r.Passes ? 4 : r.Compiles ? 3 : r.Parses ? 2 : r.Code is not null ? 1 : 0;

    private static IReadOnlyList<string> Lines(IReadOnlyList<CodeDiagnostic> errors) => [.. errors.Select(e => $"line {e.Line}: {e.Id}: {e.Message}")];

    private static List<string> Diagnostics(CodeResult r) =>
        [.. Lines(r.Errors), .. r.Compiles && r.Message.Length > 0 ? [r.Message] : Array.Empty<string>()];
}

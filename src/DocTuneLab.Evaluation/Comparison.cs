using System.Text.Json;
using DocTuneLab.Evaluation.Metrics;
using DocTuneLab.Evaluation.Statistics;
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
/// Better or worse, where the 95% interval of the difference excludes zero and, for a primary metric, also <paramref name="HolmP"/> &lt; 0.05.
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

/// <summary>A library symbol in the greedy answers of both arms.</summary>
/// <param name="Id">Documentation id.</param>
/// <param name="GoldTasks">Tasks that need it.</param>
/// <param name="FirstRecalled">Of these, tasks where the first arm uses it.</param>
/// <param name="SecondRecalled">Of these, tasks where the second arm uses it.</param>
/// <param name="FirstMisused">Wrong uses in the first arm.</param>
/// <param name="SecondMisused">Wrong uses in the second arm.</param>
public sealed record SymbolComparison(string Id, int GoldTasks, int FirstRecalled, int SecondRecalled, int FirstMisused, int SecondMisused);

/// <summary>A name that does not exist in the library.</summary>
/// <param name="Name">As written by a model.</param>
/// <param name="Suggestion">Nearest real member, or null.</param>
/// <param name="First">Times in the first arm.</param>
/// <param name="Second">Times in the second arm.</param>
public sealed record InventedName(string Name, string? Suggestion, int First, int Second);

/// <summary>Two arms on the same suite.</summary>
/// <param name="First">Arm and model of the first.</param>
/// <param name="Second">Arm and model of the second.</param>
/// <param name="SuiteHash">The suite.</param>
/// <param name="Metrics">Every metric that both have.</param>
/// <param name="Flips">Tasks whose outcome differs, gains first.</param>
/// <param name="Symbols">Symbols that a task needs or an arm misused, most needed first.</param>
/// <param name="Invented">Names that do not exist, most frequent first.</param>
/// <param name="NotCovered">What the sandbox did not cover.</param>
public sealed record Comparison(
    string First, string Second, string SuiteHash, IReadOnlyList<MetricComparison> Metrics, IReadOnlyList<Flip> Flips,
    IReadOnlyList<SymbolComparison> Symbols, IReadOnlyList<InventedName> Invented, IReadOnlyList<string> NotCovered)
{
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
        return new(
            $"{first.Arm} ({first.Subject})", $"{second.Arm} ({second.Subject})", first.SuiteHash, CompareMetrics(first, second), CompareTasks(first, second),
            CompareSymbols(first, second), CompareInvented(first, second), [.. (first.Sandbox ?? second.Sandbox)?.NotCovered ?? []]);
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
            return new MetricComparison(p.A, p.B, differences[i], ps[i], corrected, Detectable.Difference(differences[i].StandardError), Say(p.A, differences[i], corrected));
        })];
    }

    private static double Exact(MetricValue a, MetricValue b)
    {
        var passed = b.Observations.ToDictionary(o => o.Task, o => o.Numerator > 0, StringComparer.Ordinal);
        var shared = a.Observations.Where(o => passed.ContainsKey(o.Task)).ToList();
        return McNemar.P(shared.Count(o => o.Numerator > 0 && !passed[o.Task]), shared.Count(o => o.Numerator <= 0 && passed[o.Task]));
    }

    private static ComparisonVerdict Say(MetricValue metric, PairedDifference difference, double? corrected)
    {
        // NaN (too few documents) compares false, and so says nothing.
        var clear = (difference.Interval.Low > 0 || difference.Interval.High < 0) && (corrected is null || corrected < 0.05);
        return !clear ? ComparisonVerdict.Inconclusive : difference.Value > 0 == metric.HigherIsBetter ? ComparisonVerdict.Better : ComparisonVerdict.Worse;
    }

    private static List<Flip> CompareTasks(EvaluationResult first, EvaluationResult second)
    {
        List<Flip> flips = [];
        var after = second.Code.Where(c => c.Sample == 0).ToDictionary(c => c.Task, StringComparer.Ordinal);
        foreach (var a in first.Code.Where(c => c.Sample == 0))
        {
            if (!after.TryGetValue(a.Task, out var b) || Outcome(a) == Outcome(b)) continue;
            flips.Add(new(a.Task, TaskKind.Code, Outcome(a), Outcome(b), Rank(b) > Rank(a), a.Code ?? "", b.Code ?? "", Diagnostics(a), Diagnostics(b)));
        }
        var grades = second.Qa.ToDictionary(q => q.Task, StringComparer.Ordinal);
        foreach (var a in first.Qa)
            if (grades.TryGetValue(a.Task, out var b) && a.Correct != b.Correct)
                flips.Add(new(a.Task, TaskKind.Qa, Word(a.Correct), Word(b.Correct), b.Correct, a.Given, b.Given, [], []));
        return [.. flips.OrderByDescending(f => f.Gain)];

        static string Word(bool correct) => correct ? "right" : "wrong";
    }

    private static string Outcome(CodeResult r) => r.Code is null ? "no code" : r.Status?.ToString() ?? (r.Compiles ? "compiles" : "does not compile");

    private static int Rank(CodeResult r) => r.Passes ? 4 : r.Compiles ? 3 : r.Parses ? 2 : r.Code is not null ? 1 : 0;

    private static List<string> Diagnostics(CodeResult r) =>
        [.. r.Errors.Select(e => $"line {e.Line}: {e.Id}: {e.Message}"), .. r.Compiles && r.Message.Length > 0 ? [r.Message] : Array.Empty<string>()];

    private static List<SymbolComparison> CompareSymbols(EvaluationResult first, EvaluationResult second)
    {
        var a = first.Code.Where(c => c.Sample == 0).ToList();
        var b = second.Code.Where(c => c.Sample == 0).ToList();
        var ids = a.SelectMany(c => c.GoldUsed.Concat(c.GoldMissed)).Concat(a.Concat(b).SelectMany(Misused)).Distinct(StringComparer.Ordinal);
        return [.. ids.Select(id => new SymbolComparison(
                id, a.Count(c => c.GoldUsed.Contains(id) || c.GoldMissed.Contains(id)), a.Count(c => c.GoldUsed.Contains(id)), b.Count(c => c.GoldUsed.Contains(id)),
                a.SelectMany(Misused).Count(m => m == id), b.SelectMany(Misused).Count(m => m == id)))
            .OrderByDescending(s => s.GoldTasks).ThenBy(s => s.Id, StringComparer.Ordinal)];

        static IEnumerable<string> Misused(CodeResult c) => c.Uses.Where(u => u.Kind == SymbolUseKind.Misuse && u.Id is not null).Select(u => u.Id!);
    }

    private static List<InventedName> CompareInvented(EvaluationResult first, EvaluationResult second)
    {
        var all = first.Code.Where(c => c.Sample == 0).SelectMany(c => c.Uses).Select(u => (Use: u, Second: false))
            .Concat(second.Code.Where(c => c.Sample == 0).SelectMany(c => c.Uses).Select(u => (Use: u, Second: true)))
            .Where(p => p.Use.Kind == SymbolUseKind.Missing);
        return [.. all.GroupBy(p => p.Use.Name, StringComparer.Ordinal)
            .Select(g => new InventedName(g.Key, g.Select(p => p.Use.Suggestion).FirstOrDefault(s => s is not null), g.Count(p => !p.Second), g.Count(p => p.Second)))
            .OrderByDescending(n => n.First + n.Second).ThenBy(n => n.Name, StringComparer.Ordinal)];
    }
}

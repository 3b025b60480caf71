using System.Text.Json;
using System.Text.Json.Serialization;
using DocTuneLab.Evaluation.Metrics;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Statistics;
using DocTuneLab.Evaluation.Suites;

namespace DocTuneLab.Evaluation;

/// <summary>Two arms on the same suite.</summary>
public sealed record Comparison
{
    /// <summary>Arm and model of the first.</summary>
    public required string First { get; init; }

    /// <summary>Arm and model of the second.</summary>
    public required string Second { get; init; }

    /// <summary>The suite.</summary>
    public required string SuiteHash { get; init; }

    /// <summary>Every metric that both have.</summary>
    public required IReadOnlyList<MetricComparison> Metrics { get; init; }

    /// <summary>The metrics over tasks that no training sample shows, their p corrected among themselves; empty where that is not known.
    /// </summary>
    public IReadOnlyList<MetricComparison> Unseen { get; init; } = [];

    /// <summary>The metrics over tasks whose pattern training data shows, likewise.</summary>
    public IReadOnlyList<MetricComparison> Seen { get; init; } = [];

    /// <summary>Which tasks are which; null in results that were stored before this was looked for.</summary>
    public TaskPatterns? Patterns { get; init; }

    /// <summary>What a suite of this size can show at all, in one sentence.</summary>
    [JsonIgnore]
    public string CanShow
    {
        get
        {
            // Verdicts rest on the primary metrics; of these the one with the fewest documents can show least.
            var primary = Metrics.Where(m => m.HolmP is { } p && !double.IsNaN(p)).ToList();
            return Detectable.Sentence((primary.Count > 0 ? primary : [.. Metrics]).Select(m => m.Difference.Documents)
                .DefaultIfEmpty().Min(), primary.Count);
        }
    }

    /// <summary>Tasks whose outcome differs, gains first.</summary>
    public required IReadOnlyList<Flip> Flips { get; init; }

    /// <summary>Members that a task needs or an arm used, most needed first; entry 0 is the first arm's.</summary>
    public required IReadOnlyList<SymbolRow> Symbols { get; init; }

    /// <summary>Names that do not exist, most frequent first; entry 0 is the first arm's.</summary>
    public required IReadOnlyList<InventedRow> Invented { get; init; }

    /// <summary>What the sandbox did not cover.</summary>
    public required IReadOnlyList<string> NotCovered { get; init; }

    /// <summary>Name of the first arm alone.</summary>
    public required string FirstArm { get; init; }

    /// <summary>Name of the second arm alone.</summary>
    public required string SecondArm { get; init; }

    /// <summary>A metric by its name; null where an arm lacks it.</summary>
    public MetricComparison? this[string metric] => Metrics.FirstOrDefault(m => m.First.Name == metric);

    /// <summary>The comparison as indented JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, EvaluationJson.Indented);

    /// <summary>Compares two results.</summary>
    /// <exception cref="LabException">
    /// They are of different suites, or were scored by different rules, or a metric counts a task twice.
    /// </exception>
    public static Comparison Of(EvaluationResult first, EvaluationResult second) =>
        Of(first, second, TaskPatterns.Join([first, second]));

    /// <summary>Compares two results by the patterns of a whole report.</summary>
    internal static Comparison Of(EvaluationResult first, EvaluationResult second, TaskPatterns? patterns)
    {
        if (first.SuiteHash != second.SuiteHash)
            throw new LabException(
                $"The results are of different suites ({first.SuiteHash} and {second.SuiteHash}). Evaluate both arms on the same tasks.");
        if ((first.ExtractorVersion, first.GraderVersion) != (second.ExtractorVersion, second.GraderVersion))
            throw new LabException("The results were scored by different versions of the rules. Score the stored answers of both again.");
        var (symbols, invented) = SymbolTables.Of([first, second]);
        IReadOnlyList<MetricComparison> Over(IReadOnlyList<string> tasks)
        {
            var own = tasks.ToHashSet(StringComparer.Ordinal);
            return own.Count == 0 ? [] : MetricComparison.Of(first.Over(own), second.Over(own));
        }
        return new()
        {
            Unseen = Over(patterns?.Unseen ?? []),
            Seen = Over(patterns?.Seen ?? []),
            Patterns = patterns,
            First = $"{first.Arm} ({first.Subject})",
            Second = $"{second.Arm} ({second.Subject})",
            SuiteHash = first.SuiteHash,
            Metrics = MetricComparison.Of(first, second),
            Flips = Flip.Between(first, second),
            Symbols = symbols,
            Invented = invented,
            NotCovered = [.. (first.Sandbox ?? second.Sandbox)?.NotCovered ?? []],
            FirstArm = first.Arm,
            SecondArm = second.Arm,
        };
    }
}

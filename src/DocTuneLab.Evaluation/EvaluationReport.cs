using System.Text.Json;
using DocTuneLab.Conversations;
using DocTuneLab.Evaluation.Judging;
using DocTuneLab.Evaluation.Metrics;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Statistics;
using DocTuneLab.Evaluation.Suites;

namespace DocTuneLab.Evaluation;

/// <summary>Everything that an evaluation of several arms found; what all report formats are written from.</summary>
/// <param name="Results">The arms, base first.</param>
/// <param name="Comparisons">
/// Each other arm with the base; then each later arm with the base that has the documents, which is what tuning competes with; then each
/// guided arm with the same unguided.
/// </param>
/// <param name="Gates">Retention of each arm that was measured on it.</param>
/// <param name="Symbols">Which members the arms get right.</param>
/// <param name="Invented">Which members the arms invent.</param>
/// <param name="Settings">Names, hashes and limits, in the order to show them.</param>
public sealed record EvaluationReport(
    IReadOnlyList<EvaluationResult> Results, IReadOnlyList<Comparison> Comparisons, IReadOnlyList<RetentionGate> Gates,
    IReadOnlyList<SymbolRow> Symbols, IReadOnlyList<InventedRow> Invented, IReadOnlyDictionary<string, string> Settings)
{
    /// <summary>Preferences between arms, of a judge or of people.</summary>
    public IReadOnlyList<PreferenceSummary> Preferences { get; init; } = [];

    /// <summary>Ranking of three arms or more by all preferences; empty without.</summary>
    public IReadOnlyList<Strength> Ranking { get; init; } = [];

    /// <summary>Which tasks the training data of the arms shows; null where no result says.</summary>
    public TaskPatterns? Patterns { get; init; }

    /// <summary>The arms with their metrics over tasks that no training sample shows; empty where that is not known, or there are none.
    /// </summary>
    public IReadOnlyList<EvaluationResult> Unseen { get; init; } = [];

    /// <summary>The arms with their metrics over tasks whose pattern training data shows; empty likewise.</summary>
    public IReadOnlyList<EvaluationResult> Seen { get; init; } = [];

    /// <summary>Makes the report of arms that were evaluated on one suite.</summary>
    /// <param name="results">The arms, base first.</param>
    /// <param name="settings">Settings and hashes that the results do not hold themselves.</param>
    /// <param name="gateBits">Largest accepted rise of bits per byte on the retention texts.</param>
    /// <exception cref="LabException">No results, two arms of one name, or arms that do not compare.</exception>
    public static EvaluationReport Of(
        IReadOnlyList<EvaluationResult> results, IReadOnlyDictionary<string, string>? settings = null,
        double gateBits = RetentionGate.DefaultBits)
    {
        if (results.Count == 0) throw new LabException("There is no evaluated arm to report.");
        if (results.GroupBy(r => r.Arm, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new LabException($"Two results are both of the arm \"{twice.Key}\". Give one another name.");
        var rest = results.Skip(1).ToList();
        var patterns = TaskPatterns.Join(results);
        IReadOnlyList<EvaluationResult> Over(IReadOnlyList<string> tasks)
        {
            var own = tasks.ToHashSet(StringComparer.Ordinal);
            return own.Count == 0 ? [] : [.. results.Select(r => r.Over(own))];
        }
        var comparisons = rest.Select(r => Comparison.Of(results[0], r, patterns)).ToList();
        var gates = comparisons.Select(c => RetentionGate.Of(c, gateBits)).OfType<RetentionGate>().ToList();
        if (rest.FirstOrDefault(r => r.Arm == "base+docs") is { } documented)
            comparisons.AddRange(rest.Where(r => r != documented).Select(r => Comparison.Of(documented, r, patterns)));
        foreach (var guided in rest.Where(r => r.Options.Guide is not null))
            if (rest.FirstOrDefault(r => r.Options.Guide is null && r.Arm == guided.UnguidedArm) is { } free
                && comparisons.TrueForAll(c => c.FirstArm != free.Arm || c.SecondArm != guided.Arm))
                comparisons.Add(Comparison.Of(free, guided, patterns));
        var (symbols, invented) = SymbolTables.Of(results);
        var all = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Suite"] = results[0].SuiteHash,
            ["Rules"] = $"extraction {results[0].ExtractorVersion}, grading {results[0].GraderVersion}"
                + (results[0].Members.Count > 0 ? $", members {results[0].MemberRuleVersion}" : ""),
            ["Seed"] = results[0].Options.Seed.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["Statistics"] = $"95% intervals from {results[0].Options.BootstrapDraws:N0} bootstrap draws over documents; "
                + "paired randomisation test over documents (exact where at most 18 differ); "
                + "Holm over the primary metrics of each comparison",
            ["Sandbox"] = results[0].Sandbox is { } sandbox
                ? $"{sandbox.Name}; not covered: {string.Join(", ", sandbox.NotCovered)}"
                : results[0].NotRun ?? "answers were not run",
        };
        foreach (var (name, value) in settings ?? new Dictionary<string, string>()) all[name] = value;
        return new(results, comparisons, gates, symbols, invented, all)
        {
            Patterns = patterns,
            Unseen = Over(patterns?.Unseen ?? []),
            Seen = Over(patterns?.Seen ?? []),
        };
    }

    /// <summary>Makes a report again of its arms and of what <see cref="ToJson"/> wrote.</summary>
    /// <param name="results">The arms; in the report's order they are brought.</param>
    /// <param name="json">The report.</param>
    /// <exception cref="LabException">It is not a report of these arms.</exception>
    public static EvaluationReport Reopen(IReadOnlyList<EvaluationResult> results, string json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        var byArm = results.ToDictionary(r => r.Arm, StringComparer.Ordinal);
        if (!root.TryGetProperty("arms", out var arms)
            || arms.EnumerateArray().Any(a => !byArm.ContainsKey(a.GetProperty("arm").GetString()!)))
            throw new LabException("the report names arms whose answers are not beside it; evaluate again, or restore the run's folder.");
        var report = Of([.. arms.EnumerateArray().Select(a => byArm[a.GetProperty("arm").GetString()!])],
            root.GetProperty("settings").Deserialize<Dictionary<string, string>>(EvaluationJson.Compact),
            root.GetProperty("gates").Deserialize<List<RetentionGate>>(EvaluationJson.Compact)!.SelectMany(g => g.Checks)
                .FirstOrDefault(c => c.Metric != MetricNames.GeneralPass1)?.Limit ?? RetentionGate.DefaultBits);
        return root.GetProperty("preferences").Deserialize<List<PreferenceSummary>>(EvaluationJson.Compact) is { Count: > 0 } preferences
            ? report.With(preferences) : report;
    }

    /// <summary>Base against the last arm named <c>tuned</c>, or else against the second; null with one arm.</summary>
    public Comparison? Main =>
        Comparisons.FirstOrDefault(c => c.FirstArm == Results[0].Arm && c.SecondArm == "tuned")
            ?? (Comparisons is [var first, ..] ? first : null);

    /// <summary>A guided answer: where the compiler turned the model, and what it cost. A cell shows it with marks.</summary>
    /// <param name="arm">An arm with <c>+compiler</c>.</param>
    /// <param name="task">A programming task; of sampled answers the greedy one.</param>
    /// <exception cref="LabException">There is no such arm or answer, or it was not guided.</exception>
    public GuidedText Guided(string arm, string task)
    {
        var result = Results.FirstOrDefault(r => r.Arm == arm)
            ?? throw new LabException($"there is no arm '{arm}'; there are {string.Join(", ", Results.Select(r => r.Arm))}");
        return result.GuidedAnswers.FirstOrDefault(a => a.Task == task)?.Guided
            ?? throw new LabException($"{arm}: no answer to '{task}' was guided; expected a programming task of an arm with +compiler");
    }

    /// <summary>Whether every gate passes.</summary>
    public bool Passes => Gates.All(g => g.Passes);

    /// <summary>The report with preferences, and with a ranking where there are three arms or more.</summary>
    public EvaluationReport With(IReadOnlyList<PreferenceSummary> preferences)
    {
        var all = Preferences.Concat(preferences).ToList();
        var bouts = all.Where(p => p.Readable > 0)
            .Select(p => new Bout(p.First, p.Second, p.Votes.Sum(v => 1 - v.Second) ?? 0, p.Votes.Sum(v => v.Second) ?? 0)).ToList();
        var arms = bouts.SelectMany(b => new[] { b.First, b.Second }).Distinct(StringComparer.Ordinal).Count();
        // Half a vote for each side keeps a clean sweep finite.
        return this with { Preferences = all, Ranking = arms >= 3 ? BradleyTerry.Fit(bouts, prior: 0.5) : [] };
    }

    /// <summary>The report as indented JSON, without the answers, which lie beside it.</summary>
    public string ToJson() => JsonSerializer.Serialize(new
    {
        Patterns,
        arms = Results.Select((r, i) => new
        {
            r.Arm,
            r.Subject,
            metrics = r.Metrics.Select(m => new
            {
                m.Name,
                m.Value,
                m.Interval,
                m.Tasks,
                unseen = Part(Unseen.ElementAtOrDefault(i)?[m.Name]),
                seen = Part(Seen.ElementAtOrDefault(i)?[m.Name]),
            }),
        }),
        comparisons = Comparisons.Select(c => new
        {
            c.First,
            c.Second,
            metrics = c.Metrics.Select(m => new
            {
                m.First.Name,
                m.Difference,
                m.P,
                m.HolmP,
                m.Detectable,
                m.Verdict,
                unseen = Part(c.Unseen, m.First.Name),
                seen = Part(c.Seen, m.First.Name),
            }),
            c.Flips,
        }),
        Gates,
        Symbols,
        Invented,
        Preferences,
        Ranking,
        Settings,
    }, EvaluationJson.Indented);

    private static object? Part(MetricValue? m) => m is null ? null : new { m.Value, m.Interval, m.Tasks };

    private static object? Part(IReadOnlyList<MetricComparison> metrics, string name) =>
        metrics.FirstOrDefault(m => m.First.Name == name) is { } m
            ? new { m.Difference, m.P, m.HolmP, m.Detectable, m.Verdict, m.First.Tasks }
            : null;
}

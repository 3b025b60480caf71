using System.Text.Json.Serialization;
using DocTuneLab.Evaluation.Statistics;

namespace DocTuneLab.Evaluation.Results;

/// <summary>What a metric counts in.</summary>
public enum MetricUnit
{
    /// <summary>A share in 0..1, shown as per cent.</summary>
    Share,
    /// <summary>Bits of negative log-likelihood per UTF-8 byte.</summary>
    BitsPerByte,
    /// <summary>Any other number, shown as it is: a mean length, a count, seconds.</summary>
    Number,
}

/// <summary>A metric of one arm.</summary>
public sealed record MetricValue
{
    /// <summary>Name of the metric, as in files.</summary>
    public required string Name { get; init; }

    /// <summary>For people.</summary>
    public required string Title { get; init; }

    /// <summary>Sum of numerators over sum of denominators, in <see cref="Unit"/>; NaN where nothing could be divided.</summary>
    public required double Value { get; init; }

    /// <summary>95% cluster bootstrap; NaN with fewer than two documents.</summary>
    public required Interval Interval { get; init; }

    /// <summary>Direction.</summary>
    public required bool HigherIsBetter { get; init; }

    /// <summary>Whether verdicts on it are corrected for several looks.</summary>
    public required bool Primary { get; init; }

    /// <summary>What each task contributes.</summary>
    public required IReadOnlyList<Observation> Observations { get; init; }

    /// <summary>The unit, where the name does not tell it; in files it stands only there.</summary>
    [JsonInclude, JsonPropertyName("unit"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    internal MetricUnit? OwnUnit { get; init; }

    /// <summary>What the value counts in: what the metric says, else bits per byte where the name ends so, else a share.</summary>
    [JsonIgnore]
    public MetricUnit Unit => OwnUnit ?? UnitOf(Name);

    /// <summary>Number of tasks that contribute.</summary>
    [JsonIgnore]
    public int Tasks => Observations.Count(o => o.Denominator > 0);

    /// <summary>Whether the value is a share, shown as per cent.</summary>
    [JsonIgnore]
    public bool IsShare => Unit == MetricUnit.Share;

    /// <summary>The metric over some tasks only, with an interval of its own; null where none of them contributes.</summary>
    internal MetricValue? Over(IReadOnlySet<string> tasks, EvaluationOptions options)
    {
        var own = Observations.Where(o => tasks.Contains(o.Task)).ToList();
        return own.All(o => o.Denominator == 0) ? null : this with
        {
            Value = Bootstrap.Estimate(own),
            Interval = Bootstrap.Interval(own, options.Seed, options.BootstrapDraws),
            Observations = own,
        };
    }

    /// <summary>The unit that a name tells.</summary>
    internal static MetricUnit UnitOf(string name) =>
        name.EndsWith("bits_per_byte", StringComparison.Ordinal) ? MetricUnit.BitsPerByte : MetricUnit.Share;
}

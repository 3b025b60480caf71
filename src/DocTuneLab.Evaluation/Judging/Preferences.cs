using DocTuneLab.Evaluation.Statistics;

namespace DocTuneLab.Evaluation.Judging;

/// <summary>Which of two arms' answers to a task was preferred.</summary>
/// <param name="Task">Task id.</param>
/// <param name="Cluster">Document of the task.</param>
/// <param name="Second">1 for the second arm, 0 for the first, 0.5 for a tie or for two readings that disagree.</param>
/// <param name="Agreed">Both readings said the same; a person reads once and agrees.</param>
/// <param name="Unreadable">Readings whose reply could not be read.</param>
public sealed record Preference(string Task, string Cluster, double Second, bool Agreed = true, int Unreadable = 0);

/// <summary>What preferences say of two arms.</summary>
public sealed record PreferenceSummary
{
    /// <summary>Name of the first arm.</summary>
    public required string First { get; init; }

    /// <summary>Name of the second arm.</summary>
    public required string Second { get; init; }

    /// <summary>Who judged.</summary>
    public required string Judge { get; init; }

    /// <summary>All preferences.</summary>
    public required IReadOnlyList<Preference> Votes { get; init; }

    /// <summary>Mean of <see cref="Preference.Second"/>: 0.5 is a draw.</summary>
    public required double WinRate { get; init; }

    /// <summary>95% bootstrap over documents.</summary>
    public required Interval Interval { get; init; }

    /// <summary>Randomisation test over documents, of "both are preferred as often".</summary>
    public required double P { get; init; }

    /// <summary>Share of votes whose two readings agree.</summary>
    public required double Agreement { get; init; }

    /// <summary>Better or worse where p &lt; 0.05.</summary>
    public required ComparisonVerdict Verdict { get; init; }

    /// <summary>Summarises votes.</summary>
    public static PreferenceSummary Of(string first, string second, string judge, IReadOnlyList<Preference> votes, int seed = 0)
    {
        var observations = votes.Select(v => new Observation(v.Task, v.Cluster, v.Second)).ToList();
        var others = votes.Select(v => new Observation(v.Task, v.Cluster, 1 - v.Second)).ToList();
        var (rate, interval) = (Bootstrap.Estimate(observations), Bootstrap.Interval(observations, seed));
        var p = Bootstrap.Difference(others, observations, seed).P;
        return new()
        {
            First = first,
            Second = second,
            Judge = judge,
            Votes = votes,
            WinRate = rate,
            Interval = interval,
            P = p,
            Agreement = votes.Count == 0 ? double.NaN : votes.Average(v => v.Agreed ? 1 : 0),
            Verdict = !(p < Detectable.Level) ? ComparisonVerdict.Inconclusive
                : rate > 0.5 ? ComparisonVerdict.Better : ComparisonVerdict.Worse,
        };
    }
}

using DocTuneLab.Endpoints.Transport;
using DocTuneLab.Storage;

namespace DocTuneLab.Experiments.Stages;

/// <summary>What a lab holds of a corpus, and what that took.</summary>
public sealed record CorpusStatus
{
    /// <summary>All samples.</summary>
    public required int Samples { get; init; }

    /// <summary>Accepted samples by kind.</summary>
    public required IReadOnlyDictionary<string, int> Accepted { get; init; }

    /// <summary>Rejected samples by the first check that failed, the most frequent first.</summary>
    public required IReadOnlyDictionary<string, int> Rejected { get; init; }

    /// <summary>Share of the library's members that compiling code uses.</summary>
    public required double UsedShare { get; init; }

    /// <summary>Share of the library's members that any sample is about.</summary>
    public required double CoveredShare { get; init; }

    /// <summary>Answers of hosted models that are kept.</summary>
    public required long Requests { get; init; }

    /// <summary>Tokens sent to hosted models.</summary>
    public required long PromptTokens { get; init; }

    /// <summary>Tokens received.</summary>
    public required long CompletionTokens { get; init; }

    /// <summary>What they cost, as far as prices are known.</summary>
    public required double Cost { get; init; }

    /// <summary>Calls without an answer, by reason.</summary>
    public required IReadOnlyDictionary<string, long> FailedCalls { get; init; }

    /// <summary>Pairs of a refused answer and a better one.</summary>
    public required int Preferences { get; init; }

    /// <summary>Decisions of reviewers.</summary>
    public required int Reviews { get; init; }

    /// <summary>Batches that are under way.</summary>
    public required IReadOnlyList<StoredBatch> Batches { get; init; }

    /// <summary>Reads it from a lab.</summary>
    public static CorpusStatus Of(Lab lab)
    {
        ArgumentNullException.ThrowIfNull(lab);
        var samples = lab.Samples.List(acceptedOnly: false);
        var (spent, coverage) = (lab.Answers.Spent(), lab.Samples.Coverage([]));
        return new()
        {
            Samples = samples.Count,
            Accepted = samples.Where(s => s.Accepted)
                .GroupBy(s => s.Kind)
                .OrderBy(g => g.Key)
                .ToDictionary(g => g.Key.FieldName, g => g.Count()),
            Rejected = samples.Where(s => !s.Accepted)
                .GroupBy(s => s.Checks.First(c => !c.Passed).Name)
                .OrderByDescending(g => g.Count())
                .ToDictionary(g => g.Key, g => g.Count()),
            UsedShare = coverage.UsedShare,
            CoveredShare = coverage.CoveredShare,
            Requests = spent.Answers,
            PromptTokens = spent.PromptTokens,
            CompletionTokens = spent.CompletionTokens,
            Cost = spent.Cost,
            FailedCalls = lab.Answers.Failures(),
            Preferences = lab.Samples.Preferences().Count,
            Reviews = lab.Samples.Reviews().Count,
            Batches = [.. lab.Answers.Batches().Where(b => !b.IsOver)],
        };
    }
}

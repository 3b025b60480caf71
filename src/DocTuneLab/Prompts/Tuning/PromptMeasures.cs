using DocTuneLab.Conversations;
using DocTuneLab.Text;

namespace DocTuneLab.Prompts.Tuning;

/// <summary>How much each objective weighs where candidates are compared; what was not measured weighs nothing.</summary>
/// <param name="Likelihood">Per nat of the reference's negative log-likelihood per token; default 1.</param>
/// <param name="Acceptance">Share of answers that pass every check; default 1.</param>
/// <param name="Compiles">Share of code that compiles; default 0.25.</param>
/// <param name="Coverage">Share of the members asked about that accepted answers use; default 0.25.</param>
/// <param name="Diversity">Distinct pairs of words less similarity between answers; default 0.1.</param>
/// <param name="Grade">Judge's mean grade, 1 to 5 brought to 0 to 1; default 0.25.</param>
public sealed record ObjectiveWeights(double Likelihood = 1, double Acceptance = 1, double Compiles = 0.25, double Coverage = 0.25,
    double Diversity = 0.1, double Grade = 0.25);

/// <summary>What was measured of a candidate over its examples; null where nothing was.</summary>
public sealed record PromptMeasures
{
    /// <summary>Mean negative log-likelihood per token of the references, nats; less is better.</summary>
    public required double? NllPerToken { get; init; }

    /// <summary>Total bits over total bytes of the references.</summary>
    public required double? BitsPerByte { get; init; }

    /// <summary>Share of answers that pass every check.</summary>
    public required double? Acceptance { get; init; }

    /// <summary>Share of code that compiles.</summary>
    public required double? Compiles { get; init; }

    /// <summary>Members that accepted answers use, as a share of those asked about.</summary>
    public required double? Coverage { get; init; }

    /// <summary>Different pairs of words over all pairs of words in the answers (Li et al., arXiv 1510.03055).</summary>
    public required double? Distinct2 { get; init; }

    /// <summary>Mean Jaccard similarity of 3-grams between two answers.</summary>
    public required double? SelfSimilarity { get; init; }

    /// <summary>Judge's mean grade, 1 to 5.</summary>
    public required double? Grade { get; init; }

    /// <summary>Mean tokens for an example.</summary>
    public required double Tokens { get; init; }

    /// <summary>Sum of the calls' prices.</summary>
    public required double Cost { get; init; }

    /// <summary>Measures outcomes.</summary>
    public static PromptMeasures Of(IReadOnlyList<PromptOutcome> outcomes)
    {
        var likelihoods = outcomes.Select(o => o.Likelihood).OfType<AnswerScore>().ToList();
        var bytes = likelihoods.Sum(l => l.Bytes);
        var asked = outcomes.SelectMany(o => o.Asked).ToHashSet(StringComparer.Ordinal);
        var used = outcomes.Where(o => o.Accepted == true).SelectMany(o => o.Used).ToHashSet(StringComparer.Ordinal);
        var (distinct, similarity) = Diversity([.. outcomes.Select(o => o.Answer).OfType<string>()]);
        return new PromptMeasures
        {
            NllPerToken = Mean(likelihoods.Select(l => l.MeanNll)),
            BitsPerByte = bytes == 0 ? null : -likelihoods.Sum(l => l.LogProbability) / Math.Log(2) / bytes,
            Acceptance = Mean(outcomes.Select(o => o.Accepted).OfType<bool>().Select(b => b ? 1.0 : 0)),
            Compiles = Mean(outcomes.Select(o => o.Compiles).OfType<bool>().Select(b => b ? 1.0 : 0)),
            Coverage = asked.Count == 0 ? null : (double)asked.Count(used.Contains) / asked.Count,
            Distinct2 = distinct,
            SelfSimilarity = similarity,
            Grade = Mean(outcomes.Select(o => o.Grade).OfType<double>()),
            Tokens = outcomes.Count == 0 ? 0 : outcomes.Average(o => o.Tokens),
            Cost = outcomes.Sum(o => o.Cost),
        };
    }

    /// <summary>One figure to compare by; more is better.</summary>
    public double Score(ObjectiveWeights w) => -(NllPerToken ?? 0) * w.Likelihood + (Acceptance ?? 0) * w.Acceptance
        + (Compiles ?? 0) * w.Compiles + (Coverage ?? 0) * w.Coverage
        + ((Distinct2 ?? 0) - (SelfSimilarity ?? 0)) * w.Diversity + (((Grade ?? 1) - 1) / 4 * w.Grade);

    private static double? Mean(IEnumerable<double> values) => values.ToList() is { Count: > 0 } list ? list.Average() : null;

    private static (double? Distinct2, double? SelfSimilarity) Diversity(IReadOnlyList<string> answers)
    {
        if (answers.Count < 2) return (null, null);
        var words = answers.Select(TokenGrams.Tokens).ToList();
        var pairs = new HashSet<ulong>();
        var total = 0;
        foreach (var list in words.Where(w => w.Count > 1))
        {
            total += list.Count - 1;
            for (var i = 0; i + 1 < list.Count; i++) pairs.UnionWith(TokenGrams.Of([list[i], list[i + 1]], 2));
        }
        var grams = words.ConvertAll(w => TokenGrams.Of(w, 3));
        var similarity = 0.0;
        for (var i = 0; i < grams.Count; i++)
            for (var j = 0; j < i; j++)
            {
                var common = grams[i].Count(grams[j].Contains);
                similarity += (double)common / (grams[i].Count + grams[j].Count - common);
            }
        return (total == 0 ? null : (double)pairs.Count / total, similarity / (grams.Count * (grams.Count - 1) / 2));
    }
}

using DocTuneLab.Documents.Model;

namespace DocTuneLab.Corpus.Review;

/// <summary>A person's decision on a sample.</summary>
/// <param name="SampleId">The sample.</param>
/// <param name="Decision">What was decided.</param>
/// <param name="Reviewer">Who.</param>
/// <param name="Note">Why; may be empty.</param>
/// <param name="ReplacedBy">For an edit, the new sample.</param>
public sealed record StoredReview(string SampleId, ReviewDecision Decision, string Reviewer, string Note, string? ReplacedBy);

/// <summary>Where the samples that people look at are kept, and what they decide.</summary>
public interface ISampleStore
{
    /// <summary>Samples in the order in which they were saved.</summary>
    /// <param name="split">Only this split.</param>
    /// <param name="kind">Only this kind.</param>
    /// <param name="acceptedOnly">Leave out those that failed a check, and those that are stale; default true.</param>
    IReadOnlyList<Sample> List(Split? split = null, SampleKind? kind = null, bool acceptedOnly = true);

    /// <summary>Saves samples with their evidence and checks, in order; a sample of the same id is replaced.</summary>
    /// <param name="samples">The samples.</param>
    /// <param name="replaceAll">Remove all other samples: these are the corpus.</param>
    void Save(IReadOnlyList<Sample> samples, bool replaceAll = false);

    /// <summary>Keeps decisions, in order.</summary>
    void SaveReviews(IReadOnlyList<StoredReview> reviews);
}

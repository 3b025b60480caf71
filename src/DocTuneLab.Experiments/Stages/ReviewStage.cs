using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Review;
using DocTuneLab.Storage;

namespace DocTuneLab.Experiments.Stages;

/// <summary>Decisions of people on samples, taken into a lab.</summary>
public sealed class ReviewStage
{
    private readonly Lab _lab;
    private readonly Func<Sample, Sample>? _judged;

    /// <summary>Decisions alone: without the library, edited samples are taken as they are.</summary>
    public ReviewStage(Lab lab) => _lab = lab;

    /// <summary>Decisions with the library at hand: edited samples are judged again.</summary>
    public ReviewStage(CorpusStage corpus)
    {
        ArgumentNullException.ThrowIfNull(corpus);
        (_lab, _judged) = (corpus.Experiment.Storage, corpus.Judged());
    }

    /// <summary>Takes a reviewed table into the lab.</summary>
    public ReviewSummary Take(string path, string reviewer) => ReviewFile.Apply(_lab.Samples, path, reviewer, _judged);

    /// <summary>Takes one decision into the lab.</summary>
    /// <returns>The sample as it stands now.</returns>
    /// <exception cref="LabException">There is no such sample, or an edit without the new answer.</exception>
    public Sample Decide(string id, ReviewDecision decision, string reviewer, string note = "", string? answer = null)
    {
        if (decision == ReviewDecision.Edit && answer is null)
            throw new LabException("an edit needs the new answer in the lines below the magic");
        ReviewFile.Decide(_lab.Samples, id, decision, reviewer, note, answer, _judged);
        var last = _lab.Samples.Reviews()[^1];
        return _lab.Samples.List(acceptedOnly: false).Single(s => s.Id == (last.ReplacedBy ?? last.SampleId));
    }
}

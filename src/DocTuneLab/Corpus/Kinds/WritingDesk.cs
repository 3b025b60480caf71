using DocTuneLab.Corpus.Code;
using DocTuneLab.Corpus.Grounding;
using DocTuneLab.Corpus.Language;
using DocTuneLab.Library;

namespace DocTuneLab.Corpus.Kinds;

/// <summary>What all samples that hosted models write have in common; shared by many at once.</summary>
/// <param name="Api">The library.</param>
/// <param name="Index">Its members with their types.</param>
/// <param name="Evidence">What prompts show of it.</param>
/// <param name="Options">What is written.</param>
/// <param name="Judge">Judges a draft together with those of other samples.</param>
internal sealed record WritingDesk(ApiModel Api, ApiIndex Index, EvidenceAssembler Evidence, IWritingOptions Options,
    Func<Draft, CancellationToken, Task<Judged>> Judge)
{
    /// <summary>Longest sample in tokens.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>Counts tokens.</summary>
    public required Func<string, int> CountTokens { get; init; }

    /// <summary>Methods from signatures alone.</summary>
    public Recipes Recipes { get; } = new(Index, 0, []);
}

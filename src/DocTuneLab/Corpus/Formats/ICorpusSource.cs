using DocTuneLab.Documents.Model;

namespace DocTuneLab.Corpus.Formats;

/// <summary>Where a corpus that is to be published is kept.</summary>
public interface ICorpusSource
{
    /// <summary>How messages name it, such as its folder.</summary>
    string Name { get; }

    /// <summary>The passages that samples are grounded in.</summary>
    IReadOnlyList<Chunk> Chunks();

    /// <summary>Samples that passed all checks and still stand, in order.</summary>
    IReadOnlyList<Sample> AcceptedSamples();

    /// <summary>All preference pairs, by id.</summary>
    IReadOnlyList<PreferencePair> Preferences();
}

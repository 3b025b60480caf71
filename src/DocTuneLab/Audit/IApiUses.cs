using DocTuneLab.Documents.Model;

namespace DocTuneLab.Audit;

/// <summary>Where a library's members are used: in pages, and in the samples made of them.</summary>
public interface IApiUses
{
    /// <summary>Passages that mention a member, in order of pages.</summary>
    /// <param name="symbolId">Documentation id of the member.</param>
    IReadOnlyList<Chunk> ChunksMentioning(string symbolId);

    /// <summary>Ids of the samples that are grounded in a member or passage, in order.</summary>
    /// <param name="kind"><c>symbol</c> or <c>chunk</c>.</param>
    /// <param name="target">Its id.</param>
    IReadOnlyList<string> SamplesGroundedIn(string kind, string target);
}

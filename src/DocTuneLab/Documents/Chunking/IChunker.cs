using DocTuneLab.Documents.Model;

namespace DocTuneLab.Documents.Chunking;

/// <summary>
/// Cuts pages into chunks: the passages that are searched, and that samples are made from. <see cref="Chunker"/> is the one that ships; a
/// program gives its own to what parses.
/// </summary>
/// <remarks>Called from several threads at once.</remarks>
public interface IChunker
{
    /// <summary>What its cuts depend on beside the page, in words, such as <c>whole pages</c>. Pages are cut anew when it changes, so
    /// every setting belongs in it. It is asked before anything is cut.</summary>
    string Settings { get; }

    /// <summary>The chunks of a page in order. <see cref="ChunkingContext.ChunkOf(Document, int, int, IReadOnlyList{string}, string)"/>
    /// makes one from its place.</summary>
    IReadOnlyList<Chunk> Chunk(Document document);
}

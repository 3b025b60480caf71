using DocTuneLab.Tokenization.Steps;

namespace DocTuneLab.Tokenization.PreTokenizers;

/// <summary>A step that splits text into parts which no token crosses.</summary>
internal abstract class PreTokenizer
{
    /// <summary>Adds the parts of a piece, none of them empty.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="matches">An empty list to work with.</param>
    /// <param name="parts">Where the parts go.</param>
    public abstract void Split(Piece piece, List<(int Start, int End)> matches, List<Piece> parts);

    /// <summary>The regular expression whose matches are the parts, where it is no more than that; else a description.</summary>
    public abstract string Pattern { get; }
}

namespace DocTuneLab.Documents.Model;

/// <summary>How a passage mentions a member of the library, surest first.</summary>
public enum SymbolLinkKind
{
    /// <summary>By its uid: an <c>xref:</c> link.</summary>
    Xref,
    /// <summary>Code in which the compiler bound the name to it.</summary>
    BoundCode,
    /// <summary>A name in code, by its spelling alone.</summary>
    CodeName,
    /// <summary>A name in prose.</summary>
    Prose,
}

/// <summary>A mention of a library member.</summary>
/// <param name="SymbolId">Documentation id.</param>
/// <param name="Kind">How it is mentioned.</param>
/// <param name="Confidence">0 to 1: 1 for a uid and for compiled code, less the more of it is guessed from names.</param>
/// <param name="Span">Where in the document.</param>
public sealed record SymbolLink(string SymbolId, SymbolLinkKind Kind, double Confidence, SourceSpan Span);

namespace DocTuneLab.Notebooks;

/// <summary>What may be called at a position, for signature help.</summary>
/// <param name="Signatures">The overloads, in the order of their declaration.</param>
/// <param name="ActiveParameter">Index of the argument that is being typed, from 0.</param>
public sealed record CellSignatures(IReadOnlyList<CellSignature> Signatures, int ActiveParameter);

/// <summary>One overload.</summary>
/// <param name="Text">Result, name and parameters.</param>
/// <param name="Documentation">Its summary, or empty.</param>
public sealed record CellSignature(string Text, string Documentation);

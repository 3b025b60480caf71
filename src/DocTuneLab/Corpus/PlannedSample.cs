using DocTuneLab.Library;

namespace DocTuneLab.Corpus;

/// <summary>A sample that shall be written.</summary>
/// <param name="Ordinal">Its place in the plan.</param>
/// <param name="Kind">What it shall teach.</param>
/// <param name="Symbols">One to three related members that it is about.</param>
/// <param name="Persona">Who asks.</param>
/// <param name="Language"><c>en</c> or <c>zh</c>.</param>
/// <param name="Seed">Seed of its own choices and of sampling.</param>
public sealed record PlannedSample(
    int Ordinal, SampleKind Kind, IReadOnlyList<ApiSymbol> Symbols, string Persona, string Language, int Seed);

using DocTuneLab.Library;

namespace DocTuneLab.Corpus.Language;

/// <summary>What metadata and documentation comments say of a library's types and members, each statement as a question and its answer.
/// Corpora ask for them in their wordings; whoever holds some out asks in others.</summary>
public static class LibraryFacts
{
    /// <summary>All facts, in the order of the symbols.</summary>
    /// <param name="symbols">The library's symbols.</param>
    public static IReadOnlyList<Fact> Of(IReadOnlyList<ApiSymbol> symbols) => [.. SymbolFacts.All(new ApiIndex(symbols))];

    /// <summary>The question that a wording asks about a fact: <c>{name}</c> stands for one of its values.</summary>
    public static string Ask(string wording, Fact fact)
    {
        ArgumentNullException.ThrowIfNull(fact);
        return Phrasings.Ask(wording, fact.Values);
    }
}

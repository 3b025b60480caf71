using DocTuneLab.Corpus.Language;
using DocTuneLab.Library;

namespace DocTuneLab.Corpus.Code;

/// <summary>Example values for types of a library, as C# expressions; empty objects only where nothing can be put into them.</summary>
public sealed class TypeExamples
{
    private readonly ExampleValues _values;

    /// <summary>Values that the members of a library make.</summary>
    /// <param name="symbols">Its symbols.</param>
    public TypeExamples(IReadOnlyList<ApiSymbol> symbols) => _values = new(new ApiIndex(symbols), [], filled: true);

    /// <summary>Up to three lists of expressions for places with a type and a name; none where a place cannot be filled.</summary>
    /// <param name="places">Types as C# writes them, and what the values are called.</param>
    public IReadOnlyList<IReadOnlyList<string>> For(IReadOnlyList<(string Type, string Name)> places) =>
        _values.For([.. places.Select(p => new ValuePlace(p.Type, p.Name))]).Arguments;
}

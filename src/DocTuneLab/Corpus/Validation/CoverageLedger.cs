using System.Globalization;
using DocTuneLab.Corpus.Kinds;
using DocTuneLab.Documents.Model;
using DocTuneLab.Library;

namespace DocTuneLab.Corpus.Validation;

/// <summary>How often one public symbol occurs in what a corpus is made of, in the corpus, and in what it is measured by.</summary>
/// <param name="Id">Documentation id.</param>
/// <param name="Name">Type and member with its parameters' types, for tables.</param>
/// <param name="Documented">Passages that mention it, its own documentation comment among them: 0 for what nobody has described.</param>
/// <param name="Asked">Accepted samples without code of their own that are about it.</param>
/// <param name="Compiled">Samples, accepted or not, whose code compiles and uses it.</param>
/// <param name="Used">Of these, the samples that passed every other check too, and so are trained on.</param>
/// <param name="HeldOut">Held-out tasks whose solution uses it.</param>
public sealed record SymbolCoverage(string Id, string Name, int Documented, int Asked, int Compiled, int Used, int HeldOut);

/// <summary>Counts per public symbol what the pages say, what the samples teach, what they leave out, and what is
/// asked in the end.</summary>
public sealed class CoverageLedger
{
    private readonly Dictionary<string, SymbolCoverage> _counts;
    private readonly IReadOnlyList<SampleKindDefinition> _kinds;

    /// <summary>A ledger over the symbols of a library, no sample counted yet.</summary>
    /// <param name="symbols">Types and members.</param>
    /// <param name="chunks">Passages that may be trained on.</param>
    /// <param name="heldOut">Tasks that must not be.</param>
    /// <param name="kinds">Definitions of kinds, which say whether answers are code; default those that ship.</param>
    public CoverageLedger(IEnumerable<ApiSymbol> symbols, IEnumerable<Chunk> chunks, IEnumerable<HeldOut> heldOut,
        IReadOnlyList<SampleKindDefinition>? kinds = null)
    {
        _kinds = kinds ?? SampleKinds.BuiltIn;
        _counts = symbols.DistinctBy(s => s.Id).ToDictionary(s => s.Id,
            s => new SymbolCoverage(s.Id, NameOf(s), s.Summary is null ? 0 : 1, 0, 0, 0, 0), StringComparer.Ordinal);
        foreach (var id in chunks.SelectMany(c => c.Symbols.Distinct(StringComparer.Ordinal)))
            Count(id, c => c with { Documented = c.Documented + 1 });
        foreach (var id in heldOut.SelectMany(h => h.GoldSymbols)) Count(id, c => c with { HeldOut = c.HeldOut + 1 });
    }

    /// <summary>Counts a sample's symbols, of a rejected one only those of code that compiles;
    /// names that are not the library's are ignored.</summary>
    public void Add(Sample sample)
    {
        var compiles = _kinds.AnswerOf(sample.Kind) != AnswerForm.Prose && sample.Checks.Any(c => c is { Name: "compiles", Passed: true });
        if (!sample.Accepted && !compiles) return;
        foreach (var id in sample.Evidence.Symbols.Distinct(StringComparer.Ordinal))
            Count(id,
                c => compiles
                    ? c with { Compiled = c.Compiled + 1, Used = c.Used + (sample.Accepted ? 1 : 0) }
                    : c with { Asked = c.Asked + 1 });
    }

    /// <summary>Counts of all symbols, by id.</summary>
    public IReadOnlyList<SymbolCoverage> Symbols => [.. _counts.Values.OrderBy(c => c.Id, StringComparer.Ordinal)];

    /// <summary>Members, those with the fewest samples first: where a corpus is thin.</summary>
    public IReadOnlyList<SymbolCoverage> Thinnest =>
        [.. Members.OrderBy(c => c.Used).ThenBy(c => c.Asked).ThenByDescending(c => c.HeldOut).ThenBy(c => c.Id, StringComparer.Ordinal)];

    /// <summary>Members (types left out) used in compiling code, as a share of all.</summary>
    public double UsedShare => Share(c => c.Used > 0);

    /// <summary>Members that occur in any accepted sample, as a share of all.</summary>
    public double CoveredShare => Share(c => c.Asked + c.Used > 0);

    /// <summary>Members that pages or comments describe, as a share of all.</summary>
    public double DocumentedShare => Share(c => c.Documented > 0);

    /// <summary>Uses in compiling code of the median member.</summary>
    public int MedianUses => Members.Select(c => c.Used).Order().ToList() is { Count: > 0 } uses ? uses[uses.Count / 2] : 0;

    /// <summary>Members that no accepted code uses.</summary>
    public IReadOnlyList<string> Unused => [.. Members.Where(c => c.Used == 0).Select(c => c.Id).Order(StringComparer.Ordinal)];

    /// <summary>One line for reports.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{_counts.Count} symbols; members documented {DocumentedShare:P1}, used in compiling code {UsedShare:P1}, covered at all "
            + $"{CoveredShare:P1}, median uses {MedianUses}; {Members.Count(m => m.HeldOut > 0 && m.Used == 0)} of "
            + $"{Members.Count(m => m.HeldOut > 0)} members of held-out tasks not used");

    private IEnumerable<SymbolCoverage> Members => _counts.Values.Where(c => !c.Id.StartsWith("T:", StringComparison.Ordinal));

    private static string NameOf(ApiSymbol s) =>
        s.Id.Contains('(', StringComparison.Ordinal)
            ? $"{s.DisplayName}({string.Join(", ", s.Parameters.Select(p => p.Type))})"
            : s.DisplayName;

    private void Count(string id, Func<SymbolCoverage, SymbolCoverage> change)
    {
        if (_counts.TryGetValue(id, out var c)) _counts[id] = change(c);
    }

    private double Share(Func<SymbolCoverage, bool> holds)
    {
        var members = Members.ToList();
        return members.Count == 0 ? 0 : (double)members.Count(holds) / members.Count;
    }
}

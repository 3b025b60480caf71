using System.Globalization;
using DocTuneLab.Library;

namespace DocTuneLab.Corpus;

/// <summary>How often one public symbol occurs in accepted samples.</summary>
/// <param name="Id">Documentation id.</param>
/// <param name="Asked">Samples without code that are about it.</param>
/// <param name="Used">Samples whose compiling code uses it.</param>
public sealed record SymbolCoverage(string Id, int Asked, int Used);

/// <summary>Counts per public symbol what the accepted samples teach, and so what they leave out.</summary>
public sealed class CoverageLedger
{
    private readonly Dictionary<string, (int Asked, int Used)> _counts;

    /// <summary>A ledger over the symbols of a library, all counts 0.</summary>
    public CoverageLedger(IEnumerable<ApiSymbol> symbols) => _counts = symbols.Select(s => s.Id).Distinct(StringComparer.Ordinal).ToDictionary(id => id, _ => (0, 0), StringComparer.Ordinal);

    /// <summary>Counts a sample's symbols; names that are not the library's are ignored.</summary>
    public void Add(Sample sample)
    {
        var isCode = sample.Kind is SampleKind.Code or SampleKind.Completion or SampleKind.Repair;
        foreach (var id in sample.Evidence.Symbols.Distinct(StringComparer.Ordinal))
            if (_counts.TryGetValue(id, out var c)) _counts[id] = isCode ? (c.Asked, c.Used + 1) : (c.Asked + 1, c.Used);
    }

    /// <summary>Counts of all symbols, by id.</summary>
    public IReadOnlyList<SymbolCoverage> Symbols => [.. _counts.OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => new SymbolCoverage(c.Key, c.Value.Asked, c.Value.Used))];

    /// <summary>Members (types left out) used in compiling code, as a share of all.</summary>
    public double UsedShare => Share(c => c.Used > 0);

    /// <summary>Members that occur in any accepted sample, as a share of all.</summary>
    public double CoveredShare => Share(c => c.Asked + c.Used > 0);

    /// <summary>Uses in compiling code of the median member.</summary>
    public int MedianUses => _counts.Where(c => !IsType(c.Key)).Select(c => c.Value.Used).Order().ToList() is { Count: > 0 } uses ? uses[uses.Count / 2] : 0;

    /// <summary>Members that no accepted code uses.</summary>
    public IReadOnlyList<string> Unused => [.. _counts.Where(c => !IsType(c.Key) && c.Value.Used == 0).Select(c => c.Key).Order(StringComparer.Ordinal)];

    /// <summary>One line for reports.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{_counts.Count} symbols; members used in compiling code {UsedShare:P1}, covered at all {CoveredShare:P1}, median uses {MedianUses}");

    private double Share(Func<(int Asked, int Used), bool> holds)
    {
        var members = _counts.Where(c => !IsType(c.Key)).ToList();
        return members.Count == 0 ? 0 : (double)members.Count(m => holds(m.Value)) / members.Count;
    }

    private static bool IsType(string id) => id.StartsWith("T:", StringComparison.Ordinal);
}

using DocTuneLab.Evaluation.Results;
using DocTuneLab.Library;

namespace DocTuneLab.Evaluation.Metrics;

/// <summary>A member of the library in the greedy answers of one arm.</summary>
/// <param name="Recalled">Tasks that need it and whose answer uses it.</param>
/// <param name="Right">Uses as it allows.</param>
/// <param name="Misused">Uses as it does not allow.</param>
public sealed record SymbolUses(int Recalled, int Right, int Misused);

/// <summary>A member of the library that a task needs or an arm used.</summary>
/// <param name="Id">Documentation id.</param>
/// <param name="GoldTasks">Tasks that need it.</param>
/// <param name="Arms">One entry for each arm, in their order.</param>
public sealed record SymbolRow(string Id, int GoldTasks, IReadOnlyList<SymbolUses> Arms);

/// <summary>A name that the library does not have.</summary>
/// <param name="Name">As a model wrote it.</param>
/// <param name="On">Type or namespace that it was sought on; null for a type of its own.</param>
/// <param name="Suggestion">Nearest real member, or null.</param>
/// <param name="Counts">Times in each arm, in their order.</param>
public sealed record InventedRow(string Name, string? On, string? Suggestion, IReadOnlyList<int> Counts)
{
    /// <summary>The name with what it was sought on.</summary>
    public string FullName => On is null ? Name : $"{On}.{Name}";
}

/// <summary>Which members models get right and which they invent, by name.</summary>
internal static class SymbolTables
{
    /// <summary>Both tables over any number of arms: members by how many tasks need them, inventions by frequency.</summary>
    public static (IReadOnlyList<SymbolRow> Symbols, IReadOnlyList<InventedRow> Invented) Of(IReadOnlyList<EvaluationResult> arms)
    {
        var greedy = arms.Select(a => a.Code.Where(c => c.Sample == 0).ToList()).ToList();
        var gold = greedy[0].SelectMany(c => c.GoldUsed.Concat(c.GoldMissed)).GroupBy(id => id, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
        var recalled = greedy.Select(a => a.SelectMany(c => c.GoldUsed).ToLookup(id => id, StringComparer.Ordinal)).ToList();
        var uses = greedy.Select(a => a.SelectMany(c => c.Uses).Where(u => u.Id is not null)
            .ToLookup(u => u.Id!, StringComparer.Ordinal)).ToList();
        var real = uses.SelectMany(u => u.Where(g => g.Any(x => x.Kind is SymbolUseKind.Misuse or SymbolUseKind.Resolved)));
        var ids = gold.Keys.Concat(real.Select(g => g.Key)).Distinct(StringComparer.Ordinal);
        var symbols = ids.Select(id => new SymbolRow(id, gold.GetValueOrDefault(id), [.. arms.Select((_, a) => new SymbolUses(
                recalled[a][id].Count(), uses[a][id].Count(u => u.Kind == SymbolUseKind.Resolved),
                uses[a][id].Count(u => u.Kind == SymbolUseKind.Misuse)))]))
            .OrderByDescending(s => s.GoldTasks).ThenBy(s => s.Id, StringComparer.Ordinal);
        var invented = greedy
            .SelectMany((a, i) => a.SelectMany(c => c.Uses).Where(u => u.Kind == SymbolUseKind.Missing).Select(u => (Use: u, Arm: i)))
            .GroupBy(p => (p.Use.Name, p.Use.On))
            .Select(g => new InventedRow(
                g.Key.Name, g.Key.On, g.Select(p => p.Use.Suggestion).FirstOrDefault(s => s is not null),
                [.. arms.Select((_, i) => g.Count(p => p.Arm == i))]))
            .OrderByDescending(n => n.Counts.Sum()).ThenBy(n => n.FullName, StringComparer.Ordinal);
        return ([.. symbols], [.. invented]);
    }
}

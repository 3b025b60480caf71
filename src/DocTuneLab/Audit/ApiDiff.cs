using DocTuneLab.Documents.Model;
using DocTuneLab.Library;

namespace DocTuneLab.Audit;

/// <summary>What became of a member between two versions.</summary>
public enum ApiChangeKind { Added, Removed, Changed, Obsoleted }

/// <summary>A member that differs between two versions of a library.</summary>
/// <param name="Kind">What became of it.</param>
/// <param name="Id">Documentation id, of the old version where it had one.</param>
/// <param name="Before">Signature in the old version, or null.</param>
/// <param name="After">Signature in the new version, or null.</param>
/// <param name="Note">The message of the obsolete attribute, or what changed beyond the signature.</param>
public sealed record ApiChange(ApiChangeKind Kind, string Id, string? Before, string? After, string? Note)
{
    /// <summary>Whether code or docs written for the old version may no longer hold.</summary>
    public bool Breaks => Kind is ApiChangeKind.Removed or ApiChangeKind.Changed;
}

/// <summary>A passage or sample that a change makes stale.</summary>
/// <param name="Change">The change.</param>
/// <param name="Chunks">Passages that mention the member.</param>
/// <param name="Samples">Ids of samples that are grounded in it, or in one of the passages.</param>
public sealed record StaleByChange(ApiChange Change, IReadOnlyList<Chunk> Chunks, IReadOnlyList<string> Samples);

/// <summary>Two versions of a library by their metadata.</summary>
public static class ApiDiff
{
    /// <summary>Every difference, by kind and id.</summary>
    public static IReadOnlyList<ApiChange> Compare(ApiModel before, ApiModel after)
    {
        var changes = new List<ApiChange>();
        var replaced = new HashSet<string>(StringComparer.Ordinal);
        foreach (var old in before.Symbols)
        {
            if (after.Find(old.Id) is { } same)
            {
                if (Difference(old, same) is { } difference)
                    changes.Add(new(ApiChangeKind.Changed, old.Id, old.Signature, same.Signature, difference));
                if (old.Obsolete is null && same.Obsolete is { } message)
                    changes.Add(new(ApiChangeKind.Obsoleted, old.Id, old.Signature, same.Signature, message.Length == 0 ? null : message));
                continue;
            }
            // The parameters are part of the id: the one overload that is gone and the one that is new are the same member, changed.
            var gone = Overloads(before, old).Where(o => after.Find(o.Id) is null).ToList();
            var fresh = before.TypeOf(old) is { } type
                ? after.MembersOf(type.Id).Where(m => m.Name == old.Name && m.Kind == old.Kind && before.Find(m.Id) is null).ToList()
                : [];
            if (gone.Count == 1 && fresh.Count == 1 && replaced.Add(fresh[0].Id))
                changes.Add(new(ApiChangeKind.Changed, old.Id, old.Signature, fresh[0].Signature, "parameters"));
            else changes.Add(new(ApiChangeKind.Removed, old.Id, old.Signature, null, null));
        }
        changes.AddRange(after.Symbols.Where(s => before.Find(s.Id) is null && !replaced.Contains(s.Id))
            .Select(s => new ApiChange(ApiChangeKind.Added, s.Id, null, s.Signature, null)));
        return [.. changes.OrderBy(c => c.Kind).ThenBy(c => c.Id, StringComparer.Ordinal)];
    }

    /// <summary>What of a lab the removed, changed and obsoleted members make stale;
    /// members that the lab does not know are left out.</summary>
    public static IReadOnlyList<StaleByChange> Stale(IApiUses lab, IReadOnlyList<ApiChange> changes) =>
        [.. changes.Where(c => c.Kind != ApiChangeKind.Added).Select(c =>
        {
            var chunks = lab.ChunksMentioning(c.Id);
            return new StaleByChange(c, chunks,
                [.. lab.SamplesGroundedIn("symbol", c.Id)
                    .Concat(chunks.SelectMany(k => lab.SamplesGroundedIn("chunk", k.Id)))
                    .Distinct()
                    .Order(StringComparer.Ordinal)]);
        }).Where(s => s.Chunks.Count > 0 || s.Samples.Count > 0)];

    private static IEnumerable<ApiSymbol> Overloads(ApiModel api, ApiSymbol symbol) =>
        api.TypeOf(symbol) is { } type ? api.MembersOf(type.Id).Where(m => m.Name == symbol.Name && m.Kind == symbol.Kind) : [];

    /// <summary>What differs in two members of one id, in the words of a change log; null if nothing that a caller sees.</summary>
    private static string? Difference(ApiSymbol a, ApiSymbol b)
    {
        var parts = new List<string>();
        if (a.Kind != b.Kind) parts.Add($"{a.Kind} to {b.Kind}");
        if (a.ReturnType != b.ReturnType) parts.Add($"type {a.ReturnType} to {b.ReturnType}");
        if (a.IsStatic != b.IsStatic) parts.Add(b.IsStatic ? "now static" : "no longer static");
        foreach (var (p, q) in a.Parameters.Zip(b.Parameters))
        {
            if (p.Name != q.Name) parts.Add($"parameter {p.Name} renamed to {q.Name}");
            if (p.DefaultValue != q.DefaultValue)
                parts.Add($"default of {q.Name}: {p.DefaultValue ?? "none"} to {q.DefaultValue ?? "none"}");
            if (p.Type != q.Type || p.Modifier != q.Modifier)
                parts.Add(
                    $"parameter {q.Name}: {p.Modifier} {p.Type} to {q.Modifier} {q.Type}".Replace("  ", " ", StringComparison.Ordinal));
        }
        return parts.Count > 0 ? string.Join("; ", parts) : a.Signature != b.Signature ? "declaration" : null;
    }
}

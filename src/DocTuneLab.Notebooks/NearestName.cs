using Quickenshtein;

namespace DocTuneLab.Notebooks;

/// <summary>Suggestions for mistyped names.</summary>
public static class NearestName
{
    /// <summary>
    /// The candidate nearest to <paramref name="name"/> by edit distance without regard to case, or null if none is near (more than a third
    /// of it differs, and more than two letters); ties go to the first in ordinal order.
    /// </summary>
    public static string? Of(string name, IEnumerable<string> candidates)
    {
        ArgumentNullException.ThrowIfNull(name);
        var limit = Math.Max(2, name.Length / 3);
        var lower = name.ToLowerInvariant();
        return candidates.Select(candidate => (candidate, distance: Levenshtein.GetDistance(lower, candidate.ToLowerInvariant())))
            .Where(pair => pair.distance <= limit && pair.distance < pair.candidate.Length)
            .OrderBy(pair => pair.distance).ThenBy(pair => pair.candidate, StringComparer.Ordinal)
            .Select(pair => pair.candidate).FirstOrDefault();
    }
}

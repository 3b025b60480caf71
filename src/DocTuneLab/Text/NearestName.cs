namespace DocTuneLab.Text;

/// <summary>The real name that an invented one most likely stands for.</summary>
internal static class NearestName
{
    /// <summary>The nearest of <paramref name="candidates"/>, or null if none is near enough;
    /// ties go to the first in ordinal order.</summary>
    public static string? Find(string name, IEnumerable<string> candidates)
    {
        string? best = null;
        // Beyond 40 % of the letters, a "suggestion" is another word.
        var limit = Math.Max(1, (int)(name.Length * 0.4)) + 0.5;
        foreach (var candidate in candidates)
        {
            if (candidate == name || Math.Abs(candidate.Length - name.Length) > limit) continue;
            var distance = Distance(name, candidate);
            // A name of which no letter is left is none that was meant.
            if (distance > limit || distance >= candidate.Length) continue;
            if (best is not null && distance == limit && string.CompareOrdinal(candidate, best) >= 0) continue;
            (best, limit) = (candidate, distance);
        }
        return best;
    }

    /// <summary>
    /// Optimal string alignment distance (Damerau 1964: swapping two neighbouring letters costs 1); a letter that differs only in case
    /// costs a quarter, because such slips are the commonest among names. Where plain Levenshtein will do, Quickenshtein is called.
    /// </summary>
    public static double Distance(string a, string b)
    {
        var (before, previous, current) = (new double[b.Length + 1], new double[b.Length + 1], new double[b.Length + 1]);
        for (var j = 0; j <= b.Length; j++) previous[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : char.ToUpperInvariant(a[i - 1]) == char.ToUpperInvariant(b[j - 1]) ? 0.25 : 1;
                var best = Math.Min(Math.Min(previous[j] + 1, current[j - 1] + 1), previous[j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) best = Math.Min(best, before[j - 2] + 1);
                current[j] = best;
            }
            (before, previous, current) = (previous, current, before);
        }
        return previous[b.Length];
    }
}

namespace DocTuneLab.Text;

/// <summary>
/// Finds texts that are nearly one already seen: MinHash signatures (64 permutations of hashed token 3-grams) in 16 bands
/// propose candidates, their exact Jaccard similarity decides.
/// </summary>
/// <param name="threshold">Similarity from which two texts count as the same; 1 means equal sets of 3-grams.</param>
internal sealed class NearDuplicates(double threshold = 0.92)
{
    private const int Permutations = 64, Bands = 16, Rows = Permutations / Bands;
    private readonly HashSet<string> _exact = new(StringComparer.Ordinal);
    private readonly Dictionary<(int Band, ulong Hash), List<int>> _buckets = [];
    private readonly List<HashSet<ulong>> _texts = [];

    /// <summary>Whether the very text was kept before.</summary>
    public bool ContainsExact(string text) => _exact.Contains(ContentHash.Of(text));

    /// <summary>Keeps the text unless it, or nearly it, was kept before. The reason is <c>duplicate</c> or <c>near-duplicate</c>;
    /// null where it was kept.</summary>
    public string? TryAdd(string text)
    {
        if (!_exact.Add(ContentHash.Of(text))) return "duplicate";
        return KeepOrMatch(text) is null ? null : "near-duplicate";
    }

    /// <summary>Keeps the text unless nearly it was kept before: then the number of the text that it is like, counted from 0 in order of
    /// keeping, and how like.</summary>
    public (int Text, double Similarity)? KeepOrMatch(string text)
    {
        var grams = TokenGrams.Of(TokenGrams.Tokens(text), 3);
        var keys = Keys(grams);
        var seen = new HashSet<int>();
        foreach (var key in keys)
        {
            if (!_buckets.TryGetValue(key, out var bucket)) continue;
            foreach (var other in bucket)
                if (seen.Add(other) && Jaccard(grams, _texts[other]) is var similarity && similarity >= threshold)
                    return (other, similarity);
        }
        foreach (var key in keys)
        {
            if (!_buckets.TryGetValue(key, out var bucket)) _buckets[key] = bucket = [];
            bucket.Add(_texts.Count);
        }
        _texts.Add(grams);
        return null;
    }

    private static double Jaccard(HashSet<ulong> a, HashSet<ulong> b)
    {
        var (small, large) = a.Count < b.Count ? (a, b) : (b, a);
        var common = small.Count(large.Contains);
        return (double)common / (a.Count + b.Count - common);
    }

    private static (int, ulong)[] Keys(HashSet<ulong> grams)
    {
        Span<ulong> minima = stackalloc ulong[Permutations];
        minima.Fill(ulong.MaxValue);
        foreach (var gram in grams)
        {
            var x = gram;
            for (var p = 0; p < Permutations; p++)
            {
                // splitmix64: a different permutation of the hashes for each p.
                x += 0x9E3779B97F4A7C15UL;
                var z = x;
                z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
                z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
                z ^= z >> 31;
                if (z < minima[p]) minima[p] = z;
            }
        }
        var keys = new (int, ulong)[Bands];
        for (var b = 0; b < Bands; b++)
        {
            var hash = 14695981039346656037UL;
            for (var r = 0; r < Rows; r++) hash = (hash ^ minima[b * Rows + r]) * 1099511628211UL;
            keys[b] = (b, hash);
        }
        return keys;
    }
}

using System.Collections.Concurrent;

namespace DocTuneLab.Tokenization;

/// <summary>Joins symbols by the merges of a BPE vocabulary, lowest rank first, leftmost first among equals.</summary>
internal sealed class BytePairMerger
{
    private const int CachedLength = 64, CacheSize = 1 << 16;
    private readonly Dictionary<(int, int), (int Rank, int Id)> _merges;
    private readonly ConcurrentDictionary<string, int[]> _cache = new(StringComparer.Ordinal);

    /// <param name="vocabulary">Ids by piece.</param>
    /// <param name="merges">Pairs in order of rank.</param>
    /// <exception cref="LabException">A merge's parts or result are not in the vocabulary.</exception>
    public BytePairMerger(IReadOnlyDictionary<string, int> vocabulary, IReadOnlyList<(string Left, string Right)> merges)
    {
        _merges = new Dictionary<(int, int), (int, int)>(merges.Count);
        for (var rank = 0; rank < merges.Count; rank++)
        {
            var (left, right) = merges[rank];
            if (!vocabulary.TryGetValue(left, out var l)
                || !vocabulary.TryGetValue(right, out var r)
                || !vocabulary.TryGetValue(left + right, out var whole))
                throw new LabException($"merge {rank + 1} ('{left}' and '{right}') has parts or a result that are not in the vocabulary");
            _merges.TryAdd((l, r), (rank, whole));
        }
    }

    /// <summary>Ids of a word; short ones are remembered.</summary>
    public int[] Merge(string word, Func<string, List<int>> symbols)
    {
        if (_cache.TryGetValue(word, out var known)) return known;
        var ids = Merge(symbols(word));
        if (word.Length <= CachedLength && _cache.Count < CacheSize) _cache.TryAdd(word, ids);
        return ids;
    }

    private int[] Merge(List<int> symbols)
    {
        var count = symbols.Count;
        if (count < 2) return [.. symbols];
        var (previous, next) = (new int[count], new int[count]);
        for (var i = 0; i < count; i++) (previous[i], next[i]) = (i - 1, i + 1 < count ? i + 1 : -1);
        // Lazy heap: an entry counts only while both its symbols are what they were.
        var heap = new PriorityQueue<(int At, int Left, int Right), (int Rank, int At)>(count);
        for (var i = 0; i + 1 < count; i++) Offer(i);
        while (heap.TryDequeue(out var pair, out _))
        {
            var (at, left, right) = pair;
            var after = next[at];
            if (symbols[at] != left || after < 0 || symbols[after] != right) continue;
            symbols[at] = _merges[(left, right)].Id;
            symbols[after] = -1;
            next[at] = next[after];
            if (next[at] >= 0) previous[next[at]] = at;
            Offer(at);
            if (previous[at] >= 0) Offer(previous[at]);
        }
        var ids = new List<int>();
        for (var i = 0; i >= 0; i = next[i]) ids.Add(symbols[i]);
        return [.. ids];

        void Offer(int at)
        {
            if (next[at] >= 0 && _merges.TryGetValue((symbols[at], symbols[next[at]]), out var merge))
                heap.Enqueue((at, symbols[at], symbols[next[at]]), (merge.Rank, at));
        }
    }
}

using System.Collections.Concurrent;

namespace DocTuneLab.Tokenization.Models;

/// <summary>A token of a word.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Start">First byte of the word's UTF-8 that it stands for.</param>
/// <param name="End">The byte after its last.</param>
internal readonly record struct WordToken(int Id, int Start, int End);

/// <summary>Makes ids of words.</summary>
internal abstract class WordModel
{
    private const int CachedLength = 64, CacheSize = 1 << 16;
    private readonly ConcurrentDictionary<string, (int[] Ids, WordToken[] Tokens)> _cache = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (int[] Ids, WordToken[] Tokens)>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    protected WordModel() => _lookup = _cache.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The model for text in which these pieces are no tokens: another only where it looks pieces up in running text.</summary>
    public virtual WordModel Without(IReadOnlySet<string> pieces) => this;

    /// <summary>Ids of a word that is not empty; those of short ones are remembered.</summary>
    public int[] Ids(ReadOnlySpan<char> word) => Encode(word).Ids;

    /// <summary>The same ids, each with its place.</summary>
    public WordToken[] Tokens(ReadOnlySpan<char> word) => Encode(word).Tokens;

    /// <summary>Tokens of a word that is not empty, in order.</summary>
    protected abstract List<WordToken> Make(string word);

    private (int[] Ids, WordToken[] Tokens) Encode(ReadOnlySpan<char> word)
    {
        if (word.Length <= CachedLength && _lookup.TryGetValue(word, out var known)) return known;
        var text = word.ToString();
        var tokens = Make(text).ToArray();
        var made = (Array.ConvertAll(tokens, t => t.Id), tokens);
        if (text.Length <= CachedLength && _cache.Count < CacheSize) _cache.TryAdd(text, made);
        return made;
    }
}

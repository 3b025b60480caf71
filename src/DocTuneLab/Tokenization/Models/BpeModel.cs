using System.Text;
using DocTuneLab.Tokenization.Steps;

namespace DocTuneLab.Tokenization.Models;

/// <summary>Byte-pair encoding: symbols joined by merges, lowest rank first, leftmost first among equals.</summary>
internal sealed class BpeModel : WordModel
{
    private readonly IReadOnlyDictionary<string, int> _vocabulary;
    private readonly Dictionary<(int, int), (int Rank, int Id)> _merges;
    private readonly string _prefix, _suffix;
    private readonly bool _fusesUnknown, _ignoresMerges;
    private readonly int[]? _bytes;
    private readonly int _unknown = -1;

    public BpeModel(StepFields fields, IReadOnlyDictionary<string, int> vocabulary, IReadOnlyList<(string Left, string Right)> merges)
    {
        _vocabulary = vocabulary;
        _prefix = fields.TextOrNull("continuing_subword_prefix") ?? "";
        _suffix = fields.TextOrNull("end_of_word_suffix") ?? "";
        _fusesUnknown = fields.Flag("fuse_unk", false);
        _ignoresMerges = fields.Flag("ignore_merges", false);
        if (fields.Flag("byte_fallback", false)) _bytes = BytePieces.Ids(vocabulary);
        if (fields.Node("dropout") is { } dropout && dropout.ToJsonString() is not ("0" or "0.0")) throw fields.Unsupported("dropout");
        if (fields.TextOrNull("unk_token") is { } unknown && !vocabulary.TryGetValue(unknown, out _unknown))
            throw fields.Unexpected("unk_token", "a piece of the vocabulary");
        _merges = new Dictionary<(int, int), (int, int)>(merges.Count);
        for (var rank = 0; rank < merges.Count; rank++)
        {
            var (left, right) = merges[rank];
            if (!vocabulary.TryGetValue(left, out var l)
                || !vocabulary.TryGetValue(right, out var r)
                || _prefix.Length > right.Length
                || !vocabulary.TryGetValue(left + right[_prefix.Length..], out var whole))
                throw new LabException($"merge {rank + 1} ('{left}' and '{right}') has parts or a result that are not in the vocabulary");
            // A pair given twice has its last rank.
            _merges[(l, r)] = (rank, whole);
        }
    }

    /// <summary>Whether a word that is a piece is taken whole.</summary>
    public bool IgnoresMerges => _ignoresMerges;

    protected override List<WordToken> Make(string word)
    {
        if (_ignoresMerges && _vocabulary.TryGetValue(word, out var whole)) return [new(whole, 0, Encoding.UTF8.GetByteCount(word))];
        return Merge(Symbols(word));
    }

    /// <summary>The same model for text that is not written in bytes yet; null where a byte is no piece.</summary>
    public WordModel? OverBytes()
    {
        var bytes = new int[256];
        for (var b = 0; b < 256; b++) bytes[b] = _vocabulary.GetValueOrDefault(ByteAlphabet.Char((byte)b).ToString(), -1);
        return _prefix.Length + _suffix.Length > 0 || bytes.Contains(-1) ? null : new OfBytes(this, bytes);
    }

    private List<WordToken> Symbols(string word)
    {
        var symbols = new List<WordToken>(word.Length);
        // An unknown character waits: with fuse_unk those that follow join it, also across pieces that are bytes.
        var (unknown, at, index) = (0, 0, 0);
        foreach (var rune in word.EnumerateRunes())
        {
            var text = rune.ToString();
            var length = rune.Utf8SequenceLength;
            if (index > 0) text = _prefix + text;
            index += rune.Utf16SequenceLength;
            if (index == word.Length) text += _suffix;
            if (_vocabulary.TryGetValue(text, out var id))
            {
                Flush();
                Add(id, length);
            }
            else if (_bytes is not null && BytePieces.Of(text, _bytes) is { } ids)
            {
                foreach (var one in ids) Add(one, 1);
            }
            else if (_unknown >= 0)
            {
                if (!_fusesUnknown) Flush();
                unknown += length;
            }
        }
        Flush();
        return symbols;

        void Flush()
        {
            if (unknown > 0) Add(_unknown, unknown);
            unknown = 0;
        }

        void Add(int id, int length)
        {
            symbols.Add(new(id, at, at + length));
            at += length;
        }
    }

    private List<WordToken> Merge(List<WordToken> symbols)
    {
        var count = symbols.Count;
        if (count < 2) return symbols;
        var (previous, next) = (new int[count], new int[count]);
        for (var i = 0; i < count; i++) (previous[i], next[i]) = (i - 1, i + 1 < count ? i + 1 : -1);
        // Lazy heap: an entry counts only while the pair at its place still makes what it made.
        var heap = new PriorityQueue<(int At, int Id), (int Rank, int At)>(count);
        for (var i = 0; i + 1 < count; i++) Offer(i);
        while (heap.TryDequeue(out var offer, out _))
        {
            var (at, id) = offer;
            var after = next[at];
            if (symbols[at].Id < 0 || after < 0) continue;
            if (!_merges.TryGetValue((symbols[at].Id, symbols[after].Id), out var merge) || merge.Id != id) continue;
            symbols[at] = new(id, symbols[at].Start, symbols[after].End);
            symbols[after] = new(-1, 0, 0);
            next[at] = next[after];
            if (next[at] >= 0) previous[next[at]] = at;
            Offer(at);
            if (previous[at] >= 0) Offer(previous[at]);
        }
        symbols.RemoveAll(s => s.Id < 0);
        return symbols;

        void Offer(int at)
        {
            if (next[at] >= 0 && _merges.TryGetValue((symbols[at].Id, symbols[next[at]].Id), out var merge))
                heap.Enqueue((at, merge.Id), (merge.Rank, at));
        }
    }

    private sealed class OfBytes(BpeModel model, int[] bytes) : WordModel
    {
        protected override List<WordToken> Make(string word)
        {
            var utf8 = Encoding.UTF8.GetBytes(word);
            if (model._ignoresMerges && model._vocabulary.TryGetValue(ByteAlphabet.Encode(word), out var whole))
                return [new(whole, 0, utf8.Length)];
            var symbols = new List<WordToken>(utf8.Length);
            for (var i = 0; i < utf8.Length; i++) symbols.Add(new(bytes[utf8[i]], i, i + 1));
            return model.Merge(symbols);
        }
    }
}

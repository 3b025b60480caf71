using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Tokenization.Steps;

namespace DocTuneLab.Tokenization.Models;

/// <summary>The likeliest pieces of a text, each drawn for itself (Kudo 2018, arXiv 1804.10959), found by Viterbi's way.</summary>
internal sealed class UnigramModel : WordModel
{
    // Beneath the rarest piece by so much lies a character that is none.
    private const double UnknownPenalty = 10;
    private readonly string[] _pieces;
    private readonly (int Id, double Score)[] _values;
    private readonly int[]? _bytes;
    private readonly double _unknownScore;
    private readonly int? _unknown;

    public UnigramModel(StepFields fields)
    {
        var scores = fields.Items("vocab").Select((entry, id) => entry is JsonArray { Count: 2 } pair
            ? ((string)pair[0]!, Id: id, Score: SerdeNumber.Parse(pair[1]!.AsValue().GetValue<JsonElement>().GetRawText()))
            : throw new LabException($"{fields.Name}.vocab[{id}] is no pair of a piece and its score")).ToArray();
        var known = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (piece, id, _) in scores) known[piece] = id;
        Vocabulary = known;
        _unknown = fields.NumberOrNull("unk_id");
        if (_unknown < 0 || _unknown >= scores.Length) throw fields.Unexpected("unk_id", "the id of a piece");
        Unknown = _unknown is { } at ? scores[at].Item1 : null;
        if (fields.Flag("byte_fallback", false)) _bytes = BytePieces.Ids(known);
        if (fields.Node("alpha") is not null) throw fields.Unsupported("alpha");
        if (fields.Node("nbest_size") is not null) throw fields.Unsupported("nbest_size");
        _unknownScore = scores.Select(s => s.Score).DefaultIfEmpty(0).Min() - UnknownPenalty;
        var sorted = known.Where(k => k.Key.Length > 0).OrderBy(k => k.Key, StringComparer.Ordinal).ToArray();
        _pieces = [.. sorted.Select(k => k.Key)];
        _values = [.. sorted.Select(k => (k.Value, scores[k.Value].Score))];
    }

    // The same, some pieces left out.
    private UnigramModel(UnigramModel whole, IReadOnlySet<string> left)
    {
        (Vocabulary, Unknown, _bytes) = (whole.Vocabulary, whole.Unknown, whole._bytes);
        (_unknownScore, _unknown) = (whole._unknownScore, whole._unknown);
        var kept = Enumerable.Range(0, whole._pieces.Length).Where(i => !left.Contains(whole._pieces[i])).ToArray();
        _pieces = Array.ConvertAll(kept, i => whole._pieces[i]);
        _values = Array.ConvertAll(kept, i => whole._values[i]);
    }

    /// <summary>Ids by piece.</summary>
    public IReadOnlyDictionary<string, int> Vocabulary { get; }

    /// <summary>The piece for what is none, or null.</summary>
    public string? Unknown { get; }

    public override WordModel Without(IReadOnlySet<string> pieces) => new UnigramModel(this, pieces);

    protected override List<WordToken> Make(string word)
    {
        var tokens = new List<WordToken>();
        var at = 0;
        foreach (var (from, to) in Path(word))
        {
            var text = word[from..to];
            var end = at + Encoding.UTF8.GetByteCount(text);
            if (IdOf(text) is { } id) tokens.Add(new(id, at, end));
            else if (_bytes is not null && BytePieces.Of(text, _bytes) is { } ids)
                foreach (var one in ids) tokens.Add(new(one, at, end));
            else tokens.Add(new(_unknown ?? throw Unwritable(text), at, end));
            at = end;
        }
        return tokens;
    }

    private static LabException Unwritable(string text) =>
        new($"the tokenizer has no piece for '{text}', and its model.unk_id names none for such");

    private int? IdOf(string piece) =>
        Array.BinarySearch(_pieces, piece, StringComparer.Ordinal) is >= 0 and var at ? _values[at].Id : null;

    private List<(int From, int To)> Path(string word)
    {
        var best = new (double Score, int From, int Id)[word.Length + 1];
        for (var i = 1; i < best.Length; i++) best[i].From = -1;
        for (var at = 0; at < word.Length;)
        {
            var size = char.IsHighSurrogate(word[at]) && at + 1 < word.Length && char.IsLowSurrogate(word[at + 1]) ? 2 : 1;
            var (low, high, single) = (0, _pieces.Length, false);
            for (var length = 1; at + length <= word.Length; length++)
            {
                (low, high) = Narrow(low, high, length - 1, word[at + length - 1]);
                if (low == high) break;
                if (_pieces[low].Length != length) continue;
                Offer(at, at + length, _values[low].Score, _values[low].Id);
                single |= length == size;
            }
            if (!single) Offer(at, at + size, _unknownScore, _unknown ?? -1);
            at += size;
        }
        var path = new List<(int, int)>();
        for (var end = word.Length; end > 0;)
        {
            var from = best[end].From;
            // What is unknown in a row is one.
            while (best[end].Id == _unknown && from > 0 && best[from].Id == _unknown) from = best[from].From;
            path.Add((from, end));
            end = from;
        }
        path.Reverse();
        return path;

        void Offer(int from, int to, double score, int id)
        {
            score += best[from].Score;
            if (best[to].From < 0 || score > best[to].Score) best[to] = (score, from, id);
        }
    }

    // The pieces in a range, alike so far, that go on with a unit.
    private (int Low, int High) Narrow(int low, int high, int at, char unit)
    {
        var first = Bound(low, high, at, unit);
        return (first, unit == char.MaxValue ? high : Bound(first, high, at, (char)(unit + 1)));
    }

    private int Bound(int low, int high, int at, char unit)
    {
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_pieces[middle].Length <= at || _pieces[middle][at] < unit) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}

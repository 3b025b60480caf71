using System.Text;
using DocTuneLab.Tokenization.Steps;

namespace DocTuneLab.Tokenization.Models;

/// <summary>The longest piece first, then the longest that goes on (BERT).</summary>
internal sealed class WordPieceModel : WordModel
{
    private readonly IReadOnlyDictionary<string, int> _vocabulary;
    private readonly string _prefix;
    private readonly int _unknown, _longest;

    public WordPieceModel(StepFields fields, IReadOnlyDictionary<string, int> vocabulary)
    {
        _vocabulary = vocabulary;
        _prefix = fields.TextOrNull("continuing_subword_prefix") ?? "##";
        _longest = fields.NumberOrNull("max_input_chars_per_word") ?? 100;
        if (!vocabulary.TryGetValue(fields.TextOrNull("unk_token") ?? "[UNK]", out _unknown))
            throw fields.Unexpected("unk_token", "a piece of the vocabulary");
    }

    protected override List<WordToken> Make(string word)
    {
        List<WordToken> unknown = [new(_unknown, 0, Encoding.UTF8.GetByteCount(word))];
        if (word.EnumerateRunes().Count() > _longest) return unknown;
        var tokens = new List<WordToken>();
        var (from, at) = (0, 0);
        while (from < word.Length)
        {
            var to = word.Length;
            int id;
            while (!_vocabulary.TryGetValue(from == 0 ? word[..to] : _prefix + word[from..to], out id))
            {
                to -= to > 1 && char.IsSurrogatePair(word[to - 2], word[to - 1]) ? 2 : 1;
                if (to <= from) return unknown;
            }
            var end = at + Encoding.UTF8.GetByteCount(word.AsSpan(from, to - from));
            tokens.Add(new(id, at, end));
            (from, at) = (to, end);
        }
        return tokens;
    }
}

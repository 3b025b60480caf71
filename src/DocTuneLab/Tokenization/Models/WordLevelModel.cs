using System.Text;
using DocTuneLab.Tokenization.Steps;

namespace DocTuneLab.Tokenization.Models;

/// <summary>Whole words.</summary>
internal sealed class WordLevelModel : WordModel
{
    private readonly IReadOnlyDictionary<string, int> _vocabulary;
    private readonly int _unknown;

    public WordLevelModel(StepFields fields, IReadOnlyDictionary<string, int> vocabulary)
    {
        _vocabulary = vocabulary;
        if (!vocabulary.TryGetValue(fields.TextOrNull("unk_token") ?? "<unk>", out _unknown))
            throw fields.Unexpected("unk_token", "a piece of the vocabulary");
    }

    protected override List<WordToken> Make(string word) =>
        [new(_vocabulary.GetValueOrDefault(word, _unknown), 0, Encoding.UTF8.GetByteCount(word))];
}

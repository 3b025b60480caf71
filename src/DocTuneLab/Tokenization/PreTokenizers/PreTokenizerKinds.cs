using System.Text;
using DocTuneLab.Tokenization.Patterns;
using DocTuneLab.Tokenization.Steps;
using DocTuneLab.Tokenization.Unicode;

namespace DocTuneLab.Tokenization.PreTokenizers;

/// <summary>The pre-tokenizers that a <c>tokenizer.json</c> may name.</summary>
internal static class PreTokenizerKinds
{
    public static StepKinds<PreTokenizer> All { get; } = new("pretokenizers", new Dictionary<string, Func<StepFields, PreTokenizer>>
    {
        ["ByteLevel"] = ByteLevel.Read,
        ["Split"] = SplitStep.Read,
        ["Metaspace"] = Metaspace.Read,
        ["Digits"] = fields => Digits(fields.Flag("individual_digits", false)),
        ["Punctuation"] = fields => Of(UnicodeCategories.IsPunctuation, "punctuation", SplitStep.Behavior(fields, SplitBehavior.Isolated)),
        ["Whitespace"] = _ => new SplitStep(new WordMatcher(), "words and what else is no space", SplitBehavior.Removed, invert: true),
        ["WhitespaceSplit"] = _ => Of(Rune.IsWhiteSpace, "white space", SplitBehavior.Removed),
        ["BertPreTokenizer"] = _ => new BertPreTokenizer(),
        ["CharDelimiterSplit"] = fields =>
        {
            var delimiter = fields.Character("delimiter", "");
            return new SplitStep(new TextMatcher(delimiter), delimiter, SplitBehavior.Removed);
        },
    });

    /// <summary>Numerals, one by one or those that touch together.</summary>
    public static SplitStep Digits(bool individual) => new(new CharacterMatcher(Rune.IsNumber), individual ? @"\p{N}" : @"\p{N}+",
        individual ? SplitBehavior.Isolated : SplitBehavior.Contiguous);

    private static SplitStep Of(Func<Rune, bool> isMatch, string words, SplitBehavior behavior) =>
        new(new CharacterMatcher(isMatch), words, behavior);

    // \w+|[^\w\s]+
    private sealed class WordMatcher : IMatcher
    {
        public void Find(ReadOnlySpan<char> text, List<(int Start, int End)> matches)
        {
            var (at, from, last) = (0, 0, 0);
            foreach (var rune in text.EnumerateRunes())
            {
                var kind = UnicodeCategories.IsWord(rune) ? 1 : Rune.IsWhiteSpace(rune) ? 0 : 2;
                if (kind != last)
                {
                    if (last != 0) matches.Add((from, at));
                    (from, last) = (at, kind);
                }
                at += rune.Utf16SequenceLength;
            }
            if (last != 0) matches.Add((from, at));
        }
    }

    private sealed class BertPreTokenizer : PreTokenizer
    {
        private readonly SplitStep _words = Of(Rune.IsWhiteSpace, "white space", SplitBehavior.Removed);
        private readonly SplitStep _marks = Of(UnicodeCategories.IsPunctuation, "punctuation", SplitBehavior.Isolated);

        public override string Pattern => "BertPreTokenizer";

        public override void Split(Piece piece, List<(int Start, int End)> matches, List<Piece> parts)
        {
            var words = new List<Piece>();
            _words.Split(piece, matches, words);
            foreach (var word in words)
            {
                matches.Clear();
                _marks.Split(word, matches, parts);
            }
        }
    }
}

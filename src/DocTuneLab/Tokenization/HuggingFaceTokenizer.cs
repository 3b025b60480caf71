using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Tokenization.AddedTokens;
using DocTuneLab.Tokenization.Models;
using DocTuneLab.Tokenization.PreTokenizers;
using DocTuneLab.Tokenization.Steps;

namespace DocTuneLab.Tokenization;

/// <summary>A token of a text.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Start">Where what it stands for begins in the text, in characters (UTF-16, as <see cref="string"/> counts).</param>
/// <param name="End">Where that ends. A character that is several tokens belongs to each; a mark that was added stands at 0 to 0.</param>
public readonly record struct EncodedToken(int Id, int Start, int End);

/// <summary>
/// A tokenizer from a Hugging Face <c>tokenizer.json</c>: BPE, Unigram, WordPiece or whole words, with the steps before and after them.
/// Ids, places and text are those that Hugging Face's tokenizers give.
/// </summary>
public sealed class HuggingFaceTokenizer : ITokenizer
{
    private readonly AddedVocabulary _added;
    private readonly HashSet<int> _special;
    // Pieces by id; those that were added, in the form in which they are found.
    private readonly string?[] _pieces;
    private readonly bool[] _isAdded;
    private readonly byte[]?[] _text;
    // What splits text and makes ids: bytes need not be written in letters first where the model has them all.
    private readonly (IReadOnlyList<PreTokenizer> Steps, WordModel Model) _words;
    // For text in which special tokens are no more than text.
    private readonly Lazy<WordModel> _plain;

    /// <summary>A tokenizer of what a file says.</summary>
    public HuggingFaceTokenizer(TokenizerFile file)
    {
        File = file ?? throw new ArgumentNullException(nameof(file));
        _added = new AddedVocabulary(file.Added, file.NormalizerSteps);
        _special = [.. file.Added.Where(a => a.Special).Select(a => a.Id)];
        SpecialTokens = file.Added.GroupBy(a => a.Content, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Last().Id, StringComparer.Ordinal);
        _pieces = new string?[file.Vocabulary.Values.Concat(SpecialTokens.Values).Max() + 1];
        (_isAdded, _text) = (new bool[_pieces.Length], new byte[]?[_pieces.Length]);
        foreach (var (piece, id) in file.Vocabulary) _pieces[id] = piece;
        foreach (var token in file.Added) (_pieces[token.Id], _isAdded[token.Id]) = (_added.PieceOf(token), true);
        var steps = file.PreTokenizerSteps;
        _words = steps.Count > 0 && steps[^1] is ByteLevel last && file.Model is BpeModel bpe && bpe.OverBytes() is { } overBytes
            ? ([.. steps.SkipLast(1), last.WithoutBytes()], overBytes)
            : (steps, file.Model);
        _plain = new Lazy<WordModel>(
            () => _words.Model.Without(file.Added.Where(a => a.Special).Select(a => a.Content).ToHashSet(StringComparer.Ordinal)));
    }

    /// <summary>What it was built from.</summary>
    public TokenizerFile File { get; }

    /// <summary>Number of ids, gaps included.</summary>
    public int VocabularySize => _pieces.Length;

    /// <summary>Added tokens, special ones among them, by text.</summary>
    public IReadOnlyDictionary<string, int> SpecialTokens { get; }

    /// <summary>Reads <c>tokenizer.json</c>.</summary>
    /// <exception cref="LabException">The file is missing, is not JSON, or describes a tokenizer that is not supported.</exception>
    public static HuggingFaceTokenizer Load(string path) => new(TokenizerFile.Load(path));

    /// <summary>Writes a vocabulary learnt by <see cref="BpeTrainer"/> as <c>tokenizer.json</c>.</summary>
    public static void Write(string path, IReadOnlyDictionary<string, int> vocabulary, IReadOnlyList<(string Left, string Right)> merges,
        IReadOnlyList<string> specialTokens)
    {
        var root = new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray([.. specialTokens.Select(t => (JsonNode)new JsonObject
            {
                ["id"] = vocabulary[t],
                ["content"] = t,
                ["single_word"] = false,
                ["lstrip"] = false,
                ["rstrip"] = false,
                ["normalized"] = false,
                ["special"] = true,
            })]),
            ["normalizer"] = null,
            ["pre_tokenizer"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["pretokenizers"] = new JsonArray(
                    new JsonObject { ["type"] = "Digits", ["individual_digits"] = true },
                    new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = true }),
            },
            ["post_processor"] = null,
            ["decoder"] =
                new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = false, ["use_regex"] = false },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = null,
                ["continuing_subword_prefix"] = null,
                ["end_of_word_suffix"] = null,
                ["fuse_unk"] = false,
                ["byte_fallback"] = false,
                ["ignore_merges"] = false,
                ["vocab"] = new JsonObject(vocabulary.OrderBy(v => v.Value).Select(v => KeyValuePair.Create(v.Key, (JsonNode?)v.Value))),
                ["merges"] = new JsonArray([.. merges.Select(m => (JsonNode)$"{m.Left} {m.Right}")]),
            },
        };
        System.IO.File.WriteAllText(path,
            root.ToJsonString(new JsonSerializerOptions { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping })
                + "\n");
    }

    /// <inheritdoc/>
    public IReadOnlyList<int> Encode(string text, bool specialTokens = false)
    {
        var ids = new List<int>();
        var model = Model(specialTokens);
        foreach (var stretch in _added.Split(text, specialTokens))
        {
            if (stretch.Token is { } token) ids.Add(token.Id);
            else
                foreach (var word in Words(stretch.Text, _words.Steps)) ids.AddRange(model.Ids(word.Span));
        }
        return ids;
    }

    /// <summary>Ids of a whole text as the model was trained on it:
    /// special tokens in it recognised, begin and end marks put around it.</summary>
    public IReadOnlyList<int> EncodeDocument(string text) => [.. File.Prefix, .. Encode(text, specialTokens: true), .. File.Suffix];

    /// <summary>The ids of <see cref="Encode"/>, each with its place in the text.</summary>
    public IReadOnlyList<EncodedToken> EncodeWithOffsets(string text, bool specialTokens = false)
    {
        var tokens = new List<EncodedToken>();
        var model = Model(specialTokens);
        foreach (var stretch in _added.Split(text, specialTokens))
        {
            if (stretch.Token is { } token)
            {
                var place = stretch.Text.Original(0, stretch.Text.Text.Length);
                tokens.Add(Placed(text, token.Id, stretch.Text.Text, place, tokens.Count == 0));
                continue;
            }
            foreach (var word in Words(stretch.Text, _words.Steps)) AddTokens(text, word, model, tokens);
        }
        return tokens;
    }

    /// <summary>The ids of <see cref="EncodeDocument"/>, each with its place in the text.</summary>
    public IReadOnlyList<EncodedToken> EncodeDocumentWithOffsets(string text) =>
    [
        .. File.Prefix.Select(id => new EncodedToken(id, 0, 0)), .. EncodeWithOffsets(text, specialTokens: true),
        .. File.Suffix.Select(id => new EncodedToken(id, 0, 0))
    ];

    /// <inheritdoc/>
    public string Decode(IEnumerable<int> ids, bool skipSpecialTokens = true)
    {
        var stream = Stream(skipSpecialTokens);
        var text = new StringBuilder();
        foreach (var id in ids) text.Append(stream.Add(id));
        return text.Append(stream.End()).ToString();
    }

    /// <summary>Decodes token by token: a character comes out once its last byte is there.</summary>
    /// <param name="skipSpecialTokens">Whether special tokens are left out.</param>
    /// <param name="continues">Whether the tokens go on from others: then a space at their beginning is one.</param>
    public TokenStream Stream(bool skipSpecialTokens = true, bool continues = false) => new(this, skipSpecialTokens, continues);

    /// <summary>An id's piece as the vocabulary writes it; null for an id that there is not.</summary>
    public string? Piece(int id) => id >= 0 && id < _pieces.Length ? _pieces[id] : null;

    /// <summary>The bytes that a token adds to a text in which others stand before it; none for an id that there is not.</summary>
    public byte[] BytesOf(int id) => TextOf(id, skipSpecialTokens: false, isFirst: false) ?? [];

    /// <inheritdoc/>
    public int Count(string text) => Encode(text).Count;

    /// <summary>The bytes that a token adds to a text; null for one that is left out or that there is not.</summary>
    internal byte[]? TextOf(int id, bool skipSpecialTokens, bool isFirst)
    {
        if (Piece(id) is not { } piece || skipSpecialTokens && _special.Contains(id)) return null;
        if (isFirst && File.Decoder.ChangesFirst) return File.Decoder.Decode(piece, _isAdded[id], isFirst);
        return _text[id] ??= File.Decoder.Decode(piece, _isAdded[id], isFirst);
    }

    /// <summary>The words that steps make of a text.</summary>
    internal static List<Piece> Words(AlignedText text, IReadOnlyList<PreTokenizer> steps)
    {
        List<Piece> words = [], parts = [];
        if (text.Text.Length > 0) words.Add(new Piece(text, 0, text.Text.Length));
        var matches = new List<(int, int)>();
        foreach (var step in steps)
        {
            parts.Clear();
            foreach (var word in words)
            {
                matches.Clear();
                step.Split(word, matches, parts);
            }
            (words, parts) = (parts, words);
        }
        return words;
    }

    private WordModel Model(bool specialTokens) => specialTokens ? _words.Model : _plain.Value;

    private void AddTokens(string text, Piece word, WordModel model, List<EncodedToken> tokens)
    {
        var made = model.Tokens(word.Span);
        if (Ascii.IsValid(word.Span))
        {
            foreach (var (id, start, end) in made)
                tokens.Add(Placed(text, id, Piece(id)!, word.Source.Original(word.From + start, word.From + end), tokens.Count == 0));
            return;
        }
        // The UTF-16 units that each byte of the word's UTF-8 belongs to.
        var units = new List<(int From, int To)>(word.To - word.From);
        var at = word.From;
        foreach (var rune in word.Span.EnumerateRunes())
        {
            for (var b = 0; b < rune.Utf8SequenceLength; b++) units.Add((at, at + rune.Utf16SequenceLength));
            at += rune.Utf16SequenceLength;
        }
        foreach (var (id, start, end) in made)
            tokens.Add(Placed(text, id, Piece(id)!, word.Source.Original(units[start].From, units[end - 1].To), tokens.Count == 0));
    }

    // Post-processors may leave white space at a token's ends out of its place, the space that was put first apart.
    private EncodedToken Placed(string text, int id, string piece, (int Start, int End) place, bool isFirst)
    {
        var (start, end) = place;
        if (!File.PostProcessor.TrimsOffsets) return new(id, start, end);
        var (leading, trailing) = (0, 0);
        while (leading < piece.Length && IsSpace(piece[leading])) leading++;
        while (trailing < piece.Length && IsSpace(piece[^(trailing + 1)])) trailing++;
        if (leading == 1 && File.PostProcessor.AddsSpace && (isFirst || start == 0)) leading = 0;
        // By characters, since a piece of spaces may stand for a character of two units.
        for (; leading > 0 && start < end; leading--)
            start += start + 1 < end && char.IsSurrogatePair(text[start], text[start + 1]) ? 2 : 1;
        for (; trailing > 0 && end > start; trailing--)
            end -= end - 1 > start && char.IsSurrogatePair(text[end - 2], text[end - 1]) ? 2 : 1;
        return new(id, start, end);

        static bool IsSpace(char c) => c == ByteAlphabet.Char((byte)' ') || char.IsWhiteSpace(c);
    }
}

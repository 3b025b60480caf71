using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace DocTuneLab.Tokenization;

/// <summary>
/// BPE from a Hugging Face <c>tokenizer.json</c>: over bytes as in GPT-2, or over characters with ▁ for the space and bytes for
/// what is no piece (SentencePiece's). Ids are those that the reference implementations give.
/// </summary>
public sealed class HuggingFaceTokenizer : ITokenizer
{
    private readonly BytePairMerger _merger;
    private readonly WordSplitter _splitter;
    private readonly Dictionary<string, AddedToken> _added;
    private readonly HashSet<int> _special;
    private readonly Regex? _addedPattern;
    private readonly string?[] _pieces;
    private readonly int[] _bytes;
    private readonly int _unknown;

    private HuggingFaceTokenizer(TokenizerFile file)
    {
        File = file;
        _added = file.Added.ToDictionary(a => a.Content, StringComparer.Ordinal);
        _special = [.. file.Added.Where(a => a.Special).Select(a => a.Id)];
        SpecialTokens = file.Added.ToDictionary(a => a.Content, a => a.Id, StringComparer.Ordinal);
        _pieces = new string?[file.Vocabulary.Values.Concat(_added.Values.Select(a => a.Id)).Max() + 1];
        foreach (var (piece, id) in file.Vocabulary.Concat(SpecialTokens)) _pieces[id] = piece;
        _addedPattern = _added.Count == 0 ? null
            : new Regex("("
                + string.Join('|', _added.Keys.OrderByDescending(k => k.Length).ThenBy(k => k, StringComparer.Ordinal).Select(Regex.Escape))
                + ")", RegexOptions.Compiled | RegexOptions.CultureInvariant);
        _bytes = [.. Enumerable.Range(0, 256)
            .Select(b => file.Vocabulary.GetValueOrDefault(file.ByteLevel ? ByteAlphabet.Char((byte)b).ToString() : $"<0x{b:X2}>", -1))];
        _unknown = file.Unknown is null
            ? -1 : file.Vocabulary.TryGetValue(file.Unknown, out var id2) ? id2 : SpecialTokens.GetValueOrDefault(file.Unknown, -1);
        _merger = new BytePairMerger(file.Vocabulary, file.Merges);
        _splitter = new WordSplitter(file.Path, file.Splits);
    }

    /// <summary>What it was built from.</summary>
    public TokenizerFile File { get; }

    /// <summary>Number of ids, gaps included.</summary>
    public int VocabularySize => _pieces.Length;

    /// <summary>Added tokens, special ones among them, by text.</summary>
    public IReadOnlyDictionary<string, int> SpecialTokens { get; }

    /// <summary>Reads <c>tokenizer.json</c>.</summary>
    /// <exception cref="LabException">The file is missing, is not JSON, or describes a tokenizer that is not supported.</exception>
    public static HuggingFaceTokenizer Load(string path)
    {
        try
        {
            return new HuggingFaceTokenizer(TokenizerFile.Load(path));
        }
        catch (LabException e) when (!e.Message.StartsWith(path, StringComparison.Ordinal))
        {
            throw new LabException($"{path}: {e.Message}", e);
        }
    }

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
        if (!specialTokens || _addedPattern is null)
        {
            AddText(text, ids, first: true);
            return ids;
        }
        var at = 0;
        foreach (var match in _addedPattern.EnumerateMatches(text))
        {
            if (match.Index < at) continue;
            var token = _added[text.Substring(match.Index, match.Length)];
            var before = text.AsSpan(at, match.Index - at);
            AddText((token.LeftStrip ? before.TrimEnd() : before).ToString(), ids, at == 0);
            ids.Add(token.Id);
            at = match.Index + match.Length;
            while (token.RightStrip && at < text.Length && char.IsWhiteSpace(text[at])) at++;
        }
        AddText(text[at..], ids, at == 0);
        return ids;
    }

    /// <summary>Ids of a whole text as the model was trained on it:
    /// special tokens in it recognised, begin and end marks put around it.</summary>
    public IReadOnlyList<int> EncodeDocument(string text) => [.. File.Prefix, .. Encode(text, specialTokens: true), .. File.Suffix];

    /// <inheritdoc/>
    public string Decode(IEnumerable<int> ids, bool skipSpecialTokens = true)
    {
        var stream = Stream(skipSpecialTokens);
        var text = new StringBuilder();
        foreach (var id in ids) text.Append(stream.Add(id));
        return text.Append(stream.End()).ToString();
    }

    /// <summary>Decodes token by token: a character comes out once its last byte is there.</summary>
    public TokenStream Stream(bool skipSpecialTokens = true) => new(this, skipSpecialTokens);

    /// <inheritdoc/>
    public int Count(string text) => Encode(text).Count;

    /// <summary>Writes the bytes of a token; nothing for an id that there is not.</summary>
    internal void Append(int id, bool skipSpecialTokens, List<byte> bytes)
    {
        if (id < 0 || id >= _pieces.Length || _pieces[id] is not { } piece || skipSpecialTokens && _special.Contains(id)) return;
        if (_added.TryGetValue(piece, out var token) && token.Id == id)
        {
            bytes.AddRange(Encoding.UTF8.GetBytes(piece));
        }
        else if (File.ByteLevel)
        {
            foreach (var c in piece)
                if (ByteAlphabet.TryByte(c, out var b)) bytes.Add(b);
        }
        else if (File.ByteFallback && piece.Length == 6 && Array.IndexOf(_bytes, id) is >= 0 and var b)
        {
            bytes.Add((byte)b);
        }
        else
        {
            bytes.AddRange(Encoding.UTF8.GetBytes(piece.Replace('▁', ' ')));
        }
    }

    private void AddText(string text, List<int> ids, bool first)
    {
        if (text.Length == 0) return;
        if (File.ComposeUnicode) text = UnicodeComposition.Compose(text);
        var prefixed = File.PrefixSpace == PrefixSpace.Always || File.PrefixSpace == PrefixSpace.First && first;
        if (File.ByteLevel)
        {
            if (prefixed && !char.IsWhiteSpace(text[0])) text = " " + text;
        }
        else
        {
            text = text.Replace(' ', '▁');
            // The older form (a Prepend step) adds a space in any case, Metaspace only where there is none.
            if (prefixed && (text[0] != '▁' || File.Splits.Count == 0 && File.PrefixSpace == PrefixSpace.Always)) text = "▁" + text;
        }
        foreach (var word in _splitter.Split(text))
        {
            if (File.IgnoreMerges && File.Vocabulary.TryGetValue(File.ByteLevel ? ByteAlphabet.Encode(word) : word, out var whole))
                ids.Add(whole);
            else ids.AddRange(_merger.Merge(word, Symbols));
        }
    }

    private List<int> Symbols(string word)
    {
        if (File.ByteLevel) return [.. Encoding.UTF8.GetBytes(word).Select(b => _bytes[b]).Where(id => id >= 0)];
        var symbols = new List<int>(word.Length);
        foreach (var rune in word.EnumerateRunes())
        {
            if (File.Vocabulary.TryGetValue(rune.ToString(), out var id))
            {
                symbols.Add(id);
                continue;
            }
            var bytes = Encoding.UTF8.GetBytes(rune.ToString());
            if (File.ByteFallback && bytes.All(b => _bytes[b] >= 0)) symbols.AddRange(bytes.Select(b => _bytes[b]));
            else if (_unknown >= 0 && !(File.FuseUnknown && symbols.Count > 0 && symbols[^1] == _unknown)) symbols.Add(_unknown);
        }
        return symbols;
    }
}

/// <summary>Text of a growing sequence of tokens.</summary>
[SuppressMessage("Naming", "CA1711", Justification = "As in Hugging Face's DecodeStream: tokens go in and text comes out.")]
public sealed class TokenStream
{
    private readonly HuggingFaceTokenizer _tokenizer;
    private readonly bool _skipSpecialTokens;
    // Bytes of a character that is not whole yet.
    private readonly List<byte> _bytes = [];
    private bool _begun;

    internal TokenStream(
        HuggingFaceTokenizer tokenizer, bool skipSpecialTokens) => (_tokenizer, _skipSpecialTokens) = (tokenizer, skipSpecialTokens);

    /// <summary>Whether the last token left a character unfinished.</summary>
    public bool IsWithinCharacter => _bytes.Count > 0;

    /// <summary>Another stream that goes on from here.</summary>
    public TokenStream Fork()
    {
        var fork = new TokenStream(_tokenizer, _skipSpecialTokens) { _begun = _begun };
        fork._bytes.AddRange(_bytes);
        return fork;
    }

    /// <summary>Text that is certain once this token is there; bytes of an unfinished character wait.</summary>
    public string Add(int id)
    {
        var before = _bytes.Count;
        _tokenizer.Append(id, _skipSpecialTokens, _bytes);
        if (_bytes.Count == before) return "";
        if (!_begun && _tokenizer.File.StripsFirstSpace && _bytes[0] == (byte)' ') _bytes.RemoveAt(0);
        _begun = true;
        return Take(_bytes.Count - Unfinished());
    }

    /// <summary>What is left at the end: U+FFFD for an unfinished character, else nothing.</summary>
    public string End() => Take(_bytes.Count);

    private string Take(int count)
    {
        var text = Encoding.UTF8.GetString(_bytes.GetRange(0, count).ToArray());
        _bytes.RemoveRange(0, count);
        return text;
    }

    // A first byte says how many belong to its character.
    private int Unfinished()
    {
        for (var back = 1; back <= Math.Min(3, _bytes.Count); back++)
        {
            var b = _bytes[^back];
            if ((b & 0xC0) == 0x80) continue;
            var length = b >= 0xF0 ? 4 : b >= 0xE0 ? 3 : b >= 0xC0 ? 2 : 1;
            return length > back ? back : 0;
        }
        return 0;
    }
}

using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;

namespace DocTuneLab.Tokenization;

/// <summary>Byte-level BPE from a Hugging Face <c>tokenizer.json</c>, run by Microsoft.ML.Tokenizers.</summary>
public sealed class HuggingFaceTokenizer : ITokenizer
{
    private readonly BpeTokenizer _bpe;
    private readonly Dictionary<string, int> _special;
    private readonly HashSet<int> _specialIds;
    private readonly string?[] _pieces;
    private readonly Regex? _specialPattern;

    private HuggingFaceTokenizer(Dictionary<string, int> vocabulary, List<string> merges, string pattern, Dictionary<string, int> special)
    {
        _special = special;
        _specialIds = [.. special.Values];
        _pieces = new string?[vocabulary.Values.Concat(special.Values).Max() + 1];
        foreach (var (piece, id) in vocabulary.Concat(special)) _pieces[id] = piece;
        _specialPattern = special.Count == 0 ? null
            : new Regex("(" + string.Join('|', special.Keys.OrderByDescending(k => k.Length).Select(Regex.Escape)) + ")", RegexOptions.Compiled | RegexOptions.CultureInvariant);
        _bpe = BpeTokenizer.Create(new BpeOptions(vocabulary)
        {
            Merges = merges,
            ByteLevel = true,
            PreTokenizer = new RegexPreTokenizer(new Regex(pattern, RegexOptions.Compiled | RegexOptions.CultureInvariant), null),
        });
    }

    /// <summary>Number of ids, gaps included.</summary>
    public int VocabularySize => _pieces.Length;

    /// <summary>Special tokens by text.</summary>
    public IReadOnlyDictionary<string, int> SpecialTokens => _special;

    /// <summary>Reads <c>tokenizer.json</c>.</summary>
    /// <exception cref="LabException">The file is missing, is not JSON, or describes a tokenizer that is not byte-level BPE.</exception>
    public static HuggingFaceTokenizer Load(string path)
    {
        if (!File.Exists(path)) throw new LabException($"{path}: no such file; a model folder needs a tokenizer.json");
        JsonNode root;
        try
        {
            root = JsonNode.Parse(File.ReadAllBytes(path))!;
        }
        catch (JsonException e)
        {
            throw new LabException($"{path}: not valid JSON: {e.Message}", e);
        }
        var model = root["model"] ?? throw new LabException($"{path}: the field 'model' is missing");
        if ((string?)model["type"] != "BPE") throw new LabException($"{path}: model.type is '{model["type"]}'; only byte-level BPE is supported");
        var vocabulary = model["vocab"]!.AsObject().ToDictionary(p => p.Key, p => (int)p.Value!, StringComparer.Ordinal);
        var merges = model["merges"]!.AsArray().Select(m => m is JsonArray pair ? $"{pair[0]} {pair[1]}" : (string)m!).ToList();
        var special = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var token in root["added_tokens"]?.AsArray() ?? [])
            special[(string)token!["content"]!] = (int)token["id"]!;
        foreach (var name in special.Keys) vocabulary.Remove(name);
        var pattern = Nodes(root["pre_tokenizer"]).Select(n => (string?)n["pattern"]?["Regex"]).FirstOrDefault(p => p is not null)
            ?? throw new LabException($"{path}: pre_tokenizer holds no Split with a regex; only byte-level BPE of the GPT-2 family is supported");
        return new HuggingFaceTokenizer(vocabulary, merges, pattern, special);

        static IEnumerable<JsonNode> Nodes(JsonNode? node) => node is null ? []
            : (string?)node["type"] == "Sequence" ? node["pretokenizers"]!.AsArray().Select(n => n!) : [node];
    }

    /// <summary>Writes a vocabulary learnt by <see cref="BpeTrainer"/> as <c>tokenizer.json</c>.</summary>
    public static void Write(string path, IReadOnlyDictionary<string, int> vocabulary, IReadOnlyList<(string Left, string Right)> merges, IReadOnlyList<string> specialTokens)
    {
        var root = new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray([.. specialTokens.Select(t => (JsonNode)new JsonObject
            {
                ["id"] = vocabulary[t], ["content"] = t, ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false, ["normalized"] = false, ["special"] = true,
            })]),
            ["normalizer"] = null,
            ["pre_tokenizer"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["pretokenizers"] = new JsonArray(
                    new JsonObject { ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = BpeTrainer.SplitPattern }, ["behavior"] = "Isolated", ["invert"] = false },
                    new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = false, ["use_regex"] = false }),
            },
            ["post_processor"] = null,
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = false, ["use_regex"] = false },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE", ["dropout"] = null, ["unk_token"] = null, ["continuing_subword_prefix"] = null, ["end_of_word_suffix"] = null,
                ["fuse_unk"] = false, ["byte_fallback"] = false, ["ignore_merges"] = false,
                ["vocab"] = new JsonObject(vocabulary.OrderBy(v => v.Value).Select(v => KeyValuePair.Create(v.Key, (JsonNode?)v.Value))),
                ["merges"] = new JsonArray([.. merges.Select(m => (JsonNode)$"{m.Left} {m.Right}")]),
            },
        };
        File.WriteAllText(path, root.ToJsonString(new JsonSerializerOptions { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }) + "\n");
    }

    /// <inheritdoc/>
    public IReadOnlyList<int> Encode(string text, bool specialTokens = false)
    {
        if (!specialTokens || _specialPattern is null) return _bpe.EncodeToIds(text);
        var ids = new List<int>();
        foreach (var part in _specialPattern.Split(text))
        {
            if (part.Length == 0) continue;
            if (_special.TryGetValue(part, out var id)) ids.Add(id);
            else ids.AddRange(_bpe.EncodeToIds(part));
        }
        return ids;
    }

    /// <inheritdoc/>
    public string Decode(IEnumerable<int> ids, bool skipSpecialTokens = true)
    {
        var bytes = new List<byte>();
        foreach (var id in ids)
        {
            if (id < 0 || id >= _pieces.Length || _pieces[id] is not { } piece) continue;
            if (_specialIds.Contains(id))
            {
                if (!skipSpecialTokens) bytes.AddRange(Encoding.UTF8.GetBytes(piece));
                continue;
            }
            foreach (var c in piece)
                if (ByteAlphabet.TryByte(c, out var b)) bytes.Add(b);
        }
        return Encoding.UTF8.GetString([.. bytes]);
    }

    /// <inheritdoc/>
    public int Count(string text) => _bpe.CountTokens(text);
}

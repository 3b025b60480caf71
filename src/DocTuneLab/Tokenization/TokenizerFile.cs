using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Tokenization.AddedTokens;
using DocTuneLab.Tokenization.Decoders;
using DocTuneLab.Tokenization.Models;
using DocTuneLab.Tokenization.Normalizers;
using DocTuneLab.Tokenization.PostProcessors;
using DocTuneLab.Tokenization.PreTokenizers;
using DocTuneLab.Tokenization.Steps;

namespace DocTuneLab.Tokenization;

/// <summary>The contents of a Hugging Face <c>tokenizer.json</c>. A step, or a field of one, that is not understood is refused by name;
/// <c>truncation</c> and <c>padding</c> are left alone, since they are about batches.</summary>
public sealed class TokenizerFile
{
    // More would be a damaged file: tables are made for every id.
    private const int MostIds = 1 << 24;
    private static readonly HashSet<string> s_fields =
    [
        "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model"
    ];

    private readonly JsonObject _root;

    private TokenizerFile(string path, JsonObject root,
        (IReadOnlyDictionary<string, int> Vocabulary, IReadOnlyList<(string Left, string Right)> Merges)? elsewhere = null)
    {
        _root = root;
        foreach (var (field, value) in root)
            if (value is not null && !s_fields.Contains(field)) throw new LabException($"the field '{field}' is not known");
        Path = path;
        var fields = new StepFields(root["model"] as JsonObject ?? throw new LabException("the field 'model' is missing"), "model");
        Added = [.. (root["added_tokens"]?.AsArray() ?? []).Select((token, i) => ReadAdded(token, $"added_tokens[{i}]"))];
        Kind = fields.Type ?? (fields.Node("merges") is null ? "" : "BPE");
        if (Kind == "Unigram")
        {
            var unigram = new UnigramModel(fields);
            (Vocabulary, Unknown, Merges, Model) = (unigram.Vocabulary, unigram.Unknown, [], unigram);
        }
        else
        {
            Vocabulary = elsewhere?.Vocabulary ?? (fields.Node("vocab") as JsonObject ?? throw fields.Missing("vocab"))
                .ToDictionary(p => p.Key, p => (int)p.Value!, StringComparer.Ordinal);
            Unknown = fields.TextOrNull("unk_token");
            Merges = Kind != "BPE" ? [] : elsewhere?.Merges ?? [.. fields.Items("merges").Select(Merge)];
            Model = Kind switch
            {
                "BPE" => new BpeModel(fields, Vocabulary, Merges),
                "WordPiece" => new WordPieceModel(fields, Vocabulary),
                "WordLevel" => new WordLevelModel(fields, Vocabulary),
                _ => throw new LabException(
                    $"model.type is '{Kind}', which is not supported; known are BPE, Unigram, WordPiece and WordLevel"),
            };
        }
        fields.Finish();
        var ids = Vocabulary.Values.Concat(Added.Select(a => a.Id)).ToArray();
        if (ids.Length == 0 || ids.Min() < 0) throw new LabException("model.vocab is empty or holds a negative id");
        if (ids.Max() >= MostIds)
            throw new LabException($"model.vocab or added_tokens holds the id {ids.Max()}; expected less than {MostIds}");
        Added = [.. WithIds(Added, Vocabulary)];
        NormalizerSteps = NormalizerKinds.All.Read(root["normalizer"], "normalizer");
        PreTokenizerSteps = PreTokenizerKinds.All.Read(root["pre_tokenizer"], "pre_tokenizer");
        PostProcessor = PostProcessorKinds.Read(root["post_processor"]);
        Decoder = DecoderChain.Read(root["decoder"]);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>What makes ids of words: BPE, Unigram, WordPiece or WordLevel.</summary>
    public string Kind { get; }

    /// <summary>Ids by piece.</summary>
    public IReadOnlyDictionary<string, int> Vocabulary { get; }

    /// <summary>Merges of BPE in order of rank.</summary>
    public IReadOnlyList<(string Left, string Right)> Merges { get; }

    /// <summary>Added tokens, special ones among them.</summary>
    public IReadOnlyList<AddedToken> Added { get; }

    /// <summary>Piece for what cannot be written, or null.</summary>
    public string? Unknown { get; }

    /// <summary>Whether pieces are bytes in GPT-2's alphabet.</summary>
    public bool ByteLevel =>
        PreTokenizerSteps.Any(p => p is ByteLevel) || NormalizerSteps.Any(n => n is ByteLevelNormalizer) || Decoder.IsOfBytes;

    /// <summary>What is done to text before it is split, each step in a few words.</summary>
    public IReadOnlyList<string> Normalizers => [.. NormalizerSteps.Select(n => n.ToString())];

    /// <summary>The regular expressions that split text one after another; a step that is more than its matches is described.</summary>
    public IReadOnlyList<string> Patterns => [.. PreTokenizerSteps.Select(p => p.Pattern).Where(p => p.Length > 0)];

    /// <summary>Whether a word that is a piece is taken whole, whatever the merges say.</summary>
    public bool IgnoresMerges => Model is BpeModel { IgnoresMerges: true };

    /// <summary>Whether a space is put before text that begins with none.</summary>
    public bool AddsPrefixSpace => NormalizerSteps.Any(n => n is Prepend)
        || PreTokenizerSteps.Any(p => p is ByteLevel { AddsSpace: true } or Metaspace { Prefix: not PrefixSpace.Never });

    /// <summary>Ids that a whole text begins with.</summary>
    public IReadOnlyList<int> Prefix => PostProcessor.Prefix;

    /// <summary>Ids that a whole text ends with.</summary>
    public IReadOnlyList<int> Suffix => PostProcessor.Suffix;

    internal WordModel Model { get; }

    internal IReadOnlyList<Normalizer> NormalizerSteps { get; }

    internal IReadOnlyList<PreTokenizer> PreTokenizerSteps { get; }

    internal PostProcessor PostProcessor { get; }

    internal DecoderChain Decoder { get; }

    /// <summary>Reads and checks the file.</summary>
    /// <exception cref="LabException">The file is missing, not JSON, or has a step that is not supported; the message names it.</exception>
    public static TokenizerFile Load(string path)
    {
        if (!File.Exists(path))
        {
            throw new LabException(File.Exists(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(path) ?? "", "tokenizer.model"))
                ? $"{path}: no such file; the tokenizer.model (SentencePiece) beside it is not supported: save it as tokenizer.json with "
                    + "transformers' AutoTokenizer"
                : $"{path}: no such file; a model folder needs a tokenizer.json");
        }
        return Checked(path, () => new TokenizerFile(path,
            JsonNode.Parse(File.ReadAllBytes(path)) as JsonObject ?? throw new JsonException("the file holds no object")));
    }

    /// <summary>A byte-pair tokenizer whose vocabulary and merges another file has.</summary>
    /// <param name="path">The other file, for messages.</param>
    /// <param name="steps">A <c>tokenizer.json</c> without <c>vocab</c> and <c>merges</c> in its model.</param>
    /// <param name="vocabulary">Ids by piece.</param>
    /// <param name="merges">Pairs in order of rank.</param>
    /// <exception cref="LabException">A step is not supported, or a merge has parts that the vocabulary lacks.</exception>
    public static TokenizerFile Of(string path, JsonObject steps, IReadOnlyDictionary<string, int> vocabulary,
        IReadOnlyList<(string Left, string Right)> merges) => Checked(path, () => new TokenizerFile(path, steps, (vocabulary, merges)));

    /// <summary>The whole as a <c>tokenizer.json</c>.</summary>
    public string ToJson()
    {
        var root = _root.DeepClone().AsObject();
        if (root["model"]!["vocab"] is null)
        {
            root["model"]!["vocab"] =
                new JsonObject(Vocabulary.OrderBy(v => v.Value).Select(v => KeyValuePair.Create(v.Key, (JsonNode?)v.Value)));
            root["model"]!["merges"] = new JsonArray([.. Merges.Select(m => (JsonNode)new JsonArray(m.Left, m.Right))]);
        }
        return root.ToJsonString(new JsonSerializerOptions { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping })
            + "\n";
    }

    private static TokenizerFile Checked(string path, Func<TokenizerFile> read)
    {
        try
        {
            return read();
        }
        catch (JsonException e)
        {
            throw new LabException($"{path}: not valid JSON: {e.Message}", e);
        }
        catch (LabException e)
        {
            throw new LabException($"{path}: {e.Message}", e);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or ArgumentException or NullReferenceException)
        {
            throw new LabException($"{path}: not a tokenizer.json: {e.Message}", e);
        }
    }

    private static AddedToken ReadAdded(JsonNode? node, string name)
    {
        var fields = new StepFields(node as JsonObject ?? throw new LabException($"{name} is no object"), name);
        var special = fields.Flag("special", false);
        var token = new AddedToken(fields.NumberOrNull("id") ?? throw fields.Missing("id"), fields.Text("content"), special,
            fields.Flag("lstrip", false), fields.Flag("rstrip", false), fields.Flag("single_word", false),
            fields.Flag("normalized", !special));
        fields.Finish();
        return token;
    }

    // As Hugging Face's library gives them, whatever the file says: a token that the vocabulary has too has its id there, and one that it
    // lacks the next that is free, in the order of the file.
    private static IEnumerable<AddedToken> WithIds(IReadOnlyList<AddedToken> added, IReadOnlyDictionary<string, int> vocabulary)
    {
        var (given, last) = (new Dictionary<string, int>(StringComparer.Ordinal), -1);
        foreach (var token in added)
        {
            if (!vocabulary.TryGetValue(token.Content, out var id) && !given.TryGetValue(token.Content, out id))
                id = Math.Max(vocabulary.Count, last + 1);
            (given[token.Content], last) = (id, Math.Max(last, id));
            yield return token with { Id = id };
        }
    }

    private static (string, string) Merge(JsonNode? merge)
    {
        if (merge is JsonArray { Count: 2 } pair) return ((string)pair[0]!, (string)pair[1]!);
        var text = (string)merge!;
        var space = text.IndexOf(' ', 1);
        return space < 0 ? throw new FormatException($"the merge '{text}' has no space") : (text[..space], text[(space + 1)..]);
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;

namespace DocTuneLab.Tokenization;

/// <summary>A token that is found in text before anything is split.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
/// <param name="Special">Whether it is left out of decoded text.</param>
/// <param name="LeftStrip">Whether white space before it belongs to it.</param>
/// <param name="RightStrip">Whether white space after it belongs to it.</param>
public sealed record AddedToken(int Id, string Content, bool Special, bool LeftStrip = false, bool RightStrip = false);

/// <summary>Where a tokenizer puts a space before text that has none.</summary>
public enum PrefixSpace
{
    /// <summary>Nowhere.</summary>
    Never,

    /// <summary>Before the first piece of a text.</summary>
    First,

    /// <summary>Before each piece between added tokens.</summary>
    Always,
}

/// <summary>The contents of a Hugging Face <c>tokenizer.json</c> that holds a BPE model, checked for steps that are
/// not understood.</summary>
public sealed class TokenizerFile
{
    private TokenizerFile(string path) => Path = path;

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Ids by piece, special tokens left out.</summary>
    public required IReadOnlyDictionary<string, int> Vocabulary { get; init; }

    /// <summary>Merges in order of rank.</summary>
    public required IReadOnlyList<(string Left, string Right)> Merges { get; init; }

    /// <summary>Added tokens, special ones among them.</summary>
    public required IReadOnlyList<AddedToken> Added { get; init; }

    /// <summary>Whether pieces are bytes in GPT-2's alphabet; otherwise they are characters with ▁ for the space
    /// (SentencePiece).</summary>
    public required bool ByteLevel { get; init; }

    /// <summary>GPT-2's rule, which the pre-tokenizer <c>ByteLevel</c> applies unless told otherwise.</summary>
    internal const string ByteLevelPattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <summary>Splitting rules in order, each with whether its matches are kept as words (else they are dropped).</summary>
    internal IReadOnlyList<SplitRule> Splits { get; private init; } = [];

    /// <summary>Patterns of <see cref="Splits"/>.</summary>
    public IReadOnlyList<string> Patterns => [.. Splits.Select(s => s.Pattern)];

    /// <summary>Whether text is brought to Unicode's form C first.</summary>
    public bool ComposeUnicode { get; init; }

    /// <summary>Where a space is put before the text. Default nowhere.</summary>
    public PrefixSpace PrefixSpace { get; init; }

    /// <summary>Whether a character that is no piece is written as its bytes, <c>&lt;0x00&gt;</c> and so on.</summary>
    public bool ByteFallback { get; init; }

    /// <summary>Whether a word that is a piece is taken whole, whatever the merges would make of it.</summary>
    public bool IgnoreMerges { get; init; }

    /// <summary>Piece for what cannot be written, or null.</summary>
    public string? Unknown { get; init; }

    /// <summary>Whether several such characters in a row become one.</summary>
    public bool FuseUnknown { get; init; }

    /// <summary>Whether decoding drops the text's first space.</summary>
    public bool StripsFirstSpace { get; init; }

    /// <summary>Ids that a whole text begins with.</summary>
    public IReadOnlyList<int> Prefix { get; init; } = [];

    /// <summary>Ids that a whole text ends with.</summary>
    public IReadOnlyList<int> Suffix { get; init; } = [];

    internal sealed record SplitRule(string Pattern, bool Keep);

    /// <summary>Reads and checks the file.</summary>
    /// <exception cref="LabException">The file is missing, not JSON, or has a step that is not supported; the message names it.</exception>
    public static TokenizerFile Load(string path)
    {
        if (!File.Exists(path)) throw new LabException($"{path}: no such file; a model folder needs a tokenizer.json");
        try
        {
            return Read(path, JsonNode.Parse(File.ReadAllBytes(path)) ?? throw new JsonException("the file holds null"));
        }
        catch (JsonException e)
        {
            throw new LabException($"{path}: not valid JSON: {e.Message}", e);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or ArgumentException or NullReferenceException)
        {
            throw new LabException($"{path}: not a tokenizer.json: {e.Message}", e);
        }
    }

    private static TokenizerFile Read(string path, JsonNode root)
    {
        var model = root["model"] ?? throw new LabException($"{path}: the field 'model' is missing");
        if (((string?)model["type"] ?? (model["merges"] is null ? null : "BPE")) != "BPE")
            throw new LabException($"{path}: model.type is '{model["type"]}'; only BPE is supported");
        foreach (var field in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
            if (!string.IsNullOrEmpty((string?)model[field]))
                throw new LabException($"{path}: model.{field} is '{model[field]}', which is not supported");
        var vocabulary = (model["vocab"] ?? throw new LabException($"{path}: the field 'model.vocab' is missing")).AsObject()
            .ToDictionary(p => p.Key, p => (int)p.Value!, StringComparer.Ordinal);
        var merges = (model["merges"] ?? throw new LabException($"{path}: the field 'model.merges' is missing")).AsArray()
            .Select(Merge)
            .ToArray();
        var added = (root["added_tokens"]?.AsArray() ?? [])
            .Select(t => new AddedToken((int)t!["id"]!, (string)t["content"]!, (bool?)t["special"] ?? false, (bool?)t["lstrip"] ?? false,
                (bool?)t["rstrip"] ?? false))
            .ToArray();
        foreach (var token in added.Where(a => a.Special)) vocabulary.Remove(token.Content);
        if (vocabulary.Values.Concat(added.Select(a => a.Id)).DefaultIfEmpty(-1).Min() < 0)
            throw new LabException($"{path}: model.vocab is empty or holds a negative id");
        var preTokenizers = Steps(root["pre_tokenizer"], "pretokenizers").ToArray();
        var byteLevel = preTokenizers.Any(p => Type(p) == "ByteLevel") || Type(root["decoder"]) == "ByteLevel";
        var (compose, prefix) = (false, PrefixSpace.Never);
        foreach (var step in Steps(root["normalizer"], "normalizers"))
        {
            switch (Type(step))
            {
                case "NFC": compose = true; break;
                case "Prepend" when (string?)step["prepend"] == "▁" && !byteLevel: prefix = PrefixSpace.Always; break;
                case "Replace"
                    when step["pattern"] is { } space && Text(space, "String") == " " && Text(step, "content") == "▁" && !byteLevel:
                    break;
                default: throw new LabException($"{path}: the normalizer {step.ToJsonString()} is not supported");
            }
        }
        var splits = new List<SplitRule>();
        foreach (var step in preTokenizers)
        {
            switch (Type(step))
            {
                case "Split" when Text(step, "behavior") is ("Isolated" or "Removed") && !Flag(step, "invert"):
                    splits.Add(new SplitRule(
                        (string?)step["pattern"]?["Regex"]
                            ?? System.Text.RegularExpressions.Regex.Escape((string)step["pattern"]!["String"]!),
                        (string?)step["behavior"] == "Isolated"));
                    break;
                // With invert, the matches are the gaps: what lies between them is dropped or kept as it is.
                case "Split" when Text(step, "behavior") == "Removed" && step["pattern"] is { } words && Text(words, "Regex") is not null:
                    splits.Add(new SplitRule((string)step["pattern"]!["Regex"]!, Keep: true));
                    break;
                case "Digits":
                    splits.Add(new SplitRule((bool?)step["individual_digits"] == true ? @"\p{N}" : @"\p{N}+", Keep: true));
                    break;
                case "ByteLevel":
                    if ((bool?)step["add_prefix_space"] == true) prefix = PrefixSpace.First;
                    if ((bool?)step["use_regex"] ?? true) splits.Add(new SplitRule(ByteLevelPattern, Keep: true));
                    break;
                case "Metaspace" when Text(step, "replacement") is null or "▁":
                    prefix = Text(step, "prepend_scheme") switch
                    {
                        "always" => PrefixSpace.Always,
                        "first" => PrefixSpace.First,
                        "never" => PrefixSpace.Never,
                        null => (bool?)step["add_prefix_space"] == false ? PrefixSpace.Never : PrefixSpace.Always,
                        var scheme => throw new LabException(
                            $"{path}: pre_tokenizer.prepend_scheme is '{scheme}'; expected always, first or never"),
                    };
                    // The space begins the word that follows it.
                    if ((bool?)step["split"] ?? true) splits.Add(new SplitRule("▁[^▁]*", Keep: true));
                    break;
                default: throw new LabException($"{path}: the pre_tokenizer {step.ToJsonString()} is not supported");
            }
        }
        var (begin, end) = Template(path, root["post_processor"]);
        return new TokenizerFile(path)
        {
            Vocabulary = vocabulary,
            Merges = merges,
            Added = added,
            ByteLevel = byteLevel,
            Splits = splits,
            ComposeUnicode = compose,
            PrefixSpace = prefix,
            ByteFallback = (bool?)model["byte_fallback"] ?? false,
            IgnoreMerges = (bool?)model["ignore_merges"] ?? false,
            Unknown = (string?)model["unk_token"],
            FuseUnknown = (bool?)model["fuse_unk"] ?? false,
            StripsFirstSpace = !byteLevel
                && Steps(root["decoder"], "decoders").Any(d => Type(d) == "Strip"
                    || Type(d) == "Metaspace" && (string?)d["prepend_scheme"] != "never" && (bool?)d["add_prefix_space"] != false),
            Prefix = begin,
            Suffix = end,
        };
    }

    private static (int[] Prefix, int[] Suffix) Template(string path, JsonNode? processor)
    {
        foreach (var step in Steps(processor, "processors"))
        {
            if (Type(step) == "ByteLevel") continue;
            if (Type(step) != "TemplateProcessing") throw new LabException($"{path}: the post_processor '{Type(step)}' is not supported");
            var (before, after, seen) = (new List<int>(), new List<int>(), false);
            foreach (var piece in step["single"]!.AsArray())
            {
                if (piece!["SpecialToken"] is { } token)
                    (seen ? after : before).AddRange(step["special_tokens"]![(string)token["id"]!]!["ids"]!.AsArray().Select(i => (int)i!));
                else seen = true;
            }
            return ([.. before], [.. after]);
        }
        return ([], []);
    }

    private static IEnumerable<JsonNode> Steps(JsonNode? node, string inner) =>
        node is null ? []
            : Type(node) == "Sequence"
                ? (node[inner] ?? throw new FormatException($"the field '{inner}' is missing")).AsArray().SelectMany(n => Steps(n, inner))
            : [node];

    private static bool Flag(JsonNode node, string field) => (bool?)node[field] ?? false;

    private static string? Text(JsonNode node, string field) => (string?)node[field];

    private static string? Type(JsonNode? node) => (string?)node?["type"];

    private static (string, string) Merge(JsonNode? merge)
    {
        if (merge is JsonArray { Count: 2 } pair) return ((string)pair[0]!, (string)pair[1]!);
        var text = (string)merge!;
        var space = text.IndexOf(' ', 1);
        return space < 0 ? throw new FormatException($"the merge '{text}' has no space") : (text[..space], text[(space + 1)..]);
    }
}

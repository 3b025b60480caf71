using System.Text.Json.Nodes;

namespace DocTuneLab.Training.Checkpoints.Gguf;

/// <summary>
/// How byte-level tokenizers split text, by the names that llama.cpp knows it under: <c>tokenizer.ggml.pre</c>. The rules are those of the
/// models' own <c>tokenizer.json</c>.
/// </summary>
internal sealed record PreTokenizerRules
{
    private const string Contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private const string Spaces = @"\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
    private const string Llama3 = Contractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|" + Spaces;
    private const string Qwen2 = Contractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|" + Spaces;
    private const string Marks = @"| ?[^\s\p{L}\p{N}]+[\r\n/]*|" + Spaces;
    private const string Upper = @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", Lower = @"[\p{Ll}\p{Lm}\p{Lo}\p{M}]";
    private const string Wide = @"[^\r\n\p{L}\p{N}]?((?=[\p{L}])([^a-z]))", Narrow = @"((?=[\p{L}])([^A-Z]))";

    private static readonly PreTokenizerRules[] s_all =
    [
        new("gpt-2", Gpt2)
        {
            Aliases =
            [
                "mpt", "olmo", "jais", "phi-2", "trillion", "granite-docling", "gigachat", "mellum", "modern-bert", "exaone4", "a.x-4.0"
            ]
        },
        new("smollm", @"\p{N}", Gpt2)
        {
            Aliases = ["starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b"]
        },
        new("llama-bpe", Llama3)
        {
            IgnoresMerges = true,
            AddsBegin = true,
            Aliases = ["llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2"]
        },
        new("dbrx", Llama3) { Aliases = ["smaug-bpe", "glm4", "chatglm-bpe"] },
        new("qwen2", Qwen2) { Composes = true, Aliases = ["megrez"] },
        new("deepseek-r1-qwen", Qwen2)
        {
            Aliases = ["stablelm2", "hunyuan", "grok-2", "kormo"]
        },
        new("qwen35", Contractions + @"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|" + Spaces)
        {
            Composes = true
        },
        new("gpt-4o", $"{Upper}*{Lower}+{Contractions}?|{Upper}+{Lower}*{Contractions}?" + @"|\p{N}{1,3}" + Marks)
        {
            Adapted = [$"{Wide}*{Narrow}+{Contractions}?|{Wide}+{Narrow}*{Contractions}?" + @"|\p{N}{1,3}" + Marks],
            Aliases = ["llama4", "kanana2"]
        },
        new("tekken", $"{Upper}*{Lower}+|{Upper}+{Lower}*" + @"|\p{N}" + Marks)
        {
            Adapted = [$"{Wide}*{Narrow}+|{Wide}+{Narrow}*" + @"|\p{N}" + Marks],
            IgnoresMerges = true,
            AddsBegin = true
        },
        new("deepseek-coder", @"[\r\n]", @"\s?\p{L}+", @"\s?\p{P}+", "[一-龥ࠀ-一가-퟿]+", @"\p{N}"),
        new("deepseek-v3", @"\p{N}{1,3}", "[一-龥\u3040-ゟ゠-ヿ]+",
            @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|" + Spaces)
        {
            Aliases = ["hunyuan-dense", "joyai-llm"]
        },
        new("seed-coder", Contractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|" + Spaces),
        new("bailingmoe", @"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+")
        {
            Aliases = ["bailingmoe2", "llada-moe"]
        },
    ];

    private PreTokenizerRules(string name, params string[] patterns) => (Name, Patterns) = (name, patterns);

    /// <summary>The name that files are written with.</summary>
    public string Name { get; }

    /// <summary>Other names of the same rule.</summary>
    public IReadOnlyList<string> Aliases { get; private init; } = [];

    /// <summary>Regular expressions that split one after another.</summary>
    public IReadOnlyList<string> Patterns { get; }

    /// <summary>What llama.cpp splits by, where it is not the same; some checkpoints have these themselves.</summary>
    public IReadOnlyList<string>? Adapted { get; private init; }

    /// <summary>Whether a word that is a piece is taken whole, whatever the merges say.</summary>
    public bool IgnoresMerges { get; private init; }

    /// <summary>Whether the begin mark is put before a text where a file does not say.</summary>
    public bool AddsBegin { get; private init; }

    /// <summary>Whether the models compose characters first (NFC), which llama.cpp does not.</summary>
    public bool Composes { get; private init; }

    /// <summary>Names that are known.</summary>
    public static IEnumerable<string> Names => s_all.SelectMany(r => r.Aliases.Prepend(r.Name)).Order(StringComparer.Ordinal);

    /// <summary>The rule of a name, or null.</summary>
    public static PreTokenizerRules? Find(string name) => s_all.FirstOrDefault(r => r.Name == name || r.Aliases.Contains(name));

    /// <summary>The rule by which a tokenizer splits, or null: one that takes words whole as it does goes before.</summary>
    /// <param name="patterns">Its regular expressions.</param>
    /// <param name="ignoresMerges">Whether it takes words that are pieces whole.</param>
    public static PreTokenizerRules? Of(IReadOnlyList<string> patterns, bool ignoresMerges)
    {
        var wanted = patterns.Select(Plain).ToArray();
        return s_all.Where(r => r.Patterns.Select(Plain).SequenceEqual(wanted) || r.Adapted?.Select(Plain).SequenceEqual(wanted) == true)
            .OrderBy(r => r.IgnoresMerges == ignoresMerges ? 0 : 1).FirstOrDefault();
    }

    /// <summary>The steps of a <c>tokenizer.json</c> that split so.</summary>
    /// <param name="adapted">Whether by what llama.cpp splits by.</param>
    public JsonNode Steps(bool adapted) => new JsonObject
    {
        ["type"] = "Sequence",
        ["pretokenizers"] = new JsonArray(
        [
            .. (adapted && Adapted is not null ? Adapted : Patterns).Select(p => (JsonNode)new JsonObject
            {
                ["type"] = "Split",
                ["pattern"] = new JsonObject { ["Regex"] = p },
                ["behavior"] = "Isolated",
                ["invert"] = false
            }),
            new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = false }
        ])
    };

    // Line ends may stand as themselves, and groups of letters of either case be written out.
    private static string Plain(string pattern) => pattern.Replace("\r", @"\r", StringComparison.Ordinal)
        .Replace("\n", @"\n", StringComparison.Ordinal)
        .Replace("(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])", Contractions, StringComparison.Ordinal);
}

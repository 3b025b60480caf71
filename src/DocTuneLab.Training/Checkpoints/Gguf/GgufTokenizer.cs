using System.Text.Json.Nodes;
using DocTuneLab.Conversations;
using DocTuneLab.Tokenization;

namespace DocTuneLab.Training.Checkpoints.Gguf;

/// <summary>The tokenizer, chat template and marks that a GGUF file describes: byte-level BPE, and SentencePiece's form of BPE.</summary>
internal static class GgufTokenizer
{
    internal const int Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6;
    private const string Prefix = "tokenizer.ggml.";

    // Fields besides those of ids that say nothing which is not read here.
    private static readonly HashSet<string> s_known = new(StringComparer.Ordinal)
    {
        "model", "pre", "tokens", "token_type", "scores", "merges", "add_bos_token", "add_eos_token", "add_space_prefix",
        "token_type_count", "eog_token_ids", "suppress_tokens",
    };

    // Marks that end a turn wherever they are in a vocabulary, as llama.cpp takes them.
    private static readonly string[] s_ends =
    [
        "<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>", "<|end_of_text|>", "<|eom_id|>", "<EOT>", "_<EOT>",
        "< EOT >", "<|return|>", "<|call|>", "<end_of_utterance>", "<|fim_pad|>", "<turn|>"
    ];

    /// <summary>The tokenizer.</summary>
    /// <param name="file">The model.</param>
    /// <param name="asLlamaCpp">Whether as llama.cpp reads the file: without composing characters, and by its own form of some rules.
    /// </param>
    /// <exception cref="LabException">A field is missing or damaged, or the tokenizer is of a kind that is not supported.</exception>
    public static HuggingFaceTokenizer Read(GgufModel file, bool asLlamaCpp = false)
    {
        var kind = file.Text(Prefix + "model") ?? throw Missing(file, "model");
        if (kind is not ("gpt2" or "llama"))
            throw new LabException($"{file.Path}: {Prefix}model is '{kind}', which is not supported; supported are gpt2 (byte-level BPE) "
                + "and llama (SentencePiece's BPE)");
        Refuse(file);
        var tokens = file.Texts(Prefix + "tokens") ?? throw Missing(file, "tokens");
        var types = file.Numbers(Prefix + "token_type") ?? Enumerable.Repeat(Normal, tokens.Length).ToArray();
        if (types.Length != tokens.Length)
            throw new LabException($"{file.Path}: {Prefix}token_type has {types.Length} entries for {tokens.Length} tokens");
        var vocabulary = new Dictionary<string, int>(tokens.Length, StringComparer.Ordinal);
        for (var id = 0; id < tokens.Length; id++)
            if (types[id] != Unused) vocabulary[tokens[id]] = id;
        var steps = kind == "gpt2" ? ByteLevel(file, asLlamaCpp) : SentencePiece(file);
        steps["added_tokens"] = new JsonArray([.. Enumerable.Range(0, tokens.Length)
            .Where(id => types[id] is Control or UserDefined or Unknown && tokens[id].Length > 0)
            .Select(id => (JsonNode)new JsonObject
            {
                ["id"] = id,
                ["content"] = tokens[id],
                ["special"] = types[id] != UserDefined,
                ["normalized"] = false
            })]);
        if (kind == "llama" && Array.IndexOf(types, Unknown) is >= 0 and var unknown) steps["model"]!["unk_token"] = tokens[unknown];
        steps["post_processor"] = Marks(file, tokens, kind);
        var merges = kind == "gpt2" ? Merges(file) : MergesByScore(file, tokens, types, vocabulary);
        return new HuggingFaceTokenizer(TokenizerFile.Of(file.Path, steps, vocabulary, merges));
    }

    /// <summary>Ids that end an answer: of the text, of a turn, and what else the file or the vocabulary names.</summary>
    /// <exception cref="LabException">A field is damaged.</exception>
    public static IReadOnlyList<int> EndTokens(GgufModel file)
    {
        var tokens = file.Texts(Prefix + "tokens") ?? [];
        var types = file.Numbers(Prefix + "token_type") ?? [];
        var ends = new List<int>();
        foreach (var name in (string[])["eos", "eot", "eom"])
            if (file.Number($"{Prefix}{name}_token_id") is { } id && Checked(file, $"{name}_token_id", id, tokens.Length)) ends.Add(id);
        foreach (var id in file.Numbers(Prefix + "eog_token_ids") ?? [])
            if (Checked(file, "eog_token_ids", id, tokens.Length)) ends.Add(id);
        for (var id = 0; id < Math.Min(tokens.Length, types.Length); id++)
            if (types[id] is Control or UserDefined && s_ends.Contains(tokens[id])) ends.Add(id);
        return [.. ends.Distinct()];
    }

    /// <summary>Texts of the marks that templates name, by the names of <c>tokenizer_config.json</c>.</summary>
    public static IReadOnlyDictionary<string, string> Tokens(GgufModel file)
    {
        var (tokens, marks) = (file.Texts(Prefix + "tokens") ?? [], new Dictionary<string, string>(StringComparer.Ordinal));
        foreach (var (field, name) in ((string, string)[])
            [("bos", "bos_token"), ("eos", "eos_token"), ("unknown", "unk_token"), ("padding", "pad_token")])
            if (file.Number($"{Prefix}{field}_token_id") is { } id && id >= 0 && id < tokens.Length) marks[name] = tokens[id];
        return marks;
    }

    /// <summary>The chat template, or null where the file has none.</summary>
    /// <exception cref="LabException">The template needs what is not supported.</exception>
    public static ChatTemplate? Template(GgufModel file) =>
        file.Text("tokenizer.chat_template") is { } source ? ChatTemplate.Of(file.Path, source, Tokens(file)) : null;

    private static void Refuse(GgufModel file)
    {
        foreach (var (field, harmless) in ((string, Func<object, bool>)[])
        [
            ("precompiled_charsmap", value => value is Array { Length: 0 }), ("remove_extra_whitespaces", value => value is false),
            ("add_sep_token", value => value is false), ("normalizer.lowercase", value => value is false)
        ])
            if (file.Value(Prefix + field) is { } value && !harmless(value)) throw Refused(field);
        var unknown = file.Fields.Where(f => f.StartsWith(Prefix, StringComparison.Ordinal)).Select(f => f[Prefix.Length..])
            .FirstOrDefault(f => !s_known.Contains(f) && !f.EndsWith("_token_id", StringComparison.Ordinal)
                && f is not ("precompiled_charsmap" or "remove_extra_whitespaces" or "add_sep_token" or "normalizer.lowercase"));
        if (unknown is not null) throw Refused(unknown);

        LabException Refused(string field) =>
            new($"{file.Path}: the field '{Prefix}{field}' is not supported; it may change the tokens of a text");
    }

    private static JsonObject ByteLevel(GgufModel file, bool asLlamaCpp)
    {
        var name = file.Text(Prefix + "pre")
            ?? throw Missing(file, "pre", "it says how text is split; convert the model with a newer tool");
        var rules = PreTokenizerRules.Find(name)
            ?? throw new LabException($"{file.Path}: {Prefix}pre is '{name}', which is not supported; supported are "
                + string.Join(", ", PreTokenizerRules.Names));
        return new JsonObject
        {
            ["normalizer"] = rules.Composes && !asLlamaCpp ? new JsonObject { ["type"] = "NFC" } : null,
            ["pre_tokenizer"] = rules.Steps(asLlamaCpp),
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel" },
            ["model"] = new JsonObject { ["type"] = "BPE", ["ignore_merges"] = rules.IgnoresMerges },
        };
    }

    private static JsonObject SentencePiece(GgufModel file)
    {
        var prefix = file.Flag(Prefix + "add_space_prefix") ?? true;
        JsonObject Replaced(string text, string by) =>
            new() { ["type"] = "Replace", ["pattern"] = new JsonObject { ["String"] = text }, ["content"] = by };
        var normalizers = new JsonArray(Replaced(" ", "▁"));
        var decoders =
            new JsonArray(Replaced("▁", " "), new JsonObject { ["type"] = "ByteFallback" }, new JsonObject { ["type"] = "Fuse" });
        if (prefix)
        {
            normalizers.Insert(0, new JsonObject { ["type"] = "Prepend", ["prepend"] = "▁" });
            decoders.Add(new JsonObject { ["type"] = "Strip", ["content"] = " ", ["start"] = 1, ["stop"] = 0 });
        }
        return new JsonObject
        {
            ["normalizer"] = new JsonObject { ["type"] = "Sequence", ["normalizers"] = normalizers },
            ["decoder"] = new JsonObject { ["type"] = "Sequence", ["decoders"] = decoders },
            ["model"] = new JsonObject { ["type"] = "BPE", ["fuse_unk"] = true, ["byte_fallback"] = true },
        };
    }

    private static JsonObject? Marks(GgufModel file, string[] tokens, string kind)
    {
        var begins = file.Flag(Prefix + "add_bos_token")
            ?? (kind == "llama" || PreTokenizerRules.Find(file.Text(Prefix + "pre") ?? "")?.AddsBegin == true);
        var (begin, end) = (begins ? Mark("bos") : null, file.Flag(Prefix + "add_eos_token") == true ? Mark("eos") : null);
        if (begin is null && end is null) return null;
        var special = new JsonObject();
        var single = new JsonArray();
        Put(begin);
        single.Add(new JsonObject { ["Sequence"] = new JsonObject { ["id"] = "A", ["type_id"] = 0 } });
        Put(end);
        return new JsonObject
        {
            ["type"] = "TemplateProcessing",
            ["single"] = single,
            ["pair"] = new JsonArray(),
            ["special_tokens"] = special
        };

        int? Mark(string name) =>
            file.Number($"{Prefix}{name}_token_id") is { } id && Checked(file, $"{name}_token_id", id, tokens.Length) ? id : null;

        void Put(int? id)
        {
            if (id is not { } known) return;
            single.Add(new JsonObject { ["SpecialToken"] = new JsonObject { ["id"] = tokens[known], ["type_id"] = 0 } });
            special[tokens[known]] =
                new JsonObject { ["id"] = tokens[known], ["ids"] = new JsonArray(known), ["tokens"] = new JsonArray(tokens[known]) };
        }
    }

    private static (string, string)[] Merges(GgufModel file) =>
        Array.ConvertAll(file.Texts(Prefix + "merges") ?? throw Missing(file, "merges"), merge =>
        {
            var space = merge.IndexOf(' ', 1);
            return space < 0 ? throw new LabException($"{file.Path}: {Prefix}merges holds '{merge}', which has no space")
                : (merge[..space], merge[(space + 1)..]);
        });

    // Every pair of pieces that makes a piece: the higher the score of that, the earlier; of equal ones those with the longer first part.
    private static (string Left, string Right)[] MergesByScore(
        GgufModel file, string[] tokens, int[] types, Dictionary<string, int> vocabulary)
    {
        var scores = file.Reals(Prefix + "scores") ?? throw Missing(file, "scores");
        if (scores.Length != tokens.Length)
            throw new LabException($"{file.Path}: {Prefix}scores has {scores.Length} entries for {tokens.Length} tokens");
        var lookup = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        var merges = new List<(string Left, string Right, float Score)>();
        for (var id = 0; id < tokens.Length; id++)
        {
            if (types[id] is not (Normal or UserDefined)) continue;
            var piece = tokens[id];
            for (var at = 1; at < piece.Length; at++)
            {
                if (char.IsLowSurrogate(piece[at])) continue;
                if (lookup.ContainsKey(piece.AsSpan(0, at)) && lookup.ContainsKey(piece.AsSpan(at)))
                    merges.Add((piece[..at], piece[at..], scores[id]));
            }
        }
        return [.. merges.OrderByDescending(m => m.Score).ThenByDescending(m => m.Left.Length).Select(m => (m.Left, m.Right))];
    }

    private static bool Checked(GgufModel file, string field, int id, int count) => id >= 0 && id < count ? true
        : throw new LabException($"{file.Path}: {Prefix}{field} is {id}, but the file has {count} tokens");

    private static LabException Missing(GgufModel file, string field, string why = "the file has no whole tokenizer") =>
        new($"{file.Path}: the field '{Prefix}{field}' is missing; {why}");
}

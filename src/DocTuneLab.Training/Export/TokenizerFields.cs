using DocTuneLab.Conversations;
using DocTuneLab.Tokenization;
using DocTuneLab.Training.Checkpoints.Gguf;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Training.Export;

/// <summary>A tokenizer and its chat template as fields of a GGUF file.</summary>
internal static class TokenizerFields
{
    /// <exception cref="LabException">llama.cpp has no name for the tokenizer's splitting rule, or would give other ids.</exception>
    public static void Write(GgufWriter writer, HuggingFaceTokenizer tokenizer, ChatTemplate? template, ModelConfig config)
    {
        var file = tokenizer.File;
        Check(file);
        var (tokens, types) = (new string[config.VocabularySize], new int[config.VocabularySize]);
        for (var id = 0; id < tokens.Length; id++) (tokens[id], types[id]) = ($"[PAD{id}]", GgufTokenizer.Unused);
        foreach (var (piece, id) in file.Vocabulary)
        {
            var isByte = !file.ByteLevel && piece.Length == 6 && piece.StartsWith("<0x", StringComparison.Ordinal);
            (tokens[id], types[id]) = (piece, isByte ? GgufTokenizer.Byte : GgufTokenizer.Normal);
        }
        foreach (var added in file.Added)
            (tokens[added.Id], types[added.Id]) =
                (added.Content, added.Content == file.Unknown ? GgufTokenizer.Unknown
                    : added.Special ? GgufTokenizer.Control : GgufTokenizer.UserDefined);
        if (file.ByteLevel)
        {
            writer.Set("tokenizer.ggml.model", "gpt2");
            var rules = PreTokenizerRules.Of(file.Patterns, file.IgnoresMerges)
                ?? throw new LabException(
                    $"{file.Path}: llama.cpp has no name for the splitting rule {string.Join(" then ", file.Patterns)}");
            writer.Set("tokenizer.ggml.pre", rules.Name);
        }
        else
        {
            // SentencePiece's form of BPE joins by the score of the result: the earlier a merge, the higher.
            var scores = new float[tokens.Length];
            for (var rank = file.Merges.Count - 1; rank >= 0; rank--)
                if (file.Vocabulary.TryGetValue(file.Merges[rank].Left + file.Merges[rank].Right, out var id)) scores[id] = -1 - rank;
            writer.Set("tokenizer.ggml.model", "llama");
            writer.Set("tokenizer.ggml.pre", "default");
            writer.Set("tokenizer.ggml.scores", scores);
            writer.Set("tokenizer.ggml.add_space_prefix", file.AddsPrefixSpace);
        }
        writer.Set("tokenizer.ggml.tokens", tokens);
        writer.Set("tokenizer.ggml.token_type", types);
        if (file.ByteLevel) writer.Set("tokenizer.ggml.merges", (string[])[.. file.Merges.Select(m => $"{m.Left} {m.Right}")]);
        Id("bos",
            file.Prefix.Count > 0 ? file.Prefix[0]
                : template?.BeginToken is { } begin && tokenizer.SpecialTokens.TryGetValue(begin, out var b) ? b
                : config.BeginToken);
        var eos = template?.EndToken is { } end && tokenizer.SpecialTokens.TryGetValue(end, out var e)
            ? e : config.EndTokens.Count > 0 ? config.EndTokens[^1] : (int?)null;
        Id("eos", eos);
        // Of a text and of a turn: a reader stops at either.
        Id("eot", config.EndTokens.Where(id => id != eos).Select(id => (int?)id).FirstOrDefault());
        Id("unknown", file.Unknown is { } unknown && tokenizer.SpecialTokens.TryGetValue(unknown, out var u) ? u : null);
        writer.Set("tokenizer.ggml.add_bos_token", file.Prefix.Count > 0);
        writer.Set("tokenizer.ggml.add_eos_token", file.Suffix.Count > 0);
        if (template is not null) writer.Set("tokenizer.chat_template", template.Source);

        void Id(string kind, int? id)
        {
            if (id is { } known) writer.Set($"tokenizer.ggml.{kind}_token_id", (uint)known);
        }
    }

    // What llama.cpp does not do, or does in its own way.
    private static void Check(TokenizerFile file)
    {
        if (file.Kind != "BPE") throw Refused(file, $"a tokenizer of the kind {file.Kind}");
        if (file.ByteLevel && file.AddsPrefixSpace) throw Refused(file, "the space that add_prefix_space puts before a text");
        if (!file.ByteLevel && !file.Vocabulary.ContainsKey("<0x00>"))
            throw Refused(file, "a vocabulary without pieces for the 256 bytes: it ends itself loading one");
        var known = file.ByteLevel ? ["NFC"] : (string[])["Prepend ▁", @"Replace \  by ▁"];
        if (file.Normalizers.FirstOrDefault(n => !known.Contains(n)) is { } normalizer) throw Refused(file, $"the normalizer {normalizer}");
        // In SentencePiece's form llama.cpp splits nowhere and writes ▁ for every space.
        var writesSpaces = file.ByteLevel
            || file.Normalizers.Any(n => n.StartsWith("Replace", StringComparison.Ordinal))
            || file.Patterns.Any(IsMetaspace);
        if (!writesSpaces) throw Refused(file, "spaces that are not written as ▁");
        if (!file.ByteLevel && file.Patterns.FirstOrDefault(p => !IsMetaspace(p) && p != @"\  (MergedWithPrevious)") is { } pattern)
            throw Refused(file, $"the splitting rule {pattern}");
        if (file.Added.FirstOrDefault(a => a.SingleWord) is { } token)
            throw Refused(file, $"single_word of the added token '{token.Content}'");
    }

    private static bool IsMetaspace(string pattern) => pattern.StartsWith("Metaspace ▁", StringComparison.Ordinal);

    private static LabException Refused(TokenizerFile file, string what) =>
        new($"{file.Path}: llama.cpp has no place for {what}, and would give other ids");
}

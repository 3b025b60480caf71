using System.Globalization;
using DocTuneLab.Tokenization;
using DocTuneLab.Training.Checkpoints.Gguf;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Training.Export;

/// <summary>What a GGUF file that was just written says to its next reader, held against the model that it was written of.</summary>
internal static class GgufReading
{
    private const int MostPieces = 4000;

    // What tokenizers differ about: spaces, lines, numbers, case, marks, scripts, characters in parts.
    private static readonly string[] s_texts =
    [
        "Hello world", " leading space", "  two  spaces  ", "trailing ", "\ttab\t\ttabs", "line\nline\n\nline\r\n\r\n  indented", "\n",
        " \n \n", "    ",
        "public static int Count(Tank tank) => tank.Valves[0].Count; // 3 valves", "if (x == null)\n{\n\treturn -1.5e10;\n}\n",
        "0 12 345 6789 1234567890", "it's I'M they'll WE'VE he'D don't", "snake_case camelCase PascalCase SCREAMING_CASE",
        "a.b,c;d:e!f?g(h)[i]{j}",
        "https://example.org/a?b=c&d=%20#e", "<div class=\"x\">&nbsp;</div>", "水箱的水位是多少？", "これはテストです。", "한국어 문장",
        "Привет, мир", "مرحبا بالعالم",
        "नमस्ते दुनिया", "สวัสดี", "caf\u00e9 r\u00e9sum\u00e9", "emoji 😀👩‍👩‍👧 x", "«quotes» “curly” — dash…",
        "x²+y³≠∞ ½", "A\u00A0B\u2003C", "(( )) [[ ]] -- == ++"
    ];

    // Alike for a reader that composes characters first, and otherwise not.
    private static readonly string[] s_uncomposed = ["cafe\u0301", "e\u0323\u0302 A\u030A", "ΩKÅ"];

    /// <summary>Sentences about what llama.cpp makes otherwise of a text; none where the probes agree.</summary>
    /// <exception cref="LabException">The file does not say what the model is.</exception>
    public static IEnumerable<string> Check(string path, ModelConfig config, HuggingFaceTokenizer tokenizer)
    {
        using var file = GgufModel.Open(path);
        if (GgufConfiguration.Reads(file)) Compare(path, config, ModelConfig.Read(path, GgufConfiguration.Of(file)));
        var reader = GgufTokenizer.Read(file, asLlamaCpp: true);
        if (Different(tokenizer, reader, s_uncomposed) is [var apart, ..] parts)
            yield return Different(tokenizer, GgufTokenizer.Read(file), s_uncomposed).Count > 0
                ? Sentence(parts.Count, s_uncomposed.Length, "texts with letters in two parts", apart, tokenizer, reader)
                : "llama.cpp does not compose characters (NFC) as this tokenizer does: a letter that is written in two parts has "
                    + "other tokens there.";
        var special = tokenizer.File.Added.Select(a => a.Content).Distinct(StringComparer.Ordinal).Take(200).ToArray();
        string[] around = [.. special.SelectMany(s => new[] { s, $"{s}text", $"{s} text", $"{s}\n text", $"text {s}", $"a{s}{s}b" })];
        if (Different(tokenizer, reader, s_texts) is [var text, ..] different)
            yield return Sentence(different.Count, s_texts.Length, "texts", text, tokenizer, reader);
        if (Different(tokenizer, reader, around) is [var marked, ..] marks)
            yield return Sentence(marks.Count, around.Length, "texts with added tokens", marked, tokenizer, reader);
        var pieces = Pieces(tokenizer);
        if (Different(tokenizer, reader, pieces) is [var piece, ..] words)
            yield return Sentence(words.Count, pieces.Length, "pieces of the vocabulary", piece, tokenizer, reader);
        string[] whole = [s_texts[0]];
        if (!tokenizer.EncodeDocument(whole[0]).SequenceEqual(reader.EncodeDocument(whole[0])))
            yield return "llama.cpp puts other marks around a whole text.";
    }

    private static string Sentence(int count, int of, string what, string example, HuggingFaceTokenizer ours, HuggingFaceTokenizer theirs)
    {
        string Shown(HuggingFaceTokenizer tokenizer) => string.Join(' ', tokenizer.Encode(example, specialTokens: true).Take(8));
        return string.Create(CultureInfo.InvariantCulture,
            $"llama.cpp gives other tokens for {count} of {of} {what} that were tried, such as '{example.ReplaceLineEndings("\\n")}': ")
            + $"[{Shown(theirs)}], not [{Shown(ours)}].";
    }

    private static List<string> Different(HuggingFaceTokenizer ours, HuggingFaceTokenizer theirs, string[] texts) =>
        [.. texts.Where(t => !ours.Encode(t, specialTokens: true).SequenceEqual(theirs.Encode(t, specialTokens: true)))];

    // Spread over the vocabulary: the first were merged first.
    private static string[] Pieces(HuggingFaceTokenizer tokenizer)
    {
        var step = Math.Max(1, tokenizer.VocabularySize / MostPieces);
        var pieces = new List<string>();
        for (var id = 0; id < tokenizer.VocabularySize; id += step)
            if (tokenizer.Decode([id]) is { Length: > 0 } text && !text.Contains('\uFFFD', StringComparison.Ordinal)) pieces.Add(text);
        return [.. pieces];
    }

    private static void Compare(string path, ModelConfig ours, ModelConfig theirs)
    {
        // llama.cpp has none of it, which the notes say.
        if (ours.RopeScaling is { Type: "dynamic" }) ours = ours with { RopeScaling = null };
        foreach (var (name, one, other) in ((string, double, double)[])
        [
            ("hidden size", ours.HiddenSize, theirs.HiddenSize), ("intermediate size", ours.IntermediateSize, theirs.IntermediateSize),
            ("layers", ours.Layers, theirs.Layers), ("heads", ours.Heads, theirs.Heads),
            ("key-value heads", ours.KeyValueHeads, theirs.KeyValueHeads),
            ("head size", ours.HeadSize, theirs.HeadSize), ("vocabulary", ours.VocabularySize, theirs.VocabularySize),
            ("positions", ours.MaxPositions, theirs.MaxPositions), ("norm epsilon", ours.NormEpsilon, theirs.NormEpsilon),
            ("tied embeddings", ours.TieEmbeddings ? 1 : 0, theirs.TieEmbeddings ? 1 : 0),
            ("biases of attention", ours.AttentionBias ? 1 : 0, theirs.AttentionBias ? 1 : 0),
            ("biases of the MLP", ours.MlpBias ? 1 : 0, theirs.MlpBias ? 1 : 0),
            ("rotary attention factor", ours.RopeScaling?.AttentionFactor ?? 1, theirs.RopeScaling?.AttentionFactor ?? 1),
        ])
            Same(name, one, other);
        var (frequencies, read) = (Frequencies(ours), Frequencies(theirs));
        Same("number of rotary frequencies", frequencies.Length, read.Length);
        for (var i = 0; i < frequencies.Length; i++) Same($"rotary frequency {i}", frequencies[i], read[i]);

        static double[] Frequencies(ModelConfig config) => config.Rope is { } rope ? Rotary.Frequencies(rope, 0) : [];

        void Same(string name, double one, double other)
        {
            if (Math.Abs(one - other) > 1e-5 * Math.Max(Math.Abs(one), 1e-12))
                throw new LabException(string.Create(CultureInfo.InvariantCulture,
                    $"{path}: read back, the model's {name} is {other} instead of {one}: GGUF has no place for what it is; ")
                    + "export safetensors instead");
        }
    }
}

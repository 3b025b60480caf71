using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using DocTuneLab.Tokenization;

namespace DocTuneLab.Tests.Tokenization;

/// <summary>What Hugging Face's tokenizers 0.23 made of texts, beside what we make of them.</summary>
internal static class GoldenTokenizer
{
    /// <summary>Differences in ids, places and text, at most ten.</summary>
    /// <param name="path">A tokenizer.json.</param>
    /// <param name="texts">Rows with text, ids, plain, offsets, decoded, decoded_skip.</param>
    /// <param name="decoded">Rows with ids, decoded, decoded_skip.</param>
    public static IReadOnlyList<string> Differences(string path, IEnumerable<JsonNode> texts, IEnumerable<JsonNode> decoded)
    {
        var tokenizer = HuggingFaceTokenizer.Load(path);
        var differences = new List<string>();
        foreach (var row in texts)
        {
            var (text, ids) = ((string)row["text"]!, Numbers(row["ids"]!));
            Compare(text, "ids", ids, [.. tokenizer.EncodeDocument(text)]);
            Compare(text, "plain ids", Numbers(row["plain"]!), [.. tokenizer.Encode(text, specialTokens: true)]);
            var placed = tokenizer.EncodeDocumentWithOffsets(text);
            Compare(text, "ids with places", ids, [.. placed.Select(t => t.Id)]);
            if (row["offsets"] is { } offsets) Compare(text, "offsets", Numbers(offsets), InCodePoints(text, placed));
            Check(text, ids, row, (expected, actual) => expected == actual);
        }
        foreach (var row in decoded)
            Check($"[{row["ids"]!.ToJsonString()}]", Numbers(row["ids"]!), row, SameButForBadBytes);
        return differences;

        void Check(string what, int[] ids, JsonNode row, Func<string, string, bool> same)
        {
            foreach (var (field, skip) in ((string, bool)[])[("decoded", false), ("decoded_skip", true)])
            {
                var (expected, actual) = ((string)row[field]!, tokenizer.Decode(ids, skip));
                if (!same(expected, actual) && !same(WithAddedTokens(expected, tokenizer), actual))
                    Add($"{Escaped(what)}: {field} is '{Escaped(actual)}', expected '{Escaped(expected)}'");
            }
        }

        void Compare(string text, string what, int[] expected, int[] actual)
        {
            if (!expected.SequenceEqual(actual))
                Add($"'{Escaped(text)}': {what} are [{string.Join(' ', actual)}], expected [{string.Join(' ', expected)}]");
        }

        void Add(string difference)
        {
            if (differences.Count < 10) differences.Add(difference.Length > 1000 ? difference[..1000] : difference);
        }
    }

    public static int[] Numbers(JsonNode node) => [.. node.AsArray().Select(n => (int)n!)];

    private static int[] InCodePoints(string text, IReadOnlyList<EncodedToken> tokens)
    {
        var before = new int[text.Length + 1];
        for (var i = 0; i < text.Length; i++) before[i + 1] = before[i] + (char.IsLowSurrogate(text[i]) ? 0 : 1);
        return [.. tokens.SelectMany(t => new[] { before[t.Start], before[t.End] })];
    }

    // The library writes an added token of other letters than ASCII's through the alphabet of bytes, in which they are broken; its own
    // text is right.
    private static string WithAddedTokens(string expected, HuggingFaceTokenizer tokenizer)
    {
        foreach (var token in tokenizer.SpecialTokens.Keys.Where(t => !Ascii.IsValid(t)))
            expected = expected.Replace(string.Concat(token.Select(c => c < 128 ? c : '\uFFFD')), token, StringComparison.Ordinal);
        return expected;
    }

    // The library gives up a run of bytes that is not text as a whole; only what is bad of it need be.
    private static bool SameButForBadBytes(string expected, string actual)
    {
        var j = 0;
        for (var i = 0; i < expected.Length; i++)
        {
            if (expected[i] != '\uFFFD')
            {
                if (j == actual.Length || actual[j++] != expected[i]) return false;
                continue;
            }
            var bytes = 1;
            while (i + 1 < expected.Length && expected[i + 1] == '\uFFFD') (i, bytes) = (i + 1, bytes + 1);
            while (bytes > 0 && j < actual.Length)
            {
                Rune.DecodeFromUtf16(actual.AsSpan(j), out var rune, out var length);
                bytes -= rune.Value == 0xFFFD ? 1 : rune.Utf8SequenceLength;
                j += length;
            }
            if (bytes != 0) return false;
        }
        return j == actual.Length;
    }

    private static string Escaped(string text) => string.Concat(text.Select(c => c is >= ' ' and <= '~'
        ? c.ToString() : string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}")));
}

using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Tokenization;

namespace DocTuneLab.Tests.Tokenization;

/// <summary>Steps of a tokenizer.json one by one, where the layouts of models leave settings out; and what is refused.</summary>
public sealed class TokenizerStepTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("steps-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("Removed", false, "the|final|countdown")]
    [InlineData("Isolated", false, "the|-|final|-|-|countdown")]
    [InlineData("Contiguous", false, "the|-|final|--|countdown")]
    [InlineData("MergedWithPrevious", false, "the-|final-|-|countdown")]
    [InlineData("MergedWithNext", false, "the|-final|-|-countdown")]
    [InlineData("Removed", true, "-|-|-")]
    [InlineData("MergedWithNext", true, "the-|final-|-|countdown")]
    public void A_split_does_with_its_matches_what_its_behavior_says(string behavior, bool invert, string parts) =>
        Assert.Equal(parts, Parts($$"""
            { "type": "Split", "pattern": { "String": "-" }, "behavior": "{{behavior}}", "invert": {{(invert ? "true" : "false")}} }
            """, "the-final--countdown"));

    [Theory]
    [InlineData("""{ "type": "Punctuation" }""", "a,b!!", "a|,|b|!|!")]
    [InlineData("""{ "type": "Punctuation", "behavior": "Contiguous" }""", "a,b!!", "a|,|b|!!")]
    [InlineData("""{ "type": "Digits", "individual_digits": false }""", "a12²b", "a|12²|b")]
    [InlineData("""{ "type": "Whitespace" }""", "it's  a_b é!?", "it|'|s|a_b|é|!?")]
    [InlineData("""{ "type": "WhitespaceSplit" }""", " it's\u3000b ", "it's|b")]
    [InlineData("""{ "type": "CharDelimiterSplit", "delimiter": "/" }""", "a//b", "a|b")]
    [InlineData("""{ "type": "BertPreTokenizer" }""", "it's b", "it|'|s|b")]
    [InlineData("""{ "type": "Metaspace", "replacement": "_", "prepend_scheme": "never" }""", "a b  c", "a| b| | c")]
    public void Text_is_split_by(string step, string text, string parts) => Assert.Equal(parts, Parts(step, text));

    [Theory]
    [InlineData("a++a", "aaa", "aaa")]
    [InlineData("a{1,2}+", "xaaa", "x|aaa")]
    [InlineData("a{,2}", "aaa", "aa|a")]
    [InlineData("[[:word:]&&[^b]]+", "aab1²", "aa|b|1²")]
    [InlineData("[[:punct:]]", "a+£b", "a|+|£|b")]
    [InlineData("a{,1}", "bab", "b|a|b")]
    [InlineData("a{,1}", "bbc", "b|b|c")]
    [InlineData("[^a[bc]]+", "adbe", "a|d|b|e")]
    [InlineData(@"\p{^L}", "a1b", "a|1|b")]
    [InlineData(@"\p{Hiragana}+", "漢かな字", "漢|かな|字")]
    [InlineData(@"\p{Han}+", "か𠀀字な", "か|𠀀字|な")]
    [InlineData("b$", "ab\nb", "a|b|\n|b")]
    [InlineData("(?i:S)", "asſb", "a|s|ſ|b")]
    [InlineData(@"\h+", "xafg", "x|af|g")]
    public void Expressions_of_oniguruma_mean_what_they_mean_there(string pattern, string text, string parts) =>
        Assert.Equal(parts, Parts($$"""
            { "type": "Split", "pattern": { "Regex": {{JsonSerializer.Serialize(pattern)}} }, "behavior": "Isolated", "invert": false }
            """, text));

    /// <summary>Ids of <c>class ass class!</c>, as Hugging Face's tokenizers gives them.</summary>
    [Theory]
    [InlineData("", "11 0 10 12 5")]
    [InlineData("! 5 true", "11 0 10 12 5")]
    [InlineData("class 11 true", "11 0 10 0 11 5")]
    [InlineData("cl 8 false", "8 10 0 10 0 8 10 5")]
    [InlineData("! 5 true, ass 10 true, class 11 true", "11 0 10 0 11 5")]
    // The vocabulary's word about an id goes before the token's, also where that is another piece's.
    [InlineData("class 50 true", "11 0 10 0 11 5")]
    [InlineData("cl 11 true", "8 10 0 10 0 8 10 5")]
    // Tokens of their own follow the vocabulary without a gap.
    [InlineData("class! 50 true, <s> 51 true", "11 0 10 0 14")]
    [InlineData("<s> 51 true, class! 50 true, ass 10 true, <t> 14 true", "8 10 0 10 0 15")]
    public void An_added_token_may_be_a_piece_that_takes_part_in_merges(string added, string ids)
    {
        var tokens = added.Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(t => t.Split(' ')).Select(t =>
            $$"""{ "content": "{{t[0]}}", "id": {{t[1]}}, "special": {{t[2]}}, "normalized": {{(t[2] == "true" ? "false" : "true")}} }""");
        var tokenizer = LoadModel("""
            { "type": "BPE", "vocab": { "▁": 0, "c": 1, "l": 2, "a": 3, "s": 4, "!": 5, "e": 6, "x": 7, "cl": 8, "as": 9, "ass": 10,
              "class": 11, "▁class": 12, "clas": 13 }, "merges": ["c l", "a s", "as s", "cl ass", "▁ class", "cl as"] }
            """, $$"""
            "added_tokens": [{{string.Join(',', tokens)}}],
            "normalizer": { "type": "Replace", "pattern": { "String": " " }, "content": "▁" },
            """);
        Assert.Equal(ids, string.Join(' ', tokenizer.Encode("class ass class!", specialTokens: true)));
    }

    [Fact]
    public void A_compiled_map_of_characters_writes_several_for_one()
    {
        // A double array that holds 'A', whose value is the text at 0.
        var units = new uint[0x43];
        units[0] = 1 << 10;
        units[1 ^ 'A'] = 'A' | 1 << 8 | 2 << 10;
        byte[] map = [.. BitConverter.GetBytes(units.Length * 4), .. units.SelectMany(BitConverter.GetBytes), .. "a b\0"u8];
        var tokenizer = Load($$"""
            "normalizer": { "type": "Precompiled", "precompiled_charsmap": "{{Convert.ToBase64String(map)}}" },
            "pre_tokenizer": { "type": "WhitespaceSplit" },
            """);
        Assert.Equal([(0, 2), (1, 2)], tokenizer.EncodeWithOffsets("xA").Select(t => (t.Start, t.End)));
    }

    [Fact]
    public void A_mark_in_text_is_text_unless_asked_for_though_it_be_a_piece()
    {
        var tokenizer = LoadModel(
            """{ "type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["</s>", 0], ["<", -1], ["/", -1], ["s", -1], [">", -1]] }""",
            """
            "added_tokens": [{ "id": 1, "content": "</s>", "special": true, "normalized": true }],
            """);
        Assert.Equal([1], tokenizer.Encode("</s>", specialTokens: true));
        Assert.Equal([2, 3, 4, 5], tokenizer.Encode("</s>"));
        Assert.Equal(tokenizer.Encode("</s>"), tokenizer.EncodeWithOffsets("</s>").Select(t => t.Id));
    }

    [Fact]
    public void Roberta_puts_its_marks_around_a_text()
    {
        var tokenizer = Load("""
            "pre_tokenizer": { "type": "WhitespaceSplit" },
            "post_processor":
                { "type": "RobertaProcessing", "sep": ["b", 2], "cls": ["a", 1], "trim_offsets": true, "add_prefix_space": true },
            """);
        Assert.Equal([1, 0, 2], tokenizer.EncodeDocument("x"));
        Assert.Equal([(0, 0), (1, 2), (0, 0)], tokenizer.EncodeDocumentWithOffsets(" x").Select(t => (t.Start, t.End)));
    }

    [Theory]
    [InlineData("'pre_tokenizer': { 'type': 'FixedLength', 'length': 5 }", "pre_tokenizer.type is 'FixedLength', which is not supported")]
    [InlineData("'normalizer': { 'type': 'Sequence', 'normalizers': [{ 'type': 'Nmt' }] }", "normalizer.normalizers[0].type is 'Nmt'")]
    [InlineData("'normalizer': { 'type': 'NFC', 'extra': 1 }", "the field 'normalizer.extra' is not known; its value is 1")]
    [InlineData("'decoder': { 'type': 'CTC' }", "decoder.type is 'CTC'")]
    [InlineData("'decoder': { 'type': 'Sequence', 'decoders': [{ 'type': 'Fuse' }, { 'type': 'WordPiece' }] }",
        "WordPiece after the tokens are joined")]
    [InlineData("'post_processor': { 'type': 'TemplateProcessing', 'single': [] }", "post_processor.single is []")]
    [InlineData("'other': {}", "the field 'other' is not known")]
    [InlineData("'pre_tokenizer': { 'type': 'Split', 'pattern': { 'Regex': '(?<x>a)' }, 'behavior': 'Removed' }",
        "the pattern (?<x>a) has the group '(?<x>a")]
    [InlineData("'pre_tokenizer': { 'type': 'Split', 'pattern': { 'Regex': '\\\\p{Klingon}' }, 'behavior': 'Removed' }",
        "the property 'Klingon'")]
    [InlineData("'pre_tokenizer': { 'type': 'Split', 'pattern': { 'Regex': 'a' }, 'behavior': 'Dropped' }",
        "behavior is \"Dropped\"; expected one of Isolated, Removed")]
    [InlineData("'pre_tokenizer': { 'type': 'Split', 'pattern': { 'Regex': '[[:alpha:]]' }, 'behavior': 'Removed' }",
        "bracket '[:alpha:]'")]
    [InlineData("'pre_tokenizer': { 'type': 'Metaspace', 'prepend_scheme': 'last' }", "expected always, first or never")]
    [InlineData("'added_tokens': [{ 'id': 3, 'content': 'a', 'stripped': true }]", "'added_tokens[0].stripped' is not known")]
    [InlineData("'added_tokens': [{ 'id': 2000000000, 'content': 'x' }]", "holds the id 2000000000")]
    public void What_is_not_understood_is_refused_by_its_name(string fields, string message)
    {
        var refused = Assert.Throws<LabException>(() => Load(fields.Replace('\'', '"') + ",")).Message;
        Assert.Contains(message, refused);
        Assert.StartsWith(Path.Combine(_folder, "tokenizer.json"), refused);
    }

    private string Parts(string preTokenizer, string text) =>
        string.Join('|', Load($"\"pre_tokenizer\": {preTokenizer},").EncodeWithOffsets(text).Select(t => text[t.Start..t.End]));

    private HuggingFaceTokenizer Load(string fields) =>
        LoadModel("""{ "type": "WordLevel", "unk_token": "?", "vocab": { "?": 0, "a": 1, "b": 2 } }""", fields);

    private HuggingFaceTokenizer LoadModel(string model, string fields)
    {
        var path = Path.Combine(_folder, "tokenizer.json");
        File.WriteAllText(path, JsonNode.Parse($"{{ {fields} \"model\": {model} }}")!.ToJsonString());
        return HuggingFaceTokenizer.Load(path);
    }
}

using System.Text.RegularExpressions;
using DocTuneLab.Documents.Model;

namespace DocTuneLab.Corpus.Language;

/// <summary>Facts that stand in pages in a form that needs no understanding: tables, definition lists, questions as headings, and sentences
/// with one code name.</summary>
internal static partial class DocumentFacts
{
    private const int ShortestSentence = 25, ShortestInChinese = 10;

    /// <summary>All facts of the chunks, in order.</summary>
    /// <param name="chunks">Chunks of pages.</param>
    /// <param name="chinese">Whether the library is documented in Chinese, which says in ten characters what takes
    /// English twenty-five.</param>
    public static IEnumerable<Fact> All(IReadOnlyList<Chunk> chunks, bool chinese = false) =>
        chunks.SelectMany(c => Of(c, chinese ? ShortestInChinese : ShortestSentence));

    /// <summary>Rows of a chunk's tables with the table's header.</summary>
    public static IEnumerable<(IReadOnlyList<string> Header, IReadOnlyList<string> Row)> TableRows(Chunk chunk) =>
        Rows(WithoutCode(chunk).Split('\n'));

    /// <summary>List items that explain a marked term.</summary>
    public static IEnumerable<(string Term, string Definition)> Definitions(Chunk chunk) =>
        Definition().Matches(WithoutCode(chunk)).Select(m => (m.Groups[1].Value.Trim(), m.Groups[2].Value));

    private static IEnumerable<Fact> Of(Chunk chunk, int shortest)
    {
        var topic = chunk.HeadingPath.Count > 0 ? Plain(chunk.HeadingPath[^1]) : Plain(chunk.DocumentPath);
        var text = WithoutCode(chunk);
        var lines = text.Split('\n');
        Fact Make(string kind, string answer, params (string, string)[] values) =>
            SymbolFacts.Build(kind, answer, chunk.Symbols, [("topic", topic), .. values]) with { Chunks = [chunk.Id] };

        // A lone name says too little: many types have a Name.
        var title = chunk.HeadingPath.Select(Plain).LastOrDefault(h => TypeName().IsMatch(h))
            ?? (chunk.HeadingPath.Count > 0 ? Plain(chunk.HeadingPath[0]) : "");
        string Row(string cell) => Links().Replace(cell.Trim(), "$1") is var text && LoneName().IsMatch(text) && title.Length > 0
            && !title.Contains(text.Trim('`'), StringComparison.Ordinal) ? $"{text} ({title})" : text;

        foreach (var (header, row) in Rows(lines))
            for (var c = 1; c < Math.Min(header.Count, row.Count); c++)
                if (row[0].Length is > 0 and < 60 && Plain(row[c]).Length is > 0 and < 100
                    && !Comparing().IsMatch(Plain(row[c]))
                    && !header[c].Contains('`', StringComparison.Ordinal) && IsThing(Plain(header[c])) && IsSubject(row[0])
                    // One of many that would do is nothing to know.
                    && !(Sampled().IsMatch(Plain(header[c])) && row[c].Any(char.IsAsciiDigit)))
                    yield return Make("table-cell", Plain(row[c]), ("row", Row(row[0])),
                        ("column", Prose.LowerFirst(Plain(header[c]))));

        foreach (Match m in Definition().Matches(text))
        {
            var term = m.Groups[1].Value.Trim();
            var definition = Prose.FirstSentence(Markup().Replace(m.Groups[2].Value, "$1"))?.TrimEnd(';', ',', ':', '；', '，');
            if (definition is null || definition.Length is < 8 or > 150 || Plain(term).Length > 50 || IsCode(definition)
                || Scrap().IsMatch(definition)) continue;
            yield return Make("definition", Prose.UpperFirst(definition) + (Prose.IsChinese(definition) ? "。" : "."),
                ("term", term.Trim('*')));
            // In two words too much is described.
            if (Prose.IsChinese(definition) || definition.Split(' ').Length > 2)
                yield return Make("defined-term", Plain(term).TrimEnd(':', '：'), ("definition", definition));
        }

        // A FAQ heading is a question that people ask; the first sentence under it is the answer.
        if (chunk.HeadingPath.Count > 0 && topic.TrimEnd() is { } question && (question.EndsWith('?') || question.EndsWith('？'))
            && lines.FirstOrDefault(l => l.Trim().Length > 0 && !l.StartsWith('#')) is { } first
            && Prose.FirstSentence(Plain(Paragraph(lines))) is { Length: < 180 } answer && first.Length > 0)
            yield return Make("faq", Prose.UpperFirst(answer) + (Prose.IsChinese(answer) ? "。" : ".")) with { Verbatim = question };

        foreach (var line in Paragraphs(lines))
            foreach (Match m in Sentence().Matches(line))
            {
                var sentence = m.Value.Trim();
                if (sentence.Length < shortest || sentence.Length > 190 || Unanchored().IsMatch(sentence)) continue;
                var names = CodeSpan().Matches(sentence);
                for (var i = 0; i < Math.Min(names.Count, 3); i++)
                {
                    if (names[i].Groups[1].Value.Length > 40) continue;
                    var blanked = string.Concat(sentence.AsSpan(0, names[i].Index), "____",
                        sentence.AsSpan(names[i].Index + names[i].Length));
                    yield return Make("cloze", names[i].Groups[1].Value, ("sentence", blanked));
                }
                foreach (Match n in Quantity().Matches(sentence).Take(1))
                    yield return Make("cloze", n.Value,
                        ("sentence", string.Concat(sentence.AsSpan(0, n.Index), "____", sentence.AsSpan(n.Index + n.Length))));
            }
    }

    private static IEnumerable<(IReadOnlyList<string> Header, IReadOnlyList<string> Row)> Rows(string[] lines)
    {
        for (var i = 0; i + 1 < lines.Length; i++)
        {
            if (!lines[i].Contains('|', StringComparison.Ordinal) || !Rule().IsMatch(lines[i + 1])) continue;
            var header = Cells(lines[i]);
            for (i += 2; i < lines.Length && lines[i].Contains('|', StringComparison.Ordinal); i++) yield return (header, Cells(lines[i]));
        }
    }

    // A name by itself explains nothing.
    private static bool IsCode(string text) => CodeSpan().Replace(text, "").Count(char.IsLetter) < 2;

    // What can stand behind "what is the": a thing in the singular, in a few words.
    private static bool IsThing(string header) => header.Length is > 0 and < 40
        && (Prose.IsChinese(header) ? !AsksInChinese().IsMatch(header) : IsEnglishThing(header, header.Split(' ')));

    private static bool IsEnglishThing(string header, string[] words) => words.Length <= 3 && !Prose.IsStopWord(words[0])
        && !RequestForm.IsAsking(words[0].ToLowerInvariant()) && !words.Any(Plural().IsMatch) && !Preposition().IsMatch(header)
        && !header.StartsWith("Exception", StringComparison.OrdinalIgnoreCase)
        // What is to be described is not said: a meaning, a unit or a use.
        && !header.StartsWith("Descri", StringComparison.OrdinalIgnoreCase);

    // What a row can be asked about as: a name, or a thing in a few words, and not a sentence.
    private static bool IsSubject(string cell) => CodeSpan().Count(cell) == 1 || Prose.IsChinese(cell)
        || (Links().Replace(cell, "$1").Split(' ').Length <= 3 && !Clause().IsMatch(cell));

    private static List<string> Cells(string line) => [.. line.Trim().Trim('|').Split('|').Select(c => c.Trim())];

    private static IEnumerable<string> Paragraphs(string[] lines)
    {
        var paragraph = new List<string>();
        foreach (var line in lines.Append(""))
        {
            var plain = line.Trim();
            var isProse = plain.Length > 0 && !plain.StartsWith('#') && !plain.StartsWith('|')
                && !plain.StartsWith("---", StringComparison.Ordinal) && !plain.StartsWith("![", StringComparison.Ordinal);
            var starts = ListItem().IsMatch(line);
            if ((!isProse || starts) && paragraph.Count > 0)
            {
                yield return Markup().Replace(string.Join(' ', paragraph), "$1");
                paragraph.Clear();
            }
            if (isProse) paragraph.Add(ListItem().Replace(line, "").Trim());
        }
    }

    private static string Paragraph(string[] lines) => Paragraphs(lines).FirstOrDefault() ?? "";

    // Code blocks hold no prose, and the marks of quotations and callouts are none; blanking them keeps the rest as it stands.
    private static string WithoutCode(Chunk chunk) => Callout().Replace(Fence().Replace(Quote().Replace(chunk.Text, ""), ""), "");

    /// <summary>Text without links, code marks and emphasis.</summary>
    public static string Plain(string text) =>
        Markup().Replace(text, "$1").Replace("`", "", StringComparison.Ordinal).Replace("**", "", StringComparison.Ordinal).Trim();

    [GeneratedRegex(@"^[ \t]*(`{3,}|~{3,}).*?^[ \t]*\1[ \t]*$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
    [GeneratedRegex(@"^[ \t]*(?:>[ \t]?)+", RegexOptions.Multiline)]
    private static partial Regex Quote();
    [GeneratedRegex(@"^[ \t]*(?:\[![A-Za-z]+\][+-]?|(?:!!!|\?\?\?\+?|:::+)[^\n]*$)", RegexOptions.Multiline)]
    private static partial Regex Callout();
    [GeneratedRegex(@"^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)+\|?\s*$")]
    private static partial Regex Rule();
    [GeneratedRegex(@"^[ \t]*(?:[-*+]|\d+\.)[ \t]+(`[^`\n]+`|\*\*[^*\n]+\*\*)[ \t]*(?::|：|—|–| - )[ \t]*(.+)$",
        RegexOptions.Multiline)]
    private static partial Regex Definition();
    [GeneratedRegex(@"[^.。!?！？]+(?:\.(?!\s|$)[^.。!?！？]*)*[.。!?！？]")]
    private static partial Regex Sentence();
    // "As it was" says what it is only to who knows what it was.
    [GeneratedRegex(@"^(?:as|so|same|the same|likewise|ditto)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Comparing();
    // "On the next round" goes on with what stands before it, and explains nothing alone.
    [GeneratedRegex(@"^(?:on|in|at|for|from|by|of|to|with|without|under|over|until|after|before|during|when|while|if|as)\b",
        RegexOptions.IgnoreCase)]
    private static partial Regex Scrap();
    [GeneratedRegex(@"\[([^\]]*)\]\([^)]*\)")]
    private static partial Regex Links();
    [GeneratedRegex(@"^`\w+(?:\([^)]*\))?`$")]
    private static partial Regex LoneName();
    [GeneratedRegex(@"^[A-Z]\w*[a-z][A-Z]\w*(?:<\w+>)?$")]
    private static partial Regex TypeName();
    [GeneratedRegex(@"\b(?:with|to|of|in|at|by|for|from|on)$", RegexOptions.IgnoreCase)]
    private static partial Regex Preposition();
    [GeneratedRegex(@"\b(?:example|sample|form|format|notation)s?$|例|形式|写法", RegexOptions.IgnoreCase)]
    private static partial Regex Sampled();
    [GeneratedRegex("怎|如何|什么|谁|哪|为何|何时")]
    private static partial Regex AsksInChinese();
    [GeneratedRegex("(?<![sui])s$")]
    private static partial Regex Plural();
    [GeneratedRegex(@"\b(?:is|are|was|were|has|have|be|to|does|do|can|may)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Clause();
    // A sentence that leans on the one before it says nothing alone.
    [GeneratedRegex(@"^(?:It|They|This|These|That|Those|He|She|There|Then|So|But|And|Or|Otherwise|Here|Both|Neither|Such|Also|Not)\b"
        + @"|\botherwise[.!?]?$|^(?:它|这|那|此|其|否则|但|并|也)")]
    private static partial Regex Unanchored();
    [GeneratedRegex(@"`([^`\n]+)`")]
    private static partial Regex CodeSpan();
    [GeneratedRegex(@"(?<![\w.`])\d+(?:\.\d+)?(?: (?:seconds?|minutes?|hours?|milliseconds?|ms|bytes?|percent|times|%))?(?![\w.`])")]
    private static partial Regex Quantity();
    [GeneratedRegex(@"!?\[([^\]]*)\]\([^)]*\)")]
    private static partial Regex Markup();
    [GeneratedRegex(@"^\s*(?:>\s*)?(?:[-*+]|\d+\.)\s+")]
    private static partial Regex ListItem();
}

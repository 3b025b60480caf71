using System.Text.RegularExpressions;
using DocTuneLab.Library;

namespace DocTuneLab.Corpus.Language;

/// <summary>Turns documentation sentences into requests: "Gets the level." becomes "get the level", "return the level",
/// "read the level".</summary>
internal static partial class Prose
{
    private static readonly HashSet<string> s_stopWords = new(StringComparer.OrdinalIgnoreCase)
    {
        "the", "a", "an", "of", "to", "for", "with", "and", "or", "in", "on", "at", "by", "from", "as", "that", "this", "given",
        "specified", "its", "it", "is", "are", "be", "new", "value", "whether", "which", "into", "if"
    };

    private static readonly Dictionary<string, string[]> s_synonyms = new(StringComparer.Ordinal)
    {
        ["get"] = ["get", "return", "read", "find", "look up"],
        ["return"] = ["return", "get", "give back", "find"],
        ["set"] = ["set", "change"],
        ["create"] = ["create", "make", "build", "construct"],
        ["make"] = ["make", "create"],
        ["remove"] = ["remove", "delete", "take out"],
        ["add"] = ["add", "append", "put in"],
        ["compute"] = ["compute", "calculate", "work out"],
        ["calculate"] = ["calculate", "compute", "work out"],
        ["tell"] = ["tell", "check", "find out", "return"],
        ["find"] = ["find", "look up", "search for"],
        ["convert"] = ["convert", "turn", "change"],
        ["start"] = ["start", "begin"],
        ["stop"] = ["stop", "halt"],
        ["write"] = ["write", "emit", "output"],
        ["read"] = ["read", "load"],
        ["send"] = ["send", "submit"],
    };

    // Everyday words that a caller uses one for the other. Words with a meaning of their own in code are in no group.
    private static readonly Dictionary<string, string[]> s_alike = new[]
    {
        "largest greatest highest biggest maximum", "smallest lowest least minimum", "current present", "previous former", "next following",
        "begins starts", "ends finishes", "whole entire", "part portion share", "size extent",
        "total sum", "average mean", "remaining left", "under below", "over above", "specified given", "determine find", "message text",
        "errors faults problems", "invalid wrong", "valid correct", "duration span", "moment instant time",
        "newest latest", "oldest earliest", "contains holds has", "contain hold have", "includes has", "allowed permitted",
        "needed required", "several many", "quickly fast", "quantity amount", "number count", "place position", "kind sort",
        "shows displays", "show display", "describes explains", "changes alters", "change alter", "waits pauses", "closed shut",
        "opened open", "empty bare", "full complete", "broken faulty", "near close", "same equal", "different other", "begin start",
        "happens occurs", "happened occurred", "returns gives", "written put", "caller user", "names titles", "title name",
        "order sequence", "collection list", "entries items", "entry item", "piece part", "rest remainder", "limit bound", "until before",
    }.Select(g => g.Split(' '))
        .SelectMany(g => g.Select(w => (Word: w, Others: g.Where(o => o != w).ToArray())))
        .GroupBy(w => w.Word, StringComparer.Ordinal)
        .ToDictionary(g => g.Key, g => g.SelectMany(w => w.Others).ToArray(), StringComparer.Ordinal);

    private const double SummaryShare = 0.5, AlikeShare = 0.3;

    /// <summary>First sentence, on one line, without its full stop.</summary>
    public static string? FirstSentence(string? text)
    {
        if (string.IsNullOrWhiteSpace(text)) return null;
        var line = Blanks().Replace(text, " ").Trim();
        var end = SentenceEnd().Match(line);
        if (end.Success) line = line[..end.Index];
        if (line.IndexOf(" -or- ", StringComparison.Ordinal) is > 0 and var or) line = line[..or];
        return line.TrimEnd('.', '。', ' ') is { Length: > 1 } sentence && (sentence.Length > 2 || IsChinese(sentence)) ? sentence : null;
    }

    /// <summary>What a caller asks for: an imperative without capital and full stop.</summary>
    public static string Request(MemberEntry member, Random random)
    {
        var own = member.Descriptions.Where(d => !IsChinese(d)).ToList();
        if (own.Count == 0 || random.NextDouble() < SummaryShare) return Reword(Vary(Plain(member), random), random);
        var isAction = member.Symbol.Kind is ApiKind.Method or ApiKind.ExtensionMethod or ApiKind.Constructor or ApiKind.Operator;
        return Reword(Vary(Imperative(own[random.Next(own.Count)], isAction), random), random);
    }

    /// <summary>The imperative as the documentation has it, without synonyms.</summary>
    public static string Plain(MemberEntry member)
    {
        var symbol = member.Symbol;
        var sentence = Clip(FirstSentence(symbol.Summary));
        if (sentence is null || IsChinese(sentence)) return FromName(member);
        if (symbol.Kind == ApiKind.EnumMember) return $"return the {Words(member.Owner.Symbol.Name)} for: {LowerFirst(sentence)}";
        if (symbol.Kind == ApiKind.Constructor && sentence.StartsWith("Initializes a new instance", StringComparison.Ordinal))
            return $"create a new {Words(member.Owner.Symbol.Name)}{AfterWith(sentence)}";
        return Imperative(sentence, symbol.Kind is ApiKind.Method or ApiKind.ExtensionMethod or ApiKind.Constructor or ApiKind.Operator);
    }

    /// <summary>What it does in the third person, as it follows "it": "gets the level".</summary>
    public static string ThirdPerson(MemberEntry member)
    {
        var sentence = Clip(FirstSentence(member.Symbol.Summary));
        if (sentence is null || IsChinese(sentence)) return $"uses `{member.Symbol.DisplayName}`";
        var text = LowerFirst(sentence);
        return IsVerb(text.Split(' ')[0]) ? text : $"returns {text}";
    }

    /// <summary>Imperative of a documentation sentence.</summary>
    /// <param name="sentence">Such as "Gets the level" or "The level in litres".</param>
    /// <param name="isAction">Whether the sentence describes an action, so that its first word is taken for a verb.</param>
    public static string Imperative(string sentence, bool isAction)
    {
        var text = LowerFirst(Overridden().Replace(sentence.Trim().TrimEnd('.'), ""));
        foreach (var (from, to) in s_openings)
            if (text.StartsWith(from, StringComparison.Ordinal)) return to + text[from.Length..];
        var words = text.Split(' ', 2);
        if (words.Length == 2 && words[0] == "asynchronously") return Imperative(words[1], isAction) + " asynchronously";
        if (words.Length == 2 && IsVerb(words[0]) && (isAction || words[0] is "gets" or "returns" or "sets" or "raises"))
            return $"{BaseVerb(words[0])} {FollowingVerbs().Replace(words[1], m => m.Groups[1].Value + BaseVerb(m.Groups[2].Value))}";
        return words.Length == 2 && s_describing.Contains(words[0]) ? $"get {words[1]}" : $"get {text}";
    }

    private static readonly HashSet<string> s_describing = new(StringComparer.Ordinal)
    {
        "represents", "specifies", "contains", "holds", "provides", "defines", "identifies", "describes", "indicates"
    };

    private static readonly (string From, string To)[] s_openings =
    [
        ("gets or sets a value indicating whether", "tell whether"), ("gets or sets a value that indicates whether", "tell whether"),
        ("gets a value indicating whether", "tell whether"), ("gets a value that indicates whether", "tell whether"),
        ("determines whether", "tell whether"), ("indicates whether", "tell whether"), ("checks whether", "tell whether"),
        ("returns whether", "tell whether"),
        ("whether", "tell whether"), ("true when", "tell whether"), ("true if", "tell whether"), ("returns true if", "tell whether"),
        ("returns true when", "tell whether"), ("is true when", "tell whether"),
        ("gets or sets", "get"), ("gets or initializes", "get"), ("tries to ", "try to "), ("occurs when", "be told when"),
        ("occurs after", "be told after"), ("raised when", "be told when"), ("raised after", "be told after"),
        ("raised before", "be told before"),
    ];

    /// <summary>What stands after the verb of a "get" request: the noun phrase of a property.</summary>
    public static string Noun(MemberEntry member)
    {
        var plain = Plain(member);
        foreach (var verb in (string[])["get ", "return ", "set "])
            if (plain.StartsWith(verb, StringComparison.Ordinal)) return plain[verb.Length..];
        return plain.StartsWith("tell whether ", StringComparison.Ordinal) ? plain[5..] : $"the {Words(member.Symbol.Name)}";
    }

    /// <summary>The request with another word for its first verb, for a share of cases.</summary>
    public static string Vary(string request, Random random)
    {
        var space = request.IndexOf(' ', StringComparison.Ordinal);
        if (space < 0 || !s_synonyms.TryGetValue(request[..space], out var others)) return request;
        return others[random.Next(others.Length)] + request[space..];
    }

    /// <summary>The request with some everyday words exchanged for others like them; names in backticks stay.</summary>
    public static string Reword(string request, Random random) => string.Join('`', request.Split('`').Select((part, i) => i % 2 == 1 ? part
        : LowerWord().Replace(part,
            m => s_alike.TryGetValue(m.Value, out var others) && random.NextDouble() < AlikeShare
                ? others[random.Next(others.Length)]
                : m.Value)));

    /// <summary>The request in a few words, as a hurried caller writes it, leaving the rest to the signature;
    /// null where words would be missed.</summary>
    public static string? Terse(string request, Random random)
    {
        // Names, texts and numbers cannot be guessed from a signature.
        if (request.AsSpan().IndexOfAny("`\"';:") >= 0 || request.Any(char.IsAsciiDigit) || IsChinese(request)) return null;
        var words = request.Split(' ').Select(w => w.Trim(',', '(', ')')).Where(w => w.Length > 0 && !s_stopWords.Contains(w)).ToList();
        if (words.Count < 2) return null;
        var wanted = random.Next(1, Math.Max(2, Math.Min(5, words.Count)));
        while (words.Count > wanted) words.RemoveAt(random.Next(words.Count));
        return string.Join(' ', words);
    }

    /// <summary>Method name made of the request's content words.</summary>
    public static string MethodName(string request, Random random)
    {
        var words = Word().Matches(request).Select(m => m.Value).Where(w => !s_stopWords.Contains(w) && char.IsAsciiLetter(w[0]))
            .Take(random.Next(2, 4)).ToList();
        return words.Count == 0 ? "Run" : string.Concat(words.Select(w => char.ToUpperInvariant(w[0]) + w[1..]));
    }

    /// <summary><c>FlowRate</c> as "flow rate".</summary>
    public static string Words(string name)
    {
        var bare = name.Split('<')[0].Split('`')[0];
        if (bare.Length > 2 && bare[0] == 'I' && char.IsUpper(bare[1]) && char.IsLower(bare[2])) bare = bare[1..];
        return string.Join(' ',
            NamePart().Matches(bare).Select(m => m.Value.Length > 1 && m.Value.All(char.IsUpper) ? m.Value : m.Value.ToLowerInvariant()));
    }

    /// <summary>Plain words of 3 to 11 letters in the texts, each once, in order of the alphabet;
    /// what only joins others is left out.</summary>
    public static IReadOnlyList<string> CommonWords(IEnumerable<string> texts) =>
        [.. texts.SelectMany(t => PlainWord().Matches(t)).Select(m => m.Value).Where(w => !s_stopWords.Contains(w))
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>"a" or "an" before the words.</summary>
    public static string WithArticle(string words) =>
        words.EndsWith("options", StringComparison.Ordinal) || words.EndsWith("settings", StringComparison.Ordinal)
            ? words : words.Length > 0 && "aeiouAEIOU".Contains(words[0], StringComparison.Ordinal) ? $"an {words}" : $"a {words}";

    public static string UpperFirst(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..];

    public static string LowerFirst(string text) =>
        text.Length == 0
            || (text.Length > 1
                && (char.IsUpper(text[1]) || text.AsSpan(1).IndexOfAnyInRange('A', 'Z') is > 0 and var i && i < text.AsSpan().IndexOf(' ')))
            ? text
            : char.ToLowerInvariant(text[0]) + text[1..];

    public static bool IsChinese(string text) => text.Any(c => c is >= '\u4e00' and <= '\u9fff');

    private static string FromName(MemberEntry member)
    {
        var words = Words(member.Symbol.Name.Replace("Async", "", StringComparison.Ordinal));
        var owner = Words(member.Owner.Symbol.Name);
        return member.Symbol.Kind switch
        {
            ApiKind.Method => $"{words} the {owner}",
            ApiKind.ExtensionMethod => $"{words} the {Words(TypeText.Head(member.Symbol.Parameters[0].Type))}",
            ApiKind.Operator => $"apply `{OperatorSigns.Of(member)}` to the {owner}",
            ApiKind.Indexer => $"look up in the {owner}",
            ApiKind.Constructor => $"create a new {owner}",
            ApiKind.EnumMember => $"return the {owner} {words}",
            _ => $"get the {words} of the {owner}",
        };
    }

    // A long first sentence costs tokens and hides the point; its first clause says what is done.
    private static string? Clip(string? sentence)
    {
        if (sentence is null || sentence.Length <= 150) return sentence;
        var cut = sentence.LastIndexOfAny([',', ';', ':'], 149);
        return cut < 30 ? null : sentence[..cut];
    }

    private static string AfterWith(
        string sentence) => sentence.IndexOf(" with ", StringComparison.Ordinal) is >= 0 and var i ? sentence[i..]
        : sentence.IndexOf(" that ", StringComparison.Ordinal) is >= 0 and var j ? sentence[j..] : "";

    private static bool IsVerb(string word) =>
        word.Length > 3 && word.EndsWith('s') && !word.EndsWith("ss", StringComparison.Ordinal) && word.All(char.IsAsciiLetterLower);

    private static string BaseVerb(string word) => word switch
    {
        _ when word.EndsWith("ies", StringComparison.Ordinal) => word[..^3] + "y",
        _ when word.EndsWith("sses", StringComparison.Ordinal) || word.EndsWith("ches", StringComparison.Ordinal)
            || word.EndsWith("shes", StringComparison.Ordinal)
            || word.EndsWith("xes", StringComparison.Ordinal) || word is "does" or "goes" => word[..^2],
        _ => word[..^1],
    };

    [GeneratedRegex(@"^When (?:overridden|implemented) (?:in|by) a derived class, ")]
    private static partial Regex Overridden();
    [GeneratedRegex(@"(?<![\w.])[a-z]+(?![\w(])")]
    private static partial Regex LowerWord();
    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
    [GeneratedRegex(@"(?<!\b(?:e\.g|i\.e|etc|vs|approx|no))\.(?=\s+[A-Z`(])|。")]
    private static partial Regex SentenceEnd();
    // "and drops the oldest", "then returns it": a verb, since an object follows; "valves and pumps" is none.
    [GeneratedRegex(@"\b((?:and then|then|and|or) )([a-z]{3,}[^s\W]s)(?= (?:the|a|an|its|it|all|every|each|them|that|this|whether|how)\b)")]
    private static partial Regex FollowingVerbs();
    [GeneratedRegex(@"(?<![\w.`])[a-z]{3,11}(?![\w`(])")]
    private static partial Regex PlainWord();
    [GeneratedRegex(@"[A-Za-z][A-Za-z0-9]*")]
    private static partial Regex Word();
    [GeneratedRegex(@"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")]
    private static partial Regex NamePart();
}

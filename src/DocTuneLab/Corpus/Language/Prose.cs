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
        ["get"] = ["get", "return", "read"],
        ["return"] = ["return", "get", "give back"],
        ["set"] = ["set", "change"],
        ["create"] = ["create", "make", "build", "construct"],
        ["make"] = ["make", "create"],
        ["remove"] = ["remove", "delete", "take out"],
        ["compute"] = ["compute", "calculate", "work out"],
        ["calculate"] = ["calculate", "compute", "work out"],
        ["tell"] = ["tell", "check", "find out", "return"],
        ["find"] = ["find", "look up"],
        ["start"] = ["start", "begin"],
        ["stop"] = ["stop", "halt"],
        ["write"] = ["write", "output"],
        ["send"] = ["send", "submit"],
    };

    // Everyday words that a caller uses one for the other wherever they stand. A word that is a noun here and a verb or a preposition
    // there ("close", "under", "present") is in no group, nor one with a meaning of its own in code.
    private static readonly Dictionary<string, string[]> s_alike = new[]
    {
        "largest greatest biggest", "begins starts", "ends finishes", "whole entire", "invalid wrong", "newest latest", "contains holds",
        "allowed permitted", "needed required", "shows displays", "happens occurs", "happened occurred", "rest remainder",
        "specified given",
    }.Select(g => g.Split(' '))
        .SelectMany(g => g.Select(w => (Word: w, Others: g.Where(o => o != w).ToArray())))
        .ToDictionary(w => w.Word, w => w.Others, StringComparer.Ordinal);

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
        var other = own.Count == 0 || member.Symbol.Kind == ApiKind.EnumMember || random.NextDouble() < SummaryShare
            ? null
            : Imperative(Main(own[random.Next(own.Count)]) ?? "", IsAction(member));
        return Reword(Vary(Caller(other, member) ?? Plain(member), random), random);
    }

    /// <summary>The imperative as the documentation has it, without synonyms; in words of the member's name where it has none.</summary>
    public static string Plain(MemberEntry member) => Caller(Documented(member), member)!;

    // "this head" and "the current instance" are what the documentation of a member calls the object; to its caller it is the head.
    private static string? Caller(string? request, MemberEntry member)
    {
        if (request is null) return null;
        // An extension method's instance is what it extends.
        var self = Words(member.Symbol is { Kind: ApiKind.ExtensionMethod, Parameters: [var extended, ..] } ? extended.Name
            : member.Owner.Symbol.Name);
        return ThisOne().Replace(Instance().Replace(ItsOwn().Replace(request, $"$1the {self}'s "), $"the {self}"), "the ");
    }

    private static string Documented(MemberEntry member)
    {
        var symbol = member.Symbol;
        var sentence = Clip(Main(FirstSentence(symbol.Summary)));
        if (sentence is null || IsChinese(sentence)) return FromName(member);
        if (symbol.Kind == ApiKind.EnumMember) return $"return the {Words(member.Owner.Symbol.Name)} documented as \"{sentence}\"";
        if (symbol.Kind == ApiKind.Constructor && sentence.StartsWith("Initializes a new instance", StringComparison.Ordinal))
            return $"create a new {Words(member.Owner.Symbol.Name)}{AfterWith(sentence)}";
        return Imperative(sentence, IsAction(member)) ?? FromName(member);
    }

    private static bool IsAction(MemberEntry member) =>
        member.Symbol.Kind is ApiKind.Method or ApiKind.ExtensionMethod or ApiKind.Constructor or ApiKind.Operator;

    // What stands behind a semicolon or a colon comments on what is done; without it the sentence is whole.
    private static string? Main(string? sentence)
    {
        if (sentence is null || IsChinese(sentence)) return sentence;
        var end = Aside().Match(sentence);
        return end.Success && sentence.AsSpan(0, end.Index).Count(' ') >= 1 ? sentence[..end.Index].TrimEnd() : sentence;
    }

    /// <summary>What it does in the third person, as it follows "it": "gets the level".</summary>
    public static string ThirdPerson(MemberEntry member)
    {
        var sentence = Clip(Main(FirstSentence(member.Symbol.Summary)));
        if (sentence is null || IsChinese(sentence)) return $"uses `{member.Symbol.DisplayName}`";
        var text = LowerFirst(sentence);
        return IsVerb(text.Split(' ')[0]) ? text : $"returns {text}";
    }

    /// <summary>What an imperative of several steps asks for, told in the third person as it follows "it": "gets the level, then tells
    /// whether …".</summary>
    public static string Telling(string request) => string.Join('`', request.Split('`').Select((part, i) => i % 2 == 1 ? part
        : Told().Replace(part, m => (i > 0 && m.Index == 0) || !RequestForm.IsUsualVerb(m.Groups["verb"].Value)
            ? m.Value
            : m.Groups["lead"].Value + ThirdPerson(m.Groups["verb"].Value))));

    /// <summary>What a sentence of the documentation says, as an answer by itself: "What a gate is doing" of <c>GateState</c> is
    /// "`GateState` says what a gate is doing", "A height" is "It is a height". Null where it is a scrap that makes no sentence.</summary>
    /// <param name="sentence">The sentence, without its full stop.</param>
    /// <param name="name">What is asked about.</param>
    /// <param name="isAction">Whether that gives what the sentence names, and is not it.</param>
    public static string? Whole(string sentence, string name, bool isAction)
    {
        if (IsChinese(sentence)) return sentence;
        var text = LowerFirst(sentence);
        var words = text.Split(' ', 2);
        if (RequestForm.IsAsking(words[0]) && words[0] != "when") return $"`{name}` says {text}";
        // A lone word says all where it is a verb; "settings of a plant" are things, and what is behind "which" tells of them.
        if (words.Length < 2) return sentence;
        var isPlural = IsVerb(words[0]) && AfterNoun().IsMatch(words[1]) && !RequestForm.IsUsualVerb(BaseVerb(words[0]));
        if (IsVerb(words[0]) && !isPlural || words[0] is "is" or "has" or "was") return sentence;
        var main = RelativeClause().Split(text)[0];
        if (FiniteVerb().IsMatch(main)) return sentence;
        if (isPlural) return isAction ? $"It gives {text}" : $"They are {text}";
        // "The gate moves" tells something, "the number of moves" is a thing: which of the two it is cannot be said by the words.
        var rest = words[1].Split(' ');
        if (!RequestForm.IsDeterminer(words[0]) || IsVerb(rest[0])
            || RelativeClause().Split(words[1])[0].Split(' ').Skip(1).Any(w => IsVerb(w) && RequestForm.IsUsualVerb(BaseVerb(w))))
            return null;
        return isAction ? $"It gives {text}" : $"It is {text}";
    }

    /// <summary>A verb as in requests, in the third person.</summary>
    private static string ThirdPerson(string verb) => verb switch
    {
        "do" or "go" => verb + "es",
        "be" => "is",
        "have" => "has",
        _ when verb.EndsWith('y') && !"aeiou".Contains(verb[^2], StringComparison.Ordinal) => verb[..^1] + "ies",
        _ when verb.EndsWith('s') || verb.EndsWith('x') || verb.EndsWith("ch", StringComparison.Ordinal)
            || verb.EndsWith("sh", StringComparison.Ordinal) => verb + "es",
        _ => verb + "s",
    };

    /// <summary>Imperative of a documentation sentence; null where it is neither what is done nor what a value is.</summary>
    /// <param name="sentence">Such as "Gets the level" or "The level in litres".</param>
    /// <param name="isAction">Whether the sentence describes an action, so that its first word is taken for a verb.</param>
    public static string? Imperative(string sentence, bool isAction)
    {
        // How a result is handed over, the signature says, which may do so in another way.
        // "Did it succeed?" is answered.
        if (sentence.TrimEnd().EndsWith('?') && !IsChinese(sentence)) return $"answer \"{sentence.Trim()}\"";
        var text = LowerFirst(Handover().Replace(Overridden().Replace(sentence.Trim().TrimEnd('.'), ""), ""));
        text = GetsOrSets().Replace(text, "gets or sets");
        // "When it is applied to lists, sets the bound" says first what it does.
        if (Introduced().Match(text) is { Success: true } introduced && introduced.Groups[2].Value is var does
            && (s_describing.Contains(does) || does is "gets" or "returns" || RequestForm.IsUsualVerb(BaseVerb(does))))
            text = $"{does}{introduced.Groups[3].Value} {introduced.Groups[1].Value}";
        // "When reading it will …" tells of a time, and asks for nothing.
        if (isAction && text.StartsWith("when ", StringComparison.Ordinal)) return null;
        foreach (var (from, to) in s_openings)
            if (text.StartsWith(from, StringComparison.Ordinal))
                return to == "get" ? Value("get", text[from.Length..].Trim()) : to + text[from.Length..];
        var words = text.Split(' ', 2);
        if (words.Length < 2) return null;
        if (words[0] is "explicitly" or "implicitly") return Imperative(words[1], isAction);
        if (words[0] == "asynchronously") return Imperative(words[1], isAction) is { } later ? later + " asynchronously" : null;
        // "Readings of a day" is a thing, "reads of the log" is none.
        // "Put in one more" tells what to do, "state of the gate" names a thing.
        if (RequestForm.IsUsualVerb(words[0]) && (isAction ? !words[1].StartsWith("of ", StringComparison.Ordinal)
            : !AfterNoun().IsMatch(words[1])))
            return isAction ? text : null;
        // "Notes that the sill was dredged", "Searches for the object": of an action a usual verb says what is done.
        if (isAction && ActionEnd().IsMatch(words[1]) && IsVerb(words[0])
            && RequestForm.IsUsualVerb(BaseVerb(words[0])))
            return $"{BaseVerb(words[0])} {FollowingVerbs().Replace(words[1], m => m.Groups[1].Value + BaseVerb(m.Groups[2].Value))}";
        // "Customize" need not be in any list.
        if (isAction && words[0].Length > 5 && (words[0].EndsWith("ize", StringComparison.Ordinal)
            || words[0].EndsWith("ify", StringComparison.Ordinal)))
            return text;
        var isNoun = !IsVerb(words[0])
            || (AfterNoun().IsMatch(words[1]) && words[0] is not ("gets" or "returns" or "consists" or "disposes"));
        if (isNoun) return Value("get", text);
        if (words[0] is "gets" or "returns") return Value(words[0][..^1], words[1]);
        if (s_describing.Contains(words[0])) return Value("get", words[1]);
        // A property that "creates a parser" is such a parser.
        if (!isAction && words[0] is ("creates" or "builds" or "makes" or "constructs")) return Value("get", words[1]);
        return isAction || words[0] is "sets" or "raises"
            ? $"{BaseVerb(words[0])} {FollowingVerbs().Replace(words[1], m => m.Groups[1].Value + BaseVerb(m.Groups[2].Value))}"
            : null;
    }

    // A thing to get: with an article, or as an indirect question. A lone word, or a verb, is none.
    private static string? Value(string verb, string text)
    {
        var words = text.Split(' ', 2);
        if (text.StartsWith("whether ", StringComparison.Ordinal)) return $"tell {text}";
        if (RequestForm.IsAsking(words[0])) return words.Length == 2 ? $"find out {text}" : null;
        // "The water is still" tells something.
        if (Being().IsMatch(RelativeClause().Split(text)[0])) return null;
        // "You want to hear of it" tells when, and names nothing.
        if (RequestForm.IsPerson(words[0])) return null;
        if (RequestForm.IsDeterminer(words[0]) || words[0].StartsWith('`')) return words.Length == 2 ? $"{verb} {text}" : null;
        if (words.Length < 2 || s_stopWords.Contains(words[0]) || s_prepositions.Contains(words[0])
            || (IsVerb(words[0]) && !AfterNoun().IsMatch(words[1])))
            return null;
        return char.IsUpper(text[0]) ? $"{verb} {text}" : $"{verb} the {text}";
    }

    private static readonly HashSet<string> s_prepositions = new(StringComparer.Ordinal)
    {
        "after", "before", "when", "while", "under", "over", "above", "below", "between", "within", "without", "until", "during", "same",
        "then", "so", "but", "also", "otherwise", "yes", "there", "not", "default", "defaults",
    };

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
        ("gets or sets", "get"), ("gets or initializes", "get"), ("gets or inits", "get"),
        ("tries to ", "try to "), ("occurs when", "be told when"),
        ("occurs after", "be told after"), ("raised when", "be told when"), ("raised after", "be told after"),
        ("raised before", "be told before"),
    ];

    /// <summary>What stands after the verb of a "get" request: the noun phrase of a property.</summary>
    public static string Noun(MemberEntry member)
    {
        var plain = Plain(member);
        // Beside others it must be short: its first clause.
        foreach (var verb in (string[])["get ", "return ", "set "])
            if (plain.StartsWith(verb, StringComparison.Ordinal) && plain[verb.Length..].Split(", ")[0] is var noun && !noun.Contains('"'))
                return noun;
        return plain.StartsWith("tell whether ", StringComparison.Ordinal) ? plain[5..] : $"the {Words(member.Symbol.Name)}";
    }

    /// <summary>The request with another word for its first verb, for a share of cases.</summary>
    public static string Vary(string request, Random random)
    {
        var space = request.IndexOf(' ', StringComparison.Ordinal);
        if (space < 0 || !s_synonyms.TryGetValue(request[..space], out var others)) return request;
        if (request.StartsWith("find out ", StringComparison.Ordinal)) return request;
        // What is new is not there to be found.
        if (New().IsMatch(request)) others = [.. others.Where(o => o is not ("find" or "look up" or "read"))];
        // "Find a new berth" has no other word.
        return others.Length == 0 ? request : others[random.Next(others.Length)] + request[space..];
    }

    /// <summary>The request with some everyday words exchanged for others like them; names in backticks stay.</summary>
    public static string Reword(string request, Random random) => string.Join('`', request.Split('`').Select((part, i) => i % 2 == 1 ? part
        : LowerWord().Replace(part,
            m => s_alike.TryGetValue(m.Value, out var others) && random.NextDouble() < AlikeShare
                ? others[random.Next(others.Length)]
                : m.Value)));

    /// <summary>The request without what follows its main clause, as a hurried caller writes it, leaving the rest to the signature; null
    /// where nothing can go, or what is left says too little.</summary>
    public static string? Short(string request)
    {
        // Texts and numbers cannot be guessed from a signature.
        if (request.AsSpan().IndexOfAny("\"';:=") >= 0 || request.Any(char.IsAsciiDigit) || IsChinese(request)) return null;
        // "The most readings that the log keeps" needs its clause, and none of those ends it.
        var end = Subordinate().Match(request);
        if (!end.Success || end.Index < 8) return null;
        var main = request[..end.Index].TrimEnd(',', ' ');
        return main.Split(' ').Count(w => !s_stopWords.Contains(w)) >= 3 ? main : null;
    }

    /// <summary>Whether a word only joins others.</summary>
    public static bool IsStopWord(string word) => s_stopWords.Contains(word);

    /// <summary>The verb, as in requests, with which a sentence about a method begins; null where it does with none.</summary>
    public static string? VerbOf(string? summary)
    {
        var words = LowerFirst(FirstSentence(summary) ?? "").Split(' ', 2);
        return words.Length == 2 && IsVerb(words[0]) && !AfterNoun().IsMatch(words[1]) ? BaseVerb(words[0]) : null;
    }

    /// <summary>Method name made of the content words of the request's first clause: what is done to what.</summary>
    public static string MethodName(string request, Random random)
    {
        var text = ForEach().Replace(Quoted().Replace(request, " "), "");
        var (first, all) = (Content(ClauseEnd().Split(text)[0]), Content(text));
        List<string> words = [.. (first.Count < 2 ? all : first).Take(random.Next(3, 5))];
        return words.Count == 0 ? "Run" : string.Concat(words.Select(UpperFirst));

        static List<string> Content(string text) => [.. Word().Matches(text).Select(m => m.Value)
            .Where(w => !s_stopWords.Contains(w) && !s_unnamed.Contains(w) && char.IsAsciiLetter(w[0]))];
    }

    /// <summary>Whether a sentence says more than names do that stand beside it: "Creates a gate" says no more than
    /// <c>new WeirGate()</c>.</summary>
    /// <param name="text">The sentence.</param>
    /// <param name="names">Text with the names.</param>
    public static bool SaysMore(string text, string names)
    {
        if (IsChinese(text)) return true;
        var known = NamePart().Matches(names).Select(m => Stem(m.Value)).ToHashSet(StringComparer.Ordinal);
        return Word().Matches(text).Select(m => m.Value.ToLowerInvariant())
            .Any(w => !s_stopWords.Contains(w) && !s_bare.Contains(IsVerb(w) ? BaseVerb(w) : w) && !known.Contains(Stem(w)));

        static string Stem(string word) => word.ToLowerInvariant().TrimEnd('s') is var stem && stem.EndsWith('e') ? stem[..^1] : stem;
    }

    // Words that join the others of a request, and name nothing in a method's name.
    private static readonly HashSet<string> s_unnamed = new(StringComparer.OrdinalIgnoreCase)
    {
        "how", "what", "those", "these", "one", "ones", "two", "all", "each", "every", "through", "out", "there", "so", "many", "much",
        "can", "depending", "where", "when", "who", "them", "other", "another", "some", "any", "no", "not", "only", "but", "than",
        "whichever", "back", "up", "far", "was", "were", "has", "have", "does", "do",
    };

    // Verbs that say no more than that something is made or had.
    private static readonly HashSet<string> s_bare = new(StringComparer.Ordinal)
    {
        "get", "return", "read", "give", "create", "make", "build", "construct", "initialize", "initialise", "instance", "result",
    };

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
            ApiKind.Method or ApiKind.ExtensionMethod when member.Symbol.IsStatic || member.Symbol.Kind == ApiKind.ExtensionMethod =>
                $"call `{member.Owner.Path}.{member.Symbol.Name}`",
            ApiKind.Method => $"call `{member.Symbol.Name}` on the {owner}",
            ApiKind.Operator => $"apply `{OperatorSigns.Of(member)}` to the {owner}",
            ApiKind.Indexer => $"look up an entry of the {owner}",
            ApiKind.Constructor => $"create {WithArticle("new " + owner)}",
            ApiKind.EnumMember => $"return the {owner} `{member.Symbol.Name}`",
            ApiKind.Event => $"be told by `{member.Symbol.Name}` of the {owner}",
            _ when member.Symbol.IsStatic => $"get `{member.Owner.Path}.{member.Symbol.Name}`",
            _ when words.StartsWith("is ", StringComparison.Ordinal) => $"tell whether the {owner} {words}",
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

    private static string AfterWith(string sentence) =>
        sentence.IndexOf(" with ", StringComparison.Ordinal) is >= 0 and var i ? sentence[i..]
        : sentence.IndexOf(" that ", StringComparison.Ordinal) is >= 0 and var j ? sentence[j..]
        : "";

    private static bool IsVerb(string word) =>
        word.Length > 3 && word.EndsWith('s') && !word.EndsWith("ss", StringComparison.Ordinal) && word.All(char.IsAsciiLetterLower);

    /// <summary>A verb in the third person, as in requests.</summary>
    public static string BaseVerb(string word) => word switch
    {
        _ when word.EndsWith("ies", StringComparison.Ordinal) => word[..^3] + "y",
        _ when word.EndsWith("sses", StringComparison.Ordinal) || word.EndsWith("ches", StringComparison.Ordinal)
            || word.EndsWith("shes", StringComparison.Ordinal)
            || word.EndsWith("xes", StringComparison.Ordinal) || word is "does" or "goes" => word[..^2],
        _ => word[..^1],
    };

    // The verb of a step: at the beginning, behind "then" and the like, or behind "and" where an object follows.
    [GeneratedRegex(@"(?<lead>^|[,;] then |\band then |; |\botherwise |[,;] (?:if|for) [^,;]*, |; if that fails )"
        + @"(?<verb>(?!(?:otherwise|then|if|for)\b)[a-z]+)(?![\w'])"
        + @"|(?<lead>\band )(?<verb>[a-z]+)"
        + @"(?= (?:the|a|an|its|it|all|every|each|them|that|this|those|whether|how|by how|what|null|true|false|out|up"
        + @"|everyone|everybody|everything|nothing|one|another)\b| [`""\d])")]
    private static partial Regex Told();
    [GeneratedRegex(@"\b(?:that|which|who|whose|where|when|if|as|than|how|what|because|so)\b")]
    private static partial Regex RelativeClause();
    [GeneratedRegex(@"\b(?:is|are|was|were|has|have|had|can|cannot|may|must|does|do|will|did|should|would|could|needs|went|came)\b")]
    private static partial Regex FiniteVerb();
    [GeneratedRegex(@" (?:is|are|was|were)\b")]
    private static partial Regex Being();
    [GeneratedRegex(@"[,]? as an? `?(?:IAsyncEnumerable|IEnumerable|Task|ValueTask)\b(?:<[^>]*>+)?`?")]
    private static partial Regex Handover();
    [GeneratedRegex(@"^When (?:overridden|implemented) (?:in|by) a derived class, ")]
    private static partial Regex Overridden();
    [GeneratedRegex(@"^gets?(?: ?/ ?| or | and )sets?\b")]
    private static partial Regex GetsOrSets();
    [GeneratedRegex(@"^(when [^,]+), (?:it )?([a-z]+s)( .+)$")]
    private static partial Regex Introduced();
    [GeneratedRegex(@"(?<![\w.])[a-z]+(?![\w(])")]
    private static partial Regex LowerWord();
    [GeneratedRegex(@"\b(?:this|the current) (?:instance|object|collection|structure|value)\b")]
    private static partial Regex Instance();
    [GeneratedRegex(@"\bthis (?=[a-z]+\b)(?!(?:is|was|one|has|does)\b)")]
    private static partial Regex ThisOne();
    // Before anything is named, "its" is the object's.
    [GeneratedRegex("^((?:get|return|set|tell whether) )its ")]
    private static partial Regex ItsOwn();
    [GeneratedRegex("^(?:get|return|find) (?:an?|(?:the |a )?new) ")]
    private static partial Regex New();
    [GeneratedRegex(@"\s*(?:;|:(?=\s)| [-–—] )")]
    private static partial Regex Aside();
    [GeneratedRegex(@"^(?:of|in|that|which|for|with|from|at|by|as|on|to|between|under|over|above|below|per|so)\b")]
    private static partial Regex AfterNoun();
    [GeneratedRegex("^(?:that|for|to|at|with) ")]
    private static partial Regex ActionEnd();
    [GeneratedRegex(@",? (?:so that|such as|because|with|by) |, ")]
    private static partial Regex Subordinate();
    [GeneratedRegex(@"^(?:for each|go through) .*?(?:, | and )")]
    private static partial Regex ForEach();
    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Quoted();
    [GeneratedRegex(@"[;:,]| and (?:then )?(?=[a-z]+ (?:the|a|an|to|it|that|by) )| then ")]
    private static partial Regex ClauseEnd();
    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
    [GeneratedRegex(@"(?<!\b(?:e\.g|i\.e|etc|vs|approx|no))\.(?=\s+[A-Z`(])|。")]
    private static partial Regex SentenceEnd();
    // "and drops the oldest", "then returns it": a verb, since an object follows; "valves and pumps" is none.
    [GeneratedRegex(@"\b((?:and then|then|and|or) )([a-z]{3,}[^s\W]s)"
        + @"(?= (?:the|a|an|its|it|all|every|each|them|that|this|those|whether|how|what|everyone|everybody|everything|nothing|one"
        + @"|another)\b)")]
    private static partial Regex FollowingVerbs();
    [GeneratedRegex(@"(?<![\w.`])[a-z]{3,11}(?![\w`(])")]
    private static partial Regex PlainWord();
    [GeneratedRegex(@"[A-Za-z][A-Za-z0-9]*")]
    private static partial Regex Word();
    [GeneratedRegex(@"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")]
    private static partial Regex NamePart();
}

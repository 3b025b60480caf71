using System.Text.RegularExpressions;
using DocTuneLab.Library;

namespace DocTuneLab.Corpus.Language;

/// <summary>
/// Tells requests that somebody would write from scraps of documentation: a verb with what it is about, or a whole question. Verbs are
/// those of everyday requests and those with which the library's methods are described.
/// </summary>
internal sealed partial class RequestForm
{
    private static readonly HashSet<string> s_verbs =
    [
        .. ("accept add adjust advance allow answer append apply arrange ask assign attach average await begin bind block book "
        + "break bring build calculate call cancel cap change charge check choose clamp clean clear clone close collect combine "
        + "compare complete compose compute configure connect construct consume convert copy count create cut decide declare "
        + "decode decrease define delete derive describe determine disable dispose divide do draft drain draw drop emit enable "
        + "encode end ensure enter enumerate estimate evaluate exchange execute expect explain export express extend extract "
        + "fetch fill filter find finish fix flatten flip fold follow force format free gather generate get give go group guard "
        + "halt hand handle have hold identify ignore implement import increase indicate init initialise initialize insert inspect "
        + "install invoke iterate join keep label leave let limit link list listen load lock log look lower make map mark match "
        + "measure merge mix modify move multiply name normalise normalize note notify obtain observe offer omit open operate "
        + "order pack pair parse pass pause pick place plan play point pop post pour prepare present press print process produce "
        + "provide publish pull push put query queue raise rank read rebuild recall receive record reduce refresh refuse "
        + "register release remove rename render repeat replace report request require reset resize resolve restart restore "
        + "retrieve retry return reverse rewrite round run save say scale schedule search see select send separate serialise "
        + "serialize set settle share shift show shut signal simulate skip sleep solve sort specify split spread start state "
        + "step stop store stream submit subscribe subtract sum summarise summarize supply suspend swap switch take tell test "
        + "throw time trace track transfer transform translate trim truncate try turn unlock unsubscribe update use validate "
        + "verify wait walk warn watch work wrap write yield").Split(' '),
    ];

    // What can stand before a noun, or for one.
    private static readonly HashSet<string> s_determiners =
    [
        .. ("the a an all each every any some no its their his her your my our this that these those both either neither one two "
        + "three four five six seven eight nine ten many much more most several another other such only just at exactly new true "
        + "false null it them itself everything something anything nothing").Split(' '),
    ];

    private static readonly HashSet<string> s_asking = ["how", "what", "which", "when", "where", "who", "whose", "why", "whether"];

    private static readonly HashSet<string> s_persons = ["i", "you", "we", "he", "she", "they"];

    // No thing begins with these: "the you want", "an for iterating".
    private static readonly HashSet<string> s_noNouns = [.. s_persons, "the", "a", "an", "and", "or", "of", "whether", "for", "from",
        "with", "by", "at", "into", "is", "are", "was", "were", "which", "when", "if"];

    private static readonly HashSet<string> s_dangling = ["the", "a", "an", "of", "and", "or", "than", "whether", "if", "because", "with",
        "from", "into", "its", "their", "every", "each", "per", "as", "which", "but", "nor"];

    private static readonly HashSet<string> s_frames =
    [
        .. ("i i'm i'd we you please given for let how what which who whose when where why is are does do did can could may might "
        + "must should would will has have if after before once while using here there").Split(' '),
    ];

    private static readonly HashSet<string> s_giving = ["return", "get", "give", "fetch", "find", "read", "compute", "calculate"];

    private readonly HashSet<string> _verbs;

    /// <summary>Forms of requests about a library.</summary>
    public RequestForm(IEnumerable<ApiSymbol> symbols) =>
        _verbs = [.. s_verbs, .. symbols.Where(s => s.Kind is ApiKind.Method or ApiKind.ExtensionMethod)
            .Select(s => Prose.VerbOf(s.Summary)).OfType<string>()];

    /// <summary>What can stand before a noun.</summary>
    public static bool IsDeterminer(string word) => s_determiners.Contains(word) || (word.Length > 0 && !char.IsAsciiLetter(word[0]));

    /// <summary>Whether a word stands for who does something.</summary>
    public static bool IsPerson(string word) => s_persons.Contains(word.ToLowerInvariant());

    /// <summary>Whether a word is a verb of everyday requests, as they use it.</summary>
    public static bool IsUsualVerb(string word) => s_verbs.Contains(word);

    /// <summary>Whether a word begins an indirect question.</summary>
    public static bool IsAsking(string word) => s_asking.Contains(word);

    /// <summary>Whether a text tells somebody to do something: its first word is a verb, and something follows.</summary>
    public bool IsImperative(string text)
    {
        var words = Words(text.Split('.', '。')[0]);
        return words.Count >= 3 && _verbs.Contains(words[0].ToLowerInvariant()) && !IsCode(words[0]) && Fault(text) is null;
    }

    /// <summary>Why a text is no request that somebody would write, in a few words; null where it is one.</summary>
    /// <param name="text">Instruction or question; code in fences is not looked at.</param>
    public string? Fault(string text)
    {
        var plain = Fence().Replace(text, " ").Trim();
        if (plain.Length == 0) return text.Trim().Length == 0 ? "empty" : null;
        if (Prose.IsChinese(Span().Replace(plain, ""))) return InChinese(plain);
        var sentences = End().Split(Span().Replace(plain, " ` ")).Select(s => s.Trim())
            .Where(s => s.Any(c => char.IsLetter(c) || c == '`')).ToList();
        if (sentences.Count == 0) return "says nothing";
        if (Insider().Match(plain) is { Success: true } insider) return $"speaks of '{insider.Value}' as only the documentation can";
        if (sentences.Select(Broken).FirstOrDefault(f => f is not null) is { } broken) return broken;
        return sentences.Exists(Asks) ? null : "neither tells what to do nor asks a question";
    }

    private static string? InChinese(string text)
    {
        var code = Span().Count(text);
        var bare = Span().Replace(text, "`");
        if (bare.Count(c => c is >= '\u4e00' and <= '\u9fff') < (code > 0 ? 2 : 4)) return "says too little";
        if (EnglishRun().Match(bare) is { Success: true } run) return $"changes its language at '{run.Value.Trim()}'";
        return ChineseDangling().Match(bare) is { Success: true } end ? $"breaks off at '{end.Value}'" : null;
    }

    private string? Broken(string sentence)
    {
        var words = Words(sentence);
        if (words.Count == 0) return null;
        var lower = words.ConvertAll(w => w.ToLowerInvariant());
        var last = lower[^1];
        if (!sentence.EndsWith('?') && s_dangling.Contains(last) && !(words.Count > 1 && lower[^2].EndsWith("ed", StringComparison.Ordinal))
            && !char.IsUpper(words[^1][0]))
            return $"breaks off at '{last}'";
        for (var i = 0; i + 1 < lower.Count; i++)
        {
            var (word, next) = (lower[i], lower[i + 1]);
            if (word == next && word is "the" or "a" or "an" or "of" or "to" or "and" or "or") return $"says '{word}' twice";
            if (word is "the" or "a" or "an" && s_noNouns.Contains(next) && !IsCode(words[i + 1]))
                return $"has nothing between '{word}' and '{next}'";
            var isNoun = i > 0 && lower[i - 1] is "the" or "a" or "an" or "which";
            if (!s_giving.Contains(word) || isNoun) continue;
            // "return look at it", "get closes the gate": a sentence put behind a verb that wants a thing.
            if (IsDeterminer(next) || s_asking.Contains(next) || IsCode(next) || i + 2 >= lower.Count) continue;
            var after = lower[i + 2];
            var finite = next is "is" or "was" or "are" or "were" or "has" or "be";
            var verb = _verbs.Contains(next) || (next.EndsWith('s') && _verbs.Contains(Prose.BaseVerb(next)));
            var takes = after is "the" or "a" or "an" or "it" or "its" or "them" or "that" or "this" or "whether";
            var leads = after is "at" or "to" or "up" or "down" or "off" && i + 3 < lower.Count && lower[i + 3] is "it" or "them";
            if (finite || (verb && (takes || leads)))
                return $"has a sentence behind '{word}'";
        }
        // "what far": a question word needs a clause.
        for (var i = 1; i < lower.Count; i++)
            if (lower[i] is "how" or "what" or "who" or "whose" or "why" or "whether" && lower.Count - i < 3 && !sentence.EndsWith('?'))
                return $"breaks off behind '{lower[i]}'";
        return null;
    }

    private bool Asks(string sentence)
    {
        var words = Words(sentence);
        var content = words.Count(w => IsCode(w) || !Prose.IsStopWord(w));
        if (content == 0) return false;
        if (sentence.EndsWith('?')) return words.Count >= 3 || (words.Count == 2 && words.Exists(IsCode));
        var first = words[0].ToLowerInvariant();
        if (words.Exists(IsCode) && words.Count == 2) return _verbs.Contains(first);
        if (words.Count < 3) return false;
        return _verbs.Contains(first) || s_frames.Contains(first) || words.Exists(w => w is "____") || words.Count >= 6;
    }

    private static bool IsCode(string word) => word is "`" || word.Any(char.IsAsciiDigit)
        || (word.Length > 1 && word.AsSpan(1).ContainsAnyInRange('A', 'Z'))
        || word.Contains('.', StringComparison.Ordinal) || word.Contains('_', StringComparison.Ordinal);

    private static List<string> Words(string sentence) => [.. Word().Matches(sentence).Select(m => m.Value)];

    [GeneratedRegex(@"(`{3,}|~{3,}).*?(?:\1|\z)", RegexOptions.Singleline)]
    private static partial Regex Fence();
    [GeneratedRegex(@"\b(?:this|the current) instance\b|\btype T\b|\b__[A-Za-z]\w*")]
    private static partial Regex Insider();
    [GeneratedRegex("`[^`\n]+`")]
    private static partial Regex Span();
    [GeneratedRegex(@"(?<=[.!?])\s+(?=[\p{Lu}`])|\n{2,}")]
    private static partial Regex End();
    [GeneratedRegex(@"[\p{L}\p{Nd}_]+(?:[.'’-][\p{L}\p{Nd}_]+)*|`|____")]
    private static partial Regex Word();
    [GeneratedRegex(@"(?:(?<![\w.])[a-z]{2,}[ ,]+){4,}[a-z]{2,}(?![\w.(])")]
    private static partial Regex EnglishRun();
    [GeneratedRegex(@"(?:和|把|与|或|被|从|向|以及|并且|而且)(?=[。！？]|$)")]
    private static partial Regex ChineseDangling();
}

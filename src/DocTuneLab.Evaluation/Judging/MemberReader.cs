using System.Text.RegularExpressions;
using DocTuneLab.Conversations;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Suites;

namespace DocTuneLab.Evaluation.Judging;

/// <summary>
/// Reads from an answer whether it says that a member does not exist, or treats it as there. A denial is a sentence that says of the
/// member, its type, or nothing else by name, that there is none; not one that says so of a parameter or a file, or under a condition.
/// Whoever denies a member and calls it all the same, doubts, or says nothing, says neither.
/// </summary>
internal static partial class MemberReader
{
    /// <summary>Version of the rule.</summary>
    public const int Version = 1;

    /// <summary>Reads an answer.</summary>
    public static MemberResult Read(MemberTask task, string answer) =>
        new(task.Id, answer, task.Exists, task.Wording, Denies(task.Question, task.Member, answer)) { Member = task.Member };

    private static bool? Denies(string question, string member, string answer)
    {
        var text = Reasoning.Cut(Reasoning.Clean(answer)).Trim();
        if (text.Length == 0) return null;
        var dot = member.LastIndexOf('.');
        var (type, name) = (member[..dot].Split('<')[0], member[(dot + 1)..]);
        // Comments are prose that stands in code.
        var code = string.Concat(Fence().Matches(text).Select(m => m.Value));
        var prose = Fence().Replace(text, m => string.Join('\n', Comment().Matches(m.Value).Select(c => c.Groups[1].Value)));
        var denial = Sentence().Split(prose).FirstOrDefault(s => IsDenial(s, type, name));
        if (denial is not null || SaysNo(question, prose))
            return Regex.IsMatch(Comment().Replace(code, ""), $@"\.\s*{Regex.Escape(name)}(?!\w)") ? null : true;
        if (Doubt().IsMatch(prose)) return null;
        if (SaysYes(question, prose) || code.Length > 0 || prose.Contains('`', StringComparison.Ordinal)
            || Regex.IsMatch(text, $@"(?<!\w){Regex.Escape(name)}(?!\w)"))
            return false;
        return Content().Count(prose) >= 3 || Cjk().Count(prose) >= 4 ? false : null;
    }

    private static bool IsDenial(string sentence, string type, string name)
    {
        var plain = sentence.Replace("’", "'", StringComparison.Ordinal).Replace("`", "", StringComparison.Ordinal)
            .Replace("*", "", StringComparison.Ordinal).Replace("\"", "", StringComparison.Ordinal);
        // The names as words that the patterns know.
        plain = Regex.Replace(plain, $@"(?<!\w)(?:{Regex.Escape(type)}(?:<[^>]*>)?\s*\.\s*)?{Regex.Escape(name)}(?:\([^)]*\))?(?!\w)",
            " THEMEMBER ");
        plain = Regex.Replace(plain, $@"(?<!\w){Regex.Escape(type)}(?:<[^>]*>)?(?!\w)", " THETYPE ");
        return Missing().Matches(plain).Any(m => !Condition().IsMatch(plain[..m.Index]) && !Other().IsMatch(plain[m.Index..]))
            || Absent().Matches(plain).Any(m => !Condition().IsMatch(plain[..m.Index])
                && (plain[..m.Index].Contains("THE", StringComparison.Ordinal) || Pronoun().IsMatch(plain[..m.Index])));
    }

    private static bool SaysNo(string question, string prose) => IsYesNo(question) && No().IsMatch(prose);

    private static bool SaysYes(string question, string prose) => IsYesNo(question) && Yes().IsMatch(prose);

    private static bool IsYesNo(string question) => YesNo().IsMatch(question);

    [GeneratedRegex(@"^[ \t]*(`{3,}|~{3,}).*?(?:^[ \t]*\1[ \t]*$|\z)", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
    [GeneratedRegex(@"//+\s*([^\n]*)")]
    private static partial Regex Comment();
    [GeneratedRegex(@"(?<=[.!?;])\s+|[。！？；\n]+")]
    private static partial Regex Sentence();

    // What is missing: the member, its type, or what such things are called.
    private const string Thing = @"(?:THEMEMBER|THETYPE|members?|methods?|propert(?:y|ies)|fields?|events?|functions?|types?|class(?:es)?"
        + @"|enum|value|thing|API)\b";
    private const string Adverb = @"(?:(?:actually|currently|seem to|appear to)\s+)?";
    private const string State = @"(?:(?:an?|the)\s+)?(?:\w+\s+){0,2}?(?:member|method|property|part|type|defined|declared|available|found"
        + @"|there|valid|real|legitimate)\b";

    // "has no member", "there is no such method": what is missing is said behind it.
    [GeneratedRegex(@"\b(?:has|have|had|contains?|declares?|defines?|provides?|offers?|exposes?|includes?)\s+no\s+(?:\w+\s+){0,2}?" + Thing
        + @"|\b(?:do|does|did)\s*(?:not|n't)\s+" + Adverb + @"(?:have|contain|declare|define|provide|offer|expose|include|support)\s+"
        + @"(?:(?:an?|any|the|such|such a)\s+)*(?:\w+\s+)?" + Thing
        + @"|\bthere(?:\s+is|'s|\s+are|\s+was)(?:\s+(?:no|not any|not an?)|n't\s+(?:an?|any))\s+(?:\w+\s+){0,2}?" + Thing
        + @"|\bthere\s+isn't\s+(?:an?|any)\s+(?:\w+\s+){0,2}?" + Thing
        + @"|\bno such (?:\w+ )?" + Thing + @"|\bno (?:member|method|property|field|event|type) (?:called|named|with)\b"
        + @"|(?:没有|无|不包含|未定义|没有定义|并无|找不到|没有提供|不提供)(?:一个|任何|名为|叫做?|名叫|这个|这样的|该|此)*\s*"
        + @"(?:THEMEMBER|成员|方法|属性|字段|事件|类型|枚举)"
        + @"|\bkein(?:e|en|es)?\s+(?:\w+\s+){0,2}?(?:THEMEMBER|Mitglied|Member|Methode|Eigenschaft|Typ|Feld)\b"
        + @"|\b(?:n'a|n'y a)\s+(?:pas|aucune?)\b(?:\s+(?:de|une?))?\s+(?:THEMEMBER|membre|méthode|propriété|type)\b"
        + @"|\bno\s+(?:tiene|hay|contiene)\s+(?:(?:ning[uú]n[ao]?|un[ao]?|el|la)\s+)?(?:THEMEMBER|miembro|método|propiedad|tipo)\b"
        + @"|нет\s+(?:такого\s+|такой\s+)?(?:THEMEMBER|члена|метода|свойства|типа)", RegexOptions.IgnoreCase)]
    private static partial Regex Missing();

    // "does not exist", "is not part of the library": what is meant stands before it.
    [GeneratedRegex(@"\b(?:(?:do|does|did)\s*(?:not|n't)\s+" + Adverb + @"exist|(?:is|are|was)\s*(?:not|n't)\s+" + Adverb + State
        + @"|non-?existent|made[ -]up|(?:can(?:not|'t)|could(?: not|n't)) (?:be found|find)|is unknown"
        + @"|existiert nicht|gibt es nicht|n'existe pas|no existe|не существует)"
        + @"|不存在|找不到|不是[^，。]{0,12}(?:成员|方法|属性|类型)|没有这个|存在しません|存在しない|ありません", RegexOptions.IgnoreCase)]
    private static partial Regex Absent();
    [GeneratedRegex(@"\b(?:if|when|whenever|unless|whether|in case|as long as|until|because|where|wenn|falls|si|cuando|если|когда)\b"
        + "|如果|当|若|假如|只要", RegexOptions.IgnoreCase)]
    private static partial Regex Condition();
    [GeneratedRegex(@"^[^.]{0,60}?\b(?:parameters?|arguments?|overloads?|setter|getter|side effects?|return value|documentation|body)\b"
        + "|^.{0,12}(?:参数|重载|返回值)", RegexOptions.IgnoreCase)]
    private static partial Regex Other();
    [GeneratedRegex(@"\b(?:it|this|that|such|member|method|property|type|which|one|library|I)\b|这|该|此|成员|方法|属性|类型|库",
        RegexOptions.IgnoreCase)]
    private static partial Regex Pronoun();
    [GeneratedRegex(@"\b(?:not sure|unsure|don't know|do not know|cannot say|can't say|no information|not aware|not familiar|unclear"
        + @"|cannot determine)\b|不知道|不清楚|不确定|无法确定|没有信息", RegexOptions.IgnoreCase)]
    private static partial Regex Doubt();
    [GeneratedRegex(@"^(?:does|do|is|are|can|has|have)\b|\b(?:is that|does it|is it)\b[^.?]*\?\s*$|吗[？?]?\s*$|对吗", RegexOptions.IgnoreCase)]
    private static partial Regex YesNo();
    [GeneratedRegex(@"^\W*(?:no\b|nope|否|不[，。是对]|没有|不存在|nein\b|non\b|нет\b)", RegexOptions.IgnoreCase)]
    private static partial Regex No();
    [GeneratedRegex(@"^\W*(?:yes\b|yep|是的?|有[，。的]?|对|可以|存在|ja\b|oui\b|sí\b|да\b)", RegexOptions.IgnoreCase)]
    private static partial Regex Yes();
    [GeneratedRegex(@"\b[\p{L}\p{Nd}]{2,}\b")]
    private static partial Regex Content();
    [GeneratedRegex(@"[\u4e00-\u9fff]")]
    private static partial Regex Cjk();
}

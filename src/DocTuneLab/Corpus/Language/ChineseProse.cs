using DocTuneLab.Library;

namespace DocTuneLab.Corpus.Language;

/// <summary>
/// Requests from documentation in Chinese, as <see cref="Prose"/> makes them from English: 克数 becomes 取得克数,
/// 是否已收 becomes 判断是否已收, and what says an action stays as it is.
/// </summary>
internal static class ChineseProse
{
    private const int Longest = 60;
    private const double SummaryShare = 0.5;
    private const string Whether = "是否", Tell = "判断", Get = "取得";
    private static readonly string[] s_getOrSet = ["取得或写下", "取得或设定", "取得或设置", "获取或设置", "读取或写入"];
    private static readonly string[] s_makes = ["建立", "创建", "新建", "生成", "构造"];
    private static readonly string[] s_gets = [Get, "返回", "给出", "读出", Get];

    // What is no code in the answers that metadata give.
    private static readonly Dictionary<string, string> s_answers = new(StringComparer.Ordinal)
    {
        ["yes"] = "是",
        ["no"] = "否",
        [SymbolFacts.OnlyInitialised] = "只能在对象初始值设定项中",
    };

    /// <summary>The answer to a question in Chinese: words become Chinese, code and what the documentation says stay.</summary>
    public static string Answer(string answer) => s_answers.GetValueOrDefault(answer, answer);

    /// <summary>What a caller asks for, in the words of the summary or of a page, without a full stop.</summary>
    public static string Request(MemberEntry member, Random random)
    {
        var own = member.Descriptions.Where(Prose.IsChinese).ToList();
        var request = own.Count == 0 || random.NextDouble() < SummaryShare
            ? Plain(member)
            : Asked(member, Clip(own[random.Next(own.Count)]));
        return request.StartsWith(Get, StringComparison.Ordinal) ? s_gets[random.Next(s_gets.Length)] + request[Get.Length..] : request;
    }

    /// <summary>The request as the summary has it; where that is not in Chinese, the member's name has to do.</summary>
    public static string Plain(MemberEntry member)
    {
        if (Prose.FirstSentence(member.Symbol.Summary) is not { } sentence || !Prose.IsChinese(sentence))
            return $"使用 `{member.Symbol.DisplayName}`";
        sentence = Clip(sentence);
        return member.Symbol.Kind == ApiKind.EnumMember ? $"{Get} `{member.Owner.Path}` 中的“{sentence}”" : Asked(member, sentence);
    }

    /// <summary>What is asked for, after the verb.</summary>
    public static string Noun(MemberEntry member)
    {
        var plain = Plain(member);
        return plain.StartsWith(Get, StringComparison.Ordinal)
            ? plain[Get.Length..] : plain.StartsWith(Tell, StringComparison.Ordinal) ? plain[Tell.Length..] : $"`{member.Symbol.Name}`";
    }

    private static string Asked(MemberEntry member, string sentence)
    {
        if (sentence.StartsWith(Whether, StringComparison.Ordinal)) return Tell + sentence;
        // What is got or written is got here; a constructor whose summary is a noun makes it.
        foreach (var both in s_getOrSet)
            if (sentence.StartsWith(both, StringComparison.Ordinal)) return Get + sentence[both.Length..];
        if (member.Symbol.Kind == ApiKind.Constructor && !s_makes.Any(m => sentence.Contains(m, StringComparison.Ordinal)))
            return s_makes[0] + sentence;
        var isValue = member.Symbol.Kind is ApiKind.Property or ApiKind.Field or ApiKind.Indexer or ApiKind.Event;
        return isValue && !sentence.StartsWith(Get, StringComparison.Ordinal) && !sentence.StartsWith('按') ? Get + sentence : sentence;
    }

    // A long sentence hides the point; its first clause says what is done.
    private static string Clip(string sentence)
    {
        foreach (var end in (string[])["；", "，例如", "，如"])
            if (sentence.IndexOf(end, StringComparison.Ordinal) is > 1 and var at) sentence = sentence[..at];
        return sentence.Length > Longest && sentence.LastIndexOf('，', Longest) is > 4 and var cut ? sentence[..cut] : sentence;
    }
}

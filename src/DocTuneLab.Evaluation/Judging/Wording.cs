using System.Text.RegularExpressions;

namespace DocTuneLab.Evaluation.Judging;

/// <summary>Words, in English and Chinese, by which an answer denies, doubts, joins and introduces what it says.</summary>
internal static partial class Wording
{
    /// <summary>The end of a clause that denies what comes next.</summary>
    [GeneratedRegex(@"(?:\b(?:not|isnt|is not|wasnt|neither|nor|rather than|instead of|other than|except|without|nothing but)"
        + @"|(?:\b(?:does|do|did|would|will|can)\s*not|\b(?:doesnt|dont|didnt|wont|cannot|cant|never))\s+(?:(?!but\b)\w+\s+){0,2}?\w*"
        + @"|不是|并非|而非|而不是|不叫|没有|除了|非|不会?)"
        + @"\s*(?:(?:a|an|the|by|in|as|to|of|called|named|property|method|type|抛出|返回|叫)\s*)*$", RegexOptions.IgnoreCase)]
    public static partial Regex Denial();

    /// <summary>Words of someone who does not commit himself.</summary>
    [GeneratedRegex(@"\b(?:could|might|may|maybe|perhaps|possibly|either|not sure|unsure|dont know|do not know|cannot say|guess)\b"
        + "|可能|也许|或许|大概|不确定|不知道", RegexOptions.IgnoreCase)]
    public static partial Regex Doubt();

    /// <summary>Nothing between two values but what joins or lists them.</summary>
    [GeneratedRegex(@"^(?:\s|[-–~,/|;.&+、，；。或和与及至到]|->|→|还是|或者|以及"
        + @"|\b(?:or|and|to|also|then|maybe|perhaps|possibly|an?|the)\b)*$", RegexOptions.IgnoreCase)]
    public static partial Regex Joins();

    /// <summary>The end of a text behind which an alternative comes.</summary>
    [GeneratedRegex(@"(?:\bor\b|[/|;或]|还是)\s*(?:(?:maybe|perhaps|possibly|also|the|an?)\s+)*$", RegexOptions.IgnoreCase)]
    public static partial Regex Alternative();

    /// <summary>A choice between phrases.</summary>
    [GeneratedRegex(@"\bor\b|\s/\s|[|或]|还是", RegexOptions.IgnoreCase)]
    public static partial Regex Choice();

    /// <summary>What follows a comma and the like.</summary>
    [GeneratedRegex(@"(?:\band\b|[,;&、，；和与及])\s*(?<next>[^,;&、，；。.!?]*)", RegexOptions.IgnoreCase)]
    public static partial Regex Further();

    /// <summary>The beginning of a clause that explains, and lists nothing.</summary>
    [GeneratedRegex(@"^(?:(?:so|which|because|since|as|that|not|with|it|this|where|when|but|if|then|in|for|after|before|and|they|there)\b"
        + "|[是因所并且但即也不而其这那它用以]|四舍)", RegexOptions.IgnoreCase)]
    public static partial Regex ClauseWord();

    /// <summary>The end of a text that leads to the thing that is named.</summary>
    [GeneratedRegex(@"(?:\b(?:is|are|was|be|called|named|in|as|to|of|with|by|the|an?|code|value|name|word|parameter|returns?|gives?|uses?"
        + @"|says?|means|prints?|yields|reads|writes|reports?|counts?|stores?)|[:：=是为叫作])\s*$", RegexOptions.IgnoreCase)]
    public static partial Regex Leading();
}

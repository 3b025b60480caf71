using System.Text.RegularExpressions;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>By what the values of a property are more or less than others.</summary>
internal enum SequenceScale
{
    /// <summary>Nothing that words can say.</summary>
    None,

    /// <summary>Numbers and times.</summary>
    Size,

    /// <summary>Texts.</summary>
    Alphabet,
}

/// <summary>Says what LINQ does with the items of a sequence, where its function asks one thing of each.</summary>
internal static partial class SequenceWording
{
    /// <summary>The words, or null where there are none.</summary>
    /// <param name="name">The function of LINQ.</param>
    /// <param name="asked">What the given function does, as a clause: "with `x`, get the length".</param>
    /// <param name="scale">Of the values that the function gives.</param>
    public static string? Of(string name, string asked, SequenceScale scale)
    {
        if (Asked().Match(asked) is { Success: true } whether) return Condition(name, whether.Groups[1].Value);
        if (Got().Match(asked) is not { Success: true } got) return null;
        var (article, noun) = (got.Groups[1].Success ? got.Groups[1].Value : "the", got.Groups[2].Value.TrimEnd());
        return name switch
        {
            "Where" or "Count" or "Any" or "All" => Condition(name, $"{article} {noun} is `true`"),
            "Select" => $"of each item take {article} {noun}",
            "OrderBy" when scale == SequenceScale.Alphabet => $"order the items by {article} {noun}, in the order of the alphabet",
            "OrderBy" when scale == SequenceScale.Size => $"order the items by {article} {noun}, the smallest first",
            "OrderByDescending" when scale == SequenceScale.Size => $"order the items by {article} {noun}, the largest first",
            "Sum" => $"get the sum of {article} {noun} over all items",
            _ when scale != SequenceScale.Size => null,
            "Max" => $"get the largest {noun} among the items",
            "Min" => $"get the smallest {noun} among the items",
            "MaxBy" => $"take the item with the largest {noun}",
            "MinBy" => $"take the item with the smallest {noun}",
            _ => null,
        };
    }

    private static string? Condition(string name, string holds) => name switch
    {
        "Where" => $"keep the items where {holds}",
        "Count" => $"get the number of items where {holds}",
        "Any" => $"tell whether there is an item where {holds}",
        "All" => $"tell whether for every item {holds}",
        _ => null,
    };

    [GeneratedRegex("^with `\\w+`, tell whether (?:or not )?([^;]+)$")]
    private static partial Regex Asked();

    // Some comments leave the article out. What is said beyond the thing itself ("…, which should be between 0 and 1") is no part of its
    // name.
    [GeneratedRegex("^with `\\w+`, (?:get|return) (?:(the|a|an) )?"
        + "(?!(?:true|false|null|all|any|every|each|whether|if|it|this|that|what|which|by|to|from|whatever) )"
        + "([^;(,]+)(?:,? ?(?:which|where|\\().*"
        + "|, (?:in|if|when|as|for|used|defined|with|by|e\\.g|i\\.e|or null)\\b.*)?$")]
    private static partial Regex Got();
}

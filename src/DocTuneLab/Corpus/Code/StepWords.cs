using System.Text.RegularExpressions;
using DocTuneLab.Corpus.Language;
using DocTuneLab.Library;

namespace DocTuneLab.Corpus.Code;

/// <summary>Words that recipes of several steps share.</summary>
internal static partial class StepWords
{
    /// <summary>Several objects of a type: "weir gates".</summary>
    public static string Many(Scope scope, string type)
    {
        if (scope.IsChinese) return $" `{type}` ";
        var words = Prose.Words(TypeText.Head(type));
        if (words.EndsWith("options", StringComparison.Ordinal) || words.EndsWith("settings", StringComparison.Ordinal))
            return $"{words} objects";
        return words.EndsWith('s') || words.EndsWith('x') || words.EndsWith("ch", StringComparison.Ordinal) ? words + "es"
            : words.EndsWith('y') && words.Length > 1 && !"aeiou".Contains(words[^2], StringComparison.Ordinal) ? words[..^1] + "ies"
            : words + "s";
    }

    /// <summary>What a member is, without the clauses that its documentation adds: "the opening in percent" of "…, 0 to 100".</summary>
    public static string Noun(Scope scope, MemberEntry m) => scope.IsChinese ? scope.Noun(m) : Cut(scope.Noun(m), [';', ':', ',', '(']);

    /// <summary>Whether the documentation says what a member gives, not only what it does: then that can be named in a sentence.</summary>
    public static bool IsThing(Scope scope, MemberEntry m) => scope.IsChinese || m.Symbol.Kind is ApiKind.Property or ApiKind.Field
        || scope.Plain(m).Split(' ')[0] is "get" or "return";

    /// <summary>Whether a noun means several things: its last word before what tells of it is in the plural.</summary>
    public static bool IsSeveral(Scope scope, string noun) => scope.IsChinese || Head().Match(noun).Value.EndsWith('s');

    /// <summary>What a caller asks of the member as one step among others, without the sentence's further clauses.</summary>
    public static string Step(Scope scope, MemberEntry m) => scope.IsChinese ? scope.Step(m) : Cut(scope.Step(m), [';', ':']);

    private static string Cut(string text, ReadOnlySpan<char> marks) =>
        text.AsSpan().IndexOfAny(marks) is > 0 and var at && text[..at].TrimEnd() is var head
            && head.Contains(' ', StringComparison.Ordinal)
        && head.Count(c => c == '`') % 2 == 0
            ? head
            : text;

    /// <summary>The condition that a member which tells whether something holds states: "the gate is jammed".</summary>
    public static string? Clause(Scope scope, MemberEntry flag)
    {
        var plain = scope.Plain(flag);
        var told = scope.Say("tell whether ", "判断是否");
        return !plain.StartsWith(told, StringComparison.Ordinal) ? null : scope.IsChinese ? plain[told.Length..]
            : Cut(plain[told.Length..], [';', ':']);
    }

    /// <summary>What goes into one step, literals and what steps before gave, told beside that step; it is taken from the scope.</summary>
    public static string Told(Scope scope)
    {
        var told = scope.Settings.Count == 0 ? ""
            : scope.Say($" ({string.Join(", ", scope.Settings)})", $"（{string.Join("、", scope.Settings)}）");
        if (scope.Handed.Count > 0)
            told += scope.Say($", with {string.Join(" and ", scope.Handed)}", $"（{string.Join("、", scope.Handed)}）");
        scope.Settings.Clear();
        scope.Handed.Clear();
        return told;
    }

    /// <summary>Notes that a step reads the outcome of the ones before: it teaches nothing where the same stood in what went in.</summary>
    public static void Reads(Scope scope, string type, MemberEntry read)
    {
        // Of two, a method may well choose one.
        if (read.Symbol.Kind is ApiKind.Property or ApiKind.Field && scope.Parameters.Where(p => p.Type == type).ToList() is [var only])
            scope.Known.Add($"{only.Name}.{read.Symbol.Name}");
    }

    /// <summary>A step that works on what the one before gave, and says so.</summary>
    /// <param name="scope">The method being written.</param>
    /// <param name="type">Type of what was given.</param>
    /// <param name="step">The step.</param>
    public static string On(Scope scope, string type, string step) =>
        scope.Say($"take {That(type)} and {step}", $"对得到的 `{TypeText.NotNull(type)}`，{step}");

    /// <summary>What a step gave, by its type: "that water head".</summary>
    public static string That(string type)
    {
        var core = TypeText.NotNull(type);
        return TypeText.IsNumber(core) ? "that number"
            : core == "string" ? "that text"
            : TypeText.Element(core) is not null ? "that list"
            : $"that {Prose.Words(TypeText.Head(core))}";
    }

    /// <summary>Steps one after the other; what comes between is got, the last alone is returned.</summary>
    public static string Then(Scope scope, IReadOnlyList<string> steps)
    {
        if (scope.IsChinese) return string.Join("，再", steps);
        steps = [.. steps.SkipLast(1).Select(s => Returning().Replace(s, "$1get ")), steps[^1]];
        return steps.Count switch
        {
            1 => steps[0],
            2 => string.Join(scope.Pick<string>([", then ", " and then "]), steps),
            _ => string.Join("; ", steps.SkipLast(1)) + "; then " + steps[^1],
        };
    }

    [GeneratedRegex(@"^.+?(?=,| (?:of|in|that|which|for|with|from|at|by|as|on|to|between|under|over|above"
        + @"|below|per|so|into|within|posted|given)\b|$)")]
    private static partial Regex Head();
    [GeneratedRegex("^(take that [a-z ]+ and )?(?:return|give back|read) (?=(?:the|a|an|all|every) )")]
    private static partial Regex Returning();
}

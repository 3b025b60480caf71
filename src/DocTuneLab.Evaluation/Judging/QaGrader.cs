using System.Text.RegularExpressions;
using DocTuneLab.Library;

namespace DocTuneLab.Evaluation.Judging;

/// <summary>
/// Grades closed questions by the value that an answer states, not by its form. Version 2:
/// <list type="number">
/// <item>Reasoning is cut off. One line counts: that of <c>Final answer:</c>, else of <c>Answer:</c> (答案), else the first with text;
/// after a line that ends with a colon the next. Marks of lists, quotations and headings, a lead-in, an article, quotes, and punctuation at
/// the end are no part of it.</item>
/// <item>What is stated are values of the accepted answer's kind: names (compared with case; namespaces and C#'s words for types make no
/// difference, an accepted qualified name may be qualified further), numbers (by value, with their units where accepted answers have some),
/// units, yes and no (true and false), operators, codes such as <c>NB-007</c>, and phrases.</item>
/// <item>Right, if the line is an accepted answer or begins with one; or if it states one further in and nothing else of its kind before,
/// is not in doubt (<c>could be</c>), and does not deny it (<c>not</c>). Names and numbers of the question are not statements.</item>
/// <item>But a list of guesses is wrong: an accepted answer next to another value, joined by <c>or</c>, <c>and</c>, a comma, a slash, a
/// blank and the like, or followed by lines that each state another.</item>
/// </list>
/// </summary>
public static partial class QaGrader
{
    /// <summary>Version of the rule; part of every result.</summary>
    public const int Version = 2;

    private enum Shape { Prose, Name, Number, Unit, Truth, Operator, Code }

    /// <summary>Whether <paramref name="answer"/> states one of <paramref name="accepted"/> by the rule above.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="accepted">Accepted answers, in several forms.</param>
    /// <param name="question">The question; what it names may be said again.</param>
    public static bool IsCorrect(string answer, IReadOnlyList<string> accepted, string question = "")
    {
        var claim = Claim.Of(answer);
        if (claim.Text.Length == 0) return false;
        var rights = accepted.Select(Claim.Normalise).Where(a => a.Length > 0).ToList();
        return rights.Any(a => States(claim, a, rights, question));
    }

    /// <summary>The part of an answer that is compared, normalised.</summary>
    public static string Given(string answer) => Claim.Of(answer).Text;

    private static bool States(Claim claim, string right, List<string> rights, string question)
    {
        var shape = ShapeOf(right, rights);
        var comparison = shape is Shape.Name or Shape.Operator or Shape.Code
            ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
        bool IsRight(string text) => rights.Exists(r => string.Equals(text, r, comparison))
            || Values(text, shape, rights, "").Any(v => v.IsRight && v.Index == 0 && v.Length == text.Length);
        // Lines that each state another value make a list of them.
        if (shape is not Shape.Prose
            && claim.Others.Any(o => !IsRight(o) && Values(o, shape, rights, "") is [var v] && v.Index == 0 && v.Length == o.Length))
            return false;
        if (string.Equals(claim.Text, right, comparison)) return true;
        return shape == Shape.Prose ? StatesPhrase(claim, right, question) : StatesValue(claim.Text, shape, rights, question);
    }

    private static bool StatesValue(string line, Shape shape, List<string> rights, string question)
    {
        var values = Values(line, shape, rights, question);
        if (!values.Any(v => v.IsRight)) return false;
        for (var i = 0; i + 1 < values.Count; i++)
        {
            var between = line[(values[i].Index + values[i].Length)..values[i + 1].Index];
            if ((values[i].IsRight || values[i + 1].IsRight) && !(values[i].IsRight && values[i + 1].IsRight)
                && !values[i].IsDenied && !values[i + 1].IsDenied && Wording.Joins().IsMatch(between)
                // "The WaterHead Datum" is the member of a type that the question names.
                && !(string.IsNullOrWhiteSpace(between) && (values[i].IsAsked || values[i + 1].IsAsked))) return false;
            // "Salinity, which divides, or Dose".
            if (values[i + 1] is { IsRight: false, IsAsked: false, IsDenied: false } && Wording.Alternative().IsMatch(between))
                return false;
        }
        if (values[0] is { Index: 0 } first && (first.IsRight || shape is Shape.Truth)) return first.IsRight && !first.IsDenied;
        var stated = values.Where(v => !v.IsDenied && !(v.IsAsked && !v.IsRight)).ToList();
        return stated.Count > 0 && stated[0].IsRight && !Wording.Doubt().IsMatch(line[..stated[0].Index]);
    }

    private readonly record struct Value(int Index, int Length, bool IsRight, bool IsAsked, bool IsDenied);

    /// <summary>Everything of a shape that a line states.</summary>
    private static List<Value> Values(string line, Shape shape, List<string> rights, string question)
    {
        Value Of(int index, int length, bool isRight, bool isAsked) =>
            new(index, length, isRight, isAsked, Wording.Denial().IsMatch(Clause(line, index)));
        switch (shape)
        {
            case Shape.Name:
                var parts = CodeName.Parts(question);
                var names = rights.Select(CodeName.Canonical).ToList();
                var text = Arguments().Replace(line, m => new string(' ', m.Length));
                bool IsRight(string name) => CodeName.Canonical(name) is var n && (names.Contains(n, StringComparer.Ordinal)
                    || names.Exists(r => r.Contains('.', StringComparison.Ordinal) && n.EndsWith("." + r, StringComparison.Ordinal))
                    || (n.LastIndexOf('.') is > 0 and var dot && names.Contains(n[(dot + 1)..], StringComparer.Ordinal)
                        && parts.Contains(n[..dot].Split('.')[^1])));
                return [.. CodeName.In(text, IsRight).Select(n =>
                    Of(n.Index, n.Name.Length, IsRight(n.Name), CodeName.Parts(n.Name).All(parts.Contains)))];
            case Shape.Number:
                var wanted = rights.Select(Quantity.Of).OfType<Quantity>().ToList();
                var known = Quantity.In(question).Select(q => (q.Value, q.Unit)).ToHashSet();
                var haveUnits = wanted.Exists(w => w.Unit is not null);
                return [.. Quantity.In(line).Select(q => Of(q.Index, q.Length,
                    wanted.Exists(w => haveUnits && q.Unit is not null ? (w.Value, w.Unit) == (q.Value, q.Unit) : w.Number == q.Number),
                    known.Contains((q.Value, q.Unit))))];
            case Shape.Unit:
                var units = rights.Select(Quantity.UnitOf).OfType<string>().ToHashSet(StringComparer.Ordinal);
                var asked = Quantity.UnitsIn(question).Select(u => u.Unit).ToHashSet(StringComparer.Ordinal);
                return [.. Quantity.UnitsIn(line).Select(u => Of(u.Index, u.Length, units.Contains(u.Unit), asked.Contains(u.Unit)))];
            case Shape.Truth:
                var truths = rights.Select(Truth).Where(t => t.Length > 0).ToHashSet(StringComparer.Ordinal);
                // "No" within a sentence is seldom an answer.
                return [.. TruthWord().Matches(line).Where(m => m.Index == 0 || m.Index + m.Length == line.Length
                        || Truth(m.Value) == "null" || m.Value.Length > 3)
                    .Select(m => Of(m.Index, m.Length, truths.Contains(Truth(m.Value)), false))];
            case Shape.Operator:
                return [.. OperatorSign().Matches(line).Select(m =>
                    Of(m.Index, m.Length, rights.Contains(m.Value, StringComparer.Ordinal), false))];
            case Shape.Code:
                return [.. rights.Select(Alike).Distinct(StringComparer.Ordinal).SelectMany(p => Regex.Matches(line, p))
                    .DistinctBy(m => m.Index).OrderBy(m => m.Index).Select(m => Of(m.Index, m.Length,
                        rights.Contains(m.Value, StringComparer.Ordinal), question.Contains(m.Value, StringComparison.Ordinal)))];
            default:
                return [];
        }
    }

    /// <summary>A phrase: at the beginning, set apart, or at the end behind a word that leads to it.</summary>
    private static bool StatesPhrase(Claim claim, string right, string question)
    {
        var line = claim.Text;
        if (line.StartsWith(right, StringComparison.OrdinalIgnoreCase) && IsBoundary(line, right.Length))
            return !OffersAnother(line[right.Length..]);
        if (Wording.Doubt().IsMatch(line)) return false;
        var apart = claim.Dressed.Where(d => !question.Contains(d, StringComparison.OrdinalIgnoreCase)).ToList();
        var at = line.LastIndexOf(right, StringComparison.OrdinalIgnoreCase);
        if (at < 0 || Wording.Denial().IsMatch(Clause(line, at))) return false;
        if (apart is [var only] && string.Equals(only, right, StringComparison.OrdinalIgnoreCase)) return true;
        if (Wording.Choice().IsMatch(line)) return false;
        if (IsCjk(right[0]) && right.Length > 1)
            return line.IndexOf(right, StringComparison.Ordinal) == at && (at == 0 || !"不非无没未第".Contains(line[at - 1]));
        return at + right.Length == line.Length && Wording.Leading().IsMatch(line[..at]);
    }

    private static bool IsBoundary(string text, int at)
    {
        if (at >= text.Length || text[at - 1] is ')' or '>') return true;
        var c = text[at];
        if (char.IsLetterOrDigit(c) && !IsCjk(c) || c == '_') return false;
        return c is not ('.' or '-' or '<' or ',' or '/') || at + 1 >= text.Length || !char.IsLetterOrDigit(text[at + 1]);
    }

    /// <summary>Whether what follows a phrase offers another: always behind <c>or</c>, else where it is as short as one.</summary>
    private static bool OffersAnother(string rest)
    {
        if (Wording.Choice().IsMatch(rest)) return true;
        foreach (Match further in Wording.Further().Matches(rest))
        {
            var next = further.Groups["next"].Value.Trim();
            var isShort = next.Length > 0 && (IsCjk(next[0]) ? next.Length <= 6 : next.Split(' ').Length <= 3);
            if (isShort && !Wording.ClauseWord().IsMatch(next)) return true;
        }
        return false;
    }

    private static Shape ShapeOf(string text, List<string> rights)
    {
        // A quantity that has one form only is a text: how something is written was asked.
        if (Quantity.Of(text) is { } quantity && (quantity.Unit is null || rights.Count > 1)) return Shape.Number;
        if (Quantity.UnitOf(text) is not null) return Shape.Unit;
        if (Truth(text).Length > 0) return Shape.Truth;
        if (!text.Any(char.IsLetterOrDigit)) return Shape.Operator;
        if (TypeWords.Contains(text)) return Shape.Name;
        if (text.Contains(' ', StringComparison.Ordinal) || text.Any(IsCjk)) return Shape.Prose;
        if (text.Any(c => c is '-' or ':' or '#' or '/') && text.Any(char.IsDigit) && text.Any(char.IsLetter)) return Shape.Code;
        return text.Any(c => char.IsUpper(c) || c is '_' or '.' or '<' or '(') || (text.Any(char.IsDigit) && text.Any(char.IsLetter))
            ? Shape.Name : Shape.Prose;
    }

    private static string Truth(string text) => text.ToLowerInvariant() switch
    {
        "yes" or "true" => "yes",
        "no" or "false" => "no",
        "null" => "null",
        _ => "",
    };

    /// <summary>Texts that are made like a code: letters for letters, digits for digits.</summary>
    private static string Alike(string code) => @"(?<![\w.-])" + Regex.Replace(Regex.Escape(code), @"[A-Z]+|[a-z]+|[0-9]+", m =>
        char.IsUpper(m.Value[0]) ? "[A-Z]+" : char.IsLower(m.Value[0]) ? "[a-z]+" : "[0-9]+") + @"(?![A-Za-z0-9_-])";

    private static string Clause(string line, int index)
    {
        var before = line[..index];
        return before[(before.LastIndexOfAny(['.', ',', ';', ':', '。', '，', '；', '：', '(', '（']) + 1)..];
    }

    private static bool IsCjk(char c) => c is >= '\u3000' and <= '\u9fff' or >= '\uff00' and <= '\uffef';

    /// <summary>What a call is given: types or values that are no answer of their own.</summary>
    [GeneratedRegex(@"(?<=[\w>])\([^()]*\)")]
    private static partial Regex Arguments();

    [GeneratedRegex(@"(?<![\w-])(?:yes|no|true|false|null)(?![\w-])", RegexOptions.IgnoreCase)]
    private static partial Regex TruthWord();

    [GeneratedRegex(@"(?<!\S)[-+*/%&|^~<>=!?]+(?!\S)")]
    private static partial Regex OperatorSign();
}

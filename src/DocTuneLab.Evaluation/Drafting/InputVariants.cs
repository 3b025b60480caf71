using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>Other values like a given one: the same expression with one of its literals changed, so that what a text is made of (signs,
/// blanks, brackets) stays as it was.</summary>
internal static partial class InputVariants
{
    private static readonly string[] s_words = ["amber", "birch", "cedar", "delta", "ember", "fjord"];
    private static readonly string[] s_names = ["Amber", "Birch", "Cedar", "Delta", "Ember", "Fjord"];

    /// <summary>Variants of an expression, nearest first, each once; the expression itself is none of them.</summary>
    /// <param name="code">A C# expression.</param>
    /// <param name="members">Names of the members of an enumeration that the expression is a member of; none else.</param>
    public static IReadOnlyList<string> Of(string code, IReadOnlyList<string> members)
    {
        if (members.Count > 0)
        {
            var head = code[..(code.LastIndexOf('.') + 1)];
            return [.. members.Select(m => head + m).Where(m => m != code)];
        }
        var root = SyntaxFactory.ParseExpression(code);
        var literals = root.DescendantNodesAndSelf().OfType<LiteralExpressionSyntax>().ToList();
        // Of several objects, what orders them by one value must not order them by another.
        List<string> found = [.. Items(root) is { Count: > 1 } several ? Crossed(root, several) : []];
        // One literal after the other, and all of them at once.
        for (var round = 0; round < 3; round++)
        {
            var n = round;
            var all = root.ReplaceNodes(literals, (old, _) => Changed(old, n)?.WithTriviaFrom(old) ?? old).ToString();
            if (n == 0 || literals.Count > 1) found.Add(all);
            foreach (var literal in literals)
                if (Changed(literal, n) is { } other) found.Add(root.ReplaceNode(literal, other.WithTriviaFrom(literal)).ToString());
        }
        // What comes once may come twice, and what is there may be missing.
        if (root is LiteralExpressionSyntax { Token.Value: string { Length: > 0 } text })
            found.AddRange([Literal(text + text).ToString(), Literal(text + text[^1]).ToString(), Literal("").ToString()]);
        if (root is ArrayCreationExpressionSyntax { Initializer: { } items }) found.AddRange(Shorter(root, items));
        if (root is ImplicitArrayCreationExpressionSyntax { Initializer: { } implicitItems }) found.AddRange(Shorter(root, implicitItems));
        return [.. found.Distinct(StringComparer.Ordinal).Where(f => f != root.ToString() && !Ties(root, f))];
    }

    private static SeparatedSyntaxList<ExpressionSyntax> Items(ExpressionSyntax root) => root switch
    {
        ArrayCreationExpressionSyntax { Initializer.Expressions: var items } => items,
        ImplicitArrayCreationExpressionSyntax { Initializer.Expressions: var items } => items,
        _ => default,
    };

    private static IEnumerable<string> Crossed(ExpressionSyntax root, SeparatedSyntaxList<ExpressionSyntax> items)
    {
        var values = items.Select(i => i.DescendantNodesAndSelf().OfType<LiteralExpressionSyntax>().ToList()).ToList();
        if (values[0].Count == 0 || values.Exists(v => v.Count != values[0].Count)) yield break;
        for (var place = 0; place < values[0].Count; place++)
        {
            var at = place;
            var turned = values.Select(v => v[at]).ToList();
            yield return root.ReplaceNodes(turned, (old, _) => turned[^(turned.IndexOf(old) + 1)].WithTriviaFrom(old)).ToString();
        }
    }

    // Of objects that differ in a value none may become as large as another: which one is the largest would be nobody's guess.
    private static bool Ties(ExpressionSyntax root, string variant)
    {
        var before = Columns(root);
        var after = Columns(SyntaxFactory.ParseExpression(variant));
        return before.Count == after.Count && before.Zip(after).Any(p => p.First.Count == p.Second.Count
            && p.First.Distinct().Count() == p.First.Count && p.Second.Distinct().Count() < p.Second.Count);
    }

    // The values at each place of several objects.
    private static List<List<object?>> Columns(ExpressionSyntax root)
    {
        var rows = Items(root).Select(i => i.DescendantNodesAndSelf().OfType<LiteralExpressionSyntax>().Select(l => l.Token.Value).ToList())
            .ToList();
        return rows.Count < 2 || rows.Exists(r => r.Count != rows[0].Count) ? []
            : [.. Enumerable.Range(0, rows[0].Count).Select(at => rows.ConvertAll(r => r[at]))];
    }

    private static IEnumerable<string> Shorter(ExpressionSyntax root, InitializerExpressionSyntax items)
    {
        if (items.Expressions.Count < 2) yield break;
        var fewer = items.Expressions.RemoveAt(items.Expressions.Count - 1);
        fewer = fewer.Replace(fewer[^1], fewer[^1].WithTrailingTrivia(items.Expressions[^1].GetTrailingTrivia()));
        yield return root.ReplaceNode(items, items.WithExpressions(fewer)).ToString();
        yield return root.ReplaceNode(items, items.WithExpressions(items.Expressions.RemoveAt(0))).ToString();
    }

    private static ExpressionSyntax? Changed(LiteralExpressionSyntax literal, int round) => literal.Token.Value switch
    {
        string text when Text(text, round) is var other && other != text => Literal(other),
        char c => SyntaxFactory.LiteralExpression(SyntaxKind.CharacterLiteralExpression, SyntaxFactory.Literal(Character(c, round))),
        bool b => SyntaxFactory.LiteralExpression(b ? SyntaxKind.FalseLiteralExpression : SyntaxKind.TrueLiteralExpression),
        int i => Parsed((i + (round == 2 ? 10 : round + 1)).ToString(CultureInfo.InvariantCulture)),
        long l => Parsed((l + round + 1).ToString(CultureInfo.InvariantCulture) + "L"),
        // A share or a probability stays one.
        double d and > 0 and < 1 => Parsed((round switch { 0 => 1 - d == d ? d / 4 : 1 - d, 1 => d / 2, _ => (1 + d) / 2 })
            .ToString("R", CultureInfo.InvariantCulture) + "d"),
        double d => Parsed((d + round + 1).ToString(CultureInfo.InvariantCulture) + "d"),
        float f => Parsed((f + round + 1).ToString(CultureInfo.InvariantCulture) + "f"),
        decimal m => Parsed((m + round + 1).ToString(CultureInfo.InvariantCulture) + "m"),
        _ => null,
    };

    // In the first round a word becomes another, in the second a number, in the third what is last is left out.
    private static string Text(string text, int round) => text.Length == 0 ? (round == 0 ? "a" : s_words[round])
        : Guid.TryParse(text, out _) ? text[..^1] + (text[^1] == (char)('1' + round) ? 'a' : (char)('1' + round))
        : round switch
        {
            0 => Word().IsMatch(text) ? Word().Replace(text, m => Other(m.Value, 0), 1) : Digits().IsMatch(text) ? Digit(text, 0) : text
                + text,
            1 => Digits().IsMatch(text) ? Digit(text, 1)
                : Word().Matches(text) is { Count: > 1 } words && words[^1] is var last
                    ? text[..last.Index] + Other(last.Value, 1) + text[(last.Index + last.Length)..]
                    : text + text[^1],
            _ => text.Length > 1 ? text[..^1] : text + text,
        };

    private static string Digit(string text, int round) => Digits().Replace(text,
        m => string.Concat(m.Value.Select(d => (char)('0' + ((d - '0' + (m.Length > 1 || d < '9' ? 1 : 9) + round) % 10)))), 1);

    private static string Other(string word, int round)
    {
        if (word.Length <= 2) return string.Concat(word.Select(c => Character(c, round)));
        var pool = char.IsUpper(word[0]) ? s_names : s_words;
        var other = pool[(word.Length + round) % pool.Length];
        return other == word ? pool[(word.Length + round + 1) % pool.Length] : other;
    }

    private static char Character(char c, int round) => c switch
    {
        >= 'a' and <= 'z' => (char)('a' + ((c - 'a' + 1 + round) % 26)),
        >= 'A' and <= 'Z' => (char)('A' + ((c - 'A' + 1 + round) % 26)),
        >= '0' and <= '9' => (char)('0' + ((c - '0' + 1 + round) % 10)),
        _ => round == 0 ? 'x' : 'y',
    };

    private static LiteralExpressionSyntax Literal(string text) =>
        SyntaxFactory.LiteralExpression(SyntaxKind.StringLiteralExpression, SyntaxFactory.Literal(text));

    private static ExpressionSyntax Parsed(string number) => SyntaxFactory.ParseExpression(number);

    [GeneratedRegex("[A-Za-z]+")]
    private static partial Regex Word();
    [GeneratedRegex("[0-9]+")]
    private static partial Regex Digits();
}

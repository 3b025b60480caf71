using DocTuneLab.Corpus.Language;
using DocTuneLab.Library;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace DocTuneLab.Corpus.Code;

/// <summary>A method made wrong.</summary>
/// <param name="Kind">Which mistake.</param>
/// <param name="Body">Its body.</param>
/// <param name="Code">What must not compile.</param>
/// <param name="Error">Error that it must have; null for any.</param>
/// <param name="MissingUsing">Namespace that was left out; null where the body itself is wrong.</param>
internal sealed record Mistake(string Kind, string Body, CodeToJudge Code, string? Error, string? MissingUsing = null);

/// <summary>
/// Puts one mistake of the kinds that models make into a method: an invented name, a forgotten argument, a property called, arguments in
/// the wrong order, arguments of no overload, a forgotten <c>await</c>, a forgotten <c>using</c> directive, an object used outside the
/// <c>using</c> block that disposes of it. Whether it is one, the compiler says. (An object used after an explicit <c>Dispose()</c>
/// compiles and would have to be run; it is left out.)
/// </summary>
internal sealed class Mistakes(ApiIndex index)
{
    private readonly InventedNames _names = new(index);

    /// <summary>A mistake; null where the method offers no place for one.</summary>
    public Mistake? Break(CodeDraft draft, Random random)
    {
        var root = SyntaxFactory.ParseCompilationUnit(draft.Body);
        // By kind first: names have many places in a method, an await has one.
        var kinds = new (string Kind, double Weight, Func<List<(TextSpan Span, string Text)>> Edits)[]
        {
            ("invented name", 3, () => Names(root, random)), ("property called", 1, () => Called(root)),
            ("forgotten argument", 1.5, () => Forgotten(root)), ("argument order", 2, () => Swapped(root)),
            ("wrong overload", 2, () => Replaced(root)), ("missing await", 2.5, () => NotAwaited(root)),
            ("used after disposal", 2.5, () => Disposed(root, draft.Body)),
        };
        if (random.NextDouble() < 0.08 && MissingUsing(draft, random) is { } missing) return missing;
        foreach (var (kind, _, edits) in kinds.OrderBy(k => -Math.Log(1 - random.NextDouble()) / k.Weight).ToList())
        {
            var places = edits();
            if (places.Count == 0) continue;
            var (span, text) = places[random.Next(places.Count)];
            var body = string.Concat(draft.Body.AsSpan(0, span.Start), text, draft.Body.AsSpan(span.End));
            return new Mistake(kind, body, new CodeToJudge(CodeDraft.Compose(draft.Signature, body), CodeForm.Members, draft.Usings), null);
        }
        return null;
    }

    private List<(TextSpan, string)> Names(CompilationUnitSyntax root, Random random) =>
        [.. Library(root).SelectMany(a =>
            _names.Misspellings(a.Name.Identifier.Text, random).Select(other => (a.Name.Identifier.Span, other)))];

    private List<(TextSpan, string)> Called(CompilationUnitSyntax root) =>
        [.. Library(root).Where(a => a.Parent is not InvocationExpressionSyntax and not AssignmentExpressionSyntax)
            .Select(a => (new TextSpan(a.Span.End, 0), "()"))];

    // Only a variable that is left over says what was forgotten: a literal could be any.
    private static List<(TextSpan, string)> Forgotten(CompilationUnitSyntax root)
    {
        var names = root.DescendantNodes().OfType<IdentifierNameSyntax>().ToLookup(n => n.Identifier.Text, StringComparer.Ordinal);
        return
        [
            .. Lists(root).Select(l => l.Arguments)
                .Where(a => a[^1].Expression is IdentifierNameSyntax last && names[last.Identifier.Text].Count() == 1)
                .Select(a => (TextSpan.FromBounds(a.Count > 1 ? a[^2].Span.End : a[^1].SpanStart, a[^1].Span.End), "")),
        ];
    }

    private static List<(TextSpan, string)> Swapped(CompilationUnitSyntax root) =>
    [
        .. Lists(root).Select(l => l.Arguments).Where(list => list.Count > 1 && list.All(a => a.NameColon is null))
            .SelectMany(list => list.Zip(list.Skip(1)))
            .Select(pair => (TextSpan.FromBounds(pair.First.SpanStart, pair.Second.Span.End), $"{pair.Second}, {pair.First}")),
    ];

    // An argument in another type, as if there were an overload that took it; what it was can still be read from it.
    private static List<(TextSpan, string)> Replaced(CompilationUnitSyntax root) =>
    [
        .. Lists(root).SelectMany(l => l.Arguments).Select(a => (a.Expression.Span, Text: OfAnotherType(a.Expression)))
            .Where(e => e.Text.Length > 0),
    ];

    private static string OfAnotherType(ExpressionSyntax e) => e.Kind() switch
    {
        SyntaxKind.NumericLiteralExpression or SyntaxKind.TrueLiteralExpression or SyntaxKind.FalseLiteralExpression => $"\"{e}\"",
        SyntaxKind.IdentifierName => $"{e}.ToString()",
        _ => "",
    };

    private static List<(TextSpan, string)> NotAwaited(CompilationUnitSyntax root) =>
    [
        .. root.DescendantNodes()
            .OfType<AwaitExpressionSyntax>()
            .Select(a => (TextSpan.FromBounds(a.AwaitKeyword.SpanStart, a.Expression.SpanStart), "")),
        .. root.DescendantNodes().OfType<ForEachStatementSyntax>().Where(f => f.AwaitKeyword.RawKind != 0).Select(f =>
            (TextSpan.FromBounds(f.AwaitKeyword.SpanStart, f.ForEachKeyword.SpanStart), "")),
    ];

    // The declaration becomes a block of its own, at whose end the object is gone.
    private static List<(TextSpan, string)> Disposed(CompilationUnitSyntax root, string body) =>
    [
        .. root.DescendantNodes().OfType<LocalDeclarationStatementSyntax>()
            .Where(d => d.UsingKeyword.RawKind != 0 && d.Span.End < body.Length)
            .Select(d => (d.Span, $"{(d.AwaitKeyword.RawKind != 0 ? "await " : "")}using ({d.Declaration})\n{{\n}}")),
    ];

    private Mistake? MissingUsing(CodeDraft draft, Random random)
    {
        var names = SyntaxFactory.ParseCompilationUnit(draft.Method).DescendantTokens().Where(t => t.IsKind(SyntaxKind.IdentifierToken))
            .Select(t => t.Text).ToHashSet(StringComparer.Ordinal);
        var spaces = index.Types.Where(t => names.Contains(t.Path.Split('.')[0]) && draft.Usings.Contains(t.Symbol.Namespace))
            .Select(t => t.Symbol.Namespace)
            .Distinct(StringComparer.Ordinal)
            .ToList();
        if (spaces.Count == 0) return null;
        var space = spaces[random.Next(spaces.Count)];
        return new Mistake("missing using", draft.Body,
            new CodeToJudge(draft.Method, CodeForm.Members, [.. draft.Usings.Where(u => u != space)]), null, space);
    }

    private IEnumerable<MemberAccessExpressionSyntax> Library(CompilationUnitSyntax root) =>
        root.DescendantNodes().OfType<MemberAccessExpressionSyntax>().Where(a => index.MemberNames.Contains(a.Name.Identifier.Text));

    private static IEnumerable<ArgumentListSyntax> Lists(CompilationUnitSyntax root) =>
        root.DescendantNodes().OfType<ArgumentListSyntax>().Where(l => l.Arguments.Count > 0);
}

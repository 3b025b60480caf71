using DocTuneLab.Library;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>
/// Makes parameters of the data in a method: what a local holds that nothing changes, else what a member of the library is given. What is
/// nearest to the result is most likely its input.
/// </summary>
internal static class ParameterChoice
{
    private const int Most = 2, MostWithLocals = 3;

    private sealed record Candidate(SyntaxNode Replaced, ExpressionSyntax Value, ITypeSymbol Type, string Name, int Rank);

    /// <summary>The method with parameters, and their values as the use had them.</summary>
    public static (DraftMethod Method, IReadOnlyList<IReadOnlyList<string>> Values)? Of(DraftMethod method, ReferenceSet references)
    {
        var usage = method.Usage;
        if (usage.Parameters.Count > 0)
        {
            var symbols = method.Declaration.ParameterList.Parameters.Select(p => method.Model.GetDeclaredSymbol(p)!.Type).ToList();
            return (method.With(usage, [.. usage.Parameters.Select((p, i) => new DraftParameter(p.Type, p.Name, EnumMembers(symbols[i])))],
                references),
                usage.Values);
        }
        bool IsFree(Candidate c) => !usage.Constant.Contains(Fixed(c.Value));
        var chosen = Chosen([.. Locals(method).Where(IsFree)], [.. Arguments(method).Where(IsFree)]);
        if (chosen.Count == 0) return null;
        var names = new HashSet<string>(method.Declaration.DescendantTokens().Where(t => t.IsKind(SyntaxKind.IdentifierToken))
            .Select(t => t.ValueText), StringComparer.Ordinal);
        List<DraftParameter> parameters = [];
        List<string> values = [];
        Dictionary<SyntaxNode, string?> replaced = [];
        foreach (var candidate in chosen.OrderBy(c => c.Replaced.SpanStart))
        {
            var name = candidate.Name;
            if (candidate.Replaced is not StatementSyntax)
                for (var n = 2; !names.Add(name); n++) name = candidate.Name + n;
            parameters.Add(new(ValueCode.Name(candidate.Type), Escaped(name), EnumMembers(candidate.Type)));
            values.Add(Fixed(candidate.Value));
            replaced[candidate.Replaced] = candidate.Replaced is StatementSyntax ? null : Escaped(name);
        }
        var body = method.Declaration.Body!;
        var rewritten = body.ReplaceNodes(replaced.Keys, (old, _) => replaced[old] is { } name
            ? SyntaxFactory.IdentifierName(name).WithTriviaFrom(old) : SyntaxFactory.EmptyStatement());
        var statements = rewritten.Statements.Where(s => s is not EmptyStatementSyntax).ToList();
        var result = ((ReturnStatementSyntax)statements[^1]).Expression!.ToString();
        var changed = usage with { Body = [.. statements.SkipLast(1).Select(s => s.ToString())], Result = result };
        return (method.With(changed, parameters, references), [values]);
    }

    /// <summary>Data whose value is another on every run, as one that stays.</summary>
    public static string Fixed(ExpressionSyntax value)
    {
        var n = 0;
        return value.ReplaceNodes(value.DescendantNodesAndSelf().Where(IsChance), (old, _) => SyntaxFactory.ParseExpression(
            old.ToString().StartsWith("Guid", StringComparison.Ordinal) ? $"new Guid(\"6f9619ff-8b86-d011-b42d-00c04fc964f{n++ % 10}\")"
                : old.ToString().StartsWith("DateTimeOffset", StringComparison.Ordinal)
                    ? "new DateTimeOffset(2024, 5, 17, 8, 30, 0, TimeSpan.Zero)"
                : "new DateTime(2024, 5, 17, 8, 30, 0)")).ToString();
    }

    private static bool IsChance(SyntaxNode node) => node.ToString() is "Guid.NewGuid()" or "DateTime.Now" or "DateTime.UtcNow"
        or "DateTime.Today"
        or "DateTimeOffset.Now" or "DateTimeOffset.UtcNow";

    private static List<Candidate> Chosen(List<Candidate> locals, List<Candidate> arguments)
    {
        var chosen = locals.OrderByDescending(c => c.Rank).ThenByDescending(c => c.Replaced.SpanStart).Take(MostWithLocals).ToList();
        // Beside an object that goes in, settings stay what they are.
        var room = chosen.Count > 0 ? 0 : Most;
        var rest = arguments.Where(a => chosen.TrueForAll(c => !c.Replaced.Span.Contains(a.Replaced.Span)))
            .OrderByDescending(c => c.Rank).ThenByDescending(c => c.Replaced.SpanStart).Take(room).ToList();
        return [.. chosen, .. rest];
    }

    private static IEnumerable<Candidate> Locals(DraftMethod method)
    {
        foreach (var statement in method.Declaration.Body!.Statements.OfType<LocalDeclarationStatementSyntax>())
        {
            if (statement.UsingKeyword.RawKind != 0
                || statement.Declaration.Variables is not [{ Initializer.Value: { } value } variable]) continue;
            if (!IsInput(value, method) || method.Model.GetDeclaredSymbol(variable) is not ILocalSymbol local || !method.Types
                .IsData(local.Type)) continue;
            if (local.Type.TypeKind == TypeKind.Enum || local.Type.SpecialType == SpecialType.System_Boolean
                || IsChanged(local, method)) continue;
            yield return new(statement, value, local.Type, local.Name, 2);
        }
    }

    private static IEnumerable<Candidate> Arguments(DraftMethod method)
    {
        foreach (var node in method.Declaration.Body!.DescendantNodes(n =>
            n is not AnonymousFunctionExpressionSyntax and not AttributeSyntax))
        {
            if (node is not ArgumentSyntax { RefOrOutKeyword.RawKind: 0 } argument || !IsInput(argument.Expression, method)) continue;
            if (argument.Ancestors().OfType<ArgumentSyntax>().Any(a => IsInput(a.Expression, method))) continue;
            if (argument.Parent?.Parent is not { } call || method.Model.GetSymbolInfo(call).Symbol is not IMethodSymbol called) continue;
            var isReader = called.ContainingType.Name is "StringReader" or "MemoryStream";
            if (!isReader && !method.Types.IsOfLibrary(called)) continue;
            var type = method.Model.GetTypeInfo(argument.Expression).ConvertedType;
            if (type?.TypeKind == TypeKind.TypeParameter || type?.SpecialType == SpecialType.System_Object || !method.Types.IsData(type))
                type = method.Model.GetTypeInfo(argument.Expression).Type;
            if (type is null || !method.Types.IsData(type) || method.Types.IsOfLibrary(type)) continue;
            var at = ((BaseArgumentListSyntax)argument.Parent).Arguments.IndexOf(argument);
            var name = isReader ? "text" : argument.NameColon?.Name.Identifier.Text
                ?? called.Parameters.ElementAtOrDefault(Math.Min(at, called.Parameters.Length - 1))?.Name ?? "value";
            if (type.SpecialType is SpecialType.System_Boolean) continue;
            var rank = type.TypeKind == TypeKind.Enum ? 0 : 1;
            yield return new(argument.Expression, argument.Expression, type, name.Length < 3 ? "value" : name, rank);
        }
    }

    /// <summary>Data that is written out: literals and what is made of them, without the library, locals and chance beyond ids and
    /// times.</summary>
    private static bool IsInput(ExpressionSyntax value, DraftMethod method)
    {
        if (value is AnonymousFunctionExpressionSyntax or TypeOfExpressionSyntax or InterpolatedStringExpressionSyntax) return false;
        if (method.Types.UsesLibrary(value, method.Model)) return false;
        var says = false;
        foreach (var node in value.DescendantNodesAndSelf())
        {
            switch (node)
            {
                case LiteralExpressionSyntax
                {
                    RawKind: (int)SyntaxKind.NullLiteralExpression
                    or (int)SyntaxKind.DefaultLiteralExpression
                }:
                    break;
                case LiteralExpressionSyntax: says = true; break;
                case AnonymousFunctionExpressionSyntax or AssignmentExpressionSyntax { Parent: not InitializerExpressionSyntax }
                    or AwaitExpressionSyntax:
                    return false;
                case IdentifierNameSyntax name when method.Model.GetSymbolInfo(name).Symbol is { } symbol:
                    if (symbol is ILocalSymbol or IParameterSymbol) return false;
                    if (symbol is IFieldSymbol { ContainingType.TypeKind: TypeKind.Enum }) says = true;
                    if (symbol is IMethodSymbol { Name: "NewGuid" } or IPropertySymbol { Name: "Now" or "UtcNow" or "Today" }) says = true;
                    break;
            }
        }
        return says;
    }

    // Assigned, handed over by reference, or written into.
    private static bool IsChanged(ILocalSymbol local, DraftMethod method) => method.Declaration.Body!
        .DescendantNodes().OfType<IdentifierNameSyntax>()
        .Where(n => n.Identifier.ValueText == local.Name && SymbolEqualityComparer.Default
            .Equals(method.Model.GetSymbolInfo(n).Symbol, local))
        .Any(n => n.Parent is AssignmentExpressionSyntax a && a.Left == n || n.Parent is PrefixUnaryExpressionSyntax
            or PostfixUnaryExpressionSyntax
            || n.Parent is ArgumentSyntax { RefOrOutKeyword.RawKind: not 0 }
            || n.Ancestors().TakeWhile(p => p is ExpressionSyntax).OfType<AssignmentExpressionSyntax>()
                .Any(p => p.Left.Span.Contains(n.Span)));

    private static IReadOnlyList<string> EnumMembers(ITypeSymbol type) => type.TypeKind == TypeKind.Enum
        ? [.. type.GetMembers().OfType<IFieldSymbol>().Select(f => f.Name)] : [];

    private static string Escaped(string name) => SyntaxFacts.GetKeywordKind(name) == SyntaxKind.None ? name : "@" + name;
}

using DocTuneLab.Evaluation.Extraction;
using DocTuneLab.Evaluation.Statistics;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Metrics;

/// <summary>Code that compiles because it does nothing: every body in it is empty, throws, or returns a constant or a default.</summary>
internal sealed class EmptyBodies : IMetric
{
    public string Name => GuideMetricNames.EmptyBodies;
    public string Title => "Only throws or returns a default";
    public string Question => "Which share of the answers with code does nothing but throw, or return a constant or default?";
    public bool HigherIsBetter => false;
    public IEnumerable<Observation> Observe(MetricInput input) => input.Greedy.Where(r => r.Code is not null)
        .Select(r => input.Of(r.Task, DoesNothing(r.Code!)));

    internal static bool DoesNothing(string code)
    {
        var root = AnswerCode.Script(code);
        var methods = root.DescendantNodes().OfType<BaseMethodDeclarationSyntax>()
            .Where(m => m.Body is not null || m.ExpressionBody is not null).ToList();
        if (methods.Count > 0)
            return methods.TrueForAll(m => m.Body is { } body ? IsEmpty([.. body.Statements]) : Gives(m.ExpressionBody?.Expression));
        // Of statements without a method the parser makes locals fields.
        return !root.DescendantNodes().OfType<BaseTypeDeclarationSyntax>().Any()
            && IsEmpty([.. root.Members.Select(m => m is GlobalStatementSyntax global ? global.Statement : (SyntaxNode)m)]);
    }

    private static bool IsEmpty(SyntaxNode[] statements) => statements switch
    {
        [] => true,
        [ThrowStatementSyntax] => true,
        [ExpressionStatementSyntax only] => Gives(only.Expression),
        [BlockSyntax only] => IsEmpty([.. only.Statements]),
        [.. var locals, ReturnStatementSyntax { Expression: var given }] =>
            Constants(locals) is { } constants
            && (Gives(given) || given is IdentifierNameSyntax name && constants.Contains(name.Identifier.Text)),
        _ => false,
    };

    /// <summary>Names of the locals that statements declare, where they do nothing but declare constants; else null.</summary>
    private static HashSet<string>? Constants(SyntaxNode[] statements)
    {
        HashSet<string> names = [];
        foreach (var statement in statements)
        {
            var declaration = statement switch
            {
                LocalDeclarationStatementSyntax local => local.Declaration,
                BaseFieldDeclarationSyntax field => field.Declaration,
                _ => null,
            };
            if (declaration is null || declaration.Variables.Any(v => !Gives(v.Initializer?.Value))) return null;
            names.UnionWith(declaration.Variables.Select(v => v.Identifier.Text));
        }
        return names;
    }

    /// <summary>Whether an expression is nothing, thrown, or a constant that rests on no argument.</summary>
    private static bool Gives(ExpressionSyntax? expression) => expression switch
    {
        null or ThrowExpressionSyntax or LiteralExpressionSyntax or DefaultExpressionSyntax => true,
        ParenthesizedExpressionSyntax inner => Gives(inner.Expression),
        PostfixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.SuppressNullableWarningExpression } inner => Gives(inner.Operand),
        PrefixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.UnaryMinusExpression } inner => Gives(inner.Operand),
        CollectionExpressionSyntax { Elements.Count: 0 } => true,
        MemberAccessExpressionSyntax { Expression: PredefinedTypeSyntax, Name.Identifier.Text: "Empty" } => true,
        _ => false,
    };
}

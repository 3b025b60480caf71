using DocTuneLab.Evaluation.Extraction;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Execution;

/// <summary>
/// Locals and local functions of hidden tests whose value an answer may have a hand in: what comes of it, what it is given and may change,
/// and what comes of these. What a check expects of such a name is not known without the answer.
/// </summary>
internal static class TouchedNames
{
    /// <summary>The names; without types, so that one too many is possible.</summary>
    public static HashSet<string> Of(IReadOnlyList<string> tests)
    {
        var roots = tests.Select(t => SyntaxFactory.ParseCompilationUnit(t, options: CodeExtractor.ParseOptions)).ToList();
        var statements = roots.SelectMany(r => r.DescendantNodes().OfType<StatementSyntax>()).Where(s => s is not BlockSyntax).ToList();
        var changed = roots.SelectMany(r => r.DescendantNodes()).SelectMany(Changed).ToHashSet(StringComparer.Ordinal);
        var constant = roots.SelectMany(r => r.DescendantNodes().OfType<VariableDeclaratorSyntax>())
            .Where(v => v.Initializer?.Value is LiteralExpressionSyntax or PrefixUnaryExpressionSyntax { Operand: LiteralExpressionSyntax })
            .Select(v => v.Identifier.Text).Where(name => !changed.Contains(name)).ToHashSet(StringComparer.Ordinal);

        var locals = roots.SelectMany(r => r.DescendantNodes()).SelectMany(DeclaredBy).Where(name => !constant.Contains(name))
            .ToHashSet(StringComparer.Ordinal);

        HashSet<string> touched = new(StringComparer.Ordinal);
        for (var before = -1; before < touched.Count;)
        {
            before = touched.Count;
            foreach (var statement in statements)
            {
                var nodes = Own(statement).ToList();
                var used = nodes.OfType<IdentifierNameSyntax>().Select(n => n.Identifier.Text).ToList();
                var made = nodes.SelectMany(n => DeclaredBy(n).Concat(Changed(n)));
                // A call may change what it is given, and what it is called on.
                if (used.Contains("Solution")) touched.UnionWith(used.Concat(made).Where(locals.Contains));
                else if (used.Any(touched.Contains))
                    touched.UnionWith(made.Concat(nodes.SelectMany(Receivers)).Where(locals.Contains));
            }
        }
        return touched;
    }

    // Of a statement, but for the statements in it and for what checks expect; a function is one with its body.
    private static IEnumerable<SyntaxNode> Own(StatementSyntax statement) => statement.DescendantNodesAndSelf(n => n == statement
        || (!IsExpected(n) && (n is not StatementSyntax || statement is LocalFunctionStatementSyntax || IsInFunction(n, statement))))
        .Where(n => !IsExpected(n));

    private static bool IsInFunction(SyntaxNode node, SyntaxNode statement) =>
        node.Ancestors().TakeWhile(a => a != statement).Any(a => a is AnonymousFunctionExpressionSyntax);

    private static bool IsExpected(SyntaxNode node) => node is ArgumentSyntax
    {
        Parent: ArgumentListSyntax
        {
            Parent: InvocationExpressionSyntax
            {
                Expression: MemberAccessExpressionSyntax
                {
                    Expression: IdentifierNameSyntax { Identifier.Text: "Check" }, Name.Identifier.Text: "Equal" or "NotEqual",
                },
            } call,
        },
    } argument && (argument.NameColon?.Name.Identifier.Text == "expected"
        || (argument.NameColon is null && call.ArgumentList.Arguments[0] == argument));

    private static IEnumerable<string> DeclaredBy(SyntaxNode node) => node switch
    {
        VariableDeclaratorSyntax v => [v.Identifier.Text],
        SingleVariableDesignationSyntax d => [d.Identifier.Text],
        ForEachStatementSyntax f => [f.Identifier.Text],
        LocalFunctionStatementSyntax f => [f.Identifier.Text],
        _ => [],
    };

    private static IEnumerable<string> Changed(SyntaxNode node) => node switch
    {
        AssignmentExpressionSyntax a => Names(a.Left),
        ArgumentSyntax { RefOrOutKeyword.RawKind: not 0 } a => Names(a.Expression),
        PrefixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.PreIncrementExpression or (int)SyntaxKind.PreDecrementExpression } u =>
            Names(u.Operand),
        PostfixUnaryExpressionSyntax { RawKind: not (int)SyntaxKind.SuppressNullableWarningExpression } u => Names(u.Operand),
        _ => [],
    };

    private static IEnumerable<string> Receivers(SyntaxNode node) =>
        node is InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax called } ? Names(called.Expression) : [];

    private static IEnumerable<string> Names(SyntaxNode node) =>
        node.DescendantNodesAndSelf().OfType<IdentifierNameSyntax>().Select(n => n.Identifier.Text);
}

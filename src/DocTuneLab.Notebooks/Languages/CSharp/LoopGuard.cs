using System.Text;
using DocTuneLab.Notebooks.Cells;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Notebooks.Languages.CSharp;

/// <summary>
/// Inserts <see cref="CellGuard.Check"/> into every loop and function, so that a cell can be stopped and cannot use up the stack. Works
/// on the text, within lines: line numbers in errors and traces stay those of the user.
/// </summary>
internal static class LoopGuard
{
    public const string Check = "global::DocTuneLab.Notebooks.Cells.CellGuard.Check();";

    /// <summary>True if there are lambdas whose body is an expression: only types tell how to guard them.</summary>
    public static bool NeedsModel(SyntaxTree tree) =>
        tree.GetRoot()
            .DescendantNodes()
            .Any(node => node is LambdaExpressionSyntax { ExpressionBody: not (null or ThrowExpressionSyntax) });

    /// <param name="tree">The code.</param>
    /// <param name="model">Its meaning; without it, lambdas whose body is an expression stay as they are.</param>
    public static string Apply(SyntaxTree tree, SemanticModel? model = null)
    {
        var walker = new Walker(model);
        walker.Visit(tree.GetRoot());
        var text = tree.GetText().ToString();
        var result = new StringBuilder(text.Length + walker.Edits.Count * Check.Length);
        var position = 0;
        // Edits at one place keep the order in which they were found: closing braces of inner loops come before those of outer ones.
        foreach (var edit in walker.Edits.OrderBy(edit => edit.Start).ThenBy(edit => edit.Order))
        {
            result.Append(text, position, edit.Start - position).Append(edit.Text);
            position = edit.Start + edit.Length;
        }
        return result.Append(text, position, text.Length - position).ToString();
    }

    private readonly record struct Edit(int Start, int Length, string Text, int Order);

    private sealed class Walker(SemanticModel? model) : CSharpSyntaxWalker
    {
        public List<Edit> Edits { get; } = [];

        public override void VisitWhileStatement(WhileStatementSyntax node) => Loop(node.Statement, () => base.VisitWhileStatement(node));

        public override void VisitDoStatement(DoStatementSyntax node) => Loop(node.Statement, () => base.VisitDoStatement(node));

        public override void VisitForStatement(ForStatementSyntax node) => Loop(node.Statement, () => base.VisitForStatement(node));

        public override void VisitForEachStatement(ForEachStatementSyntax node) =>
            Loop(node.Statement, () => base.VisitForEachStatement(node));

        public override void VisitForEachVariableStatement(ForEachVariableStatementSyntax node) =>
            Loop(node.Statement, () => base.VisitForEachVariableStatement(node));

        // goto can make a loop too.
        public override void VisitLabeledStatement(LabeledStatementSyntax node)
        {
            Insert(node.ColonToken.Span.End, Check);
            base.VisitLabeledStatement(node);
        }

        public override void VisitMethodDeclaration(MethodDeclarationSyntax node)
        {
            Function(node.Body, node.ExpressionBody, node.SemicolonToken, node.ReturnType, node.Modifiers);
            base.VisitMethodDeclaration(node);
        }

        public override void VisitLocalFunctionStatement(LocalFunctionStatementSyntax node)
        {
            Function(node.Body, node.ExpressionBody, node.SemicolonToken, node.ReturnType, node.Modifiers);
            base.VisitLocalFunctionStatement(node);
        }

        public override void VisitOperatorDeclaration(OperatorDeclarationSyntax node)
        {
            Function(node.Body, node.ExpressionBody, node.SemicolonToken, node.ReturnType, node.Modifiers);
            base.VisitOperatorDeclaration(node);
        }

        public override void VisitConversionOperatorDeclaration(ConversionOperatorDeclarationSyntax node)
        {
            Function(node.Body, node.ExpressionBody, node.SemicolonToken, node.Type, node.Modifiers);
            base.VisitConversionOperatorDeclaration(node);
        }

        public override void VisitConstructorDeclaration(ConstructorDeclarationSyntax node)
        {
            Block(node.Body);
            if (node.ExpressionBody is { } arrow)
                Arrow(arrow, node.SemicolonToken, "{" + Check, "}");
            base.VisitConstructorDeclaration(node);
        }

        public override void VisitPropertyDeclaration(PropertyDeclarationSyntax node)
        {
            if (node.ExpressionBody is { } arrow)
                Arrow(arrow, node.SemicolonToken, "{get{" + Check + Return(arrow.Expression), "}}");
            base.VisitPropertyDeclaration(node);
        }

        public override void VisitIndexerDeclaration(IndexerDeclarationSyntax node)
        {
            if (node.ExpressionBody is { } arrow)
                Arrow(arrow, node.SemicolonToken, "{get{" + Check + Return(arrow.Expression), "}}");
            base.VisitIndexerDeclaration(node);
        }

        public override void VisitAccessorDeclaration(AccessorDeclarationSyntax node)
        {
            Block(node.Body);
            if (node.ExpressionBody is { } arrow)
                Arrow(arrow, node.SemicolonToken,
                    "{" + Check + (node.IsKind(SyntaxKind.GetAccessorDeclaration) ? Return(arrow.Expression) : ""), "}");
            base.VisitAccessorDeclaration(node);
        }

        public override void VisitParenthesizedLambdaExpression(ParenthesizedLambdaExpressionSyntax node)
        {
            Lambda(node);
            base.VisitParenthesizedLambdaExpression(node);
            EndLambda(node);
        }

        public override void VisitSimpleLambdaExpression(SimpleLambdaExpressionSyntax node)
        {
            Lambda(node);
            base.VisitSimpleLambdaExpression(node);
            EndLambda(node);
        }

        private void Lambda(LambdaExpressionSyntax node)
        {
            Block(node.Block);
            if (Statement(node) is { } statement)
                Insert(node.ExpressionBody!.Span.Start, "{" + Check + statement);
        }

        // After the lambda's own lambdas, which may end at the same place.
        private void EndLambda(LambdaExpressionSyntax node)
        {
            if (Statement(node) is not null)
                Insert(node.ExpressionBody!.Span.End, ";}");
        }

        /// <summary>What makes a statement of a lambda's expression;
        /// null where that would change its meaning, as in an expression tree.</summary>
        private string? Statement(LambdaExpressionSyntax node)
        {
            if (node.ExpressionBody is null or ThrowExpressionSyntax
                || model?.GetTypeInfo(node).ConvertedType
                    is not INamedTypeSymbol { TypeKind: TypeKind.Delegate, DelegateInvokeMethod: { } invoke })
                return null;
            var isAsync = node.AsyncKeyword.RawKind != 0;
            var noValue = invoke.ReturnsVoid || isAsync && invoke.ReturnType is INamedTypeSymbol { IsGenericType: false };
            return noValue ? "" : "return ";
        }

        private void Loop(StatementSyntax body, Action visitInside)
        {
            if (body is BlockSyntax block)
            {
                Block(block);
                visitInside();
                return;
            }
            Insert(body.Span.Start, "{" + Check);
            visitInside();
            Insert(body.Span.End, "}");
        }

        private void Function(BlockSyntax? body, ArrowExpressionClauseSyntax? arrow, SyntaxToken semicolon, TypeSyntax returnType,
            SyntaxTokenList modifiers)
        {
            Block(body);
            if (arrow is null)
                return;
            var isAsync = modifiers.Any(SyntaxKind.AsyncKeyword);
            var noValue = returnType is PredefinedTypeSyntax { Keyword.RawKind: (int)SyntaxKind.VoidKeyword }
                || isAsync && returnType is SimpleNameSyntax { Identifier.Text: "Task" or "ValueTask" } and not GenericNameSyntax;
            Arrow(arrow, semicolon, "{" + Check + (noValue ? "" : Return(arrow.Expression)), "}");
        }

        private void Arrow(ArrowExpressionClauseSyntax arrow, SyntaxToken semicolon, string open, string close)
        {
            if (semicolon.IsMissing)
                return;
            Edits.Add(new Edit(arrow.ArrowToken.SpanStart, arrow.ArrowToken.Span.Length, open, Edits.Count));
            Insert(semicolon.Span.End, close);
        }

        private static string Return(ExpressionSyntax value) => value is ThrowExpressionSyntax ? "" : "return";

        private void Block(BlockSyntax? block)
        {
            if (block is { OpenBraceToken.IsMissing: false })
                Insert(block.OpenBraceToken.Span.End, Check);
        }

        private void Insert(int position, string text) => Edits.Add(new Edit(position, 0, text, Edits.Count));
    }
}

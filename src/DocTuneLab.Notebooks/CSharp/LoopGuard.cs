using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Notebooks.CSharp;

/// <summary>
/// Inserts <see cref="CellGuard.Check"/> into every loop and function body, so that a cell can be stopped. Works on the text, within
/// lines: line numbers in errors and traces stay those of the user.
/// </summary>
internal static class LoopGuard
{
    private const string Check = "global::DocTuneLab.Notebooks.CSharp.CellGuard.Check();";

    public static string Apply(SyntaxTree tree)
    {
        var walker = new Walker();
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

    private sealed class Walker : CSharpSyntaxWalker
    {
        public List<Edit> Edits { get; } = [];

        public override void VisitWhileStatement(WhileStatementSyntax node) => Loop(node.Statement, () => base.VisitWhileStatement(node));

        public override void VisitDoStatement(DoStatementSyntax node) => Loop(node.Statement, () => base.VisitDoStatement(node));

        public override void VisitForStatement(ForStatementSyntax node) => Loop(node.Statement, () => base.VisitForStatement(node));

        public override void VisitForEachStatement(ForEachStatementSyntax node) => Loop(node.Statement, () => base.VisitForEachStatement(node));

        public override void VisitForEachVariableStatement(ForEachVariableStatementSyntax node) => Loop(node.Statement, () => base.VisitForEachVariableStatement(node));

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

        public override void VisitAccessorDeclaration(AccessorDeclarationSyntax node)
        {
            Block(node.Body);
            base.VisitAccessorDeclaration(node);
        }

        public override void VisitParenthesizedLambdaExpression(ParenthesizedLambdaExpressionSyntax node)
        {
            Block(node.Block);
            base.VisitParenthesizedLambdaExpression(node);
        }

        public override void VisitSimpleLambdaExpression(SimpleLambdaExpressionSyntax node)
        {
            Block(node.Block);
            base.VisitSimpleLambdaExpression(node);
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

        private void Function(BlockSyntax? body, ArrowExpressionClauseSyntax? arrow, SyntaxToken semicolon, TypeSyntax returnType, SyntaxTokenList modifiers)
        {
            Block(body);
            if (arrow is null || semicolon.IsMissing)
                return;
            var isAsync = modifiers.Any(SyntaxKind.AsyncKeyword);
            var noValue = returnType is PredefinedTypeSyntax { Keyword.RawKind: (int)SyntaxKind.VoidKeyword }
                || isAsync && returnType is SimpleNameSyntax { Identifier.Text: "Task" or "ValueTask" } and not GenericNameSyntax;
            var statement = noValue || arrow.Expression is ThrowExpressionSyntax ? "" : "return";
            Edits.Add(new Edit(arrow.ArrowToken.SpanStart, arrow.ArrowToken.Span.Length, "{" + Check + statement, Edits.Count));
            Insert(semicolon.Span.End, "}");
        }

        private void Block(BlockSyntax? block)
        {
            if (block is { OpenBraceToken.IsMissing: false })
                Insert(block.OpenBraceToken.Span.End, Check);
        }

        private void Insert(int position, string text) => Edits.Add(new Edit(position, 0, text, Edits.Count));
    }
}

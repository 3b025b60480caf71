using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Library.Guidance;

/// <summary>The compiler's word on the statement that has just ended: only errors that no later code can mend.</summary>
internal static class StatementCheck
{
    // A local function, a label or a type may still come; paths may still return; a value may still be assigned.
    private static readonly HashSet<string> s_mendable = new(StringComparer.Ordinal) { "CS0159", "CS0161", "CS0177", "CS1643", "CS8070" };

    /// <summary>What is wrong with certainty; null where nothing is.</summary>
    /// <param name="guide">The frame.</param>
    /// <param name="code">Code that ends with the end of a statement.</param>
    /// <param name="isEnd">Whether nothing follows.</param>
    public static string? Fault(CodeGuide guide, string code, bool isEnd = false)
    {
        var head = guide.Frame.Head;
        var closing = string.Concat(Enumerable.Repeat("\n}", isEnd ? Depth(head) : 0));
        var tree = GuideScope.Parse(head + code + closing);
        var end = head.Length + code.Length;
        if (isEnd)
        {
            var whole = guide.Scope.Model(tree);
            return tree.GetDiagnostics().Concat(whole.GetDeclarationDiagnostics()).Concat(whole.GetMethodBodyDiagnostics())
                .FirstOrDefault(d => d.Severity == DiagnosticSeverity.Error)?.GetMessage();
        }
        if (Finished(tree, end) is not { } statement) return null;
        if (statement.GetDiagnostics().FirstOrDefault(d => d.Severity == DiagnosticSeverity.Error) is { } syntax)
            return syntax.Location.SourceSpan.Start < end - 1 ? syntax.GetMessage() : null;
        var model = guide.Scope.Model(tree);
        foreach (var error in model.GetMethodBodyDiagnostics(statement.Span))
            if (error.Severity == DiagnosticSeverity.Error && statement.Span.Contains(error.Location.SourceSpan)
                && IsCertain(guide, error, statement))
                return error.GetMessage();
        return null;
    }

    /// <summary>The outermost statement that ends here, with nothing but blocks around it.</summary>
    private static StatementSyntax? Finished(SyntaxTree tree, int end)
    {
        var last = tree.GetRoot().FindToken(end - 1);
        if (last.IsMissing || last.Span.End != end) return null;
        StatementSyntax? found = null;
        var node = last.Parent;
        for (; node is not null; node = node.Parent)
        {
            if (node is StatementSyntax statement && statement.GetLastToken() == last
                && statement.Parent is not (BaseMethodDeclarationSyntax or AccessorDeclarationSyntax or AnonymousFunctionExpressionSyntax))
                found = statement;
            else if (node is AnonymousFunctionExpressionSyntax or InitializerExpressionSyntax or SwitchExpressionSyntax
                or AnonymousObjectCreationExpressionSyntax)
                return null;
        }
        return found;
    }

    private static bool IsCertain(CodeGuide guide, Diagnostic error, SyntaxNode statement)
    {
        if (s_mendable.Contains(error.Id)) return false;
        var node = statement.FindNode(error.Location.SourceSpan, getInnermostNodeForTie: true);
        // A local function that comes later.
        if (error.Id == "CS0103" && node is SimpleNameSyntax
            && node.FirstAncestorOrSelf<InvocationExpressionSyntax>() is { } call && call.Expression.Span.Contains(node.Span))
            return false;
        return !guide.Frame.HoldsTypes;
    }

    private static int Depth(string head) => head.Count(c => c == '{') - head.Count(c => c == '}');
}

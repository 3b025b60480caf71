using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Library.Guidance;

/// <summary>The compiler's word on the statement that has just ended: only errors that no later code can mend.</summary>
internal static class StatementCheck
{
    private const string LabelMissing = "CS0159";

    // A local function, a label or a type may still come; paths may still return; a value may still be assigned.
    private static readonly HashSet<string> s_mendable = new(StringComparer.Ordinal)
    {
        LabelMissing, "CS0161", "CS0177", "CS1643", "CS8070",
    };

    // Where control goes is not known before all labels are.
    private static readonly HashSet<string> s_ofFlow = new(StringComparer.Ordinal) { "CS0163", "CS0165", "CS0170" };

    // No overload takes so many arguments, or one of that type.
    private static readonly HashSet<string> s_ofArguments = new(StringComparer.Ordinal)
    {
        "CS1501", "CS1502", "CS1503", "CS1739", "CS7036",
    };

    // Of types and members that are there already.
    private static readonly HashSet<string> s_ofTypes = new(StringComparer.Ordinal)
    {
        "CS0019", "CS0023", "CS0029", "CS0103", "CS0117", "CS0128", "CS0131", "CS0136", "CS0200", "CS0266", "CS0272", "CS1061", "CS1501",
        "CS1503", "CS1729", "CS7036",
    };

    // A method that ends without a value; members that a type lacks.
    private static readonly HashSet<string> s_atEnd = new(StringComparer.Ordinal) { "CS0161", "CS0534", "CS0535", "CS0738" };

    // A type that is not there, and may be declared later: what is said of members that have it is not certain.
    private static readonly HashSet<string> s_ofLaterTypes = new(StringComparer.Ordinal)
    {
        "CS0234", "CS0246", "CS0305", "CS0308", "CS0426",
    };

    /// <summary>Why a member or type that is closed at the end of the code may not end there: nothing that comes later changes that. Null
    /// where it may.</summary>
    public static string? Unfinished(CodeGuide guide, string code)
    {
        var tree = GuideScope.Parse(guide.Scope.Head + code);
        var last = tree.GetRoot().FindToken(guide.Scope.Head.Length + code.Length - 1);
        MemberDeclarationSyntax? closed = last.Parent is BlockSyntax { Parent: BaseMethodDeclarationSyntax method } ? method
            : last.Parent as TypeDeclarationSyntax;
        if (closed is null || closed.Modifiers.Any(SyntaxKind.PartialKeyword) || closed.GetLastToken() != last) return null;
        var model = guide.Scope.Whole(tree);
        if (closed is TypeDeclarationSyntax type)
            return model.GetDeclaredSymbol(type) is { BaseType: null or { SpecialType: not SpecialType.None } }
                && !model.GetDeclarationDiagnostics().Any(d => s_ofLaterTypes.Contains(d.Id))
                ? AtEnd(model.GetDeclarationDiagnostics(type.Span), type) : null;
        // Beside other errors it may be one of them that ends the method.
        var errors = model.GetMethodBodyDiagnostics(closed.Span).Where(d => d.Severity == DiagnosticSeverity.Error).ToList();
        return errors.Count == 1 ? AtEnd(errors, closed) : null;
    }

    private static string? AtEnd(IEnumerable<Diagnostic> errors, MemberDeclarationSyntax closed) =>
        errors.FirstOrDefault(d => s_atEnd.Contains(d.Id) && closed.Span.Contains(d.Location.SourceSpan))?.GetMessage();

    /// <summary>Why all of the code may not end here; null where it may.</summary>
    public static string? Objection(CodeGuide guide, string code)
    {
        var tree = GuideScope.Parse(guide.Scope.Head + code + guide.Scope.Closing);
        // In whatever form: whoever takes the answer looks for its name.
        if (guide.Scope.Asked is { } asked && !tree.GetRoot().DescendantNodes().Any(n => asked == n switch
        {
            MethodDeclarationSyntax method => method.Identifier.ValueText,
            PropertyDeclarationSyntax property => property.Identifier.ValueText,
            VariableDeclaratorSyntax variable => variable.Identifier.ValueText,
            LocalFunctionStatementSyntax function => function.Identifier.ValueText,
            _ => null,
        }))
            return $"'{asked}' is asked for";
        var model = guide.Scope.Whole(tree);
        return tree.GetDiagnostics().Concat(model.GetDeclarationDiagnostics()).Concat(model.GetMethodBodyDiagnostics())
            .FirstOrDefault(d => d.Severity == DiagnosticSeverity.Error)?.GetMessage();
    }

    /// <summary>What is wrong with certainty; null where nothing is.</summary>
    /// <param name="guide">The frame.</param>
    /// <param name="code">Code that ends with the end of a statement.</param>
    /// <param name="isShort">Whether its last expression may go on and so become right.</param>
    /// <param name="isCertain">Whether no later code can mend it, such as that of a type of which more is to come.</param>
    public static string? Fault(CodeGuide guide, string code, out bool isShort, out bool isCertain)
    {
        (isShort, isCertain) = (false, !guide.Frame.HoldsTypes);
        var tree = GuideScope.Parse(guide.Scope.Head + code);
        var end = guide.Scope.Head.Length + code.Length;
        if (Finished(tree, end) is not { } statement) return null;
        if (statement.GetDiagnostics().FirstOrDefault(d => d.Severity == DiagnosticSeverity.Error) is { } syntax)
            return syntax.Location.SourceSpan.Start < end - 1 ? syntax.GetMessage() : null;
        // In a file nothing more is known: what it declares may come later.
        if (guide.Frame.HoldsTypes && !guide.Frame.HoldsMembers) return null;
        var model = guide.Scope.Whole(tree);
        var errors = model.GetMethodBodyDiagnostics(statement.Span).Where(d => d.Severity == DiagnosticSeverity.Error).ToList();
        var lacksLabel = errors.Exists(d => d.Id == LabelMissing);
        foreach (var error in errors)
            if (statement.Span.Contains(error.Location.SourceSpan) && !(lacksLabel && s_ofFlow.Contains(error.Id))
                && IsCertain(guide, model, error, statement))
            {
                isShort = guide.Layers.HasFlag(GuideLayers.Types) && error.Location.SourceSpan.End == end - 1
                    && MayGoOn(guide, model, statement.FindNode(error.Location.SourceSpan, getInnermostNodeForTie: true));
                return error.GetMessage();
            }
        return null;
    }

    // A name, a call or an element that a member, a call or an operator behind it makes what is expected.
    private static bool MayGoOn(CodeGuide guide, SemanticModel model, SyntaxNode node)
    {
        if (node.FirstAncestorOrSelf<ExpressionSyntax>() is not { } expression || guide.Scope.Reach is null) return false;
        var type = model.GetTypeInfo(expression).Type;
        if (type is null or { TypeKind: TypeKind.Error }) return model.GetSymbolInfo(expression) is var found
            && (found.Symbol ?? found.CandidateSymbols.FirstOrDefault()) is INamespaceOrTypeSymbol or IMethodSymbol;
        if (type.SpecialType == SpecialType.System_Void) return false;
        if (expression.Parent is ExpressionStatementSyntax)
            return expression is SimpleNameSyntax or MemberAccessExpressionSyntax or ElementAccessExpressionSyntax;
        var reach = guide.Scope.ReachAt(model, node.SpanStart);
        return ExpectedTypes.At(model, expression).Types is not { } types || types.Any(t => reach.Reaches(type, t));
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
            if (node is StatementSyntax statement && statement.GetLastToken(includeZeroWidth: true) == last
                && statement.Parent is not (BaseMethodDeclarationSyntax or AccessorDeclarationSyntax or AnonymousFunctionExpressionSyntax))
                found = statement;
            else if (node is AnonymousFunctionExpressionSyntax or InitializerExpressionSyntax or SwitchExpressionSyntax
                or AnonymousObjectCreationExpressionSyntax)
                return null;
        }
        return found;
    }

    private static bool IsCertain(CodeGuide guide, SemanticModel model, Diagnostic error, SyntaxNode statement)
    {
        if (s_mendable.Contains(error.Id)) return false;
        // A local function may come later.
        if (s_ofArguments.Contains(error.Id) && statement.FindNode(error.Location.SourceSpan, getInnermostNodeForTie: true)
            .FirstAncestorOrSelf<InvocationExpressionSyntax>() is { Expression: SimpleNameSyntax })
            return false;
        if (guide.Frame.HoldsMembers && !s_ofTypes.Contains(error.Id)) return false;
        return error.Id != "CS0103"
            || statement.FindNode(error.Location.SourceSpan, getInnermostNodeForTie: true) is not SimpleNameSyntax name
            || !(IsCalled(name) || MayBeMethod(model, name));
    }

    // Whether it may be a method that is converted to a delegate, not one of the operands of something.
    private static bool MayBeMethod(SemanticModel model, SimpleNameSyntax name) => name.Parent switch
    {
        CastExpressionSyntax or InitializerExpressionSyntax or ExpressionElementSyntax or YieldStatementSyntax
            or ArrowExpressionClauseSyntax or LambdaExpressionSyntax => true,
        ArgumentSyntax { Parent: TupleExpressionSyntax } => true,
        ArgumentSyntax argument => ArgumentCheck.TakesMethod(model, argument),
        EqualsValueClauseSyntax { Parent.Parent: VariableDeclarationSyntax { Type: var declared } } =>
            declared.IsVar || TakesMethod(model.GetTypeInfo(declared).Type),
        // Of an event, or beside another delegate.
        AssignmentExpressionSyntax assignment when assignment.Right == name => TakesMethod(model.GetTypeInfo(assignment.Left).Type),
        BinaryExpressionSyntax binary => TakesMethod(model.GetTypeInfo(binary.Left == name ? binary.Right : binary.Left).Type),
        _ => ExpectedTypes.At(model, name).Types?.Any(TakesMethod) == true,
    };

    private static bool TakesMethod(ITypeSymbol? type) => type is { TypeKind: TypeKind.Delegate }
        || type?.SpecialType is SpecialType.System_Object or SpecialType.System_Delegate or SpecialType.System_MulticastDelegate;

    private static bool IsCalled(SimpleNameSyntax name) =>
        name.FirstAncestorOrSelf<InvocationExpressionSyntax>() is { } call && call.Expression.Span.Contains(name.Span);
}

using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Library;

/// <summary>
/// What is left of a piece of C# when all is taken away that its author could choose without changing what it calls. Two pieces of one
/// shape are what clone detection knows as clones of type 1 (the same but for layout and comments) and type 2 (the same but for the names
/// of variables and for literals; Roy and Cordy 2007), renamed consistently (Baker's parameterised match, 1995); names of members and types
/// stay, because they are what a model has to know. Beyond that, trivial locals stand where they are used, and an expression body,
/// redundant parentheses and braces, <c>this.</c>, using directives and declared types of locals make no difference. The order of what is
/// evaluated does. Syntax alone decides, so code need not bind: a free name that does not begin with a capital counts as a parameter.
/// </summary>
/// <param name="Text">The shape; equal texts are the same shape.</param>
/// <param name="LeavesNoChoice">
/// Whether it is one call, member access, creation or operator on parameters and literals: whoever shows the member at all shows this.
/// </param>
public sealed record CodeShape(string Text, bool LeavesNoChoice)
{
    private static readonly CSharpParseOptions s_parse = new(LanguageVersion.Latest, DocumentationMode.None);

    /// <summary>The shape of code.</summary>
    /// <param name="code">Statements, an expression, or whole methods and types. Of one method, its body counts.</param>
    /// <param name="signature">Header of the method that <paramref name="code"/> is the body of, or contains; null where it is not known.
    /// It tells the names of the parameters, and what a target-typed <c>new</c> makes.</param>
    /// <returns>Null where the code has a syntax error, is empty, or nests too deeply.</returns>
    public static CodeShape? Of(string code, string? signature = null)
    {
        ArgumentNullException.ThrowIfNull(code);
        if (CodeWrapper.IsTooDeep(code, s_parse)) return null;
        var header = signature is null ? null : Header(signature);
        try
        {
            var unit = SyntaxFactory.ParseCompilationUnit(code, options: s_parse);
            if (!unit.ContainsDiagnostics) return Of(unit, header);
            // A method with an accessibility is no statement.
            unit = SyntaxFactory.ParseCompilationUnit(CodeWrapper.Wrap(code, CodeForm.Members, s_parse).Text, options: s_parse);
            if (!unit.ContainsDiagnostics) return Of(unit, header);
            var expression = SyntaxFactory.ParseExpression(code, options: s_parse, consumeFullText: true);
            return expression.ContainsDiagnostics ? null : Of(Function.Of(header) with { Expression = expression }, header);
        }
        catch (InsufficientExecutionStackException)
        {
            return null;
        }
    }

    private static CodeShape? Of(CompilationUnitSyntax unit, MethodDeclarationSyntax? header)
    {
        List<SyntaxNode> parts = [.. unit.Members.Select(m => m is GlobalStatementSyntax g ? (SyntaxNode)g.Statement : m)];
        // A class around the method is no choice of what is called.
        if (parts is [ClassDeclarationSyntax { BaseList: null, TypeParameterList: null } only]) parts = [.. only.Members];
        if (parts.Count == 0) return null;
        if (parts is [var single] && Function.Of(single) is { } function)
            return function.Body is null && function.Expression is null ? null : Of(function, header);
        if (parts.All(p => p is StatementSyntax)) return Of(Function.Of(header) with { Body = parts }, header);
        var writer = new CodeShapeWriter(header);
        foreach (var part in parts) writer.Write(part);
        return new(writer.ToString(), false);
    }

    private static CodeShape? Of(Function function, MethodDeclarationSyntax? header)
    {
        var writer = new CodeShapeWriter(header);
        var count = writer.WriteWhole(function);
        return count == 0 ? null : new(writer.ToString(), count == 1 && writer.Steps <= 1);
    }

    private static MethodDeclarationSyntax? Header(string signature) => SyntaxFactory.ParseMemberDeclaration(
        signature.TrimEnd().TrimEnd(';', '{').TrimEnd() + ";", options: s_parse) as MethodDeclarationSyntax;

    /// <summary>A method or local function: what decides how its body is read.</summary>
    internal sealed record Function(
        string? Name, IReadOnlyList<ParameterSyntax> Parameters, TypeSyntax? Returns, IReadOnlyList<SyntaxNode>? Body,
        ExpressionSyntax? Expression, bool IsAsync)
    {
        /// <summary>Whether an expression body is a statement, and not what is returned.</summary>
        public bool ReturnsNothing => Returns is PredefinedTypeSyntax { Keyword.RawKind: (int)SyntaxKind.VoidKeyword }
            || (IsAsync && Returns is IdentifierNameSyntax { Identifier.Text: "Task" or "ValueTask" });

        /// <summary>Type of what a <c>return</c> in it gives.</summary>
        public TypeSyntax? Result =>
            IsAsync && Returns is GenericNameSyntax { TypeArgumentList.Arguments: [var awaited] } ? awaited : Returns;

        /// <summary>Of a declaration; one without name, parameters and body for null, and null for what is no function.</summary>
        public static Function? Of(SyntaxNode node) => node switch
        {
            MethodDeclarationSyntax m => new(m.Identifier.Text, m.ParameterList.Parameters, m.ReturnType, m.Body?.Statements,
                m.ExpressionBody?.Expression, m.Modifiers.Any(SyntaxKind.AsyncKeyword)),
            LocalFunctionStatementSyntax f => new(f.Identifier.Text, f.ParameterList.Parameters, f.ReturnType, f.Body?.Statements,
                f.ExpressionBody?.Expression, f.Modifiers.Any(SyntaxKind.AsyncKeyword)),
            _ => null,
        };

        /// <summary>Of a method's header, to be given a body; of nothing where there is none.</summary>
        public static Function Of(MethodDeclarationSyntax? header) =>
            header is null ? new(null, [], null, null, null, false) : Of((SyntaxNode)header)!;
    }
}

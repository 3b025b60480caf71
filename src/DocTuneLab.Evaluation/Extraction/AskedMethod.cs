using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Extraction;

/// <summary>The method that a task asks for: how an answer's is found, and how one method is forwarded to another.</summary>
internal sealed class AskedMethod
{
    private readonly MethodDeclarationSyntax _header;

    private AskedMethod(MethodDeclarationSyntax header) => _header = header;

    /// <summary>Name of the method.</summary>
    public string Name => _header.Identifier.Text;

    /// <summary>Whether its body may wait.</summary>
    public bool IsAsync => _header.Modifiers.Any(SyntaxKind.AsyncKeyword);

    /// <summary>Whether nothing is returned, so that a body needs no <c>return</c>.</summary>
    public bool ReturnsNothing => _header.ReturnType is PredefinedTypeSyntax { Keyword.RawKind: (int)SyntaxKind.VoidKeyword }
        || (IsAsync && !_header.ReturnType.ToString().Contains('<', StringComparison.Ordinal));

    /// <summary>What it returns, as the signature writes it.</summary>
    public string ReturnType => _header.ReturnType.NormalizeWhitespace().ToString();

    /// <summary>Names of its parameters.</summary>
    public IReadOnlyList<string> Parameters => [.. _header.ParameterList.Parameters.Select(p => p.Identifier.ValueText)];

    /// <summary>Its parameters.</summary>
    public ParameterListSyntax ParameterList => _header.ParameterList;

    /// <summary>The method that a signature declares.</summary>
    /// <exception cref="LabException">It is not a method's header.</exception>
    public static AskedMethod Of(string signature)
    {
        var text = signature.TrimEnd().TrimEnd(';', '{').TrimEnd();
        return SyntaxFactory.ParseMemberDeclaration(text + ";", options: CodeExtractor.ParseOptions) is MethodDeclarationSyntax method
            && !method.ContainsDiagnostics
            ? new(method)
            : throw new LabException(
                $"\"{signature}\" is not the header of a method; expected such as: public static int Count(Tank tank).");
    }

    /// <summary>
    /// The declaration in an answer that is the asked method, or null: of that name, of a type or at the top; best one with a body,
    /// then one with as many parameters, then one of a class rather than of an interface, then a static one, then the first.
    /// </summary>
    public SyntaxNode? Find(SyntaxNode root)
    {
        SyntaxNode? best = null;
        var most = -1;
        foreach (var node in root.DescendantNodes(n => n is not (BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax
            or ExpressionSyntax or StatementSyntax) || n is LocalDeclarationStatementSyntax { Parent: GlobalStatementSyntax }))
        {
            var rank = Rank(node);
            if (rank > most) (best, most) = (node, rank);
        }
        return best;
    }

    /// <summary>Whether a declaration has a body that does something: none that is empty, or only says that it is to be written.</summary>
    public static bool IsWritten(SyntaxNode declaration)
    {
        var (block, arrow) = declaration switch
        {
            MethodDeclarationSyntax m => (m.Body, m.ExpressionBody),
            LocalFunctionStatementSyntax f => (f.Body, f.ExpressionBody),
            _ => (null, null),
        };
        if (declaration is not (MethodDeclarationSyntax or LocalFunctionStatementSyntax)) return true;
        ExpressionSyntax? thrown = arrow?.Expression is ThrowExpressionSyntax t ? t.Expression
            : block?.Statements is [ThrowStatementSyntax { Expression: { } e }] ? e : null;
        if (thrown is ObjectCreationExpressionSyntax { Type: var type }
            && type.ToString().EndsWith("NotImplementedException", StringComparison.Ordinal))
            return false;
        return arrow is not null || block is { Statements.Count: > 0 };
    }

    /// <summary>Whether a tree calls the method, on whatever.</summary>
    public bool IsCalledIn(SyntaxNode root) => root.DescendantNodes().OfType<InvocationExpressionSyntax>().Any(i => i.Expression switch
    {
        SimpleNameSyntax name => name.Identifier.ValueText == _header.Identifier.ValueText,
        MemberAccessExpressionSyntax { Name: var name, Expression: IdentifierNameSyntax or ObjectCreationExpressionSyntax } =>
            name.Identifier.ValueText == _header.Identifier.ValueText,
        _ => false,
    });

    /// <summary>The header with other modifiers and another name, without its body.</summary>
    public string Header(string modifiers, string name)
    {
        var parameters = _header.ParameterList.Parameters.Select(p => p.WithModifiers(
            SyntaxFactory.TokenList(p.Modifiers.Where(m => !m.IsKind(SyntaxKind.ThisKeyword)))).NormalizeWhitespace().ToString());
        return $"{modifiers} {_header.ReturnType.NormalizeWhitespace()} {name}{_header.TypeParameterList}({string.Join(", ", parameters)})"
            + string.Concat(_header.ConstraintClauses.Select(c => " " + c.NormalizeWhitespace()));
    }

    /// <summary>The signature as the task gives it, for a method that is not asynchronous itself.</summary>
    public string Forwarding => _header.WithModifiers(
            SyntaxFactory.TokenList(_header.Modifiers.Where(m => !m.IsKind(SyntaxKind.AsyncKeyword)).Select(m => m.WithoutTrivia())))
        .WithSemicolonToken(default).NormalizeWhitespace().ToString();

    /// <summary>A call with the parameters as arguments.</summary>
    /// <param name="target">What is called, such as <c>Outer.Method</c>.</param>
    /// <param name="generic">Whether the type parameters are passed on too.</param>
    public string Call(string target, bool generic = true)
    {
        var types = generic && _header.TypeParameterList is { } list
            ? $"<{string.Join(", ", list.Parameters.Select(p => p.Identifier.Text))}>" : "";
        var arguments = _header.ParameterList.Parameters.Select(p =>
            (p.Modifiers.Any(SyntaxKind.RefKeyword) ? "ref " : p.Modifiers.Any(SyntaxKind.OutKeyword) ? "out "
                : p.Modifiers.Any(SyntaxKind.InKeyword) ? "in " : "") + p.Identifier.Text);
        return $"{(_header.ReturnType is RefTypeSyntax ? "ref " : "")}{target}{types}({string.Join(", ", arguments)})";
    }

    /// <summary>Whether a declaration has as many type parameters as the asked method.</summary>
    public bool IsAsGeneric(SyntaxNode declaration) => (declaration switch
    {
        MethodDeclarationSyntax m => m.TypeParameterList,
        LocalFunctionStatementSyntax f => f.TypeParameterList,
        _ => null,
    })?.Parameters.Count == _header.TypeParameterList?.Parameters.Count;

    private int Rank(SyntaxNode node)
    {
        var (name, parameters, modifiers, body) = node switch
        {
            MethodDeclarationSyntax m =>
                (m.Identifier, m.ParameterList, m.Modifiers, (SyntaxNode?)m.Body ?? m.ExpressionBody),
            LocalFunctionStatementSyntax { Parent: GlobalStatementSyntax } f =>
                (f.Identifier, f.ParameterList, f.Modifiers, (SyntaxNode?)f.Body ?? f.ExpressionBody),
            // A delegate is called as a method is.
            PropertyDeclarationSyntax { ExpressionBody.Expression: AnonymousFunctionExpressionSyntax } p =>
                (p.Identifier, null, p.Modifiers, null),
            PropertyDeclarationSyntax { Initializer.Value: AnonymousFunctionExpressionSyntax } p => (p.Identifier, null, p.Modifiers, null),
            VariableDeclaratorSyntax { Initializer.Value: AnonymousFunctionExpressionSyntax, Parent.Parent: FieldDeclarationSyntax f } v =>
                (v.Identifier, null, f.Modifiers, null),
            VariableDeclaratorSyntax
            {
                Initializer.Value: AnonymousFunctionExpressionSyntax,
                Parent.Parent: LocalDeclarationStatementSyntax { Parent: GlobalStatementSyntax }
            } v => (v.Identifier, (ParameterListSyntax?)null, default(SyntaxTokenList), (SyntaxNode?)null),
            _ => default,
        };
        if (name == default || name.ValueText != _header.Identifier.ValueText) return -1;
        var isMethod = parameters is not null;
        var given = (parameters?.Parameters.Count ?? 0) + (node.Parent is ExtensionBlockDeclarationSyntax ? 1 : 0);
        return (isMethod ? 32 : 0) + (body is not null ? 16 : 0) + (given == _header.ParameterList.Parameters.Count ? 8 : 0)
            + (node.Parent is InterfaceDeclarationSyntax ? 0 : 4) + (modifiers.Any(SyntaxKind.StaticKeyword) ? 2 : 0)
            + (modifiers.Any(SyntaxKind.AbstractKeyword) ? 0 : 1);
    }
}

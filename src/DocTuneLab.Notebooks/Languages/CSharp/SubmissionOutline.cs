using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Notebooks.Languages.CSharp;

/// <summary>
/// What the submissions so far declare, as text for completion: variables with the types that the compiler found, so that nothing has to
/// be inferred again, functions without their bodies, types whole, no statements; of what was declared again the last.
/// </summary>
internal sealed class SubmissionOutline
{
    private static readonly SymbolDisplayFormat s_typeFormat = SymbolDisplayFormat.FullyQualifiedFormat
        .AddMiscellaneousOptions(SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    private readonly OrderedDictionary<string, string> _usings = new(StringComparer.Ordinal);
    private readonly OrderedDictionary<string, string> _declarations = new(StringComparer.Ordinal);

    /// <summary>Changes with each submission that declares something.</summary>
    public string Text { get; private set; } = "";

    public void Add(CSharpCompilation submission)
    {
        var changed = false;
        foreach (var tree in submission.SyntaxTrees)
        {
            var root = tree.GetCompilationUnitRoot();
            foreach (var directive in root.Usings)
                changed |= _usings.TryAdd(directive.WithoutTrivia().NormalizeWhitespace().ToFullString(), "");
            foreach (var member in root.Members)
            {
                if (Declaration(member) is not var (key, text))
                    continue;
                Replace(key, text);
                changed = true;
            }
        }
        foreach (var field in submission.ScriptClass?.GetMembers()
            .OfType<IFieldSymbol>()
            .Where(field => field.CanBeReferencedByName && !field.IsImplicitlyDeclared) ?? [])
        {
            Replace(field.Name, Variable(field));
            changed = true;
        }
        if (changed)
            Text = string.Concat(_usings.Keys.Concat(_declarations.Values).Select(line => line + "\n"));
    }

    private void Replace(string key, string text)
    {
        _declarations.Remove(key);
        _declarations.Add(key, text);
    }

    private static (string Key, string Text)? Declaration(MemberDeclarationSyntax member) => member switch
    {
        MethodDeclarationSyntax method => ($"{method.Identifier.Text}("
            + $"{string.Join(',', method.ParameterList.Parameters.Select(parameter => parameter.Type))})", Declared(method
            .WithModifiers([.. method.Modifiers.Where(modifier => !modifier.IsKind(SyntaxKind.AsyncKeyword))])
            .WithBody(null).WithExpressionBody(null).WithSemicolonToken(SyntaxFactory.Token(SyntaxKind.SemicolonToken)), method)),
        BaseTypeDeclarationSyntax type => (type.Identifier.Text + (type as TypeDeclarationSyntax)?.TypeParameterList, Declared(type, type)),
        DelegateDeclarationSyntax type => (type.Identifier.Text + type.TypeParameterList, Declared(type, type)),
        PropertyDeclarationSyntax property => (property.Identifier.Text, Declared(property, property)),
        _ => null,
    };

    // With its documentation, which is shown beside a completion, but without directives, which belong to the cell.
    private static string Declared(MemberDeclarationSyntax node, MemberDeclarationSyntax original) => node
        .WithLeadingTrivia(original.GetLeadingTrivia()
            .Where(trivia => trivia.IsKind(SyntaxKind.SingleLineDocumentationCommentTrivia)
                || trivia.IsKind(SyntaxKind.MultiLineDocumentationCommentTrivia)))
        .WithoutTrailingTrivia().ToFullString().Replace(LoopGuard.Check, "", StringComparison.Ordinal);

    private static string Variable(IFieldSymbol field) => field.Type is { IsAnonymousType: true } anonymous
        ? $"var @{field.Name} = new {{ {string.Join(", ", anonymous.GetMembers().OfType<IPropertySymbol>().Select(property => $"{property.Name} = default({property.Type.ToDisplayString(s_typeFormat)})!"))} }};"
        : $"{field.Type.ToDisplayString(s_typeFormat)} @{field.Name};";
}

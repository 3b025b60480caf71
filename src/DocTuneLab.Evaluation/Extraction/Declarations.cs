using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Extraction;

/// <summary>What may be asked of a declaration or statement of an answer.</summary>
internal static class Declarations
{
    /// <summary>Whether it can only be a member of a type.</summary>
    public static bool IsMember(MemberDeclarationSyntax item) =>
        IsFunction(item) || item is BaseFieldDeclarationSyntax or BasePropertyDeclarationSyntax or BaseMethodDeclarationSyntax;

    /// <summary>Whether it is a method, or a function at the top of a file.</summary>
    public static bool IsFunction(MemberDeclarationSyntax item) =>
        item is MethodDeclarationSyntax or GlobalStatementSyntax { Statement: LocalFunctionStatementSyntax };

    /// <summary>Whether it belongs to an instance, so that what stands beside it may use one.</summary>
    public static bool IsOfInstance(MemberDeclarationSyntax item) => item is ConstructorDeclarationSyntax
        || (item is BaseFieldDeclarationSyntax or BasePropertyDeclarationSyntax
            && !item.Modifiers.Any(SyntaxKind.StaticKeyword) && !item.Modifiers.Any(SyntaxKind.ConstKeyword))
        || (IsFunction(item) && item.DescendantNodes().Any(n => n is ThisExpressionSyntax or BaseExpressionSyntax));

    /// <summary>
    /// Whether a type can only be a member, or uses the members beside it; extension methods need a type that is none.
    /// </summary>
    public static bool IsNested(MemberDeclarationSyntax type, HashSet<string> names) =>
        type.Modifiers.Any(SyntaxKind.PrivateKeyword) || type.Modifiers.Any(SyntaxKind.ProtectedKeyword)
        || (names.Count > 0 && !type.Modifiers.Any(SyntaxKind.FileKeyword)
            && !type.DescendantNodes().Any(n => n is ExtensionBlockDeclarationSyntax
                || (n is ParameterSyntax p && p.Modifiers.Any(SyntaxKind.ThisKeyword)))
            && Words(type).Except(type.DescendantNodesAndSelf().OfType<MemberDeclarationSyntax>().SelectMany(Declared))
                .Any(names.Contains));

    /// <summary>The declaration itself.</summary>
    public static SyntaxNode Inside(MemberDeclarationSyntax item) => item is GlobalStatementSyntax { Statement: var s } ? s : item;

    /// <summary>What a function returns.</summary>
    public static TypeSyntax ReturnType(MemberDeclarationSyntax function) =>
        Inside(function) is LocalFunctionStatementSyntax f ? f.ReturnType : ((MethodDeclarationSyntax)function).ReturnType;

    /// <summary>Modifiers of a declaration, of a variable those of its field.</summary>
    public static SyntaxTokenList Modifiers(SyntaxNode declaration) => declaration switch
    {
        LocalFunctionStatementSyntax f => f.Modifiers,
        MemberDeclarationSyntax m => m.Modifiers,
        VariableDeclaratorSyntax { Parent.Parent: MemberDeclarationSyntax f } => f.Modifiers,
        _ => default,
    };

    /// <summary>Names of functions, members and variables that it declares.</summary>
    public static IEnumerable<string> Declared(MemberDeclarationSyntax item) => Inside(item) switch
    {
        LocalFunctionStatementSyntax f => [f.Identifier.ValueText],
        MethodDeclarationSyntax m => [m.Identifier.ValueText],
        PropertyDeclarationSyntax p => [p.Identifier.ValueText],
        BaseFieldDeclarationSyntax f => f.Declaration.Variables.Select(v => v.Identifier.ValueText),
        LocalDeclarationStatementSyntax l => l.Declaration.Variables.Select(v => v.Identifier.ValueText),
        _ => [],
    };

    /// <summary>Every simple name in it.</summary>
    public static IEnumerable<string> Words(SyntaxNode node) =>
        node.DescendantNodes().OfType<SimpleNameSyntax>().Select(n => n.Identifier.ValueText);

    /// <summary>Words of a function that are no parameters and variables of its own.</summary>
    public static IEnumerable<string> OuterWords(SyntaxNode node) => Words(node).Except(node.DescendantNodes().Select(n => n switch
    {
        ParameterSyntax p => p.Identifier.ValueText,
        VariableDeclaratorSyntax { Parent.Parent.Parent: not GlobalStatementSyntax } v => v.Identifier.ValueText,
        SingleVariableDesignationSyntax d => d.Identifier.ValueText,
        _ => "",
    }), StringComparer.Ordinal);

    /// <summary>The name under which a namespace or a type is found from outside.</summary>
    public static string? RootName(MemberDeclarationSyntax item) => item switch
    {
        BaseNamespaceDeclarationSyntax n => n.Name.ToString().Split('.')[0],
        BaseTypeDeclarationSyntax t => t.Identifier.Text,
        _ => null,
    };

    /// <summary>The name of a type with arguments that its constraints allow.</summary>
    public static string NameWith(TypeDeclarationSyntax type) => type.TypeParameterList is not { } list ? type.Identifier.Text
        : $"{type.Identifier.Text}<{string.Join(", ", list.Parameters.Select(p => Argument(type, p.Identifier.ValueText)))}>";

    private static string Argument(TypeDeclarationSyntax type, string parameter)
    {
        var constraints = type.ConstraintClauses.Where(c => c.Name.Identifier.ValueText == parameter)
            .SelectMany(c => c.Constraints).ToList();
        var types = constraints.OfType<TypeConstraintSyntax>().Select(t => t.Type.ToString()).Where(t => t != "notnull").ToList();
        if (types.Any(t => t == "unmanaged" || t.Contains($"<{parameter}>", StringComparison.Ordinal))
            || constraints.OfType<ClassOrStructConstraintSyntax>().Any(c => c.IsKind(SyntaxKind.StructConstraint))) return "int";
        return types.FirstOrDefault() ?? "object";
    }

    /// <summary>Types at the top and in namespaces.</summary>
    public static IEnumerable<BaseTypeDeclarationSyntax> Types(IEnumerable<MemberDeclarationSyntax> items) =>
        items.Concat(items.OfType<BaseNamespaceDeclarationSyntax>().SelectMany(n => n.Members)).OfType<BaseTypeDeclarationSyntax>();
}

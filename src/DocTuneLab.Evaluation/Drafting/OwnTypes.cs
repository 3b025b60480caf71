using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>The types that code uses and its sources declare, as they are shown beside a task.</summary>
internal static class OwnTypes
{
    private const int MostLines = 60;

    /// <summary>Their declarations, public and at the top, in the order in which they are met; null with the reason where they cannot
    /// stand alone.</summary>
    /// <param name="sources">The sources.</param>
    /// <param name="code">The code.</param>
    /// <param name="result">What it gives, where it does not say so itself; null else.</param>
    public static (string? Code, string Why) Of(BoundSources sources, IEnumerable<SyntaxNode> code, ITypeSymbol? result)
    {
        List<BaseTypeDeclarationSyntax> types = [];
        var queue = new Queue<SyntaxNode>(code);
        if (result is not null && sources.Declaration(result) is BaseTypeDeclarationSyntax given)
        {
            types.Add(given);
            queue.Enqueue(given);
        }
        while (queue.TryDequeue(out var node))
        {
            var model = sources.Model(node.SyntaxTree);
            foreach (var used in Used(node, model))
            {
                if (sources.Declaration(used) is not BaseTypeDeclarationSyntax declared || types.Contains(declared)) continue;
                if (declared is TypeDeclarationSyntax { TypeParameterList: not null }) return (null, "a generic type of the sources");
                if (types.Exists(t => t.Identifier.Text == declared.Identifier.Text)) return (null, "two types of one name");
                types.Add(declared);
                queue.Enqueue(declared);
            }
        }
        var text = string.Join("\n\n", types.Select(Shown));
        return text.Count(c => c == '\n') > MostLines ? (null, "its types are too long to be shown") : (text, "");
    }

    private static IEnumerable<INamedTypeSymbol> Used(SyntaxNode node, SemanticModel model)
    {
        foreach (var name in node.DescendantNodesAndSelf())
        {
            var type = name switch
            {
                SimpleNameSyntax n => model.GetSymbolInfo(n).Symbol switch
                {
                    INamedTypeSymbol t => t,
                    IFieldSymbol { ContainingType: { TypeKind: TypeKind.Enum } e } => e,
                    IMethodSymbol { MethodKind: MethodKind.Constructor } c => c.ContainingType,
                    // A test's own parameter, whose values stand elsewhere.
                    IParameterSymbol p => (DataTypes.Element(p.Type) ?? p.Type) as INamedTypeSymbol,
                    _ => null,
                },
                ImplicitObjectCreationExpressionSyntax i => model.GetTypeInfo(i).Type as INamedTypeSymbol,
                _ => null,
            };
            if (type is not null) yield return type.OriginalDefinition;
        }
    }

    private static string Shown(BaseTypeDeclarationSyntax type)
    {
        // What is nested and used stands beside it.
        var shown = type is TypeDeclarationSyntax t
            ? (BaseTypeDeclarationSyntax)t.WithMembers(SyntaxFactory.List(t.Members.Where(m => m is not BaseTypeDeclarationSyntax))) : type;
        var kept = shown.Modifiers.Where(m => m.Kind() is SyntaxKind.SealedKeyword or SyntaxKind.AbstractKeyword or SyntaxKind.StaticKeyword
            or SyntaxKind.ReadOnlyKeyword).Select(m => SyntaxFactory.Token(m.Kind()).WithTrailingTrivia(SyntaxFactory.Space));
        shown = shown.WithModifiers(SyntaxFactory.TokenList([SyntaxFactory.Token(SyntaxKind.PublicKeyword)
            .WithTrailingTrivia(SyntaxFactory.Space), .. kept]));
        var plain = new Uncommented().Visit(shown)!;
        return plain.NormalizeWhitespace("    ", "\n").ToFullString().Trim();
    }

    private sealed class Uncommented : CSharpSyntaxRewriter
    {
        public override SyntaxTrivia VisitTrivia(SyntaxTrivia trivia) =>
            trivia.IsKind(SyntaxKind.WhitespaceTrivia) || trivia.IsKind(SyntaxKind.EndOfLineTrivia) ? trivia
                : SyntaxFactory.Space;
    }
}

using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Extraction;

/// <summary>
/// Types that an answer declares though the library has them ("assuming <c>Tank</c> looks like this"): by the simple name of a public type
/// that the task's usings bring in, or that its signature, context, reference or tests name.
/// </summary>
internal static class ShadowedTypes
{
    /// <summary>Id of the error for such a type.</summary>
    public const string Diagnostic = "DTL0003";

    /// <summary>Names with their lines in the unit, each name once.</summary>
    public static IReadOnlyList<(string Name, int Line)> Find(CSharpJudge judge, CodeTask task, SolutionUnit unit)
    {
        var tree = CSharpSyntaxTree.ParseText(unit.Source, CodeExtractor.ParseOptions);
        List<(string Name, int Line)> found = [];
        HashSet<string>? named = null;
        foreach (var name in tree.GetRoot().DescendantNodes(n => n is not (BlockSyntax or ArrowExpressionClauseSyntax)).Select(Declared))
        {
            if (name is not { } token || found.Any(f => f.Name == token.Text)) continue;
            var line = token.GetLocation().GetLineSpan().StartLinePosition.Line + 1;
            if (!unit.IsAnswerLine(line)) continue;
            var namespaces = judge.NamespacesOfLibraryType(token.Text);
            if (namespaces.Count == 0) continue;
            named ??= Named(task);
            if (named.Contains(token.Text) || namespaces.Any(n => task.Usings.Contains(n, StringComparer.Ordinal)))
                found.Add((token.Text, line));
        }
        return found;
    }

    private static SyntaxToken? Declared(SyntaxNode node) => node switch
    {
        BaseTypeDeclarationSyntax type => type.Identifier,
        DelegateDeclarationSyntax type => type.Identifier,
        // Another name for a type, unless it is the library's own.
        UsingDirectiveSyntax { Alias: { } alias } directive
            when directive.NamespaceOrType.ToString().Split('.')[^1] != alias.Name.Identifier.Text => alias.Name.Identifier,
        _ => null,
    };

    private static HashSet<string> Named(CodeTask task) => ((string[])[task.Signature, task.Context, task.Reference, .. task.Tests])
        .SelectMany(text => SyntaxFactory.ParseTokens(text, options: CodeExtractor.ParseOptions))
        .Where(t => t.IsKind(SyntaxKind.IdentifierToken)).Select(t => t.Text).ToHashSet(StringComparer.Ordinal);
}

using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Architecture.Tests;

/// <summary>A place where a file names a type that another folder of the same project declares.</summary>
/// <param name="File">The path of the file that names it.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Type">The type's name; of a nested type, that of the outermost one around it.</param>
/// <param name="From">The folder of the file, from the project's folder; '.' is the project's own.</param>
/// <param name="To">The folder that declares the type.</param>
internal sealed record TypeUse(string File, int Line, string Type, string From, string To)
{
    /// <summary>As a failing test shows it.</summary>
    public override string ToString() => $"{Path.GetFileName(File)}:{Line} uses {Type} (declared in {To})";

    /// <summary>
    /// All uses between folders of the files below <paramref name="folder"/>. What counts is what a file names: types, constructors,
    /// extension methods, and the types in its comments' references; using directives and members of a value at hand do not.
    /// </summary>
    public static IEnumerable<TypeUse> In(CSharpCompilation compilation, string folder)
    {
        var root = folder.TrimEnd('/', '\\') + Path.DirectorySeparatorChar;
        foreach (var tree in compilation.SyntaxTrees.Where(t => t.FilePath.StartsWith(root, StringComparison.Ordinal)))
        {
            var model = compilation.GetSemanticModel(tree);
            var from = FolderOf(tree);
            foreach (var node in tree.GetRoot().DescendantNodes(n => n is not UsingDirectiveSyntax, descendIntoTrivia: true))
            {
                if (Named(model, node) is not { } type || Declaring(type) is not { } declared) continue;
                if (!declared.FilePath.StartsWith(root, StringComparison.Ordinal) || FolderOf(declared) is var to && to == from) continue;
                yield return new(tree.FilePath, tree.GetLineSpan(node.Span).StartLinePosition.Line + 1, type.Name, from, to);
            }
        }

        string FolderOf(SyntaxTree tree) => Path.GetRelativePath(root, Path.GetDirectoryName(tree.FilePath)!).Replace('\\', '/');
    }

    private static SyntaxTree? Declaring(INamedTypeSymbol type) => type.Locations.FirstOrDefault(l => l.IsInSource)?.SourceTree;

    // The outermost type that a node names, or null.
    private static INamedTypeSymbol? Named(SemanticModel model, SyntaxNode node)
    {
        var symbol = node switch
        {
            SimpleNameSyntax name => model.GetSymbolInfo(name) is var info ? info.Symbol ?? info.CandidateSymbols.FirstOrDefault() : null,
            // What is enumerated through an extension method names no type.
            ForEachStatementSyntax loop => model.GetForEachStatementInfo(loop).GetEnumeratorMethod,
            _ => null,
        };
        var type = symbol switch
        {
            INamedTypeSymbol named => named,
            IMethodSymbol { MethodKind: MethodKind.Constructor } or IMethodSymbol { IsExtensionMethod: true } => symbol.ContainingType,
            { ContainingType: { IsExtension: true } block } => block.ContainingType,
            _ => null,
        };
        while (type?.ContainingType is { } outer) type = outer;
        return type?.OriginalDefinition;
    }
}

using DocTuneLab.Library;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Audit;

/// <summary>Where members are declared in the library's source, so that a report can point there.</summary>
internal sealed class DeclarationPlaces
{
    private readonly Dictionary<string, (string File, int Line)> _places = new(StringComparer.Ordinal);

    /// <param name="directories">Folders with C# files.</param>
    /// <param name="display">Path of a file as the report shows it.</param>
    public DeclarationPlaces(IEnumerable<string> directories, Func<string, string> display)
    {
        foreach (var directory in directories)
        {
            if (!Directory.Exists(directory))
                throw new LabException($"{directory}: source folder not found. Expected the folder of the library's C# files.");
            foreach (var file in Directory.EnumerateFiles(directory, "*.cs", SearchOption.AllDirectories)
                .Where(f => !f.Split(Path.DirectorySeparatorChar).Any(d => d is "bin" or "obj"))
                .Order(StringComparer.Ordinal))
                Read(CSharpSyntaxTree.ParseText(File.ReadAllText(file)).GetCompilationUnitRoot(), display(file));
        }
    }

    /// <summary>File and line of a symbol's declaration, of the first of its overloads or parts.</summary>
    public (string File, int Line)? Find(ApiSymbol symbol, ApiSymbol? type) =>
        _places.TryGetValue(type is null ? symbol.Name : $"{type.Name}.{(symbol.Kind == ApiKind.Constructor ? "#ctor" : symbol.Name)}",
            out var place)
            ? place
        : type is not null && _places.TryGetValue(type.Name, out place) ? place : null;

    private void Read(CompilationUnitSyntax root, string file)
    {
        foreach (var node in root.DescendantNodes(n => n is not (BlockSyntax or ExpressionSyntax)))
        {
            var type = node.Parent as BaseTypeDeclarationSyntax;
            var names = node switch
            {
                BaseTypeDeclarationSyntax t => [t.Identifier],
                DelegateDeclarationSyntax d => [d.Identifier],
                MethodDeclarationSyntax m => [m.Identifier],
                PropertyDeclarationSyntax p => [p.Identifier],
                EventDeclarationSyntax e => [e.Identifier],
                EnumMemberDeclarationSyntax e => [e.Identifier],
                BaseFieldDeclarationSyntax f => f.Declaration.Variables.Select(v => v.Identifier),
                ConstructorDeclarationSyntax c => [c.Identifier],
                _ => Enumerable.Empty<Microsoft.CodeAnalysis.SyntaxToken>(),
            };
            foreach (var name in names)
                _places.TryAdd(
                    type is null || node is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax
                        ? name.ValueText
                        : $"{type.Identifier.ValueText}.{(node is ConstructorDeclarationSyntax ? "#ctor" : name.ValueText)}",
                    (file, name.GetLocation().GetLineSpan().StartLinePosition.Line + 1));
        }
    }
}

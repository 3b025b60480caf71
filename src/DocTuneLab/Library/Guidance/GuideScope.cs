using System.Collections.Concurrent;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace DocTuneLab.Library.Guidance;

/// <summary>What a frame has in scope before any code is written, and the compiler for code within it.</summary>
internal sealed class GuideScope
{
    private static readonly string[] s_ofObject = ["Equals", "GetHashCode", "GetType", "ToString"];
    private readonly CSharpCompilation _compilation;
    private readonly SortedNames _names;
    private readonly ConcurrentDictionary<(ITypeSymbol Type, bool IsStatic), SortedNames> _members;

    public GuideScope(CSharpCompilation compilation, string head, bool holdsTypes)
    {
        (_compilation, HoldsTypes) = (compilation, holdsTypes);
        _members = new(new Comparer());
        var tree = Parse(head);
        var model = Model(tree);
        _names = new(model.LookupSymbols(tree.Length).Concat(model.LookupNamespacesAndTypes(tree.Length)).Select(s => s.Name)
            .Where(n => n.Length > 0));
        Problem = tree.GetDiagnostics().Concat(model.GetDeclarationDiagnostics())
            .FirstOrDefault(d => d.Severity == DiagnosticSeverity.Error && d.Location.SourceSpan.End < head.TrimEnd().Length)?.GetMessage();
    }

    /// <summary>Whether the code may declare types.</summary>
    public bool HoldsTypes { get; }

    /// <summary>What is wrong with the frame itself; null where nothing is.</summary>
    public string? Problem { get; }

    public static SyntaxTree Parse(string text) => CSharpSyntaxTree.ParseText(text, CSharpJudge.ParseOptions, "answer.cs");

    public SemanticModel Model(SyntaxTree tree) => _compilation.AddSyntaxTrees(tree).GetSemanticModel(tree);

    /// <summary>Names in scope with those that the code declares.</summary>
    public SortedNames With(IEnumerable<string> declared) => new(declared, _names);

    /// <summary>Names that may follow a dot behind a value.</summary>
    public SortedNames Members(SemanticModel model, ITypeSymbol type, int position) => Cached(type, false, () =>
    {
        var found = model.LookupSymbols(position, type, includeReducedExtensionMethods: true)
            .Where(s => s.CanBeReferencedByName && s is not INamedTypeSymbol)
            .Where(s => !s.IsStatic || s is IMethodSymbol { IsExtensionMethod: true })
            .Select(s => s.Name);
        return new(type.TypeKind is TypeKind.Interface or TypeKind.TypeParameter ? found.Concat(s_ofObject) : found);
    });

    /// <summary>Names that may follow a dot behind a type.</summary>
    public SortedNames StaticMembers(SemanticModel model, ITypeSymbol type, int position) => Cached(type, true, () =>
        new(model.LookupSymbols(position, type).Where(s => s.CanBeReferencedByName && (s.IsStatic || s is INamedTypeSymbol))
            .Select(s => s.Name).Concat(["Equals", "ReferenceEquals"])));

    // What code declares itself changes while it is written.
    private SortedNames Cached(ITypeSymbol type, bool isStatic, Func<SortedNames> make) =>
        type.Locations.Any(l => l.IsInSource)
            || type is INamedTypeSymbol { IsGenericType: true } or ITypeParameterSymbol or IArrayTypeSymbol
            ? make()
            : _members.GetOrAdd((type, isStatic), _ => make());

    private sealed class Comparer : IEqualityComparer<(ITypeSymbol Type, bool IsStatic)>
    {
        public bool Equals((ITypeSymbol Type, bool IsStatic) x, (ITypeSymbol Type, bool IsStatic) y) =>
            x.IsStatic == y.IsStatic && SymbolEqualityComparer.Default.Equals(x.Type, y.Type);

        public int GetHashCode((ITypeSymbol Type, bool IsStatic) obj) => SymbolEqualityComparer.Default.GetHashCode(obj.Type);
    }
}

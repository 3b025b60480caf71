using DocTuneLab.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace DocTuneLab.Library;

/// <summary>Which symbols are the private library's, and all public type names of the reference set, for names that nothing in
/// scope answers to.</summary>
internal sealed class LibraryIndex
{
    private readonly CSharpCompilation _compilation;
    private readonly IReadOnlySet<string> _assemblies;
    private readonly Lazy<ILookup<string, KnownType>> _types;
    private readonly Lazy<HashSet<string>> _namespaces;
    private readonly Lazy<ILookup<string, IMethodSymbol>> _extensions;
    private readonly Lazy<ILookup<string, string>> _namespacesByName;

    public LibraryIndex(CSharpCompilation compilation, IReadOnlySet<string> assemblies)
    {
        (_compilation, _assemblies) = (compilation, assemblies);
        _types = new(() => compilation.SourceModule.ReferencedAssemblySymbols
            .SelectMany(a => Types(a.GlobalNamespace).Select(t => new KnownType(t.Name, t.ToDisplayString(), t.GetDocumentationCommentId()!,
                t.ContainingNamespace.ToDisplayString(), Owns(a))))
            .OrderByDescending(t => t.IsLibrary).ThenBy(t => t.FullName, StringComparer.Ordinal)
            .ToLookup(t => t.Name, StringComparer.Ordinal));
        _extensions = new(() => compilation.SourceModule.ReferencedAssemblySymbols.Where(a => Owns(a))
            .SelectMany(a => Types(a.GlobalNamespace))
            .Where(t => t.IsStatic)
            .SelectMany(t => t.GetMembers().OfType<IMethodSymbol>())
            .Where(m => m.IsExtensionMethod && m.DeclaredAccessibility == Accessibility.Public)
            .ToLookup(m => m.Name, StringComparer.Ordinal));
        _namespacesByName = new(() => compilation.SourceModule.ReferencedAssemblySymbols.SelectMany(a => Types(a.GlobalNamespace))
            .Where(t => t.ContainingType is null && !t.ContainingNamespace.IsGlobalNamespace)
            .SelectMany(t => (t.MightContainExtensionMethods ? t.GetMembers().OfType<IMethodSymbol>()
                .Where(m => m.IsExtensionMethod && m.DeclaredAccessibility == Accessibility.Public).Select(m => m.Name).Distinct() : [])
                .Append(t.Name).Select(n => (Name: n, Namespace: t.ContainingNamespace.ToDisplayString())))
            .Distinct().ToLookup(n => n.Name, n => n.Namespace, StringComparer.Ordinal));
        _namespaces = new(() => [.. _types.Value.SelectMany(g => g).Where(t => t.IsLibrary).Select(t => t.Namespace)]);
    }

    public readonly record struct KnownType(string Name, string FullName, string Id, string Namespace, bool IsLibrary);

    public IReadOnlyList<string> Namespaces => [.. _namespaces.Value.Order(StringComparer.Ordinal)];

    public bool HasNamespace(string name) => _namespaces.Value.Contains(name);

    /// <summary>The library's extension method of a name, in scope or not.</summary>
    public IMethodSymbol? ExtensionNamed(string name) => _extensions.Value[name].FirstOrDefault();

    /// <summary>Namespaces of the reference set, the framework's among them, in which a type, an attribute or an extension
    /// method has a name.</summary>
    public IEnumerable<string> NamespacesWith(string name) =>
        _namespacesByName.Value[name].Concat(_namespacesByName.Value[name + "Attribute"]).Distinct();

    public IEnumerable<KnownType> TypesNamed(string name) => _types.Value[name];

    /// <summary>The nearest type name, of the library or of the whole reference set.</summary>
    public string? NearestType(string name, bool ofLibrary) =>
        NearestName.Find(name, _types.Value.Where(g => !ofLibrary || g.First().IsLibrary).Select(g => g.Key));

    /// <summary>The nearest top-level namespace, with whether it is the library's.</summary>
    public (string? Name, bool IsLibrary) NearestRoot(string name)
    {
        var nearest = NearestName.Find(name, _compilation.GlobalNamespace.GetNamespaceMembers().Select(n => n.Name));
        return (nearest, nearest is not null && _compilation.GlobalNamespace.GetNamespaceMembers().Any(n => n.Name == nearest && Owns(n)));
    }

    /// <summary>Whether a symbol is the library's; a namespace is if only the library has it, a type also through its bases.</summary>
    public bool Owns(ISymbol? symbol) => symbol switch
    {
        null => false,
        IAssemblySymbol a => _assemblies.Contains(a.Name),
        INamespaceSymbol { IsGlobalNamespace: true } => false,
        INamespaceSymbol n =>
            n.ConstituentNamespaces.Any(c => Owns(c.ContainingAssembly))
                && n.ConstituentNamespaces.All(c => Owns(c.ContainingAssembly) || SymbolIsSource(c)),
        IArrayTypeSymbol a => Owns(a.ElementType),
        INamedTypeSymbol t when SymbolIsSource(t) => Owns(t.BaseType) || t.Interfaces.Any(Owns),
        ITypeParameterSymbol p => p.ConstraintTypes.Any(Owns),
        _ => Owns(symbol.ContainingAssembly),
    };

    private bool SymbolIsSource(ISymbol symbol) => symbol.ContainingAssembly is { } a && a.Name == _compilation.AssemblyName;

    private static IEnumerable<INamedTypeSymbol> Types(INamespaceSymbol space) =>
        space.GetTypeMembers().SelectMany(WithNested).Concat(space.GetNamespaceMembers().SelectMany(Types));

    private static IEnumerable<INamedTypeSymbol> WithNested(INamedTypeSymbol type) =>
        type.DeclaredAccessibility == Accessibility.Public && type.CanBeReferencedByName
            ? type.GetTypeMembers().SelectMany(WithNested).Prepend(type)
            : [];
}

using Microsoft.CodeAnalysis;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>Types whose values can be compared and written down: what goes in and comes out of a task.</summary>
/// <param name="isLibrary">Whether an assembly is the library.</param>
internal sealed class DataTypes(Func<IAssemblySymbol?, bool> isLibrary)
{
    private const int Deepest = 4;

    private static readonly HashSet<string> s_simple = new(StringComparer.Ordinal)
    {
        "System.TimeSpan", "System.DateTime", "System.DateTimeOffset", "System.DateOnly", "System.TimeOnly", "System.Guid", "System.Uri",
        "System.Version", "System.Numerics.BigInteger", "System.Half",
    };

    private static readonly HashSet<string> s_sequences = new(StringComparer.Ordinal)
    {
        "IEnumerable", "IReadOnlyList", "IReadOnlyCollection", "IList", "ICollection", "List", "HashSet", "ISet", "ImmutableArray",
        "ImmutableList", "SortedSet", "Queue", "Stack",
    };

    private static readonly HashSet<string> s_maps = new(StringComparer.Ordinal)
    {
        "Dictionary", "IDictionary", "IReadOnlyDictionary", "SortedDictionary",
    };

    /// <summary>Whether a symbol is the library's.</summary>
    public bool IsOfLibrary(ISymbol? symbol) => symbol is not null && isLibrary(symbol.ContainingAssembly);

    /// <summary>Whether two values of the type are equal by what they hold, all of it comparable.</summary>
    public bool IsData(ITypeSymbol? type, int depth = 0)
    {
        if (type is null || depth > Deepest || type.TypeKind is TypeKind.Error or TypeKind.Dynamic or TypeKind.TypeParameter) return false;
        if (type.OriginalDefinition.SpecialType == SpecialType.System_Nullable_T && type is INamedTypeSymbol { TypeArguments: [var of] })
            return IsData(of, depth);
        if (type.SpecialType is SpecialType.System_String or (>= SpecialType.System_Boolean and <= SpecialType.System_Double)
            or SpecialType.System_DateTime) return true;
        if (type.TypeKind == TypeKind.Enum) return true;
        if (type is IArrayTypeSymbol { Rank: 1 } array) return IsData(array.ElementType, depth + 1);
        if (type is not INamedTypeSymbol named) return false;
        if (named.IsTupleType) return named.TupleElements.All(e => IsData(e.Type, depth + 1));
        var full = $"{named.ContainingNamespace}.{named.Name}";
        if (s_simple.Contains(full)) return true;
        if (full.StartsWith("System.", StringComparison.Ordinal))
            return ((s_sequences.Contains(named.Name) && named.TypeArguments.Length == 1)
                || (s_maps.Contains(named.Name) && named.TypeArguments.Length == 2))
                && named.TypeArguments.All(a => IsData(a, depth + 1) || a.SpecialType == SpecialType.System_Object);
        return IsRecordOfData(named, depth);
    }

    /// <summary>Whether a type is one of the task's own, made of settable properties and fields of data.</summary>
    public bool IsRecordOfData(ITypeSymbol type, int depth = 0)
    {
        if (type is not INamedTypeSymbol { TypeKind: TypeKind.Class or TypeKind.Struct, IsAbstract: false, IsGenericType: false } named
            || !named.Locations.Any(l => l.IsInSource)
            || named.BaseType is not { SpecialType: SpecialType.System_Object or SpecialType.System_ValueType })
            return false;
        var members = named.GetMembers().Where(m => !m.IsStatic && !m.IsImplicitlyDeclared
            && m is IPropertySymbol or IFieldSymbol { AssociatedSymbol: null }).ToList();
        return members.Count > 0 && members.All(m => m is IPropertySymbol
        {
            SetMethod.DeclaredAccessibility: Accessibility.Public, GetMethod.DeclaredAccessibility: Accessibility.Public,
            DeclaredAccessibility: Accessibility.Public, IsIndexer: false,
        } p && IsData(p.Type, depth + 1)
            || m is IFieldSymbol { IsReadOnly: false, DeclaredAccessibility: Accessibility.Public } f && IsData(f.Type, depth + 1));
    }

    /// <summary>What a sequence holds; null for what is none.</summary>
    public static ITypeSymbol? Element(ITypeSymbol? type) => type is IArrayTypeSymbol array ? array.ElementType
        : type is INamedTypeSymbol { TypeArguments: [var one] } ? one : null;

    /// <summary>Whether any symbol of the library is named below a node.</summary>
    public bool UsesLibrary(SyntaxNode node, SemanticModel model) => node.DescendantNodesAndSelf().Any(n => IsLibraryName(n, model));

    private bool IsLibraryName(SyntaxNode node, SemanticModel model)
    {
        if (node is not (Microsoft.CodeAnalysis.CSharp.Syntax.SimpleNameSyntax
            or Microsoft.CodeAnalysis.CSharp.Syntax.BaseObjectCreationExpressionSyntax
            or Microsoft.CodeAnalysis.CSharp.Syntax.BinaryExpressionSyntax
            or Microsoft.CodeAnalysis.CSharp.Syntax.ElementAccessExpressionSyntax)) return false;
        var symbol = model.GetSymbolInfo(node).Symbol;
        return symbol is not (null or INamespaceSymbol) && IsOfLibrary(symbol);
    }
}

using System.Collections.Concurrent;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace DocTuneLab.Library.Guidance;

/// <summary>
/// Whether a value of one type becomes one of another by a conversion or a few members, calls, indexers or operators (arXiv 2504.09246).
/// What is uncertain does.
/// </summary>
/// <param name="model">The frame's meaning.</param>
/// <param name="position">A place in it, for what is in scope.</param>
/// <param name="shared">What is known of types of the references, to all frames with the same in scope; null where there is none.</param>
internal sealed class TypeReach(SemanticModel model, int position, TypeReach? shared = null)
{
    // Members that every value has lead everywhere and are meant nowhere.
    private static readonly HashSet<string> s_ofAll = new(StringComparer.Ordinal)
    {
        "ToString", "GetHashCode", "Equals", "GetType", "CompareTo", "GetTypeCode", "MemberwiseClone",
    };

    private readonly CSharpCompilation _compilation = (CSharpCompilation)model.Compilation;
    private readonly ConcurrentDictionary<(ITypeSymbol From, ITypeSymbol To, int Steps), bool> _known = new(new Comparer());
    private readonly ConcurrentDictionary<(ITypeSymbol From, ITypeSymbol To, int Steps), IReadOnlyList<ITypeSymbol>> _next =
        new(new Comparer());

    /// <summary>Members in a row that are looked through.</summary>
    public const int Steps = 2;

    /// <summary>Whether a symbol may begin an expression of some type.</summary>
    public bool Reaches(ISymbol symbol, ExpectedTypes expected)
    {
        if (symbol is IMethodSymbol { ReturnsVoid: true })
            return !expected.IsValue || expected.Types?.Any(t => t.TypeKind == TypeKind.Delegate) == true;
        if (expected.Types is not { } types || types.Any(IsMadeOfAnything)) return true;
        return symbol switch
        {
            ILocalSymbol local => types.Any(t => Reaches(local.Type, t)),
            IParameterSymbol parameter => types.Any(t => Reaches(parameter.Type, t)),
            IFieldSymbol field => types.Any(t => Reaches(field.Type, t)),
            IPropertySymbol property => types.Any(t => Reaches(property.Type, t)),
            IMethodSymbol method => types.Any(t => Reaches(method.ReturnType, t)),
            INamedTypeSymbol { IsGenericType: false } type => types.Any(t => OfType(type, t)),
            _ => true,
        };
    }

    /// <summary>Whether a value becomes one of a type.</summary>
    public bool Reaches(ITypeSymbol from, ITypeSymbol to) => IsMadeOfAnything(to) || Reaches(from, to, Steps);

    /// <summary>Whether it is one already.</summary>
    public bool Converts(ITypeSymbol from, ITypeSymbol to)
    {
        if (from.TypeKind is TypeKind.Error or TypeKind.Dynamic or TypeKind.TypeParameter || HasTypeParameter(to)) return true;
        if (HasTypeParameter(from))
            return to is INamedTypeSymbol { IsGenericType: true } or IArrayTypeSymbol or { TypeKind: TypeKind.Interface };
        // A constant fits where its value does.
        if (from.SpecialType == SpecialType.System_Int32 && IsInteger(to)) return true;
        return _compilation.ClassifyConversion(from, to).IsImplicit;
    }

    /// <summary>Whether every value has a member of that name.</summary>
    public static bool IsOfAll(string member) => s_ofAll.Contains(member);

    /// <summary>Whether a type has parameters that something else decides.</summary>
    public static bool HasTypeParameter(ITypeSymbol type) => type switch
    {
        ITypeParameterSymbol => true,
        IArrayTypeSymbol array => HasTypeParameter(array.ElementType),
        INamedTypeSymbol named => named.TypeArguments.Any(HasTypeParameter),
        _ => false,
    };

    // Comparison gives bool, concatenation string, and any method may be called for a delegate.
    private static bool IsMadeOfAnything(ITypeSymbol type) => type.SpecialType is SpecialType.System_Boolean or SpecialType.System_String
        || type.TypeKind == TypeKind.Delegate || type.Name == "Expression"
        || type is INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T, TypeArguments: [var value] }
            && IsMadeOfAnything(value);

    private static bool IsInteger(ITypeSymbol type) => type.SpecialType is >= SpecialType.System_Char and <= SpecialType.System_UInt64
        || type is INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T, TypeArguments: [var value] }
            && IsInteger(value);

    /// <summary>Whether a type is one of the references alone, which no code changes.</summary>
    public static bool IsFixed(ITypeSymbol type) => type switch
    {
        // One that does not exist holds on to the code that names it.
        INamedTypeSymbol named => named.TypeKind != TypeKind.Error && !named.Locations.Any(l => l.IsInSource)
            && named.TypeArguments.All(IsFixed)
            && named.ContainingType?.IsGenericType != true,
        IArrayTypeSymbol array => IsFixed(array.ElementType),
        _ => false,
    };

    private bool OfType(INamedTypeSymbol type, ITypeSymbol to) =>
        shared is not null && IsFixed(type) && IsFixed(to) ? shared.OfType(type, to)
        : Converts(type, to) || _known.GetOrAdd((type, to, -1), _ =>
        type.GetTypeMembers().Length > 0 || Bases(type).SelectMany(b => b.GetMembers()).Any(m => m.IsStatic && m switch
        {
            IFieldSymbol field => Reaches(field.Type, to, Steps),
            IPropertySymbol property => Reaches(property.Type, to, Steps),
            IMethodSymbol { ReturnsVoid: false, MethodKind: MethodKind.Ordinary } method => !s_ofAll.Contains(m.Name)
                && m.Name != "ReferenceEquals" && Reaches(method.ReturnType, to, Steps),
            _ => false,
        }));

    private bool Reaches(ITypeSymbol from, ITypeSymbol to, int steps) =>
        shared is not null && IsFixed(from) && IsFixed(to) ? shared.Reaches(from, to, steps)
        : _known.TryGetValue((from, to, steps), out var known) ? known
        : _known[(from, to, steps)] = Converts(from, to)
            || (steps > 0 && Next(from, steps == Steps || IsSequence(from)).Any(t => Reaches(t, to, steps - 1)));

    // What is made of a sequence is made by extension methods; elsewhere they are looked for once.
    private static bool IsSequence(ITypeSymbol type) => type.SpecialType != SpecialType.System_String
        && (type.OriginalDefinition.SpecialType == SpecialType.System_Collections_Generic_IEnumerable_T
            || type.AllInterfaces.Any(i => i.SpecialType == SpecialType.System_Collections_IEnumerable));

    /// <summary>Types of the members of a value.</summary>
    private IReadOnlyList<ITypeSymbol> Next(ITypeSymbol type, bool withExtensions) =>
        shared is not null && IsFixed(type) ? shared.Next(type, withExtensions)
        : _next.GetOrAdd((type, type, withExtensions ? 1 : 0), _ => Members(type, withExtensions));

    private IReadOnlyList<ITypeSymbol> Members(ITypeSymbol type, bool withExtensions)
    {
        if (type is IArrayTypeSymbol array) return [array.ElementType, _compilation.GetSpecialType(SpecialType.System_Int32)];
        var bases = type.TypeKind == TypeKind.Interface ? type.AllInterfaces.Prepend(type) : Bases(type);
        var members = bases.SelectMany(b => b.GetMembers()).Where(m => m.DeclaredAccessibility != Accessibility.Private
            && (m.CanBeReferencedByName || m is IPropertySymbol { IsIndexer: true }
                or IMethodSymbol { MethodKind: MethodKind.UserDefinedOperator }));
        if (withExtensions)
            members = members.Concat(model.LookupSymbols(position, type, includeReducedExtensionMethods: true)
                .Where(m => m is IMethodSymbol { MethodKind: MethodKind.ReducedExtension }));
        return [.. members.Where(m => !s_ofAll.Contains(m.Name)).Select(m => m switch
        {
            IFieldSymbol { IsStatic: false } field => field.Type,
            IPropertySymbol { IsStatic: false } property => property.Type,
            IMethodSymbol { ReturnsVoid: false } method when !m.IsStatic || method.MethodKind == MethodKind.UserDefinedOperator
                => method.ReturnType,
            _ => null,
        }).OfType<ITypeSymbol>().Where(t => t is not ITypeParameterSymbol).Distinct(SymbolEqualityComparer.Default).OfType<ITypeSymbol>()];
    }

    private static IEnumerable<ITypeSymbol> Bases(ITypeSymbol? type)
    {
        for (; type is not null; type = type.BaseType) yield return type;
    }

    private sealed class Comparer : IEqualityComparer<(ITypeSymbol From, ITypeSymbol To, int Steps)>
    {
        public bool Equals((ITypeSymbol From, ITypeSymbol To, int Steps) x, (ITypeSymbol From, ITypeSymbol To, int Steps) y) =>
            x.Steps == y.Steps && SymbolEqualityComparer.Default.Equals(x.From, y.From)
            && SymbolEqualityComparer.Default.Equals(x.To, y.To);

        public int GetHashCode((ITypeSymbol From, ITypeSymbol To, int Steps) key) => HashCode.Combine(
            SymbolEqualityComparer.Default.GetHashCode(key.From), SymbolEqualityComparer.Default.GetHashCode(key.To), key.Steps);
    }
}

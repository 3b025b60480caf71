using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Library.Guidance;

/// <summary>A place where a name begins or continues an expression of which something is expected.</summary>
internal sealed class TypedPlace
{
    // Of a beginning that so many names share, some fits.
    private const int NamesLookedAt = 64;

    private readonly TypeReach _reach;
    private readonly SemanticModel _model;
    private readonly ExpectedTypes _expected;
    private readonly int _position;
    private readonly INamespaceOrTypeSymbol? _receiver;

    private TypedPlace(TypeReach reach, SemanticModel model, ExpectedTypes expected, IdentifierNameSyntax name,
        INamespaceOrTypeSymbol? receiver)
    {
        (_reach, _model, _expected, _position, _receiver) = (reach, model, expected, name.SpanStart, receiver);
        IsMade = name.Parent is ObjectCreationExpressionSyntax;
    }

    /// <summary>Whether a lambda may be what is expected.</summary>
    public bool MayBeLambda => _receiver is null && (_expected.Types is not { } types || types.Any(t => t.TypeKind is TypeKind.Delegate
        or TypeKind.TypeParameter || t.SpecialType is SpecialType.System_Object or SpecialType.System_Delegate
            or SpecialType.System_MulticastDelegate || t.Name == "Expression"));

    /// <summary>Whether it is the type of a new object.</summary>
    public bool IsMade { get; }

    /// <summary>What is expected, for a reason.</summary>
    public string Words => _expected.Types is { } types ? string.Join(" or ", types.Select(t => t.ToDisplayString()).Distinct()) : "value";

    /// <summary>The place of a name that is not written yet; null where nothing is expected of it.</summary>
    public static TypedPlace? Of(TypeReach reach, SemanticModel model, IdentifierNameSyntax name)
    {
        var expected = ExpectedTypes.At(model, name);
        if (!expected.IsValue) return null;
        if (name.Parent is not MemberAccessExpressionSyntax access) return name.Parent is MemberBindingExpressionSyntax ? null
            : new(reach, model, expected, name, null);
        var receiver = model.GetSymbolInfo(access.Expression).Symbol is INamespaceOrTypeSymbol itself ? itself
            : model.GetTypeInfo(access.Expression).Type;
        return receiver is null or ITypeSymbol { TypeKind: TypeKind.Error } ? null
            : new(reach, model, expected, name, receiver);
    }

    /// <summary>Whether some symbol of that name, or of one that begins so, leads to what is expected.</summary>
    public bool Fits(SortedNames names, string text, bool isWhole)
    {
        if (isWhole) return Fits(text);
        var all = names.Beginning(text).Take(NamesLookedAt + 1).ToList();
        return all.Count is 0 or > NamesLookedAt || all.Any(Fits);
    }

    /// <summary>Whether a literal is what is expected.</summary>
    public bool Fits(SpecialType literal)
    {
        if (_expected.Types is not { } types || _receiver is not null) return true;
        var type = _model.Compilation.GetSpecialType(literal);
        return types.Any(t => _reach.Converts(type, t));
    }

    private bool Fits(string name)
    {
        var symbols = _receiver is null ? _model.LookupSymbols(_position, name: name)
            : _model.LookupSymbols(_position, _receiver, name, includeReducedExtensionMethods: true);
        return symbols.Length == 0
            || symbols.Any(s => IsMade && s is INamedTypeSymbol type ? CanBeMade(type) : _reach.Reaches(s, _expected));
    }

    // Of an abstract type there may be an array; what follows the name of a generic one decides.
    private bool CanBeMade(INamedTypeSymbol type)
    {
        if (type.IsStatic || type.IsAbstract) return _expected.Types?.Any(t => t is IArrayTypeSymbol) == true;
        return type.IsGenericType || _expected.Types is not { } types || types.Any(t => _reach.Reaches(type, t));
    }
}

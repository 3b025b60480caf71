using System.Globalization;
using System.Xml.Linq;
using DocTuneLab.Library;
using Microsoft.CodeAnalysis;

namespace DocTuneLab.Tests.Corpus;

/// <summary>Symbol records of an assembly, by the plainest reading of Roslyn's symbols: what the generator is fed in these tests.</summary>
internal static class ApiRecords
{
    private static readonly SymbolDisplayFormat s_short = new(
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypes,
        genericsOptions: SymbolDisplayGenericsOptions.IncludeTypeParameters,
        miscellaneousOptions: SymbolDisplayMiscellaneousOptions.UseSpecialTypes
            | SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);
    private static readonly SymbolDisplayFormat s_declaration = new(
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypes,
        genericsOptions: SymbolDisplayGenericsOptions.IncludeTypeParameters | SymbolDisplayGenericsOptions.IncludeTypeConstraints,
        memberOptions: SymbolDisplayMemberOptions.IncludeAccessibility | SymbolDisplayMemberOptions.IncludeModifiers
            | SymbolDisplayMemberOptions.IncludeType | SymbolDisplayMemberOptions.IncludeParameters
            | SymbolDisplayMemberOptions.IncludeConstantValue | SymbolDisplayMemberOptions.IncludeRef,
        kindOptions: SymbolDisplayKindOptions.IncludeTypeKeyword, propertyStyle: SymbolDisplayPropertyStyle.ShowReadWriteDescriptor,
        parameterOptions: SymbolDisplayParameterOptions.IncludeType | SymbolDisplayParameterOptions.IncludeName
            | SymbolDisplayParameterOptions.IncludeDefaultValue | SymbolDisplayParameterOptions.IncludeModifiers
            | SymbolDisplayParameterOptions.IncludeExtensionThis,
        miscellaneousOptions: SymbolDisplayMiscellaneousOptions.UseSpecialTypes
            | SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    public static IReadOnlyList<ApiSymbol> Of(IAssemblySymbol assembly, Func<INamedTypeSymbol, bool>? filter = null,
        IReadOnlyDictionary<string, XElement>? documentation = null) =>
        [.. Types(assembly.GlobalNamespace).Where(filter ?? (_ => true))
            .SelectMany(t => new ISymbol[] { t }.Concat(t.GetMembers().Where(IsApi)))
            .Select(s => Record(s, documentation))];

    private static IEnumerable<INamedTypeSymbol> Types(INamespaceSymbol space) =>
        space.GetTypeMembers()
            .Where(t => t.DeclaredAccessibility == Accessibility.Public)
            .Concat(space.GetNamespaceMembers().SelectMany(Types));

    private static bool IsApi(ISymbol s) => s.DeclaredAccessibility == Accessibility.Public && s is not INamedTypeSymbol
        && !(s is IMethodSymbol { MethodKind: not (MethodKind.Ordinary or MethodKind.Constructor or MethodKind.UserDefinedOperator) })
        && !(s.IsImplicitlyDeclared
            && !(s is IMethodSymbol { MethodKind: MethodKind.Constructor } && s.ContainingType.TypeKind == TypeKind.Class));

    private static ApiSymbol Record(ISymbol s, IReadOnlyDictionary<string, XElement>? documentation)
    {
        var xml = documentation is not null ? documentation.GetValueOrDefault(s.GetDocumentationCommentId()!, new XElement("member"))
            : s.GetDocumentationCommentXml() is { Length: > 0 } text ? XElement.Parse(text)
            : new XElement("member");
        string? Text(XElement? e) =>
            e is null
                ? null
                : string.Join(' ',
                    string.Concat(e.DescendantNodes()
                        .Select(n => n switch
                        {
                            XText t => t.Value,
                            XElement r =>
                                ((string?)r.Attribute("cref") ?? (string?)r.Attribute("name") ?? (string?)r.Attribute("langword") ?? "")
                                    .Split('(')[0]
                                    .Split('.', ':')[^1]
                                    .Split('`')[0],
                            _ => ""
                        }))
                        .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        var method = s as IMethodSymbol;
        var parameters = (method?.Parameters ?? (s as IPropertySymbol)?.Parameters ?? []).Select((p, i) => new ApiParameter(p.Name,
            p.Type.ToDisplayString(s_short), Text(xml.Elements("param").FirstOrDefault(e => (string?)e.Attribute("name") == p.Name)),
            p.HasExplicitDefaultValue
                ? p.Type.GetMembers()
                    .OfType<IFieldSymbol>()
                    .FirstOrDefault(f => p.Type.TypeKind == TypeKind.Enum && Equals(f.ConstantValue, p.ExplicitDefaultValue)) is { } named
                    ? $"{p.Type.Name}.{named.Name}"
                    : p.ExplicitDefaultValue switch
                    {
                        null => p.Type.IsValueType ? "default" : "null",
                        bool b => b ? "true" : "false",
                        var v => Convert.ToString(v, CultureInfo.InvariantCulture)
                    }
                : null,
            p.RefKind == RefKind.Out ? "out" : p.RefKind == RefKind.Ref
                ? "ref" : p.IsParams ? "params" : method is { IsExtensionMethod: true } && i == 0 ? "this" : ""))
            .ToList();
        var kind = s switch
        {
            INamedTypeSymbol t => t.TypeKind switch
            {
                TypeKind.Enum => ApiKind.Enum,
                TypeKind.Struct => ApiKind.Struct,
                TypeKind.Interface => ApiKind.Interface,
                _ => ApiKind.Class
            },
            IMethodSymbol { MethodKind: MethodKind.Constructor } => ApiKind.Constructor,
            IMethodSymbol { MethodKind: MethodKind.UserDefinedOperator } => ApiKind.Operator,
            IMethodSymbol { IsExtensionMethod: true } => ApiKind.ExtensionMethod,
            IMethodSymbol => ApiKind.Method,
            IPropertySymbol { IsIndexer: true } => ApiKind.Indexer,
            IPropertySymbol => ApiKind.Property,
            IEventSymbol => ApiKind.Event,
            _ => s.ContainingType.TypeKind == TypeKind.Enum ? ApiKind.EnumMember : ApiKind.Field,
        };
        var returns = s switch
        {
            IMethodSymbol { MethodKind: MethodKind.Constructor } => "",
            IMethodSymbol m => m.ReturnType.ToDisplayString(s_short),
            IPropertySymbol p => p.Type.ToDisplayString(s_short),
            IFieldSymbol f => f.Type.ToDisplayString(s_short),
            IEventSymbol e => e.Type.ToDisplayString(s_short),
            _ => ""
        };
        var signature = s.ToDisplayString(s_declaration);
        if (s is INamedTypeSymbol type)
        {
            var bases = type.AllInterfaces.Where(i => type.Interfaces.Contains(i)).Select(i => i.ToDisplayString(s_short)).ToList();
            if (type.BaseType is
                {
                    SpecialType: not (SpecialType.System_Object or SpecialType.System_ValueType
                or SpecialType.System_Enum)
                } b
                && type.TypeKind == TypeKind.Class)
                bases.Insert(0, b.ToDisplayString(s_short));
            var where = signature.IndexOf(" where ", StringComparison.Ordinal);
            if (bases.Count > 0) signature = signature.Insert(where < 0 ? signature.Length : where, " : " + string.Join(", ", bases));
            signature = (type.IsStatic
                ? "public static " : type.IsAbstract && type.TypeKind == TypeKind.Class ? "public abstract " : "public ") + signature;
        }
        return new ApiSymbol
        {
            Id = s.GetDocumentationCommentId()!,
            Kind = kind,
            Name = s is IMethodSymbol { MethodKind: MethodKind.Constructor } ? s.ContainingType.Name : s.Name,
            Namespace = s.ContainingNamespace.ToDisplayString(),
            ContainingType = s is INamedTypeSymbol ? null : s.ContainingType.ToDisplayString(s_short),
            Signature = signature,
            ReturnType = returns,
            IsStatic = s.IsStatic,
            Parameters = parameters,
            Summary = Text(xml.Element("summary")),
            Returns = Text(xml.Element("returns")),
            Remarks = null,
            Exceptions = [.. xml.Elements("exception")
                .Select(e => new ApiException(((string)e.Attribute("cref")!).Split('.')[^1], Text(e)!))],
            Examples = [],
            Obsolete = s.GetAttributes()
                .FirstOrDefault(a => a.AttributeClass?.Name == "ObsoleteAttribute")?.ConstructorArguments
                .FirstOrDefault().Value as string,
        };
    }
}

using System.Xml.Linq;
using Microsoft.CodeAnalysis;

namespace DocTuneLab.Library;

/// <summary>Metadata symbols to <see cref="ApiSymbol"/> records.</summary>
internal sealed class ApiReader(XmlDocs docs)
{
    /// <summary>A symbol, the id of the type that declares it (null for a type), and for a type the ids of its bases.</summary>
    public readonly record struct Entry(ApiSymbol Symbol, string? TypeId, IReadOnlyList<string> Bases);

    /// <summary>Every visible type and member of an assembly, types in ordinal order of full name, members in declaration order.</summary>
    /// <remarks>Types that moved elsewhere and are forwarded are still this assembly's API.</remarks>
    public IEnumerable<Entry> Read(IAssemblySymbol assembly) =>
        Types(assembly.GlobalNamespace).Concat(assembly.GetForwardedTypes().SelectMany(WithNested))
            .OrderBy(t => t.ToDisplayString(), StringComparer.Ordinal)
            .SelectMany(Read);

    private IEnumerable<Entry> Read(INamedTypeSymbol type)
    {
        var kind = KindOf(type);
        var typeId = type.GetDocumentationCommentId()!;
        var typeDocs = docs.Find(type);
        var bases = new List<string>();
        for (var b = type.BaseType; b is not null; b = b.BaseType) bases.Add(b.OriginalDefinition.GetDocumentationCommentId()!);
        bases.AddRange(type.AllInterfaces.Select(i => i.OriginalDefinition.GetDocumentationCommentId()!));
        yield return new(Create(type, kind, typeDocs, typeId, null), null, bases);
        if (kind == ApiKind.Delegate) yield break;
        var blocks = ExtensionBlocks.Of(type);
        var written = ExtensionBlocks.Implementations(blocks);
        foreach (var member in type.GetMembers())
        {
            if (MemberKind(member, kind) is not { } memberKind) continue;
            var found = docs.Find(member) ?? FromPositionalRecord(member, kind, typeDocs);
            if (written.TryGetValue(member, out var inBlock))
            {
                if (!ExtensionBlocks.IsShownAsMethod(inBlock)) continue;
                found = ExtensionBlocks.WithReceiver(docs.Find(inBlock), docs.Find(inBlock.ContainingType));
            }
            yield return new(Create(member, memberKind, found, typeId, Display(type)), typeId, []);
        }
        foreach (var block in blocks)
            foreach (var member in block.GetMembers().Where(m => !ExtensionBlocks.IsShownAsMethod(m)))
                if (MemberKind(member, ApiKind.Class) is { } memberKind) yield return Extension(member, memberKind, block, type);
    }

    /// <summary>A member of an extension block, as one of the type that it extends where that is the library's.</summary>
    private Entry Extension(ISymbol member, ApiKind kind, INamedTypeSymbol block, INamedTypeSymbol container)
    {
        var receiver = (block.ExtensionParameter?.Type as INamedTypeSymbol)?.OriginalDefinition;
        var home = receiver is not null && SymbolEqualityComparer.Default.Equals(receiver.ContainingAssembly, container.ContainingAssembly)
            ? receiver : container;
        var shown = receiver is null ? Display(container) : Display(receiver);
        var homeId = home.GetDocumentationCommentId()!;
        return new(Create(member, kind, docs.Find(member), homeId, shown), homeId, []);
    }

    private static ApiSymbol Create(ISymbol symbol, ApiKind kind, XElement? doc, string typeId, string? containingType)
    {
        var home = typeId[2..];
        var source = symbol switch
        {
            IMethodSymbol m => m.Parameters,
            IPropertySymbol p => p.Parameters,
            INamedTypeSymbol { DelegateInvokeMethod: { } invoke } => invoke.Parameters,
            _ => [],
        };
        var parameters = source.Select((p, i) => new ApiParameter(
            p.Name,
            SignatureWriter.Type(p.Type),
            XmlDocText.Render(doc?.Elements("param").FirstOrDefault(e => (string?)e.Attribute("name") == p.Name), home),
            p.HasExplicitDefaultValue ? SignatureWriter.Literal(p.Type, p.ExplicitDefaultValue) : null,
            kind == ApiKind.ExtensionMethod && i == 0 ? "this"
                : p.IsParams ? "params"
                : p.RefKind switch
                {
                    RefKind.Ref => "ref",
                    RefKind.Out => "out",
                    RefKind.In or RefKind.RefReadOnlyParameter => "in",
                    _ => ""
                }))
            .ToList();
        var returns = symbol switch
        {
            IMethodSymbol { MethodKind: MethodKind.Constructor } => "",
            IMethodSymbol m => SignatureWriter.Type(m.ReturnType),
            IPropertySymbol p => SignatureWriter.Type(p.Type),
            IFieldSymbol f => SignatureWriter.Type(f.Type),
            IEventSymbol e => SignatureWriter.Type(e.Type),
            INamedTypeSymbol { DelegateInvokeMethod: { } invoke } => SignatureWriter.Type(invoke.ReturnType),
            _ => "",
        };
        var exceptions = doc?.Elements("exception").Select(e => new ApiException(
            XmlDocText.SimpleName((string?)e.Attribute("cref") ?? "", home), XmlDocText.Render(e, home) ?? ""))
            .Where(e => e.Type.Length > 0)
            .ToList();
        var obsolete = symbol.GetAttributes()
            .FirstOrDefault(a => a.AttributeClass is { Name: "ObsoleteAttribute", ContainingNamespace.Name: "System" });
        return new()
        {
            Id = symbol.GetDocumentationCommentId()!,
            Kind = kind,
            Name = symbol is IMethodSymbol { MethodKind: MethodKind.Constructor }
                ? symbol.ContainingType.Name : symbol is IPropertySymbol { IsIndexer: true } ? "this[]" : symbol.Name,
            Namespace = symbol.ContainingNamespace.IsGlobalNamespace ? "" : symbol.ContainingNamespace.ToDisplayString(),
            ContainingType = containingType,
            Signature = SignatureWriter.Write(symbol, kind, parameters),
            ReturnType = returns,
            IsStatic = symbol.IsStatic,
            Parameters = parameters,
            Summary = XmlDocText.Render(doc?.Element("summary"), home),
            Returns = XmlDocText.Render(doc?.Element("returns") ?? doc?.Element("value"), home),
            Remarks = XmlDocText.Render(doc?.Element("remarks"), home),
            Exceptions = exceptions ?? [],
            Examples = doc is null ? [] : XmlDocText.Examples(doc),
            Obsolete = obsolete is null ? null : obsolete.ConstructorArguments.FirstOrDefault().Value as string ?? "",
        };
    }

    /// <summary>A positional record documents its constructor and properties by the type's <c>param</c> elements.</summary>
    private static XElement? FromPositionalRecord(ISymbol member, ApiKind typeKind, XElement? typeDocs)
    {
        if (typeKind != ApiKind.Record || typeDocs is null) return null;
        if (member is IMethodSymbol { MethodKind: MethodKind.Constructor, Parameters.Length: > 0 }) return typeDocs;
        var param =
            member is IPropertySymbol ? typeDocs.Elements("param").FirstOrDefault(e => (string?)e.Attribute("name") == member.Name) : null;
        return param is null ? null : new XElement("member", new XElement("summary", param.Nodes()));
    }

    private static string Display(INamedTypeSymbol type) =>
        type.TypeParameters.Length == 0 ? type.Name : $"{type.Name}<{string.Join(", ", type.TypeParameters.Select(p => p.Name))}>";

    private static IEnumerable<INamedTypeSymbol> Types(INamespaceSymbol space) =>
        space.GetTypeMembers().SelectMany(WithNested).Concat(space.GetNamespaceMembers().SelectMany(Types));

    private static IEnumerable<INamedTypeSymbol> WithNested(INamedTypeSymbol type) =>
        Visible(type) && type.CanBeReferencedByName ? type.GetTypeMembers().SelectMany(WithNested).Prepend(type) : [];

    private static bool Visible(ISymbol symbol) =>
        symbol.DeclaredAccessibility is Accessibility.Public or Accessibility.Protected or Accessibility.ProtectedOrInternal;

    private static ApiKind KindOf(INamedTypeSymbol type) => type.TypeKind switch
    {
        TypeKind.Interface => ApiKind.Interface,
        TypeKind.Enum => ApiKind.Enum,
        TypeKind.Delegate => ApiKind.Delegate,
        _ when type.IsRecord || type.GetMembers("op_Equality").Any(Generated) => ApiKind.Record,
        TypeKind.Struct => ApiKind.Struct,
        _ => ApiKind.Class,
    };

    /// <summary>What a member is, or null if it is not part of the API as written (accessors, what records synthesise,
    /// invisible members).</summary>
    private static ApiKind? MemberKind(ISymbol member, ApiKind typeKind)
    {
        // In source, the constructor that a class has without writing one is implicit; in metadata it is like any other.
        var unwritten = member is IMethodSymbol
        {
            MethodKind: MethodKind.Constructor, Parameters: [],
            ContainingType: { TypeKind: TypeKind.Class, IsStatic: false }
        };
        if (!Visible(member) || (member.IsImplicitlyDeclared && !unwritten) || member is INamedTypeSymbol) return null;
        if (typeKind == ApiKind.Record && Synthesised(member)) return null;
        switch (member)
        {
            case IMethodSymbol { MethodKind: MethodKind.Constructor } c:
                return c.ContainingType.IsStatic ? null : ApiKind.Constructor;
            case IMethodSymbol { MethodKind: MethodKind.UserDefinedOperator or MethodKind.Conversion }:
                return ApiKind.Operator;
            case IMethodSymbol { MethodKind: MethodKind.Ordinary or MethodKind.DeclareMethod } m:
                return !m.CanBeReferencedByName || m.Name == "Finalize"
                    ? null : m.IsExtensionMethod ? ApiKind.ExtensionMethod : ApiKind.Method;
            case IPropertySymbol p:
                return p.IsIndexer ? ApiKind.Indexer : p.CanBeReferencedByName ? ApiKind.Property : null;
            case IFieldSymbol f:
                return typeKind == ApiKind.Enum
                    ? f.HasConstantValue ? ApiKind.EnumMember : null : f.CanBeReferencedByName ? ApiKind.Field : null;
            case IEventSymbol:
                return ApiKind.Event;
            default:
                return null;
        }
    }

    private static bool Synthesised(ISymbol member) => Generated(member) || member switch
    {
        IPropertySymbol { Name: "EqualityContract" } => true,
        IMethodSymbol { MethodKind: MethodKind.Constructor, Parameters: [{ Type: var t }] } c =>
            SymbolEqualityComparer.Default.Equals(t, c.ContainingType),
        _ => false,
    };

    private static bool Generated(ISymbol member) =>
        member.GetAttributes().Any(a => a.AttributeClass?.Name == "CompilerGeneratedAttribute");
}

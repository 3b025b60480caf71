using System.Xml.Linq;
using Microsoft.CodeAnalysis;

namespace DocTuneLab.Library;

/// <summary>
/// Members of the extension blocks of C# 14. The compiler writes each twice: as a member of the block, which code binds to, and as a static
/// method of the class around it. A method of an instance is shown as the latter, an extension method like any other; properties, operators
/// and static methods belong to the type that they extend.
/// </summary>
internal static class ExtensionBlocks
{
    /// <summary>Marks what the compiler names, in documentation ids.</summary>
    private const string Grouping = ".<G>$";

    /// <summary>The blocks of a static class.</summary>
    public static IReadOnlyList<INamedTypeSymbol> Of(INamedTypeSymbol type) =>
        type.IsStatic ? [.. type.GetTypeMembers().Where(t => t.IsExtension)] : [];

    /// <summary>Whether a documentation id is that of a block, or of something in it.</summary>
    public static bool IsId(string id) => id.Contains(Grouping, StringComparison.Ordinal);

    /// <summary>Whether a member of a block is shown as a static method of the class around it.</summary>
    public static bool IsShownAsMethod(ISymbol member) =>
        member is IMethodSymbol { MethodKind: MethodKind.Ordinary, IsStatic: false, AssociatedExtensionImplementation: not null };

    /// <summary>The symbol that the API model knows: for a method of a block the static method, for anything else itself.</summary>
    public static ISymbol Known(ISymbol symbol) =>
        symbol is { OriginalDefinition: IMethodSymbol { ContainingType.IsExtension: true } method } && IsShownAsMethod(method)
            ? method.AssociatedExtensionImplementation!.OriginalDefinition : symbol;

    /// <summary>By the static methods of a class, the members of its blocks that they stand for.</summary>
    public static Dictionary<ISymbol, IMethodSymbol> Implementations(IEnumerable<INamedTypeSymbol> blocks)
    {
        var found = new Dictionary<ISymbol, IMethodSymbol>(SymbolEqualityComparer.Default);
        foreach (var method in blocks.SelectMany(b => b.GetMembers().OfType<IMethodSymbol>()))
            if (method.AssociatedExtensionImplementation is { } implementation) found.TryAdd(implementation.OriginalDefinition, method);
        return found;
    }

    /// <summary>The documentation of a method, with the block's words about its receiver.</summary>
    public static XElement? WithReceiver(XElement? method, XElement? block)
    {
        if (block?.Elements("param").FirstOrDefault() is not { } receiver) return method;
        var all = new XElement(method ?? new XElement("member"));
        all.Add(new XElement(receiver));
        return all;
    }
}

using System.Xml;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;

namespace DocTuneLab.Library;

/// <summary>XML documentation by documentation id, with <c>inheritdoc</c> followed.</summary>
internal sealed class XmlDocs(Compilation compilation, IReadOnlyDictionary<string, string?> xmlByAssembly)
{
    private static readonly Dictionary<string, XElement> s_none = [];
    private readonly Dictionary<string, Dictionary<string, XElement>> _files = new(StringComparer.Ordinal);

    /// <summary>The <c>member</c> element of a symbol, inherited parts filled in; null if it is not documented.</summary>
    public XElement? Find(ISymbol symbol) => Find(symbol, depth: 0);

    private XElement? Find(ISymbol symbol, int depth)
    {
        symbol = symbol.OriginalDefinition;
        if (depth > 16 || symbol.GetDocumentationCommentId() is not { } id || symbol.ContainingAssembly is not { } assembly) return null;
        if (!FileOf(assembly).TryGetValue(id, out var own)) return null;
        if (own.Descendants("inheritdoc").FirstOrDefault() is not { } first) return own;

        var cref = (string?)first.Attribute("cref");
        var sources = cref is null ? Inherited(symbol) : DocumentationCommentId.GetSymbolsForDeclarationId(cref, compilation);
        var source = sources.Select(s => Find(s, depth + 1)).FirstOrDefault(e => e is not null);
        var merged = new XElement(own);
        foreach (var nested in merged.Elements().Where(e => e.Name != "inheritdoc").SelectMany(e => e.Descendants("inheritdoc")).ToList())
        {
            var part = nested.Ancestors().First(a => a.Parent == merged);
            nested.ReplaceWith(source?.Elements(part.Name).FirstOrDefault(e => Key(e) == Key(part))?.Nodes());
        }
        merged.Elements("inheritdoc").Remove();
        if (own.Element("inheritdoc") is null || source is null) return merged;
        foreach (var element in source.Elements().Where(e => !merged.Elements(e.Name).Any(own => Key(own) == Key(e))).ToList()) merged.Add(new XElement(element));
        return merged;

        static string? Key(XElement e) => (string?)e.Attribute("name") ?? (string?)e.Attribute("cref");
    }

    private static IEnumerable<ISymbol> Inherited(ISymbol symbol)
    {
        if (symbol is INamedTypeSymbol type)
        {
            if (type.BaseType is { SpecialType: SpecialType.None } parent) yield return parent;
            foreach (var i in type.Interfaces) yield return i;
            yield break;
        }
        ISymbol? overridden = symbol switch
        {
            IMethodSymbol { MethodKind: MethodKind.Constructor } c => c.ContainingType.BaseType?.InstanceConstructors
                .FirstOrDefault(b => b.Parameters.Length == c.Parameters.Length && b.Parameters.Zip(c.Parameters).All(p => SymbolEqualityComparer.Default.Equals(p.First.Type, p.Second.Type))),
            IMethodSymbol m => m.OverriddenMethod,
            IPropertySymbol p => p.OverriddenProperty,
            IEventSymbol e => e.OverriddenEvent,
            _ => null,
        };
        if (overridden is not null) yield return overridden;
        foreach (var i in symbol.ContainingType.AllInterfaces)
            foreach (var member in i.GetMembers(symbol.Name))
                if (SymbolEqualityComparer.Default.Equals(symbol.ContainingType.FindImplementationForInterfaceMember(member), symbol)) yield return member;
    }

    private Dictionary<string, XElement> FileOf(IAssemblySymbol assembly)
    {
        if (_files.TryGetValue(assembly.Name, out var known)) return known;
        var path = xmlByAssembly.TryGetValue(assembly.Name, out var given)
            ? given
            : compilation.GetMetadataReference(assembly) is PortableExecutableReference { FilePath: { } dll } ? AssemblyDocs.Beside(dll).XmlPath : null;
        return _files[assembly.Name] = path is null ? s_none : Load(path);
    }

    private static Dictionary<string, XElement> Load(string path)
    {
        if (!File.Exists(path)) throw new LabException($"{path}: XML documentation not found. Build the library with GenerateDocumentationFile, or correct the path.");
        try
        {
            var members = new Dictionary<string, XElement>(StringComparer.Ordinal);
            foreach (var member in XDocument.Load(path, LoadOptions.PreserveWhitespace).Root?.Element("members")?.Elements("member") ?? [])
                if ((string?)member.Attribute("name") is { } name) members.TryAdd(name, member);
            return members;
        }
        catch (XmlException e)
        {
            throw new LabException($"{path}:{e.LineNumber}: not well-formed XML ({e.Message}). Expected a compiler-made documentation file; rebuild the library.", e);
        }
    }
}

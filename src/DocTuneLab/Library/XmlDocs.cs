using System.Xml;
using System.Xml.Linq;
using System.Xml.XPath;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Library;

/// <summary>XML documentation by documentation id, with <c>inheritdoc</c> followed.</summary>
/// <param name="compilation">What holds the symbols.</param>
/// <param name="xmlByAssembly">XML files of assemblies by simple name; of others, the one beside the DLL is read.</param>
/// <param name="sourceIncludes">Reads what comments in source include.</param>
internal sealed class XmlDocs(
    Compilation compilation, IReadOnlyDictionary<string, string?> xmlByAssembly, XmlIncludes? sourceIncludes = null)
{
    private static readonly Dictionary<string, XElement> s_none = [];

    /// <summary>No document type, so no entities that expand to gigabytes or name other files.</summary>
    internal static readonly XmlReaderSettings Settings = new() { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null };
    private readonly Dictionary<string, Dictionary<string, XElement>> _files = new(StringComparer.Ordinal);

    /// <summary>The <c>member</c> element of a symbol, inherited parts filled in; null if it is not documented.</summary>
    public XElement? Find(ISymbol symbol) => Find(symbol, depth: 0);

    private XElement? Find(ISymbol symbol, int depth)
    {
        symbol = symbol.OriginalDefinition;
        if (depth > 16 || symbol.GetDocumentationCommentId() is not { } id || symbol.ContainingAssembly is not { } assembly) return null;
        if ((symbol.DeclaringSyntaxReferences.Length > 0 ? FromSource(symbol) : FileOf(assembly).GetValueOrDefault(id)) is not { } own)
            return null;
        if (own.Descendants("inheritdoc").FirstOrDefault() is not { } first) return own;

        var cref = (string?)first.Attribute("cref");
        var sources = cref is null ? Inherited(symbol) : DocumentationCommentId.GetSymbolsForDeclarationId(cref, compilation);
        var source = sources.Select(s => Find(s, depth + 1)).FirstOrDefault(e => e is not null);
        var merged = new XElement(own);
        if ((string?)first.Attribute("path") is { } path && own.Element("inheritdoc") == first)
        {
            // A path picks what is inherited; without one it is everything.
            source = source is null ? null : new XElement("member", Select(source, path));
        }
        foreach (var nested in merged.Elements().Where(e => e.Name != "inheritdoc").SelectMany(e => e.Descendants("inheritdoc")).ToList())
        {
            var part = nested.Ancestors().First(a => a.Parent == merged);
            nested.ReplaceWith(source?.Elements(part.Name).FirstOrDefault(e => Key(e) == Key(part))?.Nodes());
        }
        merged.Elements("inheritdoc").Remove();
        if (own.Element("inheritdoc") is null || source is null) return merged;
        foreach (var element in source.Elements().Where(e => !merged.Elements(e.Name).Any(own => Key(own) == Key(e))).ToList())
            merged.Add(new XElement(element));
        return merged;

        static string? Key(XElement e) => (string?)e.Attribute("name") ?? (string?)e.Attribute("cref");
    }

    /// <summary>Elements of a path such as <c>/summary</c>, or <c>//param[@name='x']</c>; none where it is no path.</summary>
    private static IEnumerable<XElement> Select(XElement member, string path)
    {
        try
        {
            // As the compiler documents it, the member is the root.
            return [.. member
                .XPathSelectElements(path.StartsWith('/') && !path.StartsWith("//", StringComparison.Ordinal) ? path[1..] : path)
                .Select(e => new XElement(e))];
        }
        catch (XPathException)
        {
            return [];
        }
    }

    /// <summary>The comment of a symbol that comes from source; null where it has none, or one that is not well-formed.</summary>
    private XElement? FromSource(ISymbol symbol)
    {
        var xml = symbol.GetDocumentationCommentXml();
        if (string.IsNullOrWhiteSpace(xml)) return null;
        try
        {
            using var reader = XmlReader.Create(new StringReader(xml), Settings);
            var comment = XElement.Load(reader, LoadOptions.PreserveWhitespace);
            return sourceIncludes is null || symbol.DeclaringSyntaxReferences is not [var place, ..]
                ? comment
                : sourceIncludes.Expand(comment, place.SyntaxTree.FilePath, include => LineInSource(place, include));
        }
        catch (XmlException)
        {
            return null;
        }
    }

    /// <summary>The line of an <c>include</c> in a comment: that of the same one in the source, else of the declaration.</summary>
    private static int LineInSource(SyntaxReference place, XElement include)
    {
        // A field's comment stands before the whole declaration of fields.
        var declaration = place.GetSyntax().FirstAncestorOrSelf<MemberDeclarationSyntax>() ?? place.GetSyntax();
        var index = include.AncestorsAndSelf().Last().Descendants("include").TakeWhile(e => e != include).Count();
        var written = declaration.GetLeadingTrivia()
            .Select(t => t.GetStructure())
            .OfType<DocumentationCommentTriviaSyntax>()
            .SelectMany(c => c.DescendantNodes())
            .Where(n => n is XmlEmptyElementSyntax { Name.LocalName.Text: "include" }
                or XmlElementSyntax { StartTag.Name.LocalName.Text: "include" })
            .ElementAtOrDefault(index);
        return (written ?? declaration).GetLocation().GetLineSpan().StartLinePosition.Line + 1;
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
                .FirstOrDefault(b => b.Parameters.Length == c.Parameters.Length
                    && b.Parameters.Zip(c.Parameters).All(p => SymbolEqualityComparer.Default.Equals(p.First.Type, p.Second.Type))),
            IMethodSymbol m => m.OverriddenMethod,
            IPropertySymbol p => p.OverriddenProperty,
            IEventSymbol e => e.OverriddenEvent,
            _ => null,
        };
        if (overridden is not null) yield return overridden;
        foreach (var i in symbol.ContainingType.AllInterfaces)
            foreach (var member in i.GetMembers(symbol.Name))
                if (SymbolEqualityComparer.Default.Equals(symbol.ContainingType.FindImplementationForInterfaceMember(member), symbol))
                    yield return member;
    }

    private Dictionary<string, XElement> FileOf(IAssemblySymbol assembly)
    {
        if (_files.TryGetValue(assembly.Name, out var known)) return known;
        var path = xmlByAssembly.TryGetValue(assembly.Name, out var given)
            ? given
            : compilation.GetMetadataReference(assembly) is PortableExecutableReference { FilePath: { } dll }
                ? AssemblyDocs.Beside(dll).XmlPath
            : null;
        return _files[assembly.Name] = path is null ? s_none : Load(path);
    }

    private static Dictionary<string, XElement> Load(string path)
    {
        if (!File.Exists(path))
            throw new LabException(
                $"{path}: XML documentation not found. Build the library with GenerateDocumentationFile, or correct the path.");
        try
        {
            var members = new Dictionary<string, XElement>(StringComparer.Ordinal);
            // The compiler has put includes in place, unless it could not. Lines are kept only for those: they double the memory.
            var includes = File.ReadLines(path).Any(l => l.Contains("<include ", StringComparison.Ordinal))
                ? new XmlIncludes(Path.GetDirectoryName(Path.GetFullPath(path))!)
                : null;
            using var reader = XmlReader.Create(path, Settings);
            foreach (var member in XDocument.Load(reader,
                LoadOptions.PreserveWhitespace | (includes is null ? LoadOptions.None : LoadOptions.SetLineInfo)).Root
                ?.Element("members")
                ?.Elements("member") ?? [])
                if ((string?)member.Attribute("name") is { } name)
                    members.TryAdd(name, includes?.Expand(member, path, XmlIncludes.LineOf) ?? member);
            return members;
        }
        catch (XmlException e)
        {
            throw new LabException($"{path}:{Math.Max(1, e.LineNumber)}: not well-formed XML ({e.Message}). "
                + "Expected a compiler-made documentation file; rebuild the library.", e);
        }
    }
}

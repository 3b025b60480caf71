using System.Xml;
using System.Xml.Linq;
using DocTuneLab.Library;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace DocTuneLab.Audit;

/// <summary>Compares XML documentation files with the assemblies beside them; nothing of an assembly is run.</summary>
internal sealed class XmlDocAudit(ReferenceSet references, ApiModel api, CodeAudit code)
{
    public IEnumerable<(AuditFinding? Finding, BlockOutcome? Example)> Audit(Func<string, string> display)
    {
        // Documentation covers what is not public too, so all of the metadata is looked at.
        var compilation = CSharpCompilation.Create("audit", references: references.References,
            options: new(OutputKind.DynamicallyLinkedLibrary, metadataImportOptions: MetadataImportOptions.All));
        foreach (var path in references.LibraryPaths.Select(p => AssemblyDocs.Beside(p).XmlPath).OfType<string>())
        {
            var file = display(path);
            XDocument? document = null;
            AuditFinding? broken = null;
            try
            {
                using var reader = XmlReader.Create(path, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit });
                document = XDocument.Load(reader, LoadOptions.SetLineInfo | LoadOptions.PreserveWhitespace);
            }
            catch (XmlException e)
            {
                broken = new(AuditRule.Gone, AuditSeverity.Error, file, e.LineNumber, $"is not well-formed XML: {e.Message}");
            }
            if (broken is not null) yield return (broken, null);
            foreach (var member in document?.Root?.Element("members")?.Elements("member") ?? [])
                foreach (var result in Audit(member, file, compilation)) yield return result;
        }
    }

    private IEnumerable<(AuditFinding? Finding, BlockOutcome? Example)> Audit(XElement member, string file, Compilation compilation)
    {
        var id = (string?)member.Attribute("name") ?? "";
        // Ids of extension blocks are made by the compiler, and no search by id finds them.
        if (id.Length < 3 || id[0] == 'N' || ExtensionBlocks.IsId(id)) yield break;
        var symbol = DocumentationCommentId.GetFirstSymbolForDeclarationId(id, compilation);
        if (symbol is null)
        {
            var name = id[2..].Split('(')[0];
            yield return (new(AuditRule.Gone, AuditSeverity.Error, file, Line(member),
                $"{id} is documented, but the assembly does not have it", api.FindNearest(name[(name.LastIndexOf('.') + 1)..])?.Signature,
                id),
                null);
            yield break;
        }
        var parameters = symbol switch
        {
            IMethodSymbol m => m.Parameters,
            IPropertySymbol p => p.Parameters,
            INamedTypeSymbol { DelegateInvokeMethod: { } i } => i.Parameters,
            _ => []
        };
        if (symbol is not INamedTypeSymbol { TypeKind: TypeKind.Class or TypeKind.Struct })
            foreach (var param in member.Elements("param")
                .Where(e => (string?)e.Attribute("name") is { } n && parameters.All(p => p.Name != n)))
                yield return (new(AuditRule.Signature, AuditSeverity.Error, file, Line(param),
                    $"{id} has no parameter '{(string?)param.Attribute("name")}'", api.Find(id)?.Signature, id),
                    null);
        foreach (var reference in member.DescendantsAndSelf()
            .Where(e => (string?)e.Attribute("cref") is { } cref && cref.StartsWith("!:", StringComparison.Ordinal)))
        {
            var name = ((string)reference.Attribute("cref")!)[2..];
            yield return (new(AuditRule.Gone, AuditSeverity.Error, file, Line(reference), $"{id} refers to '{name}', which does not exist",
                api.FindNearest(name.Split('(')[0].Split('.')[^1])?.Id, id),
                null);
        }
        foreach (var example in member.Descendants("code")
            .Where(e => (string?)(e.Attribute("lang") ?? e.Attribute("language")) is null or "csharp" or "cs" or "C#"))
        {
            var lines = example.Value.ReplaceLineEndings("\n");
            var (outcome, findings) = code.Audit(lines, line => (file, Line(example) + Math.Max(line, 1) - 1));
            // A line in running text is as likely a pattern or markup as it is C#.
            if (!lines.Trim().Contains('\n') && findings.Any(f => f.Rule == AuditRule.Code)) continue;
            yield return (null, outcome);
            foreach (var finding in findings) yield return (finding with { Symbol = id }, null);
        }
    }

    private static int Line(XElement element) => ((IXmlLineInfo)element).LineNumber;
}

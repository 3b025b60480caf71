using System.Xml.Linq;
using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Library;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace DocTuneLab.Tests.Corpus;

/// <summary>The generator on assemblies that were not written for it:
/// parts of the framework with the XML documentation of its reference pack.</summary>
public sealed class BaseLibraryTests(CorpusFixture fixture) : IClassFixture<CorpusFixture>
{
    [Fact]
    public void It_scales_to_thousands_of_framework_symbols()
    {
        var pack = ReferencePack();
        Assert.SkipUnless(pack is not null, "the reference pack Microsoft.NETCore.App.Ref is not installed");
        var symbols = Symbols(pack!);
        Assert.True(symbols.Count > 4000, $"{symbols.Count} symbols");
        var corpus = new StructuralGenerator(symbols, fixture.Batched, new CorpusOptions { Count = 500, Seed = 1 })
            .Generate([], null, TestContext.Current.CancellationToken);
        Assert.Equal(500, corpus.Samples.Count);
        Assert.All(corpus.Accounts, a => Assert.True(a.Closes));
        // Signatures alone do not say everything, but most of what is written from them must compile.
        var code = corpus.Accounts.Single(a => a.Kind == SampleKind.Code);
        Assert.True(code.Rejected.GetValueOrDefault("compiles") < code.Drafts / 8, code.ToString() + string.Join(", ", code.Rejected));
    }

    private static List<ApiSymbol> Symbols(string pack)
    {
        string[] names =
        [
            "System.Collections", "System.Linq", "System.Runtime", "System.Text.RegularExpressions", "System.Collections.Immutable"
        ];
        string[] spaces =
        [
            "System", "System.Collections.Generic", "System.Linq", "System.Text", "System.IO", "System.Text.RegularExpressions",
            "System.Collections.Immutable", "System.Threading", "System.Globalization"
        ];
        var references = Directory.EnumerateFiles(pack, "*.dll")
            .Select(f => (Name: Path.GetFileNameWithoutExtension(f), Reference: MetadataReference.CreateFromFile(f)))
            .ToList();
        var documentation = names.Select(n => Path.Combine(pack, n + ".xml"))
            .Where(File.Exists)
            .SelectMany(f => XDocument.Load(f).Descendants("member"))
            .DistinctBy(m => (string)m.Attribute("name")!)
            .ToDictionary(m => (string)m.Attribute("name")!);
        var compilation = CSharpCompilation.Create("Read", references: references.Select(r => r.Reference));
        return [.. references.Where(r => names.Contains(r.Name))
            .SelectMany(r => ApiRecords.Of((IAssemblySymbol)compilation.GetAssemblyOrModuleSymbol(r.Reference)!,
                t => spaces.Contains(t.ContainingNamespace.ToDisplayString()), documentation))];
    }

    private static string? ReferencePack()
    {
        var root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", "..", "packs",
            "Microsoft.NETCore.App.Ref"));
        return Directory.Exists(root)
            ? Directory.EnumerateDirectories(root).Select(d => Path.Combine(d, "ref", "net10.0")).LastOrDefault(Directory.Exists)
            : null;
    }
}

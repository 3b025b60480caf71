using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Validation;
using DocTuneLab.Library;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace DocTuneLab.Tests.Corpus;

/// <summary>The test library compiled, its symbols as records, and a plain compiler as judge, all independent of the
/// code under test.</summary>
public sealed class CorpusFixture
{
    private const string ImplicitUsings = "global using System; global using System.Collections.Generic; global using System.IO; "
        + "global using System.Linq; global using System.Threading; global using System.Threading.Tasks;";
    private static readonly MetadataReference[] s_framework = [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
        .Split(Path.PathSeparator)
        .Where(p => Path.GetFileName(p).StartsWith("System.", StringComparison.Ordinal)
            || Path.GetFileName(p) is "netstandard.dll" or "mscorlib.dll")
        .Select(p => MetadataReference.CreateFromFile(p))];
    private readonly MetadataReference _library;
    private readonly CSharpCompilation _judgeBase;

    public CorpusFixture() : this("Waterworks", WaterworksSource.Code)
    {
    }

    internal CorpusFixture(string name, string source)
    {
        var compilation = CSharpCompilation.Create(name,
            [CSharpSyntaxTree.ParseText(source, new CSharpParseOptions(LanguageVersion.Latest, DocumentationMode.Diagnose))],
            s_framework, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        using var dll = new MemoryStream();
        using var xml = new MemoryStream();
        var emit = compilation.Emit(dll, xmlDocumentationStream: xml);
        if (!emit.Success) throw new InvalidOperationException(string.Join('\n', emit.Diagnostics));
        _library = MetadataReference.CreateFromImage(dll.ToArray());
        Symbols = ApiRecords.Of(compilation.Assembly);
        _judgeBase = CSharpCompilation.Create("Judged", [CSharpSyntaxTree.ParseText(ImplicitUsings)], [.. s_framework, _library],
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        Compilation = compilation;
    }

    public IReadOnlyList<ApiSymbol> Symbols { get; }

    public CSharpCompilation Compilation { get; }

    /// <summary>Many at once, as the lab does it.</summary>
    public ICodeJudge Batched => new BatchedJudge(One);

    /// <summary>One piece in a compilation of its own.</summary>
    public Verdict One(CodeToJudge piece)
    {
        Assert.Equal(CodeForm.Members, piece.Form);
        var tree = CSharpSyntaxTree.ParseText(
            $"{string.Concat(piece.Usings.Select(u => $"using {u}; "))}\npublic static class Solution {{\n{piece.Code}\n}}");
        using var dll = new MemoryStream();
        var result = _judgeBase.AddSyntaxTrees(tree).Emit(dll);
        var errors = result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error)
            .Select(d => new CodeDiagnostic(d.Id, d.GetMessage(), d.Location.GetLineSpan().StartLinePosition.Line - 1))
            .ToList();
        return new Verdict(!tree.GetDiagnostics().Any(), result.Success, errors, []);
    }
}

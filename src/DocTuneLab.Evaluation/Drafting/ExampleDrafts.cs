using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>
/// Examples of the documentation: C# blocks of held-out pages, and <c>code</c> elements of XML documentation. What an example prints, and
/// the last value that it makes, is what its task asks for.
/// </summary>
internal sealed class ExampleDrafts : IDraftSource
{
    /// <inheritdoc/>
    public string Name => "examples";

    /// <inheritdoc/>
    public IEnumerable<Usage> Find(DraftMaterial material, Action<string> refused, CancellationToken cancel)
    {
        var blocks = material.Pages.Where(p => p.Split != Documents.Model.Split.Train)
            .SelectMany(p => p.CodeBlocks.Where(b => b.Language is "csharp" or "cs" or "c#").Select(b => (Place: p.Path, b.Code)))
            .Concat(material.Api.Symbols.SelectMany(s => s.Examples.Select(e => (Place: $"xml:{s.Id}", Code: e)))).ToList();
        var usings = string.Concat(material.Api.Namespaces.Select(n => $"using {n};\n"));
        var sources = BoundSources.Of(blocks.Select((b, i) => ($"{i}", Whole(b.Code, usings, i))), material.Judge.References);
        foreach (var tree in sources.Trees)
        {
            cancel.ThrowIfCancellationRequested();
            var place = blocks[int.Parse(tree.FilePath, System.Globalization.CultureInfo.InvariantCulture)].Place;
            var run = tree.GetRoot(cancel).DescendantNodes().OfType<MethodDeclarationSyntax>().Last();
            foreach (var usage in new UsageReader(sources, Name, refused).Read(run.Body!, place, [], []))
                yield return usage with { Page = place };
        }
    }

    // A block is statements, with or without the types that they use.
    private static string Whole(string code, string usings, int number)
    {
        var unit = SyntaxFactory.ParseCompilationUnit(code);
        var types = unit.Members.Where(m => m is BaseTypeDeclarationSyntax).Select(m => m.ToFullString());
        var statements = unit.Members.OfType<GlobalStatementSyntax>().Select(g => g.Statement).ToList();
        var last = statements.OfType<LocalDeclarationStatementSyntax>().LastOrDefault()?.Declaration.Variables[^1].Identifier.Text;
        var own = string.Concat(unit.Usings.Where(u => !usings.Contains($"using {u.Name};", StringComparison.Ordinal))
            .Select(u => $"{u.ToString().Trim()}\n"));
        return $$"""
            {{usings}}{{own}}namespace Example{{number}}
            {
            {{string.Join('\n', types)}}
            class Example
            {
            async Task Run()
            {
            {{string.Concat(statements.Select(s => s.ToFullString()))}}
            {{(last is null ? "" : $"Console.WriteLine({last});")}}
            }
            }
            }
            """;
    }
}

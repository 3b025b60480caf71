using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>
/// Uses in unit tests of xunit, NUnit or MSTest: what leads to the value that an assertion looks at. The assertion itself is left out: the
/// value is observed again when the task is tried.
/// </summary>
internal sealed class UnitTestDrafts : IDraftSource
{
    private static readonly HashSet<string> s_tests = new(StringComparer.Ordinal)
    {
        "Fact", "Theory", "Test", "TestCase", "TestMethod", "DataTestMethod", "CulturedFact", "CulturedTheory",
    };

    /// <inheritdoc/>
    public string Name => "tests";

    /// <inheritdoc/>
    public IEnumerable<Usage> Find(DraftMaterial material, Action<string> refused, CancellationToken cancel)
    {
        return material.Sources.Count == 0 ? []
            : Read(BoundSources.Read(material.Sources, material.Judge.References), Name, refused, cancel);
    }

    /// <summary>What the test methods of some files look at.</summary>
    /// <param name="sources">The files.</param>
    /// <param name="source">Name of the source of drafts.</param>
    /// <param name="refused">Told of what cannot be used and why.</param>
    /// <param name="cancel">Stops between files.</param>
    public static IEnumerable<Usage> Read(BoundSources sources, string source, Action<string> refused, CancellationToken cancel)
    {
        foreach (var tree in sources.Trees)
        {
            cancel.ThrowIfCancellationRequested();
            var reader = new UsageReader(sources, source, refused);
            foreach (var method in tree.GetRoot(cancel).DescendantNodes().OfType<MethodDeclarationSyntax>())
            {
                if (((SyntaxNode?)method.Body ?? method.ExpressionBody?.Expression) is not { } body
                    || !Attributes(method).Any(a => s_tests.Contains(NameOf(a)))) continue;
                var line = method.Identifier.GetLocation().GetLineSpan().StartLinePosition.Line + 1;
                foreach (var usage in reader.Read(body, $"{tree.FilePath}:{line} {method.Identifier.Text}",
                    Parameters(method, sources), TestRows.Of(method, sources)))
                    yield return usage;
            }
        }
    }

    private static IReadOnlyList<(string, string)> Parameters(MethodDeclarationSyntax method, BoundSources sources) =>
        [.. method.ParameterList.Parameters.Select(p => (sources.Model(method.SyntaxTree).GetDeclaredSymbol(p)!, p.Identifier.Text))
            .Select(p => (ValueCode.Name(p.Item1.Type), p.Text))];

    /// <summary>A method's attributes.</summary>
    public static IEnumerable<AttributeSyntax> Attributes(MethodDeclarationSyntax method) => method.AttributeLists
        .SelectMany(l => l.Attributes);

    /// <summary>An attribute's name, without what it may end with.</summary>
    public static string NameOf(AttributeSyntax attribute) =>
        attribute.Name.ToString().Split('.')[^1] is var name && name.EndsWith("Attribute", StringComparison.Ordinal) ? name[..^9] : name;
}

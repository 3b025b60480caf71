using DocTuneLab.Library;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>What a method is given.</summary>
/// <param name="Type">Type as C# writes it.</param>
/// <param name="Name">Name.</param>
/// <param name="Members">Members of its type where that is an enumeration.</param>
internal sealed record DraftParameter(string Type, string Name, IReadOnlyList<string> Members);

/// <summary>A use of the library as a method with parameters, bound.</summary>
internal sealed class DraftMethod
{
    private static readonly CSharpParseOptions s_parse = CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Latest);

    private DraftMethod(Usage usage, IReadOnlyList<DraftParameter> parameters, ReferenceSet references, string name)
    {
        (Usage, Parameters, MethodName) = (usage, parameters, name);
        IsAsync = usage.Body.Append(usage.Result).Any(t => SyntaxFactory.ParseTokens(t)
            .Any(k => k.IsKind(SyntaxKind.IdentifierToken) && k.Text == "await"
            || k.IsKind(SyntaxKind.AwaitKeyword)));
        var text = $$"""
            {{string.Concat(CSharpJudge.ImplicitUsings.Concat(usage.Usings).Distinct().Select(u => $"using {u};\n"))}}
            {{usage.Context}}
            public static class Solution
            {
            {{Signature}}
            {
            {{Body}}
            }
            }
            """;
        var tree = CSharpSyntaxTree.ParseText(text, s_parse);
        var compilation = CSharpCompilation.Create("draft", [tree], references.References,
            new(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Annotations));
        Model = compilation.GetSemanticModel(tree);
        Declaration = tree.GetRoot().DescendantNodes().OfType<MethodDeclarationSyntax>().Last(m => m.Identifier.Text == name);
        Types = new(a => a is not null && references.LibraryAssemblies.Contains(a.Name));
    }

    /// <summary>Where it comes from.</summary>
    public Usage Usage { get; }

    /// <summary>What it is given.</summary>
    public IReadOnlyList<DraftParameter> Parameters { get; }

    /// <summary>Its name.</summary>
    public string MethodName { get; }

    /// <summary>Whether it waits.</summary>
    public bool IsAsync { get; }

    /// <summary>What the compiler knows of it.</summary>
    public SemanticModel Model { get; }

    /// <summary>The method.</summary>
    public MethodDeclarationSyntax Declaration { get; }

    /// <summary>What is data in it.</summary>
    public DataTypes Types { get; }

    /// <summary>Type of what it gives.</summary>
    public ITypeSymbol? ResultType => Model.GetDeclaredSymbol(Declaration)?.ReturnType is var type && IsAsync
        ? (type as INamedTypeSymbol)?.TypeArguments.FirstOrDefault() : type;

    /// <summary>Its header.</summary>
    public string Signature => $"public static {(IsAsync ? $"async Task<{Usage.Type}>" : Usage.Type)} "
        + $"{MethodName}({string.Join(", ", Parameters.Select(p => $"{p.Type} {p.Name}"))})";

    /// <summary>Its body.</summary>
    public string Body => string.Concat(Usage.Body.Select(s => s.Trim() + "\n")) + $"return {Usage.Result};";

    /// <summary>The first error of the compiler; null where there is none.</summary>
    public string? Error() => Model.GetDiagnostics().FirstOrDefault(d => d.Severity == DiagnosticSeverity.Error) is { } e
        ? $"{e.Id}: {e.GetMessage(System.Globalization.CultureInfo.InvariantCulture)}" : null;

    /// <summary>Documentation ids of the library's members in it, each once.</summary>
    public IReadOnlyList<string> Members() =>
    [
        .. Declaration.Body!.DescendantNodes().Where(n => n is SimpleNameSyntax or BaseObjectCreationExpressionSyntax
            or BinaryExpressionSyntax
                or ElementAccessExpressionSyntax)
            .Select(n => Model.GetSymbolInfo(n).Symbol).Where(s => s is IMethodSymbol or IPropertySymbol or IFieldSymbol && Types
                .IsOfLibrary(s))
            .Select(s => ((s as IMethodSymbol)?.ReducedFrom ?? s!).OriginalDefinition.GetDocumentationCommentId()).OfType<string>()
            .Distinct(StringComparer.Ordinal),
    ];

    /// <summary>Names of methods in it that are not the library's, each once.</summary>
    public IEnumerable<string> FrameworkCalls() => Declaration.Body!.DescendantNodes().OfType<InvocationExpressionSyntax>()
        .Select(c => Model.GetSymbolInfo(c).Symbol).OfType<IMethodSymbol>().Where(m => !Types.IsOfLibrary(m)).Select(m => m.Name)
        .Distinct(StringComparer.Ordinal);

    /// <summary>The method of a use, as it stands.</summary>
    public static DraftMethod Of(Usage usage, ReferenceSet references, string name = "Solve") => new(usage,
        [.. usage.Parameters.Select(p => new DraftParameter(p.Type, p.Name, []))], references, name);

    /// <summary>The same without what it works out for nothing, beside the library: a test may have looked at it.</summary>
    public DraftMethod WithoutUnused(ReferenceSet references)
    {
        var statements = Declaration.Body!.Statements;
        var unused = statements.FirstOrDefault(s => s is LocalDeclarationStatementSyntax { UsingKeyword.RawKind: 0 } local
            && !Types.UsesLibrary(s, Model) && !statements.Where(o => o != s).SelectMany(o => o.DescendantTokens())
                .Any(t => t.IsKind(SyntaxKind.IdentifierToken)
                    && local.Declaration.Variables.Any(v => v.Identifier.ValueText == t.ValueText)));
        if (unused is null) return this;
        var rest = Usage with { Body = [.. statements.SkipLast(1).Where(s => s != unused).Select(s => s.ToString())] };
        return With(rest, Parameters, references).WithoutUnused(references);
    }

    /// <summary>The same with other parameters.</summary>
    public DraftMethod With(Usage usage, IReadOnlyList<DraftParameter> parameters, ReferenceSet references) =>
        new(usage, parameters, references, MethodName);
}

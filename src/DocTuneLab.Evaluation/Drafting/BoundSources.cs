using DocTuneLab.Library;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>C# that somebody wrote, bound against the library. What it uses besides (a test framework, mocks) stays unknown.</summary>
internal sealed class BoundSources
{
    private static readonly string[] s_defined = ["NET", "NETCOREAPP", "NET6_0_OR_GREATER", "NET8_0_OR_GREATER", "NET10_0",
        "NET10_0_OR_GREATER"];
    private static readonly CSharpParseOptions s_parse =
        CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Preview).WithPreprocessorSymbols(s_defined);

    private readonly CSharpCompilation _compilation;
    private readonly Dictionary<SyntaxTree, SemanticModel> _models = [];
    private readonly IReadOnlySet<string> _library;

    private BoundSources(CSharpCompilation compilation, IReadOnlySet<string> library)
    {
        (_compilation, _library) = (compilation, library);
        Types = new DataTypes(a => a is not null && _library.Contains(a.Name));
    }

    /// <summary>What is data among its types.</summary>
    public DataTypes Types { get; }

    /// <summary>The files, in the order of their paths.</summary>
    public IEnumerable<SyntaxTree> Trees => _compilation.SyntaxTrees.Where(t => t.FilePath.Length > 0);

    /// <summary>Reads the C# below files and folders; what a build made is left out.</summary>
    /// <exception cref="LabException">A path is missing, or holds no C#.</exception>
    public static BoundSources Read(IReadOnlyList<string> paths, ReferenceSet references)
    {
        List<(string Path, string Text)> files = [];
        foreach (var path in paths)
        {
            var found = File.Exists(path) ? [path] : Directory.Exists(path)
                ? Directory.GetFiles(path, "*.cs", SearchOption.AllDirectories)
                    .Where(f => !f.Split(Path.DirectorySeparatorChar).Any(p => p is "bin" or "obj")).ToArray()
                : throw new LabException($"{path}: no such file or folder. Expected the C# of unit tests.");
            if (found.Length == 0) throw new LabException($"{path}: holds no C# files (*.cs).");
            files.AddRange(found.Order(StringComparer.Ordinal).Select(f => (Path.GetRelativePath(
                Directory.Exists(path) ? path : Path.GetDirectoryName(path)!, f).Replace('\\', '/'), File.ReadAllText(f))));
        }
        return Of(files, references);
    }

    /// <summary>Binds files.</summary>
    public static BoundSources Of(IEnumerable<(string Path, string Text)> files, ReferenceSet references)
    {
        var usings = string.Concat(CSharpJudge.ImplicitUsings.Select(u => $"global using {u};\n"));
        var trees = files.Select(f => CSharpSyntaxTree.ParseText(f.Text, s_parse, f.Path)).Select(WithCasts)
            .Append(CSharpSyntaxTree.ParseText(usings, s_parse));
        return new(CSharpCompilation.Create("usages", trees, references.References,
            new(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Annotations, allowUnsafe: true)),
            references.LibraryAssemblies);
    }

    // x.As<T>() of the assertion libraries is a cast, which needs no reference.
    private static SyntaxTree WithCasts(SyntaxTree tree)
    {
        var root = (CompilationUnitSyntax)tree.GetRoot();
        return root.DescendantNodes(n => n is CompilationUnitSyntax or BaseNamespaceDeclarationSyntax).OfType<UsingDirectiveSyntax>()
            .Any(u => u.Name?.ToString() is "FluentAssertions" or "AwesomeAssertions")
            ? tree.WithRootAndOptions(new Casts().Visit(root)!, tree.Options) : tree;
    }

    private sealed class Casts : CSharpSyntaxRewriter
    {
        public override SyntaxNode? VisitInvocationExpression(InvocationExpressionSyntax node) => node is
        {
            ArgumentList.Arguments.Count: 0,
            Expression: MemberAccessExpressionSyntax
            {
                Name: GenericNameSyntax { Identifier.Text: "As", TypeArgumentList.Arguments: [var type] },
                Expression: var value
            }
        }
            ? SyntaxFactory.ParenthesizedExpression(SyntaxFactory.CastExpression(type.WithoutTrivia(),
                SyntaxFactory.ParenthesizedExpression((ExpressionSyntax)Visit(value)!.WithoutTrivia()))).WithTriviaFrom(node)
            : base.VisitInvocationExpression(node);
    }

    /// <summary>What the compiler knows of a file.</summary>
    public SemanticModel Model(SyntaxTree tree)
    {
        if (!_models.TryGetValue(tree, out var model)) _models[tree] = model = _compilation.GetSemanticModel(tree);
        return model;
    }

    /// <summary>The node that declares something in these files; null for what they do not declare, or more than once.</summary>
    public SyntaxNode? Declaration(ISymbol symbol) =>
        symbol.OriginalDefinition.DeclaringSyntaxReferences is [var one] && _compilation.SyntaxTrees.Contains(one.SyntaxTree)
            ? one.GetSyntax() : null;

    /// <summary>Namespaces that a node sees besides the implicit ones, those of the library first.</summary>
    public IReadOnlyList<string> Usings(SyntaxNode node)
    {
        var written = node.SyntaxTree.GetCompilationUnitRoot()
            .DescendantNodes(n => n is CompilationUnitSyntax or BaseNamespaceDeclarationSyntax)
            .OfType<UsingDirectiveSyntax>().Where(u => u.Alias is null && u.StaticKeyword.RawKind == 0 && u.Name is not null)
            .Select(u => u.Name!.ToString().Replace("global::", "", StringComparison.Ordinal));
        // A namespace within the library's sees the library without a using.
        var around = node.Ancestors().OfType<BaseNamespaceDeclarationSyntax>().SelectMany(n => Prefixes(n.Name.ToString()));
        return [.. written.Concat(around).Distinct(StringComparer.Ordinal).Except(CSharpJudge.ImplicitUsings).Where(Exists)];
    }

    private static IEnumerable<string> Prefixes(string name)
    {
        var parts = name.Split('.');
        for (var i = 1; i <= parts.Length; i++) yield return string.Join('.', parts.Take(i));
    }

    // Of the references alone: what the sources declare stands in no namespace afterwards.
    private bool Exists(string name)
    {
        INamespaceSymbol? space = _compilation.GlobalNamespace;
        foreach (var part in name.Split('.')) space = space?.GetNamespaceMembers().FirstOrDefault(n => n.Name == part);
        return space is not null && space.GetTypeMembers().Any(t => !t.Locations.Any(l => l.IsInSource)
            && t.DeclaredAccessibility == Accessibility.Public);
    }
}

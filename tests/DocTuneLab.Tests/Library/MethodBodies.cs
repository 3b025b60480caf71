using System.Text;
using DocTuneLab.Library;
using DocTuneLab.Library.Guidance;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Tests.Library;

/// <summary>The body of a method of a project, and the frame in which it compiles.</summary>
/// <param name="Where">File and name.</param>
/// <param name="Frame">The file with the method at the end of its type, up to its brace; the rest of the project beside it.</param>
/// <param name="Body">What stands between the braces.</param>
internal sealed record MethodBody(string Where, GuideFrame Frame, string Body);

/// <summary>Methods of a C# project, read from its sources alone.</summary>
internal sealed class MethodBodies
{
    private readonly CSharpParseOptions _parse;
    private readonly List<CompilationUnitSyntax> _files = [];
    private readonly List<string> _paths = [];
    private int _skipped;
    private readonly HashSet<SyntaxNode> _broken = [];

    /// <param name="folder">Its sources.</param>
    /// <param name="references">What it compiles against.</param>
    public MethodBodies(string folder, ReferenceSet references)
    {
        _parse = new(LanguageVersion.Latest, DocumentationMode.None, preprocessorSymbols:
            ["NET", "NETCOREAPP", "NETSTANDARD2_0_OR_GREATER", "NET6_0_OR_GREATER", "NET7_0_OR_GREATER", "NET8_0_OR_GREATER",
                "NET9_0_OR_GREATER", "NETSTANDARD2_1_OR_GREATER", "HAVE_ASYNC"]);
        Usings = ProjectUsings.Of(folder);
        foreach (var path in Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            if (path.Contains("/obj/", StringComparison.Ordinal) || path.Contains("/bin/", StringComparison.Ordinal)) continue;
            var unit = (CompilationUnitSyntax)new Undirected().Visit(
                SyntaxFactory.ParseCompilationUnit(File.ReadAllText(path), options: _parse));
            // Written out and read again, so that places are those of the text without directives.
            unit = SyntaxFactory.ParseCompilationUnit(unit.WithAttributeLists([]).ToFullString(), options: _parse);
            _files.Add(unit);
            _paths.Add(Path.GetRelativePath(folder, path));
        }
        var trees = _files.Select(f => f.SyntaxTree).Append(CSharpSyntaxTree.ParseText(
            string.Concat(CSharpJudge.ImplicitUsings.Concat(Usings).Distinct().Select(u => $"global using {u};\n")), _parse)).ToList();
        Compilation = CSharpCompilation.Create("Project", trees, references.References, new(OutputKind.DynamicallyLinkedLibrary,
            allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable, generalDiagnosticOption: ReportDiagnostic.Suppress));
        foreach (var error in Compilation.GetDiagnostics().Where(d => d.Severity == DiagnosticSeverity.Error && d.Location.IsInSource))
            foreach (var node in error.Location.SourceTree!.GetRoot().FindNode(error.Location.SourceSpan).AncestorsAndSelf())
                _broken.Add(node);
    }

    /// <summary>The project.</summary>
    public CSharpCompilation Compilation { get; }

    /// <summary>What the project's files put in scope: namespaces, <c>static</c> types, aliases.</summary>
    public IReadOnlyList<string> Usings { get; }

    /// <summary>Methods that do not compile from these sources alone.</summary>
    public int Skipped => _skipped;

    /// <summary>Number of files.</summary>
    public int Files => _files.Count;

    private string GlobalUsings => string.Concat(_files.SelectMany(f => f.Usings).Where(u => u.GlobalKeyword.RawKind != 0)
        .Select(u => u.ToFullString()).Distinct());

    /// <summary>Bodies of methods, constructors and operators that compile.</summary>
    public IEnumerable<MethodBody> All() => Enumerable.Range(0, Files).SelectMany(Of);

    /// <summary>Those of one file.</summary>
    /// <param name="file">Its number, in the order of paths.</param>
    public IEnumerable<MethodBody> Of(int file)
    {
        var context = new Lazy<string>(() => Context(file));
        foreach (var method in _files[file].DescendantNodes().OfType<BaseMethodDeclarationSyntax>())
        {
            if (method.Body is not { } body || body.Statements.Count == 0) continue;
            if (_broken.Contains(method) || method.Parent is not TypeDeclarationSyntax)
            {
                Interlocked.Increment(ref _skipped);
                continue;
            }
            var text = _files[file].ToFullString()[(body.OpenBraceToken.Span.End)..body.CloseBraceToken.SpanStart];
            yield return new($"{_paths[file]} {(method as MethodDeclarationSyntax)?.Identifier.Text}",
                new(Head(_files[file], method), Usings, context.Value), text);
        }
    }

    /// <summary>The file with the method last in its type, and that last in those around it.</summary>
    private static string Head(CompilationUnitSyntax file, BaseMethodDeclarationSyntax method)
    {
        var head = $"\n{method.WithBody(null).WithSemicolonToken(default).ToFullString()}\n{{\n";
        SyntaxNode inner = method;
        for (var node = method.Parent; node is not null; inner = node, node = node.Parent)
        {
            var members = node switch
            {
                TypeDeclarationSyntax type => type.Members,
                BaseNamespaceDeclarationSyntax space => space.Members,
                CompilationUnitSyntax unit => unit.Members,
                _ => throw new InvalidOperationException(node.Kind().ToString()),
            };
            var before = members.Count > 0 ? node.ToFullString()[..(members[0].FullSpan.Start - node.FullSpan.Start)] : "";
            head = before + string.Concat(members.Where(m => m != inner).Select(m => m.ToFullString())) + head;
        }
        return GlobalOut(file, head);
    }

    private static string GlobalOut(CompilationUnitSyntax file, string head) => file.Usings
        .Where(u => u.GlobalKeyword.RawKind != 0).Aggregate(head, (h, u) => h.Replace(u.ToFullString(), "", StringComparison.Ordinal));

    /// <summary>All other files as one: using directives stand within the namespaces.</summary>
    private string Context(int but)
    {
        var text = new StringBuilder(GlobalUsings);
        for (var i = 0; i < _files.Count; i++)
        {
            if (i == but) continue;
            var usings = string.Concat(_files[i].Usings.Where(u => u.GlobalKeyword.RawKind == 0).Select(u => u.ToFullString()));
            foreach (var member in _files[i].Members)
                text.Append(member is BaseNamespaceDeclarationSyntax space
                    ? $"namespace {space.Name}\n{{\n{usings}{space.Usings.ToFullString()}{space.Members.ToFullString()}\n}}\n"
                    : "");
        }
        return text.ToString();
    }

    private sealed class Undirected() : CSharpSyntaxRewriter(visitIntoStructuredTrivia: false)
    {
        public override SyntaxTrivia VisitTrivia(SyntaxTrivia trivia) =>
            trivia.IsDirective || trivia.IsKind(SyntaxKind.DisabledTextTrivia) ? SyntaxFactory.ElasticLineFeed : trivia;
    }
}

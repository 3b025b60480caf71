using System.Collections.Concurrent;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Emit;

namespace DocTuneLab.Library;

/// <summary>An assembly made by <see cref="CSharpJudge.Emit"/>.</summary>
/// <param name="AssemblyName">Simple name.</param>
/// <param name="Image">The PE image; write it as <c>AssemblyName.dll</c>.</param>
public sealed record CompiledCode(string AssemblyName, byte[] Image);

/// <summary>
/// The one judge of C#: parses, binds and compiles code against a library and says of every name whether it exists.
/// Thread safe; nothing is executed. Nullable annotations are on, warnings are not reported.
/// </summary>
public sealed class CSharpJudge
{
    /// <summary>Id of the error for an answer that holds no code.</summary>
    public const string NoCode = "DTL0001";

    /// <summary>Id of the error for code that closes the braces it is placed in, or is nested too deeply to compile.</summary>
    public const string NotSelfContained = "DTL0002";

    /// <summary>Namespaces in scope everywhere: the SDK's implicit usings.</summary>
    public static IReadOnlyList<string> ImplicitUsings { get; } =
        [
            "System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Net.Http", "System.Threading",
            "System.Threading.Tasks"
        ];

    /// <summary>What is said of code that <see cref="IsTooDeep"/>.</summary>
    internal const string TooDeep = "The code is nested too deeply to compile.";
    private static readonly CSharpParseOptions s_parse = new(LanguageVersion.Latest, DocumentationMode.None);
    private readonly CSharpCompilation _library;
    private readonly LibraryIndex _index;
    private readonly ConcurrentDictionary<string, CSharpCompilation> _bases = new(StringComparer.Ordinal);
    private volatile InContext? _last;
    private readonly Lazy<ApiModel> _api;

    /// <summary>A judge for a library.</summary>
    public CSharpJudge(ReferenceSet references)
    {
        References = references;
        _api = new(() => ApiModel.Load(references, [.. references.LibraryPaths.Select(p => new AssemblyDocs(p, null))]));
        _library = CSharpCompilation.Create("Answer", references: references.References, options: new(
            OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable, concurrentBuild: false,
            deterministic: true,
            optimizationLevel: OptimizationLevel.Release, generalDiagnosticOption: ReportDiagnostic.Suppress));
        _index = new(_library, references.LibraryAssemblies);
    }

    /// <summary>What code is judged against.</summary>
    public ReferenceSet References { get; }

    /// <summary>The library's members, without their documentation.</summary>
    internal ApiModel Api => _api.Value;

    /// <summary>How code is parsed.</summary>
    internal static CSharpParseOptions ParseOptions => s_parse;

    /// <summary>Namespaces of the library that hold public types, in ordinal order: what a task puts in scope.</summary>
    public IReadOnlyList<string> LibraryNamespaces => _index.Namespaces;

    /// <summary>Namespaces, of the library, its dependencies or the framework, that a name without a using directive may come from:
    /// as a type, attribute or extension method.</summary>
    public IReadOnlyList<string> NamespacesWith(string name) =>
        [.. _index.NamespacesWith(name).OrderBy(n => n.Length).ThenBy(n => n, StringComparer.Ordinal)];

    /// <summary>Namespaces in which the library has a public type of a simple name; none where it has no such type.</summary>
    public IReadOnlyList<string> NamespacesOfLibraryType(string name) =>
        [.. _index.TypesNamed(name).Where(t => t.IsLibrary).Select(t => t.Namespace).Distinct(StringComparer.Ordinal)];

    /// <summary>Judges code.</summary>
    /// <param name="code">The code, as the model or a document gave it.</param>
    /// <param name="form">What it is.</param>
    /// <param name="usings">Namespaces in scope besides <see cref="ImplicitUsings"/>.</param>
    /// <param name="context">C# that stands beside it (types); its own names are not judged.</param>
    /// <returns>Lines are those of <paramref name="code"/>. Uses are listed only for code that parses.</returns>
    public Verdict Judge(string code, CodeForm form, IReadOnlyList<string>? usings = null, string? context = null)
    {
        code = code.ReplaceLineEndings("\n");
        if (CodeWrapper.IsTooDeep(code, s_parse) || (context is not null && CodeWrapper.IsTooDeep(context, s_parse)))
            return Unparsed(NotSelfContained, TooDeep);
        if (!CodeWrapper.HasCode(code, s_parse)) return Unparsed(NoCode, "The answer contains no code.");
        try
        {
            var wrapped = CodeWrapper.Wrap(code, form, s_parse);
            // A type of the file alone needs a file that has a name.
            var tree = CSharpSyntaxTree.ParseText(wrapped.Text, s_parse, "answer.cs");
            var syntaxErrors = Errors(tree.GetDiagnostics(), tree, wrapped);
            if (syntaxErrors.Count > 0) return new(false, false, syntaxErrors, []);
            var root = tree.GetCompilationUnitRoot();
            if (!CodeWrapper.Encloses(wrapped, root)) return Unparsed(NotSelfContained, "The code closes a brace that it did not open.");

            var compilation = Base(usings).AddSyntaxTrees(tree);
            if (!string.IsNullOrWhiteSpace(context))
                compilation = compilation.AddSyntaxTrees(CSharpSyntaxTree.ParseText(context, s_parse, ContextFile));
            if (root.Members.Any(m => m is GlobalStatementSyntax))
                compilation = compilation.WithOptions(compilation.Options.WithOutputKind(OutputKind.ConsoleApplication));
            var result = compilation.Emit(Stream.Null);
            var classifier = new SymbolClassifier(compilation.GetSemanticModel(tree), _index, wrapped, result.Diagnostics, usings ?? []);
            return new(true, result.Success, Errors(result.Diagnostics, tree, wrapped), classifier.Classify(root));
        }
        catch (InsufficientExecutionStackException)
        {
            return Unparsed(NotSelfContained, TooDeep);
        }
    }

    /// <summary>Compiles whole source files, with <see cref="ImplicitUsings"/> in scope, to an assembly image for
    /// execution elsewhere.</summary>
    /// <param name="sources">C# files.</param>
    /// <param name="kind">Library or console program.</param>
    /// <param name="errors">Errors in order; lines are those of the source they stand in.</param>
    /// <param name="usings">Namespaces in scope besides the implicit ones.</param>
    /// <param name="assemblyName">Simple name of the assembly.</param>
    /// <returns>The image, or null if it does not compile.</returns>
    public CompiledCode? Emit(IReadOnlyList<string> sources, OutputKind kind, out IReadOnlyList<CodeDiagnostic> errors,
        IReadOnlyList<string>? usings = null, string assemblyName = "Answer")
    {
        if (sources.Any(s => CodeWrapper.IsTooDeep(s, s_parse)))
        {
            errors = [new(NotSelfContained, TooDeep, 0)];
            return null;
        }
        var basis = Base(usings);
        var compilation = basis.AddSyntaxTrees(sources.Select((s, i) => CSharpSyntaxTree.ParseText(s, s_parse, $"source{i}.cs")))
            .WithOptions(basis.Options.WithOutputKind(kind)).WithAssemblyName(assemblyName);
        using var image = new MemoryStream();
        EmitResult result;
        try
        {
            result = compilation.Emit(image);
        }
        catch (InsufficientExecutionStackException)
        {
            errors = [new(NotSelfContained, TooDeep, 0)];
            return null;
        }
        errors = [.. result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Select(d =>
            new CodeDiagnostic(d.Id, d.GetMessage(), d.Location.IsInSource ? d.Location.GetLineSpan().StartLinePosition.Line + 1 : 0))];
        return result.Success ? new(assemblyName, image.ToArray()) : null;
    }

    /// <summary>The compilation unit that code of a form is judged as: what a sandbox compiles to run it.</summary>
    public static string Wrap(string code, CodeForm form) => CodeWrapper.Wrap(code.ReplaceLineEndings("\n"), form, s_parse).Text;

    /// <summary>Whether code is nested too deeply to be read: the compiler's recursion would end the process.</summary>
    internal static bool IsTooDeep(string code) => CodeWrapper.IsTooDeep(code, s_parse);

    /// <summary>What a piece of code most likely is, by its syntax alone.</summary>
    public static CodeForm DetectForm(string code)
    {
        code = code.ReplaceLineEndings("\n");
        if (CodeWrapper.IsTooDeep(code, s_parse)) return CodeForm.Statements;
        var root = SyntaxFactory.ParseCompilationUnit(code, options: s_parse);
        var types = root.Members.Count(m => m is BaseTypeDeclarationSyntax or BaseNamespaceDeclarationSyntax or DelegateDeclarationSyntax);
        if (types > 0 && !root.ContainsDiagnostics) return CodeForm.File;
        var candidates = new[] { CodeForm.Expression, CodeForm.Statements, CodeForm.Members };
        // A static local function parses as a statement too; one with an accessibility is a member only.
        var fits = candidates.Where(f => Fits(code, f)).ToList();
        if (fits.Count > 0) return fits.Contains(CodeForm.Members) && OnlyFunctions(root) ? CodeForm.Members : fits[0];
        return types > 0 ? CodeForm.File : CodeForm.Statements;

        static bool OnlyFunctions(CompilationUnitSyntax root) => root.Members.Count > 0
            && root.Members.All(m => m is not GlobalStatementSyntax { Statement: not LocalFunctionStatementSyntax });

        static bool Fits(string code, CodeForm form)
        {
            var wrapped = CodeWrapper.Wrap(code, form, s_parse);
            var parsed = SyntaxFactory.ParseCompilationUnit(wrapped.Text, options: s_parse);
            return !parsed.ContainsDiagnostics && CodeWrapper.Encloses(wrapped, parsed);
        }
    }

    /// <summary>What code with these namespaces in scope is compiled in, and C# that stands beside it.</summary>
    internal CSharpCompilation Compilation(IReadOnlyList<string>? usings, string context)
    {
        var basis = Base(usings);
        if (string.IsNullOrWhiteSpace(context)) return basis;
        // Several answers in a row are often of one context.
        if (_last is { } last && last.Basis == basis && last.Context == context) return last.Made;
        var made = basis.AddSyntaxTrees(CSharpSyntaxTree.ParseText(context, s_parse, ContextFile));
        _last = new(basis, context, made);
        return made;
    }

    /// <summary>Name of the file that stands beside the code.</summary>
    internal const string ContextFile = "context.cs";

    private sealed record InContext(CSharpCompilation Basis, string Context, CSharpCompilation Made);

    private CSharpCompilation Base(IReadOnlyList<string>? usings)
    {
        var all = ImplicitUsings.Concat(usings ?? []).Select(u => u.Trim()).Distinct(StringComparer.Ordinal).ToList();
        var text = string.Concat(all.Select(u => $"global using {u};\n"));
        if (_bases.TryGetValue(text, out var known)) return known;
        var made = _library.AddSyntaxTrees(CSharpSyntaxTree.ParseText(text, s_parse));
        // A suite uses a handful of sets; a caller that makes a new one each time must not fill the memory.
        return _bases.Count < 256 ? _bases.GetOrAdd(text, made) : made;
    }

    private static Verdict Unparsed(string id, string message) => new(false, false, [new(id, message, 0)], []);

    private static List<CodeDiagnostic> Errors(IEnumerable<Diagnostic> diagnostics, SyntaxTree tree, WrappedCode code) =>
        [.. diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error)
            .Select(d => (d, Line: d.Location.SourceTree == tree ? code.LineOf(d.Location.SourceSpan.Start) : 0))
            .Select(d => new CodeDiagnostic(d.d.Id, d.d.GetMessage(), d.Line))];
}

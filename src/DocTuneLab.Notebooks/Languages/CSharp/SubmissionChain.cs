using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.Loader;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Emit;
using Microsoft.CodeAnalysis.Text;

namespace DocTuneLab.Notebooks.Languages.CSharp;

/// <summary>
/// Script submissions, each of which sees what those before it declared. The compiler's own scripting API adds all references to each
/// submission anew, so its heap grows with the square of their number, and it binds each of them three times; here the first submission
/// brings the references, later ones only what is new, and binding happens once.
/// </summary>
internal sealed class SubmissionChain(SourceReferenceResolver sources, MetadataReferenceResolver directives)
{
    private static int s_chains;

    private readonly string _name = $"cells-{Interlocked.Increment(ref s_chains)}";
    private readonly AssemblyLoadContext _loader = new("cells");
    private CSharpCompilation? _last;
    // Element 0 is the host's object, which cells do not have; a submission puts itself into the next one when it runs.
    private object?[] _submissions = new object?[64];
    private int _slots = 1;
    private int _number;

    /// <summary>A submission after the last one that ran. It is not part of the chain before it runs.</summary>
    /// <param name="code">Its source.</param>
    /// <param name="references">Assemblies that no submission before it brought.</param>
    /// <param name="imports">Namespaces that no submission before it imports.</param>
    public CSharpCompilation Create(string code, IEnumerable<MetadataReference> references, IEnumerable<string> imports)
    {
        var options = new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, scriptClassName: $"Submission#{_number}",
            usings: imports,
            optimizationLevel: OptimizationLevel.Release, allowUnsafe: true, sourceReferenceResolver: sources,
            metadataReferenceResolver: directives,
            // An assembly built against an older framework is one built against this one.
            assemblyIdentityComparer: DesktopAssemblyIdentityComparer.Default);
        var tree = CSharpSyntaxTree.ParseText(SourceText.From(code, Encoding.UTF8), CSharpSession.ParseOptions);
        return CSharpCompilation.CreateScriptCompilation($"{_name}-{_number++}", tree, references, options, _last, returnType: typeof(object));
    }

    /// <summary>Compiles a submission to memory.</summary>
    /// <param name="submission">What <see cref="Create"/> returned.</param>
    /// <param name="code">Starts it; null if it does not compile, or has nothing to run.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <returns>The errors.</returns>
    public ImmutableArray<Diagnostic> Emit(CSharpCompilation submission, out Func<object?[], Task<object?>>? code,
        CancellationToken cancellation)
    {
        code = null;
        using var image = new MemoryStream();
        using var symbols = new MemoryStream();
        var result = submission.Emit(image, symbols, options: new EmitOptions(debugInformationFormat: DebugInformationFormat.PortablePdb),
            cancellationToken: cancellation);
        if (!result.Success)
            return [.. result.Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)];
        // The compiler gives a slot to those only that have members.
        if (!submission.SyntaxTrees.Any(tree => ((CompilationUnitSyntax)tree.GetRoot(cancellation)).Members.Count > 0)
            || submission.GetEntryPoint(cancellation) is not { } entry)
            return [];
        (image.Position, symbols.Position) = (0, 0);
        code = _loader.LoadFromStream(image, symbols).GetType(entry.ContainingType.MetadataName, throwOnError: true)!
            .GetMethod(entry.MetadataName, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)!
            .CreateDelegate<Func<object?[], Task<object?>>>();
        return [];
    }

    /// <summary>Runs a compiled submission and makes it the last one, even if it throws:
    /// what it declared before the exception stays usable.</summary>
    public async Task<object?> RunAsync(CSharpCompilation submission, Func<object?[], Task<object?>>? code)
    {
        _last = submission;
        if (code is null)
            return null;
        if (_slots == _submissions.Length)
            Array.Resize(ref _submissions, 2 * _submissions.Length);
        _slots++;
        return await code(_submissions);
    }

    /// <summary>The variables of all submissions, newest first; those that a later one hides included.</summary>
    public IEnumerable<(FieldInfo Field, object Owner)> Variables() =>
        from owner in _submissions.Take(_slots).Reverse()
        where owner is not null
        from field in owner.GetType().GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly).Reverse()
        where field.Name[0] == '_' || char.IsLetter(field.Name[0])
        select (field, owner);
}

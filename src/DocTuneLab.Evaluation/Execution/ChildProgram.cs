using System.Reflection;
using System.Security.Cryptography;
using DocTuneLab.Evaluation.Extraction;
using DocTuneLab.Library;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace DocTuneLab.Evaluation.Execution;

/// <summary>What the compiler makes of a solution and its hidden tests.</summary>
/// <param name="Image">The assembly; null where it does not compile.</param>
/// <param name="Errors">Why not.</param>
/// <param name="Forbidden">What the solution uses that serves only to reach the checker.</param>
/// <param name="Kept">Sites of checks that need what they expect also where it is taken out of the others.</param>
internal sealed record CompiledTests(
    byte[]? Image, IReadOnlyList<string> Errors, IReadOnlyList<string> Forbidden, IReadOnlySet<int> Kept);

/// <summary>
/// The child program and what it runs with, compiled once and kept in memory, and each solution with its hidden tests against it. What is
/// kept is written anew where an answer could have damaged it.
/// </summary>
internal sealed class ChildProgram
{
    private const string AspNetCore = "Microsoft.AspNetCore.App";
    private const string Namespace = "DocTuneLab.Sandbox";

    private static readonly CSharpCompilationOptions s_options =
        new(OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release,
            nullableContextOptions: NullableContextOptions.Enable, concurrentBuild: false);

    private readonly ChildHost _starter;
    private readonly string _framework;
    private readonly Dictionary<string, byte[]> _files = new(StringComparer.Ordinal);
    private readonly CSharpCompilation _empty;
    // No answer can declare, or name, what it cannot know.
    private readonly string _space = "Hidden_" + RandomNumberGenerator.GetHexString(16);

    /// <summary>Compiles the child program and reads the library's assemblies.</summary>
    /// <exception cref="LabException">It does not compile, or an assembly is missing.</exception>
    public ChildProgram(ReferenceSet references, ChildHost starter)
    {
        _starter = starter;
        var sources = new[] { "Check.cs", "TraceFile.cs", "TreeWriter.cs", "Rebuilder.cs", "Runner.cs", "Batch.cs" };
        var host = CSharpCompilation.Create(_starter.ChildName, sources.Select(Resource), references.References,
            s_options.WithOutputKind(OutputKind.ConsoleApplication));
        using var image = new MemoryStream();
        var emitted = host.Emit(image);
        if (!emitted.Success)
            throw new LabException("The sandbox's own program does not compile against the given references: "
                + $"{emitted.Diagnostics.First(d => d.Severity == DiagnosticSeverity.Error)}. Expected the references of .NET "
                + $"{Environment.Version.Major}.");
        _files.Add(_starter.ChildName + ".dll", image.ToArray());
        // Reference assemblies of ASP.NET Core cannot run; where the library needs them, its shared framework is asked for.
        _framework = references.DependencyPaths.Any(IsAspNetCore) ? AspNetCore : "Microsoft.NETCore.App";
        foreach (var library in references.LibraryPaths.Concat(references.DependencyPaths.Where(p => !IsAspNetCore(p))))
        {
            if (!File.Exists(library))
                throw new LabException($"{library}: no such assembly; the hidden tests need it to run. Build the library first.");
            _files[Path.GetFileName(library)] = File.ReadAllBytes(library);
        }
        Libraries = [.. _files.Keys.Skip(1).Select(f => Path.GetFileNameWithoutExtension(f)!)];
        _empty = CSharpCompilation.Create("doctune-answer",
            references: [.. references.References, MetadataReference.CreateFromImage(_files[_starter.ChildName + ".dll"])],
            options: s_options);
    }

    /// <summary>Names of the library's assemblies, of which each program that is run gets its own.</summary>
    public IReadOnlyList<string> Libraries { get; }

    /// <summary>Writes all that the child needs into <paramref name="folder"/>; returns the path of the child program.</summary>
    public string Write(string folder)
    {
        foreach (var (name, bytes) in _files) File.WriteAllBytes(Path.Combine(folder, name), bytes);
        var path = Path.Combine(folder, _starter.ChildName + ".dll");
        _starter.Prepare(path, _framework);
        return path;
    }

    /// <summary>Whether <paramref name="folder"/> still holds what <see cref="Write"/> wrote.</summary>
    public bool IsWhole(string folder) => _files.All(f =>
        // A pipe in a file's place has no length, and is not read.
        new FileInfo(Path.Combine(folder, f.Key)) is { Exists: true } file && file.Length == f.Value.Length
            && File.ReadAllBytes(file.FullName).AsSpan().SequenceEqual(f.Value));

    /// <summary>Compiles a solution with the tests of a job.</summary>
    /// <param name="job">The tests.</param>
    /// <param name="source">The solution.</param>
    /// <param name="expectations">Whether the tests keep what they expect.</param>
    /// <param name="cancel">Stops.</param>
    public CompiledTests Compile(ExecutionJob job, string source, bool expectations, CancellationToken cancel)
    {
        var solution = CSharpSyntaxTree.ParseText(source, CodeExtractor.ParseOptions, "answer.cs", cancellationToken: cancel);
        var hidden = new HiddenTests(_space, expectations);
        var tests = hidden.Compose(job with { Source = source });
        var compilation = _empty.AddSyntaxTrees(
            solution, CSharpSyntaxTree.ParseText(tests, CodeExtractor.ParseOptions, "tests.cs", cancellationToken: cancel));
        using var image = new MemoryStream();
        var result = compilation.Emit(image, cancellationToken: cancel);
        if (!result.Success)
            return new(null, [.. result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Select(Describe)], [], hidden.Kept);
        return new(image.ToArray(), [], ForbiddenUse.Find(compilation, solution, _starter.ChildName), hidden.Kept);
    }

    /// <summary>Compiles programs to one assembly; those that do not compile are left out.</summary>
    /// <param name="programs">Programs of the same namespaces: a compilation unit each, whose class is named by its index.</param>
    /// <param name="cancel">Stops.</param>
    /// <returns>The image, null where none compiles, and the first error of each that does not.</returns>
    public (byte[]? Image, IReadOnlyDictionary<int, string> Errors) Compile(IReadOnlyList<ProgramSource> programs, CancellationToken cancel)
    {
        var trees = programs.Select((p, i) => CSharpSyntaxTree.ParseText(p.Text(i), CodeExtractor.ParseOptions, $"{i}.cs",
            cancellationToken: cancel)).ToList();
        var errors = new Dictionary<int, string>();
        while (errors.Count < trees.Count)
        {
            var list = CSharpSyntaxTree.ParseText(programs[0].Usings + ProgramSource.List(_space, programs, errors.ContainsKey),
                CodeExtractor.ParseOptions, cancellationToken: cancel);
            var compilation = _empty.AddSyntaxTrees(trees.Where((_, i) => !errors.ContainsKey(i)).Append(list));
            using var image = new MemoryStream();
            var result = compilation.Emit(image, cancellationToken: cancel);
            if (result.Success) return (image.ToArray(), errors);
            var known = errors.Count;
            foreach (var error in result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error))
                if (error.Location.SourceTree is { } tree && trees.IndexOf(tree) is >= 0 and var at)
                    errors.TryAdd(at, $"{error.Id}: {error.GetMessage()}");
            // An error that belongs to no program says nothing about any.
            if (errors.Count == known)
                for (var i = 0; i < trees.Count; i++) errors.TryAdd(i, result.Diagnostics.First(d => d.Severity == DiagnosticSeverity.Error)
                    .ToString());
        }
        return (null, errors);
    }

    private static bool IsAspNetCore(string path) => path.Contains(AspNetCore + ".Ref", StringComparison.Ordinal);

    private static string Describe(Diagnostic d) =>
        $"{(d.Location.SourceTree?.FilePath == "tests.cs" ? "the hidden tests do not fit: " : "")}{d.Id}: {d.GetMessage()}";

    private SyntaxTree Resource(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"child/{name}")!;
        using var reader = new StreamReader(stream);
        return CSharpSyntaxTree.ParseText(
            reader.ReadToEnd().Replace(Namespace, _space, StringComparison.Ordinal), CodeExtractor.ParseOptions, name);
    }
}

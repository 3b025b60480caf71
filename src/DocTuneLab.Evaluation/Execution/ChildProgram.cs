using System.Reflection;
using DocTuneLab.Evaluation.Extraction;
using DocTuneLab.Library;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Execution;

/// <summary>Compiles the child program once, and each answer with its hidden tests against it.</summary>
internal sealed class ChildProgram
{
    private const string AspNetCore = "Microsoft.AspNetCore.App";

    private static readonly CSharpCompilationOptions s_options =
        new(OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release,
            nullableContextOptions: NullableContextOptions.Enable, concurrentBuild: false);

    private readonly CSharpCompilation _empty;

    /// <summary>Writes the child program, what starts it and the library's assemblies into <paramref name="folder"/>.</summary>
    public ChildProgram(string folder, ReferenceSet references, ChildHost starter)
    {
        HostPath = Path.Combine(folder, starter.ChildName + ".dll");
        var host = CSharpCompilation.Create(starter.ChildName, [Resource("Check.cs"), Resource("Runner.cs")], references.References,
            s_options.WithOutputKind(OutputKind.ConsoleApplication));
        var emitted = host.Emit(HostPath);
        if (!emitted.Success)
            throw new LabException("The sandbox's own program does not compile against the given references: "
                + $"{emitted.Diagnostics.First(d => d.Severity == DiagnosticSeverity.Error)}. Expected the references of .NET "
                + $"{Environment.Version.Major}.");
        // Reference assemblies of ASP.NET Core cannot run; where the library needs them, its shared framework is asked for.
        var (shared, own) = (references.DependencyPaths.Where(IsAspNetCore).ToList(),
            references.DependencyPaths.Where(p => !IsAspNetCore(p)));
        starter.Prepare(HostPath, shared.Count > 0 ? AspNetCore : "Microsoft.NETCore.App");
        foreach (var library in references.LibraryPaths.Concat(own))
        {
            if (!File.Exists(library))
                throw new LabException($"{library}: no such assembly; the hidden tests need it to run. Build the library first.");
            File.Copy(library, Path.Combine(folder, Path.GetFileName(library)), overwrite: true);
        }
        _empty = CSharpCompilation.Create("doctune-answer",
            references: [.. references.References, MetadataReference.CreateFromFile(HostPath)], options: s_options);
    }

    /// <summary>The compiled child program.</summary>
    public string HostPath { get; }

    /// <summary>Compiles a job to <paramref name="path"/>; returns the errors, none on success.</summary>
    public IReadOnlyList<string> Compile(ExecutionJob job, string path, CancellationToken cancel)
    {
        var compilation = _empty.AddSyntaxTrees(
            CSharpSyntaxTree.ParseText(job.Source, CodeExtractor.ParseOptions, "answer.cs", cancellationToken: cancel),
            CSharpSyntaxTree.ParseText(Tests(job), CodeExtractor.ParseOptions, "tests.cs", cancellationToken: cancel));
        using var image = new MemoryStream();
        var result = compilation.Emit(image, cancellationToken: cancel);
        if (!result.Success) return [.. result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Select(Describe)];
        File.WriteAllBytes(path, image.ToArray());
        return [];
    }

    private static bool IsAspNetCore(string path) => path.Contains(AspNetCore + ".Ref", StringComparison.Ordinal);

    private static string Describe(Diagnostic d) =>
        $"{(d.Location.SourceTree?.FilePath == "tests.cs" ? "the hidden tests do not fit: " : "")}{d.Id}: {d.GetMessage()}";

    private static string Tests(ExecutionJob job)
    {
        var usings = CSharpJudge.ImplicitUsings.Concat(job.Usings).Distinct(StringComparer.Ordinal).Select(u => $"using {u};");
        // Tests may build on each other's locals; where two declare the same name, each gets a scope of its own.
        var names = job.Tests.SelectMany(Declared).ToList();
        var scoped = names.Count != names.Distinct(StringComparer.Ordinal).Count();
        var steps = job.Tests.Select((test, i) =>
        {
            var statement = test.TrimEnd().EndsWith(';') || test.TrimEnd().EndsWith('}') ? test : test + ";";
            return $"Check.At({i + 1});\n" + (scoped ? $"{{\n{statement}\n}}" : statement);
        });
        return $$"""
            {{string.Join('\n', usings)}}
            using Check = DocTuneLab.Sandbox.Check;
            public static class HiddenTests
            {
            public static async Task Run()
            {
            await Task.CompletedTask;
            {{string.Join('\n', steps)}}
            }
            }
            """;
    }

    private static IEnumerable<string> Declared(string test)
    {
        var unit = SyntaxFactory.ParseCompilationUnit(test, options: CodeExtractor.ParseOptions);
        foreach (var statement in unit.Members.OfType<GlobalStatementSyntax>().Select(g => g.Statement))
        {
            if (statement is LocalDeclarationStatementSyntax local)
                foreach (var variable in local.Declaration.Variables) yield return variable.Identifier.Text;
            if (statement is LocalFunctionStatementSyntax function) yield return function.Identifier.Text;
            foreach (var designation in statement.DescendantNodes(n => n is not AnonymousFunctionExpressionSyntax and not BlockSyntax)
                .OfType<SingleVariableDesignationSyntax>())
                yield return designation.Identifier.Text;
        }
    }

    private static SyntaxTree Resource(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"child/{name}")!;
        using var reader = new StreamReader(stream);
        return CSharpSyntaxTree.ParseText(reader.ReadToEnd(), CodeExtractor.ParseOptions, name);
    }
}

using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;
using Microsoft.CodeAnalysis;

namespace DocTuneLab.Evaluation.Tests;

/// <summary>The suite that the lab's results stand on is sound.</summary>
public class PrivateLibrarySuiteTests
{
    private static readonly string? Root = Up(AppContext.BaseDirectory);

    [Fact]
    public void Every_reference_passes_and_every_stub_fails()
    {
        var data = Path.Combine(Root ?? "", "data", "private-library");
        var tasks = Path.Combine(data, "tasks");
        Assert.SkipUnless(Directory.Exists(tasks), "the sample library's tasks are not there");

        // Compiled here from source, so that the test needs no build of the library.
        var sources = Directory.EnumerateFiles(Path.Combine(data, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Split(Path.DirectorySeparatorChar).Any(d => d is "bin" or "obj") && !f.Contains(".Tests", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList();
        var name = "Library-" + Guid.NewGuid().ToString("n");
        var compiled = new CSharpJudge(ReferenceSet.Load()).Emit([.. sources.Select(File.ReadAllText)], OutputKind.DynamicallyLinkedLibrary, out var errors, assemblyName: name);
        Assert.True(compiled is not null, string.Join('\n', errors));
        var folder = Directory.CreateTempSubdirectory("doctune-library-");
        try
        {
            var dll = Path.Combine(folder.FullName, name + ".dll");
            File.WriteAllBytes(dll, compiled.Image);
            var references = ReferenceSet.Load(dll);
            var report = SuiteCheck.Run(new Evaluator(new CSharpJudge(references)), Suite.Load(tasks), ApiModel.Load(references), new() { AllowUntrustedCode = true, AllowWithoutIsolation = true });
            Assert.True(report.Problems.Count == 0, $"{report.Problems.Count} problems:\n" + string.Join('\n', report.Problems.Select(p => $"{p.Task}: {p.Problem}")));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string? Up(string folder)
    {
        for (var at = new DirectoryInfo(folder); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "DocTuneLab.sln"))) return at.FullName;
        return null;
    }
}

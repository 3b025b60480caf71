using DocTuneLab.Library;

namespace DocTuneLab.Tests.Library;

/// <summary>What a library needs is found where builds and restores leave it, is never taken for the library, and is told where it is
/// missing.</summary>
public sealed class DependencyTests : IDisposable
{
    private const string Code = "var tank = new Tank(); tank.Add(new Litres(3)); return tank.Content.Amount;";
    private readonly CompiledLibrary _needed =
        new("namespace Measures; public record Litres(double Amount); public class Gauge { }", "Measures");
    private readonly CompiledLibrary _library;
    private readonly string _cache = Directory.CreateTempSubdirectory("doctune-cache-").FullName;

    public DependencyTests() => _library = new("""
        using Measures;
        namespace Acme;
        public class Tank { public Litres Content { get; private set; } = new(0); public void Add(Litres more) => Content = more; }
        """, "Acme", _needed.AssemblyPath);

    public void Dispose()
    {
        _needed.Dispose();
        _library.Dispose();
        Directory.Delete(_cache, recursive: true);
    }

    [Fact]
    public void What_is_missing_is_told_by_name_and_breaks_code_that_meets_it()
    {
        var references = ReferenceSet.Load(_library.AssemblyPath);
        var missing = Assert.Single(references.Missing);
        Assert.Equal(("Measures", _library.AssemblyPath), (missing.Name, missing.NeededBy));
        Assert.Contains("--reference Measures.dll", missing.ToString());
        Assert.Contains("Litres", Errors(references));
    }

    [Fact]
    public void A_given_reference_is_no_part_of_the_library()
    {
        var references = ReferenceSet.Load([_library.AssemblyPath], [_needed.AssemblyPath]);
        Holds(references, _needed.AssemblyPath);
        Assert.Contains("nowhere.dll",
            Assert.Throws<LabException>(() => ReferenceSet.Load([_library.AssemblyPath], ["nowhere.dll"])).Message);
    }

    [Fact]
    public void It_is_found_beside_the_library()
    {
        var beside = Path.Combine(_library.Directory, "Measures.dll");
        File.Copy(_needed.AssemblyPath, beside);
        Holds(ReferenceSet.Load(_library.AssemblyPath), beside);
    }

    [Fact]
    public void It_is_found_where_the_list_of_dependencies_says()
    {
        Probe();
        // The package has another name than its assembly.
        var cached = Cached("acme.measures/2.1.0/lib/net8.0/Measures.dll");
        File.WriteAllText(Path.ChangeExtension(_library.AssemblyPath, ".deps.json"), """
            {
              "runtimeTarget": { "name": ".NETCoreApp,Version=v10.0" },
              "targets": { ".NETCoreApp,Version=v10.0": {
                "Acme/1.0.0": { "dependencies": { "Acme.Measures": "2.1.0" }, "runtime": { "Acme.dll": {} } },
                "Acme.Measures/2.1.0": { "runtime": { "lib/net8.0/Measures.dll": {} } } } },
              "libraries": {
                "Acme/1.0.0": { "type": "project" },
                "Acme.Measures/2.1.0": { "type": "package", "path": "acme.measures/2.1.0" } }
            }
            """);
        Holds(ReferenceSet.Load(_library.AssemblyPath), cached);
    }

    [Fact]
    public void A_list_that_cannot_be_read_is_named()
    {
        var list = Path.ChangeExtension(_library.AssemblyPath, ".deps.json");
        File.WriteAllText(list, "{");
        Assert.StartsWith(list, Assert.Throws<LabException>(() => ReferenceSet.Load(_library.AssemblyPath)).Message);
    }

    [Fact]
    public void It_is_found_by_its_name_in_the_cache_in_the_version_that_a_restore_would_take()
    {
        Probe();
        Cached("measures/3.0.0/lib/netstandard2.0/Measures.dll");
        Cached("measures/0.0.1/lib/net8.0/readme.txt");
        var lowest = Cached("measures/1.0.0/lib/netstandard2.0/Measures.dll");
        Cached("measures/1.0.0/lib/net99.0/Measures.dll");
        Holds(ReferenceSet.Load(_library.AssemblyPath), lowest);
    }

    private static void Holds(ReferenceSet references, string found)
    {
        Assert.Empty(references.Missing);
        Assert.Equal([found], references.DependencyPaths);
        Assert.Equal(["Acme"], references.LibraryAssemblies);
        Assert.Equal(["Tank"], ApiModel.Load(references).Types.Select(t => t.Name));
        Assert.Equal("", Errors(references));
    }

    private static string Errors(ReferenceSet references) => string.Join('\n',
        new CSharpJudge(references).Judge($"static double Amount() {{ {Code} }}", CodeForm.Members, ["Acme", "Measures"]).Errors);

    private void Probe() => File.WriteAllText(Path.ChangeExtension(_library.AssemblyPath, ".runtimeconfig.dev.json"),
        $$"""{ "runtimeOptions": { "additionalProbingPaths": ["{{_cache.Replace("\\", "\\\\", StringComparison.Ordinal)}}"] } }""");

    private string Cached(string path)
    {
        var full = Path.Combine(_cache, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.Copy(_needed.AssemblyPath, full);
        return full;
    }
}

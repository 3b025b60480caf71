using DocTuneLab.Library;

namespace DocTuneLab.Tests.Library;

/// <summary>Which assemblies of a folder are the library.</summary>
public sealed class OwnAssembliesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("doctune-own-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_nothing_refers_to_is_the_library_and_its_siblings_with_it()
    {
        using var json = new CompiledLibrary("namespace Json; public class Value { }", "Json");
        using var core = new CompiledLibrary("namespace Acme.Core; public class Part : Json.Value { }", "Acme.Core", json.AssemblyPath);
        using var forms = new CompiledLibrary("namespace Acme.Forms; public class Box : Acme.Core.Part { }", "Acme.Forms",
            core.AssemblyPath, json.AssemblyPath);
        foreach (var library in (CompiledLibrary[])[json, core, forms])
            File.Copy(library.AssemblyPath, Path.Combine(_folder, Path.GetFileName(library.AssemblyPath)));
        File.WriteAllText(Path.Combine(_folder, "native.dll"), "no assembly");
        Assert.Equal(["Acme.Core.dll", "Acme.Forms.dll"], OwnAssemblies.In(_folder).Select(Path.GetFileName));
    }

    [Fact]
    public void What_a_build_calls_projects_is_the_library()
    {
        using var own = new CompiledLibrary("namespace Own; public class A { }", "Own.Assembly");
        using var other = new CompiledLibrary("namespace Other; public class B { }", "Other");
        foreach (var library in (CompiledLibrary[])[own, other])
            File.Copy(library.AssemblyPath, Path.Combine(_folder, Path.GetFileName(library.AssemblyPath)));
        // Nothing refers to either.
        Assert.Equal(2, OwnAssemblies.In(_folder).Count);
        File.WriteAllText(Path.Combine(_folder, "Own.Assembly.deps.json"), """
            {
              "targets": { "net": {
                "OwnProject/1.0.0": { "runtime": { "Own.Assembly.dll": {} } },
                "Other/1.0.0": { "runtime": { "lib/net8.0/Other.dll": {} } } } },
              "libraries": { "OwnProject/1.0.0": { "type": "project" }, "Other/1.0.0": { "type": "package" } }
            }
            """);
        Assert.Equal(["Own.Assembly.dll"], OwnAssemblies.In(_folder).Select(Path.GetFileName));
    }

    [Fact]
    public void There_are_none_where_there_is_no_folder() => Assert.Empty(OwnAssemblies.In(Path.Combine(_folder, "no")));
}

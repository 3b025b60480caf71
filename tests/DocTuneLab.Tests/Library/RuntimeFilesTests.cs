using DocTuneLab.Library;

namespace DocTuneLab.Tests.Library;

public sealed class RuntimeFilesTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("doctune-runtime");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void In_one_folder_the_application_s_list_tells_the_runtime_s_files_from_its_own()
    {
        string[] trusted = [File("System.Private.CoreLib.dll"), File("System.Runtime.dll"), File("App.dll"), File("System.Own.dll")];
        var native = File("libcoreclr.so");
        File("libown.so");
        var list = File("App.deps.json", """
            {
              "runtimeTarget": { "name": ".NETCoreApp,Version=v10.0/linux-x64" },
              "targets": {
                ".NETCoreApp,Version=v10.0": { "App/1.0.0": { "runtime": { "App.dll": {} } } },
                ".NETCoreApp,Version=v10.0/linux-x64": {
                  "App/1.0.0": { "dependencies": { "System.Own": "1.0.0" }, "runtime": { "App.dll": {} } },
                  "System.Own/1.0.0": {
                    "runtime": { "lib/net10.0/System.Own.dll": {} },
                    "native": { "runtimes/linux-x64/native/libown.so": {} }
                  },
                  "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/10.0.1": {
                    "runtime": { "System.Private.CoreLib.dll": {}, "System.Runtime.dll": {}, "System.NotHere.dll": {} },
                    "native": { "libcoreclr.so": {} }
                  },
                  "runtimepack.Microsoft.AspNetCore.App.Runtime.linux-x64/10.0.1": { "runtime": { "Microsoft.AspNetCore.dll": {} } }
                }
              }
            }
            """);
        var files = RuntimeFiles.Of(trusted, [Path.Combine(_folder.FullName, "missing.deps.json"), list]);
        Assert.Equal(trusted[..2], files.Assemblies.Values.Order(StringComparer.Ordinal));
        Assert.Equal([native], files.Natives);
    }

    [Fact]
    public void Of_the_shared_framework_s_own_list_all_are_the_runtime_s_and_nothing_else()
    {
        string[] trusted = [File("System.Private.CoreLib.dll"), File("System.Runtime.dll"), File("System.Own.dll")];
        var list = File("Microsoft.NETCore.App.deps.json", """
            {
              "runtimeTarget": { "name": "t" },
              "targets": {
                "t": {
                  "Microsoft.NETCore.App.Runtime.linux-x64/10.0.1": {
                    "runtime": { "System.Private.CoreLib.dll": {}, "System.Runtime.dll": {} }
                  }
                }
              }
            }
            """);
        Assert.Equal(trusted[..2],
            RuntimeFiles.Of(trusted, [File("App.deps.json", "{ no json"), list]).Assemblies.Values.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Without_a_list_it_is_what_was_built_together_with_the_core_library()
    {
        var trusted = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
        var core = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        // All in one folder, as a single file unpacks itself.
        var unpacked = trusted
            .Where(path => Path.GetFileName(path) is "System.Private.CoreLib.dll" or "System.Text.Json.dll" or "netstandard.dll"
                or "DocTuneLab.dll" or "System.Threading.RateLimiting.dll" or "Dapper.dll")
            .DistinctBy(Path.GetFileName)
            .Select(path =>
            {
                var copy = Path.Combine(_folder.FullName, Path.GetFileName(path));
                System.IO.File.Copy(path, copy);
                return copy;
            })
            .ToList();
        var names = RuntimeFiles.Of(unpacked, []).Assemblies.Keys;
        Assert.Contains("System.Text.Json", names);
        Assert.Contains("netstandard", names);
        Assert.DoesNotContain("DocTuneLab", names);
        Assert.DoesNotContain("Dapper", names);
        Assert.Equal(Path.Combine(core, "System.Text.Json.dll"), RuntimeFiles.Current.Assemblies["System.Text.Json"]);
    }

    [Fact]
    public void A_single_file_has_none() => Assert.Empty(RuntimeFiles.Of([], []).Assemblies);

    private string File(string name, string text = "")
    {
        var path = Path.Combine(_folder.FullName, name);
        System.IO.File.WriteAllText(path, text);
        return path;
    }
}

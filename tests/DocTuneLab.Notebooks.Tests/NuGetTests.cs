using System.IO.Compression;
using System.Runtime.InteropServices;
using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Hosting;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace DocTuneLab.Notebooks.Tests;

/// <summary>Packages from a folder that the test makes: no network.</summary>
public sealed class NuGetTests : IDisposable
{
    // New names in each run, so that nothing is found in the caches of an earlier one.
    private readonly string _id = "Dt" + Guid.NewGuid().ToString("N")[..8];
    private readonly string _feed = Directory.CreateTempSubdirectory("doctune-feed").FullName;
    private readonly SessionDriver _driver = new();

    public NuGetTests()
    {
        Environment.SetEnvironmentVariable("RestoreSources", _feed);
        Environment.SetEnvironmentVariable("NUGET_PACKAGES", Path.Combine(_feed, "packages"));
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("RestoreSources", null);
        Environment.SetEnvironmentVariable("NUGET_PACKAGES", null);
        Directory.Delete(_feed, recursive: true);
    }

    [Fact]
    public async Task A_package_is_used_with_its_dependency_and_natives_and_restored_once()
    {
        Pack(_id + ".Base", "public static class Base { public static int One => 1; }");
        Pack(_id, "public static class Top { public static int Two => 2; }", dependency: _id + ".Base", native: true);
        await _driver.OkAsync($"#r \"nuget: {_id}, 1.0.0\"\nBase.One + Top.Two");
        Assert.Equal("3", _driver.Result);
        await _driver.OkAsync(
            $"System.Runtime.InteropServices.NativeLibrary.Load(\"{_id}native\", typeof(Top).Assembly, null) != IntPtr.Zero");
        Assert.Equal("True", _driver.Result, ignoreCase: true);

        // The feed is gone: a second session takes what the first one restored.
        foreach (var file in Directory.GetFiles(_feed))
            File.Delete(file);
        var second = new SessionDriver();
        await second.OkAsync($"#r \"nuget: {_id}, 1.0.0\"\nTop.Two");
        Assert.Equal("2", second.Result);
    }

    [Fact]
    public async Task A_package_that_fails_takes_nothing_from_those_before_and_after_it()
    {
        Pack(_id, "public static class First { public static int One => 1; }");
        Pack(_id + "Next", "public static class Next { public static int Two => 2; }");
        await _driver.OkAsync($"#r \"nuget: {_id}, 1.0.0\"\nvar kept = First.One;");
        var failed = await _driver.RunAsync($"var not = 1;\n#r \"nuget: {_id}Missing, 1.0.0\"");
        Assert.Equal("PackageNotRestored", failed.Error!.Name);
        Assert.StartsWith("cell 2:line 2: ", failed.Error.Traceback[^1]);
        await _driver.OkAsync($"#r \"nuget: {_id}Next, 1.0.0\"\nkept + First.One + Next.Two");
        Assert.Equal("4", _driver.Result);
    }

    [Fact]
    public async Task An_assembly_of_the_host_is_not_replaced()
    {
        Pack(_id, "public static class Uses { public static int One => 1; }", extra: "DocTuneLab.Notebooks");
        await _driver.OkAsync("#r \"nuget: "
            + $"{_id}, 1.0.0\"\nUses.One + (typeof(DocTuneLab.Notebooks.Hosting.NotebookSession).Assembly.Location == "
            + $"\"{typeof(NotebookSession).Assembly.Location}\" ? 1 : 0)");
        Assert.Equal("2", _driver.Result);
    }

    [Fact]
    public async Task A_restore_can_be_cancelled_and_done_again()
    {
        Pack(_id, "public static class Late { public static int One => 1; }");
        using var stop = new CancellationTokenSource(200);
        Assert.Equal(CellStatus.Cancelled, (await _driver.RunAsync($"#r \"nuget: {_id}, 1.0.0\"\nLate.One", stop.Token)).Status);
        await _driver.OkAsync($"#r \"nuget: {_id}, 1.0.0\"\nLate.One");
        Assert.Equal("1", _driver.Result);
    }

    private void Pack(string name, string code, string? dependency = null, bool native = false, string? extra = null)
    {
        using var zip = ZipFile.Open(Path.Combine(_feed, $"{name}.1.0.0.nupkg"), ZipArchiveMode.Create);
        var needs = dependency is null
            ? ""
            : $"<dependencies><group targetFramework=\"net8.0\"><dependency id=\"{dependency}\" version=\"1.0.0\" "
                + "/></group></dependencies>";
        using (var writer = new StreamWriter(zip.CreateEntry(name + ".nuspec").Open()))
            writer.Write($"<package><metadata><id>{name}</id><version>1.0.0</version><authors>tests</authors><description>A "
                + $"test.</description>{needs}</metadata></package>");
        Library(zip, name, code);
        if (extra is not null)
            Library(zip, extra, "namespace DocTuneLab.Notebooks { public class NotebookSession { } }");
        if (!native)
            return;
        // Any native library will do: the SQLite that lies beside the tests, under another name.
        var system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
        var suffix = OperatingSystem.IsWindows() ? ".dll" : OperatingSystem.IsMacOS() ? ".dylib" : ".so";
        var source = Directory.GetFiles(AppContext.BaseDirectory, "*e_sqlite3" + suffix, SearchOption.AllDirectories)[0];
        var prefix = OperatingSystem.IsWindows() ? "" : "lib";
        zip.CreateEntryFromFile(source,
            $"runtimes/{system}-{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}/native/{prefix}{_id}native"
                + $"{Path.GetExtension(source)}");
    }

    private static void Library(ZipArchive zip, string name, string code)
    {
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path) is "System.Runtime.dll" or "System.Private.CoreLib.dll")
            .Select(path => MetadataReference.CreateFromFile(path));
        var compilation = CSharpCompilation.Create(name, [CSharpSyntaxTree.ParseText(code)], references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        using var image = new MemoryStream();
        Assert.True(compilation.Emit(image).Success);
        using var entry = zip.CreateEntry($"lib/net8.0/{name}.dll").Open();
        image.WriteTo(entry);
    }
}

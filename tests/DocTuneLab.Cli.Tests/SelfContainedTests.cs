using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace DocTuneLab.Cli.Tests;

/// <summary>
/// A self-contained build, made of the built tool and the runtime that runs these tests: all in one folder, with the lists that publishing
/// writes, on a machine without <c>dotnet</c>. (To publish takes minutes and a network.)
/// </summary>
public sealed class SelfContainedTests(SelfContainedTests.Build build) : IClassFixture<SelfContainedTests.Build>, IDisposable
{
    private readonly Doctune _doctune = new();

    public void Dispose() => _doctune.Dispose();

    [Fact]
    public void Cells_run_and_packages_name_the_missing_sdk()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "makes a layout of links");
        _doctune.Write("a.csx", "Console.WriteLine(1);\nSystem.Text.Json.JsonSerializer.Serialize(typeof(DocTuneLab.LabException).Name)");
        Assert.Equal(new Doctune.Result(0, "1\n\"LabException\"\n", ""), Run("script", "a.csx"));
        _doctune.Write("b.csx", "#r \"nuget: Newtonsoft.Json, 13.0.3\"");
        var result = Run("script", "b.csx");
        Assert.Equal(1, result.Code);
        Assert.Contains("needs the .NET SDK, and there is no 'dotnet' command on the PATH", result.Error);
        Assert.DoesNotContain("Win32Exception", result.Error);
        _doctune.Write("c.dib", "#!csharp\n\n1 + 1\n");
        Assert.Equal(0, Run("run", "c.dib").Code);
        Assert.Contains("\"2\"", _doctune.Read("artifacts/c.ipynb"));
    }

    [Fact]
    public void The_kernel_is_installed_without_its_compiled_copy()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "makes a layout of links");
        var result = Run("kernel", "install", "--prefix", _doctune.Folder);
        Assert.Equal(0, result.Code);
        Assert.Contains("The kernel was not compiled ahead of time: the .NET", result.Error);
        Assert.Contains("doctune", _doctune.Read("share/jupyter/kernels/doctune/kernel.json"));
    }

    [Fact]
    public void Answers_run_on_a_copy_of_the_build_s_own_runtime()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "makes a layout of links");
        Directory.CreateDirectory(Path.Combine(_doctune.Folder, "tasks"));
        var task = """{"id": "a1", "instruction": "Double it.", "signature": "public static int Twice(int n)", "context": "", "usings": """
            + """[], "goldSymbols": [], "reference": "return 2 * n;", "stub": "return 0;", "tests": ["Check.Equal(4, Solution.Twice(2)); """
            + """Check.Equal(10, Solution.Twice(5)); """
            + """Check.Equal(true, typeof(Solution).Assembly.GetReferencedAssemblies().Length > 0);"], "documents": """
            + """["x"], "split": "test"}""";
        _doctune.Write("tasks/general.jsonl", task + "\n");
        var result = Run("evaluate", "--check-suite", "--suite", "tasks", "--assembly",
            Path.Combine(Doctune.Root, "data/private-library/bin/Fenmark.dll"), "--lab", "lab");
        Assert.True(result.Code == 0, result.Out + result.Error);
    }

    private Doctune.Result Run(params string[] arguments)
    {
        var start = new ProcessStartInfo(build.Program, arguments)
        {
            WorkingDirectory = _doctune.Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true
        };
        foreach (var name in start.Environment.Keys
            .Where(name => name.StartsWith("DOTNET_", StringComparison.Ordinal) || name == "DOCTUNE_DEBUG")
            .ToList())
            start.Environment.Remove(name);
        start.Environment["PATH"] = build.Tools;
        return Doctune.Wait(Process.Start(start)!);
    }

    /// <summary>The layout, once for all tests.</summary>
    public sealed class Build : IDisposable
    {
        private const long LargeFile = 32 * 1024 * 1024;

        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("doctune-self-contained");

        public Build()
        {
            Tools = _folder.CreateSubdirectory("tools").FullName;
            // A PATH that has all that the sandbox uses, and no dotnet.
            foreach (var tool in (string[])["bwrap", "unshare", "setsid", "sh"])
                if (((string[])["/usr/bin", "/bin"]).Select(place => Path.Combine(place, tool)).FirstOrDefault(File.Exists) is { } path)
                    File.CreateSymbolicLink(Path.Combine(Tools, tool), path);
            // Of each framework the newest there is, as the tool itself would choose; a publishing puts the files of all in one folder.
            var root = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
            var app = _folder.CreateSubdirectory("app").FullName;
            Program = Path.Combine(app, "doctune");
            if (!OperatingSystem.IsLinux())
                return;
            var needed = Read(Path.Combine(AppContext.BaseDirectory, "doctune.runtimeconfig.json"))["runtimeOptions"]!;
            var frameworks = (needed["frameworks"]?.AsArray() ?? new JsonArray(needed["framework"]!.DeepClone()))
                .Select(framework => framework!["name"]!.ToString())
                .Select(name => Newest(Path.Combine(root, "shared", name)))
                .ToList();
            var fxr = Directory.GetFiles(Path.Combine(root, "host", "fxr"), "libhostfxr.so", SearchOption.AllDirectories)[0];
            foreach (var file in Directory.GetFiles(AppContext.BaseDirectory)
                .Concat(frameworks.SelectMany(framework => framework.GetFiles()).Select(file => file.FullName))
                .Append(fxr)
                .DistinctBy(Path.GetFileName))
            {
                var target = Path.Combine(app, Path.GetFileName(file));
                // A linked assembly counts as lying where its link leads. Only libtorch is too large to copy.
                if (new FileInfo(file).Length < LargeFile)
                    File.Copy(file, target);
                else
                    File.CreateSymbolicLink(target, file);
            }
            Rewrite(Path.Combine(app, "doctune.runtimeconfig.json"), config =>
            {
                var options = config["runtimeOptions"]!.AsObject();
                options.Remove("framework");
                options.Remove("frameworks");
                options["includedFrameworks"] = new JsonArray([.. frameworks.Select(framework =>
                    new JsonObject { ["name"] = framework.Parent!.Name, ["version"] = framework.Name })]);
            });
            Rewrite(Path.Combine(app, "doctune.deps.json"), list =>
            {
                foreach (var framework in frameworks)
                {
                    var own = Read(Path.Combine(framework.FullName, framework.Parent!.Name + ".deps.json"));
                    var files = own["targets"]![own["runtimeTarget"]!["name"]!.ToString()]!.AsObject().First();
                    var name = $"runtimepack.{files.Key}";
                    list["targets"]![list["runtimeTarget"]!["name"]!.ToString()]![name] = files.Value!.DeepClone();
                    list["libraries"]![name] = new JsonObject { ["type"] = "runtimepack", ["serviceable"] = false, ["sha512"] = "" };
                }
            });
        }

        public string Program { get; }

        public string Tools { get; }

        public void Dispose() => _folder.Delete(recursive: true);

        private static DirectoryInfo Newest(string framework) =>
            new DirectoryInfo(framework).GetDirectories().Where(folder => Version.TryParse(folder.Name, out _))
                .MaxBy(folder => Version.Parse(folder.Name))
            ?? throw new DirectoryNotFoundException($"'{framework}' holds no version of the framework.");

        private static JsonNode Read(string path) => JsonNode.Parse(File.ReadAllText(path))!;

        private static void Rewrite(string path, Action<JsonNode> change)
        {
            var node = Read(path);
            change(node);
            File.WriteAllText(path, node.ToJsonString());
        }
    }
}

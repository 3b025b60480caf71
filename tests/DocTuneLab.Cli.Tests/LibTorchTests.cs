using System.Diagnostics;
using System.Text.Json.Nodes;
using DocTuneLab.Training.Devices;

namespace DocTuneLab.Cli.Tests;

/// <summary>DOCTUNE_LIBTORCH, in processes of their own: it acts when libtorch is loaded.</summary>
public sealed class LibTorchTests : IDisposable
{
    // What a program has mapped says what it calculates with.
    private const string Calculation = """
        using TorchSharp;
        Console.WriteLine(File.ReadAllText("/proc/self/maps").Contains("libtorch_cpu.so"));
        Console.WriteLine(torch.ones(3).sum().ToSingle());
        string[] natives = ["libtorch_cpu.so", "libtorch_cuda.so", "libc10.so", "libc10_cuda.so", "libLibTorchSharp.so"];
        var mapped = File.ReadLines("/proc/self/maps").Where(l => l.Contains('/')).Select(l => l[l.IndexOf('/')..]);
        foreach (var line in mapped.Distinct().Order(StringComparer.Ordinal))
            if (natives.Contains(Path.GetFileName(line))) Console.WriteLine(line);
        """;

    private readonly Doctune _doctune = new();

    public LibTorchTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "libtorch of another installation is for Linux only");

    public void Dispose() => _doctune.Dispose();

    private static string Beside(string name) => Path.Combine(AppContext.BaseDirectory, name);

    private string Folder(string name) => Directory.CreateDirectory(Path.Combine(_doctune.Folder, name)).FullName;

    /// <summary>A copy of the program's own libtorch: other files, which glibc does not take for the program's own.
    /// CUDA's part is there, but empty.</summary>
    private string CopyOfLibTorch()
    {
        var lib = Folder("torch/lib");
        foreach (var file in Directory.GetFiles(AppContext.BaseDirectory, "lib*.so*")
            .Where(f => Path.GetFileName(f).Split('.', '-')[0] is "libc10" or "libtorch" or "libtorch_cpu" or "libgomp"))
            File.Copy(file, Path.Combine(lib, Path.GetFileName(file)));
        foreach (var name in new[] { "libc10_cuda.so", "libtorch_cuda.so" })
            File.WriteAllBytes(Path.Combine(lib, name), EmptyLibrary.Named(name));
        return lib;
    }

    private Doctune.Result Run(string? libTorch, string? binding, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Doctune.Library, .. arguments])
        {
            WorkingDirectory = _doctune.Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true
        };
        foreach (var (name, value) in new[] { ("DOCTUNE_LIBTORCH", libTorch), ("DOCTUNE_LIBTORCHSHARP", binding), ("DOCTUNE_DEBUG", null) })
            start.Environment[name] = value;
        return Doctune.Wait(Process.Start(start)!);
    }

    private string[] Calculate(string? libTorch, string? binding = null)
    {
        var result = Run(libTorch, binding, "script", _doctune.Write("calculate.csx", Calculation));
        Assert.Equal((0, ""), (result.Code, result.Error));
        return result.Out.TrimEnd().Split('\n');
    }

    private (int Code, JsonNode Finding) Doctor(string? libTorch)
    {
        var result = Run(libTorch, null, "doctor", "--json");
        Assert.Equal("", result.Error);
        return (result.Code, JsonNode.Parse(result.Out)!["findings"]!.AsArray().Single(f => (string)f!["name"]! == "libtorch")!);
    }

    [Fact]
    public void The_version_that_this_build_is_made_for_is_TorchSharps() =>
        Assert.Equal(LibTorch.MadeFor + ".0", TorchSharp.torch.__version__);

    [Fact]
    public void Without_the_variable_the_builds_own_libtorch_is_used()
    {
        string[] expected = ["False", "3", Beside("libLibTorchSharp.so"), Beside("libc10.so"), Beside("libtorch_cpu.so")];
        Assert.Equal(expected, Calculate(null));
        var (_, finding) = Doctor(null);
        Assert.Equal("ok", (string?)finding["status"]);
        Assert.Matches(@"^loads and calculates, \d+ threads$", (string?)finding["found"]);
    }

    [Fact]
    public void With_it_another_one_is_used_and_no_second_one_is_loaded()
    {
        var lib = CopyOfLibTorch();
        var torch = Path.GetDirectoryName(lib)!;
        _doctune.Write("torch/version.py",
            "from typing import Optional\n\n__all__ = ['__version__']\n__version__ = '2.10.7+cu128'\ncuda: Optional[str] = '12.8'\n");
        string[] Expected(string binding) =>
        [
            "False", "3",
            .. new[] { "libc10.so", "libc10_cuda.so", "libtorch_cpu.so", "libtorch_cuda.so" }.Select(n => Path.Combine(lib, n))
                .Append(binding)
                .Order(StringComparer.Ordinal)
        ];
        Assert.Equal(Expected(Beside("libLibTorchSharp.so")), Calculate(lib));
        var binding = Path.Combine(Folder("own"), "libLibTorchSharp.so");
        File.Copy(Beside("libLibTorchSharp.so"), binding);
        Assert.Equal(Expected(binding), Calculate(torch + "/", binding));
        var (_, finding) = Doctor(torch);
        Assert.Equal("ok", (string?)finding["status"]);
        Assert.EndsWith($" threads; 2.10.7+cu128 in {lib} (DOCTUNE_LIBTORCH), though this build is made for 2.10.0",
            (string?)finding["found"]);
    }

    [Fact]
    public void The_programs_own_files_may_be_named() =>
        Assert.Equal(["False", "3", Beside("libLibTorchSharp.so"), Beside("libc10.so"), Beside("libtorch_cpu.so")],
            Calculate(AppContext.BaseDirectory, Beside("libLibTorchSharp.so")));

    [Fact]
    public void Every_front_end_says_in_the_same_words_that_it_cannot_be_used()
    {
        var message = AssertRefused("no/such", $"DOCTUNE_LIBTORCH: {_doctune.Folder}/no/such: no such folder.",
            "Give the one that holds libtorch_cpu.so");
        var (code, finding) = Doctor("no/such");
        Assert.Equal((1, "broken", message), (code, (string?)finding["status"], finding["found"] + "\n"));
        // Goes to TorchSharp without a model, and meets it in TorchSharp's static constructor.
        var export = Run("no/such", null, "export", "--model", Path.Combine(Doctune.Root, "data/models/nano"), "--format", "gguf", "-o",
            "nano.gguf");
        Assert.Equal((1, "doctune: " + message), (export.Code, export.Error));
        // The cell's first line uses nothing of the lab, its second one TorchSharp.
        var cell = Run("no/such", null, "script", _doctune.Write("calculate.csx", Calculation));
        Assert.Equal((1, "False\n", "LabException: " + message), (cell.Code, cell.Out, cell.Error));
    }

    [Theory]
    [InlineData("build-version", "9.8.7+cpu\n", "9.8.7+cpu")]
    [InlineData("include/torch/headeronly/version.h", "#define TORCH_VERSION_MAJOR 9\n#define TORCH_VERSION \\\n  \"9.8.7\"\n", "9.8.7")]
    [InlineData("other", "1.2.3", "unknown version")]
    public void One_of_another_version_is_refused_before_a_symbol_is_missed(string file, string text, string version)
    {
        foreach (var name in new[] { "libc10.so", "libtorch_cpu.so", "libtorch.so" })
            File.WriteAllBytes(Path.Combine(Folder("lib"), name), EmptyLibrary.Named(name));
        Folder(Path.GetDirectoryName(file)!);
        _doctune.Write(file, text);
        AssertRefused(_doctune.Folder,
            $"DOCTUNE_LIBTORCH: the libtorch in {_doctune.Folder}/lib ({version}) does not fit this build, which is made for 2.10.0: "
                + $"{Beside("libLibTorchSharp.so")}: undefined symbol: ",
            "Install torch 2.10.0 and name its lib folder, or build TorchSharp's native source against it");
    }

    [Fact]
    public void One_that_lacks_a_single_function_is_refused_before_that_is_called()
    {
        // The function is renamed in the file that asks for it. Nothing here calls it.
        var binding = File.ReadAllBytes(Beside("libLibTorchSharp.so"));
        var name = "_ZN2at4_ops6lgamma4callERKNS_6TensorE\0"u8;
        binding[binding.AsSpan().IndexOf(name) + name.IndexOf("call"u8)] = (byte)'X';
        var file = Path.Combine(_doctune.Folder, "other.so");
        File.WriteAllBytes(file, binding);
        var lib = AppContext.BaseDirectory.TrimEnd('/');
        AssertRefused(lib,
            $"DOCTUNE_LIBTORCH: the libtorch in {lib} (unknown version) does not fit the file of DOCTUNE_LIBTORCHSHARP: {file}: "
                + "undefined symbol: _ZN2at4_ops6lgamma4Xall",
            "Build TorchSharp's native source against it", file);
    }

    [Fact]
    public void One_whose_libraries_go_by_other_names_is_refused_before_a_second_one_is_loaded()
    {
        foreach (var name in new[] { "libc10.so", "libtorch_cpu.so", "libtorch.so" })
            File.WriteAllBytes(Path.Combine(_doctune.Folder, name), EmptyLibrary.Named(name + ".1.13"));
        AssertRefused(_doctune.Folder,
            $"DOCTUNE_LIBTORCH: the libtorch in {_doctune.Folder} (unknown version) does not fit this build, which is made for 2.10.0: "
                + "its libc10.so goes by another name inside.",
            "Install torch 2.10.0");
    }

    [Fact]
    public void A_folder_without_libtorch_and_a_missing_file_are_named()
    {
        AssertRefused(Folder("empty"), $"DOCTUNE_LIBTORCH: {_doctune.Folder}/empty: there is no libtorch_cpu.so in it.",
            "Give the lib folder");
        _doctune.Write("empty/libtorch_cpu.so", "text");
        AssertRefused(Folder("empty"),
            $"DOCTUNE_LIBTORCH: the libtorch in {_doctune.Folder}/empty (unknown version) cannot be loaded: "
                + $"{_doctune.Folder}/empty/libc10.so: cannot open shared object file",
            "See that this installation works by itself");
        AssertRefused(AppContext.BaseDirectory, $"DOCTUNE_LIBTORCHSHARP: {_doctune.Folder}/no.so: no such file.",
            "Give a libLibTorchSharp.so that is built against the libtorch in", "no.so");
    }

    private string AssertRefused(string libTorch, string message, string remedy, string? binding = null)
    {
        var result = Run(libTorch, binding, "score", "--model", Path.Combine(Doctune.Root, "data/models/nano"), "--text", "a");
        Assert.Equal((1, ""), (result.Code, result.Out));
        Assert.StartsWith("doctune: " + message, result.Error);
        Assert.Contains(remedy, result.Error);
        Assert.Equal(1, result.Error.Count(c => c == '\n'));
        return result.Error["doctune: ".Length..];
    }
}

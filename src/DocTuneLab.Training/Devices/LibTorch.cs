using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using TorchSharp;

namespace DocTuneLab.Training.Devices;

/// <summary>
/// Which libtorch this process calculates with: the one that the build brings, or, where the environment variable DOCTUNE_LIBTORCH is set
/// (Linux), that of another installation, such as <c>site-packages/torch/lib</c> with CUDA. Where it is not set, nothing is done here.
/// </summary>
/// <remarks>
/// TorchSharp opens the <c>libtorch_cpu.so</c> beside the application by its full path, which glibc does not take for one of another folder
/// that is loaded already; two of them in one process end it. So empty libraries go by those paths before TorchSharp asks for them: it is
/// content with having opened them, and its first call into native code is led to what is opened here, from bottom to top, each library
/// bound by name to those before it. Nothing of that size is opened before this call, and what is wrong with it is thrown by
/// <see cref="Require"/>, or by the call.
/// </remarks>
public static partial class LibTorch
{
    private const string Variable = "DOCTUNE_LIBTORCH", BindingVariable = "DOCTUNE_LIBTORCHSHARP";
    private const string Binding = "LibTorchSharp", BindingFile = "libLibTorchSharp.so", Cpu = "libtorch_cpu.so";
    private const int Lazily = 1, AtOnce = 2, NotLoading = 4, Globally = 0x100;

    private static readonly string[] s_versionFiles =
    [
        "version.py", "build-version", "include/torch/headeronly/version.h", "include/torch/version.h",
        "include/torch/csrc/api/include/torch/version.h"
    ];

    private static readonly Lazy<Foreign>? s_foreign = Redirect();

    /// <summary>Handle of TorchSharp's native library, and the libtorch that it is bound to.</summary>
    private sealed record Foreign(nint Library, Origin Origin);

    /// <summary>Where libtorch was taken from.</summary>
    /// <param name="Folder">Its lib folder.</param>
    /// <param name="Version">What is said there, such as 2.10.0+cu128, or "unknown version".</param>
    /// <param name="Binding">The file of DOCTUNE_LIBTORCHSHARP, or null.</param>
    public sealed record Origin(string Folder, string Version, string? Binding);

    /// <summary>The version of libtorch that TorchSharp's native library is built against.</summary>
    public const string MadeFor = "2.10.0";

    /// <summary>
    /// Redirects TorchSharp if DOCTUNE_LIBTORCH is set. Runs by itself before anything of this assembly does; to be called by programs that
    /// use TorchSharp before that.
    /// </summary>
    [ModuleInitializer]
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Usage", "CA2255",
        Justification = "It must come before TorchSharp's natives, whoever uses this assembly.")]
    public static void Prepare() => _ = s_foreign;

    /// <summary>Opens the libtorch of DOCTUNE_LIBTORCH if that is set, and says where it is; null where the build's own is used.</summary>
    /// <exception cref="LabException">It is not there or does not fit.</exception>
    public static Origin? Require() => s_foreign?.Value.Origin;

    private static string? Setting(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } path
            ? Path.TrimEndingDirectorySeparator(Path.GetFullPath(path))
            : null;

    // Throws nothing: what a module's initialiser throws reaches nobody in its own words.
    private static Lazy<Foreign>? Redirect()
    {
        var (folder, binding) = (Setting(Variable), Setting(BindingVariable));
#if !NO_LIBTORCH
        if (folder is null) return null;
#endif
        var foreign = new Lazy<Foreign>(() => Open(folder, binding));
        try
        {
            foreach (var assembly in new[] { typeof(torch).Assembly, typeof(LibTorch).Assembly })
                NativeLibrary.SetDllImportResolver(assembly, (name, _, _) => name == Binding ? foreign.Value.Library : 0);
            if (OperatingSystem.IsLinux()) Divert();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException or DllNotFoundException)
        {
            foreign = new(() => throw new LabException(
                $"{Variable} cannot be used here: {e.Message.TrimEnd('.')}. Unset it, and the libtorch that the build brings is used", e));
        }
        return foreign;
    }

    /// <summary>Lets TorchSharp open empty libraries in place of those beside the application.</summary>
    private static void Divert()
    {
        var folder = Directory.CreateTempSubdirectory("doctune-").FullName;
        try
        {
            foreach (var name in new[] { "torch_cpu", "torch_cuda", Binding })
            {
                var file = Path.Combine(folder, name);
                File.WriteAllBytes(file, EmptyLibrary.Named(Path.Combine(OwnFolders().First(), $"lib{name}.so")));
                var empty = Dlopen(file, Lazily, out var error);
                if (empty == 0) throw new InvalidOperationException(error);
                // In the very words of TorchSharp.
                if (!NativeLibrary.TryLoad(name, typeof(torch).Assembly, null, out var found) || found != empty)
                    throw new InvalidOperationException("TorchSharp has loaded libtorch already, or finds it in another way. "
                        + "A program that uses it before DocTuneLab calls LibTorch.Prepare() first");
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // Where .NET looks for native libraries, in this order.
    private static IEnumerable<string> OwnFolders() => (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Append(Path.GetDirectoryName(typeof(torch).Assembly.Location) is { Length: > 0 } beside ? beside : AppContext.BaseDirectory);

    private static Foreign Open(string? folder, string? binding)
    {
        if (folder is null)
            throw new LabException($"this build brings no libtorch (-p:Torch=none). Set {Variable} to the lib folder of an installation of "
                + $"libtorch {MadeFor}, such as …/site-packages/torch/lib");
        if (!OperatingSystem.IsLinux())
            throw new LabException($"{Variable} is supported on Linux only. Unset it, and the libtorch that the build brings is used");
        if (!Directory.Exists(folder))
            throw new LabException(
                $"{Variable}: {folder}: no such folder. Give the one that holds {Cpu}, such as …/site-packages/torch/lib");
        var lib = new[] { folder, Path.Combine(folder, "lib") }.FirstOrDefault(f => File.Exists(Path.Combine(f, Cpu)))
            ?? throw new LabException($"{Variable}: {folder}: there is no {Cpu} in it. Give the lib folder of an installation of libtorch "
                + $"{MadeFor}, such as …/site-packages/torch/lib");
        if (binding is not null && !File.Exists(binding))
            throw new LabException($"{BindingVariable}: {binding}: no such file. Give a {BindingFile} that is built against the libtorch "
                + $"in {lib}, or unset it");
        var own = binding is not null ? Spelled(Path.GetDirectoryName(binding)!, Path.GetFileName(binding))
            : OwnBinding()
                ?? throw new LabException(
                    $"{BindingFile} of TorchSharp was not found beside the program. Build it again with 'dotnet build -c Release'");
        var (whole, remedy) = binding is not null
            ? ($"the file of {BindingVariable}", "Build")
            : ($"this build, which is made for {MadeFor}", $"Install torch {MadeFor} and name its lib folder, or build");
        var version = VersionIn(Path.GetDirectoryName(lib)!);
        LabException Misfit(string why) =>
            new($"{Variable}: the libtorch in {lib} ({version}) does not fit {whole}: {why}. {remedy} TorchSharp's native source against "
                + $"it, and name the {BindingFile} in {BindingVariable}");
        var cpu = RealPath(Path.Combine(lib, Cpu));
        RefuseOthers(cpu);

        // As Python's torch does it: what MKL and the like look up while they run is global.
        _ = Dlopen(Spelled(lib, "libtorch_global_deps.so"), Lazily | Globally);
        // What a library needs is taken from those opened before, whatever LD_LIBRARY_PATH says.
        foreach (var name in new[] { "libc10.so", Cpu, "libc10_cuda.so", "libtorch_cuda.so", "libtorch.so" })
        {
            var path = Spelled(lib, name);
            if (name.EndsWith("_cuda.so", StringComparison.Ordinal) && !File.Exists(path)) continue;
            var handle = Dlopen(path, Lazily, out var error);
            if (handle == 0)
                throw new LabException($"{Variable}: the libtorch in {lib} ({version}) cannot be loaded: {error}. "
                    + "See that this installation works by itself: what it needs of other packages, such as CUDA's, must be there too");
            // Under another name, such as libtorch.so.1.13, the native library would not find it, and load a second
            // libtorch from elsewhere.
            if (binding is null && Dlopen(name, Lazily | NotLoading) != handle) throw Misfit($"its {name} goes by another name inside");
        }

        // All symbols at once: bound as they are called, the first one missing would end the process.
        var library = Dlopen(own, AtOnce, out var missing);
        if (library == 0) throw Misfit(missing);
        RefuseOthers(cpu);
        return new(library, new(lib, version, binding));
    }

    private static void RefuseOthers(string cpu)
    {
        var other = File.ReadLines("/proc/self/maps")
            .Select(l => l.IndexOf('/') is var at and >= 0 ? l[at..] : "")
            .FirstOrDefault(p => Path.GetFileName(p).StartsWith(Cpu, StringComparison.Ordinal) && p != cpu);
        if (other is not null)
            throw new LabException($"{Variable} names {cpu}, but {other} is loaded already. A program that uses TorchSharp before "
                + "DocTuneLab calls LibTorch.Prepare() first; otherwise unset the variable");
    }

    /// <summary>TorchSharp's native library, in .NET's folders or in a package's; null if it is not there.</summary>
    private static string? OwnBinding()
    {
        var package = Path.Combine("runtimes", RuntimeInformation.RuntimeIdentifier, "native");
        return OwnFolders().SelectMany(f => new[] { f, Path.Combine(f, package), Path.Combine(f, "..", "..", package) })
            .Select(f => Spelled(f, BindingFile))
            .FirstOrDefault(File.Exists);
    }

    // Not in the way in which TorchSharp does it, as an empty library may go by that path.
    private static string Spelled(string folder, string name) => Path.Combine(folder, ".", name);

    /// <summary>What pip's torch, or the archive of libtorch, says of itself.</summary>
    private static string VersionIn(string root)
    {
        var file = s_versionFiles
            .Select(f => Path.Combine(root, f))
            .FirstOrDefault(File.Exists);
        return file is not null && VersionNumber().Match(File.ReadAllText(file)) is { Success: true } match
            ? match.Value
            : "unknown version";
    }

    [GeneratedRegex("""(?<=^|["'])\d+\.\d+\.\d+[\w.+]*""", RegexOptions.Multiline)]
    private static partial Regex VersionNumber();

    private static nint Dlopen(string path, int mode, out string error)
    {
        _ = Dlerror(); // Found here and not below: that the runtime looks for it would take the message away.
        var handle = Dlopen(path, mode);
        error = handle == 0 ? (Marshal.PtrToStringUTF8(Dlerror()) ?? "no reason given").Replace("/./", "/", StringComparison.Ordinal) : "";
        return handle;
    }

    private static unsafe string RealPath(string path)
    {
        var resolved = stackalloc byte[4096]; // PATH_MAX
        return RealPath(path, resolved) == 0 ? path : Marshal.PtrToStringUTF8((nint)resolved)!;
    }

    [LibraryImport("libdl.so.2", EntryPoint = "dlopen", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Dlopen(string path, int mode);

    [LibraryImport("libdl.so.2", EntryPoint = "dlerror")]
    private static partial nint Dlerror();

    [LibraryImport("libc", EntryPoint = "realpath", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial nint RealPath(string path, byte* resolved);
}

using System.CommandLine;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text;
using DocTuneLab.Cli.Output;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Jupyter;
using DocTuneLab.Library;
using DocTuneLab.Storage;
using DocTuneLab.Training.Devices;
using Spectre.Console;
using TorchSharp;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune doctor</c>: what this machine has, what is missing and how to get it.</summary>
internal static class Doctor
{
    private const string NewSymbols = "GLIBCXX_3.4.32";
    private static readonly string[] s_browsers = ["chromium", "chromium-browser", "google-chrome", "microsoft-edge"];
    private static readonly string[] s_libraryFolders =
    [
        "/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/lib64", "/usr/lib", "/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"
    ];

    private enum Status { Ok, Missing, Broken }

    /// <param name="Name">What is looked for.</param>
    /// <param name="Status">Whether it is there; Broken means that DocTuneLab cannot work without it.</param>
    /// <param name="Found">What was found.</param>
    /// <param name="Needed">What it is for.</param>
    /// <param name="Advice">How to get it, or null.</param>
    private sealed record Finding(string Name, Status Status, string Found, string Needed, string? Advice = null);

    public static Command Command()
    {
        var json = CommonOptions.Json();
        var command = new Command("doctor",
            "Says what this machine has for DocTuneLab, what is missing and how to get it (exit code 1 if something "
                + "indispensable is).") { json };
        command.SetAction(parsed =>
        {
            var findings = new[]
            {
                DotNet, Sdk, References, Memory, Processor, StandardLibrary, Torch, Cuda, Jupyter, Spec, Browser, SandboxOf
            }
                .Select(look => look())
                .ToList();
            var broken = findings.Any(f => f.Status == Status.Broken);
            if (parsed.GetValue(json)) JsonOutput.Write(new { code = RunEnvironment.Current().Code, ok = !broken, findings });
            else Print(findings);
            return broken ? ExitCodes.Failed : ExitCodes.Ok;
        });
        return command;
    }

    private static void Print(List<Finding> findings)
    {
        var console = Terminal.Create();
        foreach (var finding in findings)
        {
            var mark = finding.Status switch
            {
                Status.Ok => "[green]ok     [/]",
                Status.Missing => "[yellow]missing[/]",
                _ => "[red]broken [/]"
            };
            console.MarkupLine($"{mark}  {finding.Name,-18} {Markup.Escape(finding.Found)}");
            if (finding.Status == Status.Ok) continue;
            console.MarkupLine($"         {"",-18} [grey]for {Markup.Escape(finding.Needed)}[/]");
            if (finding.Advice is { } advice) console.WriteLine($"         {"",-18} {advice}");
        }
    }

    private static Finding DotNet() =>
        new(".NET", Status.Ok,
            $"{RuntimeInformation.FrameworkDescription} on {RuntimeInformation.OSDescription} {RuntimeInformation.OSArchitecture}",
            "everything");

    private static Finding Sdk() => Try("dotnet", "--version") is { } version ? new(".NET SDK", Status.Ok, version, "packages in cells")
        : new(".NET SDK", Status.Missing, "no 'dotnet' command with an SDK on the PATH",
            "#r \"nuget: …\" in cells, and a kernel that starts fast; all else does without",
            $"Install the .NET {Environment.Version.Major} SDK.");

    private static Finding References()
    {
        try
        {
            var folder = ReferenceSet.Load().FrameworkDirectory;
            return new("compiler references", Status.Ok, folder, "judging code");
        }
        catch (LabException e)
        {
            return new("compiler references", Status.Broken, e.Message, "judging code", "Install the .NET 10 SDK.");
        }
    }

    private static Finding Memory()
    {
        var bytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        return bytes >= 4L << 30 ? new("memory", Status.Ok, LabVerb.Size(bytes), "training")
            : new("memory", Status.Missing, $"{LabVerb.Size(bytes)}; the sample notebook wants 4 GB", "training",
                "Use a smaller batch or sequence, or another machine.");
    }

    private static Finding Processor()
    {
        string[] features = [.. new[]
        {
            ("AVX2", Avx2.IsSupported), ("FMA", Fma.IsSupported), ("AVX-512F", Avx512F.IsSupported),
            ("bf16", Training.Devices.Processor.HasBFloat16)
        }
            .Where(f => f.Item2)
            .Select(f => f.Item1)];
        var found = $"{RunEnvironment.Current().Processor}, {Environment.ProcessorCount} "
            + $"cores{(features.Length > 0 ? ", " + string.Join(" ", features) : "")}";
        return features.Length > 0 || RuntimeInformation.ProcessArchitecture == Architecture.Arm64
            ? new("processor", Status.Ok, found, "speed")
            : new("processor", Status.Missing, $"{found}; no AVX2", "training at full speed",
                "It works, but slowly. Use a processor of the last ten years.");
    }

    /// <summary>TorchSharp's native library asks for a symbol version that older systems lack;
    /// the build then makes it optional in its copy.</summary>
    private static Finding StandardLibrary()
    {
        const string What = "C++ library";
        if (!OperatingSystem.IsLinux()) return new(What, Status.Ok, "not needed on this system", "libtorch");
        var library = s_libraryFolders
            .Select(f => Path.Combine(f, "libstdc++.so.6"))
            .FirstOrDefault(File.Exists);
        if (library is null)
            return new(What, Status.Broken, "libstdc++.so.6 was not found", "libtorch", "apt-get install libstdc++6, or the like.");
        return File.ReadAllBytes(library).AsSpan().IndexOf(Encoding.ASCII.GetBytes(NewSymbols + "\0")) >= 0
            ? new(What, Status.Ok, $"{library} has {NewSymbols}", "libtorch")
            : new(What, Status.Ok, $"{library} lacks {NewSymbols}; the build's patch of libLibTorchSharp.so was needed", "libtorch");
    }

    private static Finding Torch()
    {
        try
        {
            var from = LibTorch.Require() is { } origin
                ? $"; {origin.Version} in {origin.Folder} (DOCTUNE_LIBTORCH){Fit(origin)}"
                : "";
            using var one = torch.ones(2, 2);
            using var product = one.matmul(one);
            return product[0, 0].ToSingle() == 2
                ? new("libtorch", Status.Ok, $"loads and calculates, {torch.get_num_threads()} threads{from}", "training")
                : new("libtorch", Status.Broken, "1 + 1 is not 2", "training", "Restore the packages anew: dotnet restore --force.");
        }
        catch (LabException e)
        {
            // The remedy is the last sentence of each of these messages.
            return new("libtorch", Status.Broken, e.Message, "training");
        }
        catch (Exception e) when (e is TypeInitializationException or DllNotFoundException or NotSupportedException or ExternalException)
        {
            return new("libtorch", Status.Broken, (e.InnerException ?? e).Message.ReplaceLineEndings(" "), "training",
                "Build again with 'dotnet build -c Release', so that the natives of this system are copied.");
        }

        static string Fit(LibTorch.Origin origin) => origin.Binding is { } binding ? $" with {binding}"
            : origin.Version.StartsWith(LibTorch.MadeFor, StringComparison.Ordinal) ? ""
            : $", though this build is made for {LibTorch.MadeFor}";
    }

    private static Finding Cuda()
    {
        var why = "libtorch does not load";
        try
        {
            if (ComputeDevices.Describe() is { Count: > 0 } devices)
                return new("CUDA", Status.Ok, string.Join("; ", devices), "training on a GPU");
            why = ComputeDevices.WhyNone();
        }
        catch (Exception e)
            when (e is LabException or TypeInitializationException or DllNotFoundException or NotSupportedException or ExternalException)
        {
            // Said by the line above already.
        }
        var gpu = Try("nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader");
        return gpu is null
            ? new("CUDA", Status.Missing, "no NVIDIA GPU or no driver", "training on a GPU; the processor does it too",
                "Where there is a GPU, install its driver.")
            : new("CUDA", Status.Missing, $"{gpu.Split('\n')[0]}, but {why}", "training on a GPU",
                "Build with 'dotnet build -c Release -p:Torch=cuda', or set DOCTUNE_LIBTORCH to the lib folder of a torch with CUDA.");
    }

    private static Finding Jupyter()
    {
        var version = Try("jupyter", "--version")?.Split('\n')
            .Select(l => l.Split(':', StringSplitOptions.TrimEntries))
            .Where(p => p.Length == 2 && p[1] != "not installed")
            .ToDictionary(p => p[0], p => p[1], StringComparer.Ordinal);
        return version is null
            ? new("Jupyter", Status.Missing, "not found", "notebooks in a browser; 'doctune run' needs none",
                "pip install jupyterlab, or apt-get install jupyter-notebook.")
            : new("Jupyter", Status.Ok,
                string.Join(", ",
                    version.Where(v => v.Key is "jupyterlab" or "notebook" or "jupyter_core" or "nbclient")
                        .Select(v => $"{v.Key} {v.Value}")),
                "notebooks in a browser");
    }

    private static Finding Spec() => File.Exists(Path.Combine(KernelSpec.Folder(null), "kernel.json"))
        ? new("kernel", Status.Ok, KernelSpec.Folder(null), "Jupyter and VS Code")
        : File.Exists(Path.Combine(KernelSpec.Folder("/usr/local"), "kernel.json"))
            ? new("kernel", Status.Ok, KernelSpec.Folder("/usr/local"), "Jupyter and VS Code")
        : new("kernel", Status.Missing, "not installed for this user", "Jupyter and VS Code", "doctune kernel install");

    private static Finding Browser()
    {
        var found = s_browsers
            .Select(b => (Name: b, Version: Try(b, "--version")))
            .FirstOrDefault(b => b.Version is not null);
        return found.Version is null
            ? new("browser", Status.Missing, "no Chromium", "the tests of charts", "apt-get install chromium")
            : new("browser", Status.Ok, found.Version.Split('\n')[0], "the tests of charts");
    }

    private static Finding SandboxOf()
    {
        var isolation = Isolation.Best;
        if (Sandbox.Starter is null)
            return new("sandbox", Status.Missing, "nothing that starts answers' processes", "running answers of models",
                Sandbox.Refusal(new ExecutionOptions()));
        return isolation.Name == "bubblewrap"
            ? new("sandbox", Status.Ok, $"{isolation.Name}: {string.Join(", ", isolation.Covers)}", "running answers of models")
            : new("sandbox", Status.Missing, $"{isolation.Name}, which does not cover: {string.Join(", ", isolation.NotCovered)}",
                "running answers of models safely",
                OperatingSystem.IsLinux()
                    ? "apt-get install bubblewrap; in a container, user namespaces must be allowed."
                    : "Run evaluations in a Linux container.");
    }

    /// <summary>What a program prints, or null where it is missing, fails or takes longer than 10 s.</summary>
    private static string? Try(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(
                new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true });
            if (process is null) return null;
            var output = process.StandardOutput.ReadToEndAsync();
            _ = process.StandardError.ReadToEndAsync();
            if (process.WaitForExit(10_000)) return process.ExitCode == 0 ? output.Result.Trim() : null;
            process.Kill(entireProcessTree: true);
            return null;
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            return null;
        }
    }
}

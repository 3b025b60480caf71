using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text.Json;

namespace DocTuneLab.Storage;

/// <summary>What a run ran on; with its configuration, all that one needs to do it again.</summary>
public sealed record RunEnvironment
{
    private static readonly Lazy<RunEnvironment> s_current = new(Read);

    /// <summary>That of this process.</summary>
    public static RunEnvironment Current() => s_current.Value;

    /// <summary>Version of DocTuneLab, with the commit where it is known.</summary>
    public required string Code { get; init; }

    /// <summary>Such as <c>.NET 10.0.1</c>.</summary>
    public required string Framework { get; init; }

    /// <summary>Operating system and architecture.</summary>
    public required string System { get; init; }

    /// <summary>Name of the processor.</summary>
    public required string Processor { get; init; }

    /// <summary>Vector instructions that change speed and rounding: <c>AVX2</c>, <c>FMA</c>, <c>AVX512F</c> …</summary>
    public required IReadOnlyList<string> ProcessorFeatures { get; init; }

    /// <summary>Logical processors that the process may use.</summary>
    public required int Cores { get; init; }

    /// <summary>Memory that the process may use.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Version by package, of all that the program was built with.</summary>
    public required IReadOnlyDictionary<string, string> Packages { get; init; }

    private static RunEnvironment Read() => new()
    {
        Code = CodeVersion.Current,
        Framework = RuntimeInformation.FrameworkDescription,
        System = $"{RuntimeInformation.OSDescription} {RuntimeInformation.OSArchitecture}",
        Processor = ProcessorName(),
        ProcessorFeatures = [.. new[] { ("AVX2", Avx2.IsSupported), ("FMA", Fma.IsSupported), ("AVX512F", Avx512F.IsSupported) }
            .Where(f => f.Item2)
            .Select(f => f.Item1)],
        Cores = Environment.ProcessorCount,
        MemoryBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        Packages = ReadPackages(),
    };

    private static string ProcessorName()
    {
        const string Linux = "/proc/cpuinfo";
        if (!File.Exists(Linux))
            return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? RuntimeInformation.ProcessArchitecture.ToString();
        var line = File.ReadLines(Linux).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal));
        return line is null ? RuntimeInformation.ProcessArchitecture.ToString() : line[(line.IndexOf(':') + 1)..].Trim();
    }

    /// <summary>The dependency files that the host was started with list every package;
    /// an application without them has none to name.</summary>
    private static SortedDictionary<string, string> ReadPackages()
    {
        var packages = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in ((string?)AppContext.GetData("APP_CONTEXT_DEPS_FILES") ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries)
            .Where(File.Exists))
        {
            using var document = JsonDocument.Parse(File.ReadAllText(file));
            if (!document.RootElement.TryGetProperty("libraries", out var libraries)) continue;
            foreach (var library in libraries.EnumerateObject()
                .Where(l => l.Value.TryGetProperty("type", out var type) && type.GetString() == "package"))
                if (library.Name.Split('/') is [var name, var version]) packages[name] = version;
        }
        return packages;
    }
}

using System.Globalization;

namespace DocTuneLab.Training.Devices;

/// <summary>The memory of the host.</summary>
internal static class MainMemory
{
    /// <summary>Bytes that this process may still take, from the system or the container it is in.</summary>
    public static long FreeBytes()
    {
        var limit = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        const string Path = "/proc/meminfo";
        if (!OperatingSystem.IsLinux() || !File.Exists(Path)) return Math.Max(0, limit - Environment.WorkingSet);
        var line = File.ReadLines(Path).FirstOrDefault(l => l.StartsWith("MemAvailable:", StringComparison.Ordinal));
        var free = line is null
            ? limit
            : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
        return Math.Min(free, Math.Max(0, limit - Environment.WorkingSet));
    }
}

using System.Runtime.InteropServices;

namespace DocTuneLab.Training.Checkpoints;

/// <summary>Gives pages of a mapped file back once they were read:
/// a model that is quantised as it loads then takes no more memory than it has.</summary>
internal static unsafe partial class MappedPages
{
    private const int DontNeed = 4;

    /// <summary>Whole pages of [address, address + length); they come back from the file where they are read again.
    /// Does nothing outside Linux.</summary>
    public static void Release(byte* address, long length)
    {
        if (!OperatingSystem.IsLinux()) return;
        var page = (ulong)Environment.SystemPageSize;
        var begin = ((ulong)address + page - 1) / page * page;
        var end = ((ulong)address + (ulong)length) / page * page;
        if (end > begin) _ = madvise((nint)begin, (nuint)(end - begin), DontNeed);
    }

    [LibraryImport("libc")]
    private static partial int madvise(nint address, nuint length, int advice);
}

using LiteDB;
using Microsoft.Data.Sqlite;

namespace DocTuneLab.Storage;

/// <summary>Faults of disk and databases in words for a user.</summary>
internal static class StorageFault
{
    private const int SqliteFull = 13, SqliteWriteFailed = 778;
    public const int FileTooLarge = 27;

    private const int NoSpace = 28, QuotaExceeded = 122, WindowsDiskFull = unchecked((int)0x80070070);

    /// <summary>Whether an exception means that nothing more can be written.</summary>
    public static bool IsDiskFull(Exception e) => e switch
    {
        SqliteException s => s.SqliteErrorCode == SqliteFull || s.SqliteExtendedErrorCode == SqliteWriteFailed,
        IOException io => io.HResult is NoSpace or FileTooLarge or QuotaExceeded or WindowsDiskFull,
        LiteException { InnerException: { } inner } => IsDiskFull(inner),
        _ => false,
    };

    /// <summary>Whether an exception is the disk's or a database's, not the caller's.</summary>
    public static bool Is(Exception e) => e is SqliteException or LiteException or IOException or UnauthorizedAccessException;

    /// <summary>The exception to show.</summary>
    public static LabException Explain(Exception e, string directory) => IsDiskFull(e)
        ? new($"{directory}: the disk is full, or a limit on file sizes is reached ({e.Message}). What was complete is kept. "
            + "Free some space and run the same command again.", e)
        : new(
            $"{directory}: cannot be written ({e.Message}). What was complete is kept. 'doctune lab verify' says whether the lab is sound.",
            e);
}

using Dapper;
using Microsoft.Data.Sqlite;

namespace DocTuneLab.Storage;

/// <summary>What a lab was read from, as a row of its table of single facts.</summary>
internal static class LabMeta
{
    public static LabInputs? Read(SqliteConnection sql) =>
        sql.ExecuteScalar<string?>("SELECT value FROM meta WHERE key = 'inputs'") is { } json ? LabJson.Read<LabInputs>(json) : null;

    public static void Write(SqliteConnection sql, SqliteTransaction transaction, LabInputs inputs) => sql.Execute(
        "INSERT INTO meta (key, value) VALUES ('inputs', @json) ON CONFLICT (key) DO UPDATE SET value = @json",
        new { json = LabJson.Write(inputs) }, transaction);
}

using Dapper;
using Microsoft.Data.Sqlite;

namespace DocTuneLab.Storage;

/// <summary>
/// How <c>lab.sqlite</c> came to its tables: the scripts of the folder Migrations, in order of the number that their names
/// begin with. Script <c>n</c> leads from version <c>n - 1</c> to <c>n</c>. Published scripts are never edited; a change is a new script.
/// </summary>
public static class LabSchema
{
    private const string Prefix = "migrations/";
    private static readonly List<string> s_migrations = Load();

    /// <summary>The version that this code reads and writes.</summary>
    public static int Version => s_migrations.Count;

    /// <summary>Brings a lab to a version, each step in a transaction of its own.</summary>
    /// <param name="connection">Open, with <see cref="AddFunctions"/> done.</param>
    /// <param name="path">The lab's folder, for messages.</param>
    /// <param name="target">The version; null for the current one.</param>
    public static void Migrate(SqliteConnection connection, string path, int? target = null)
    {
        var version = Check(connection, path);
        for (; version < (target ?? Version); version++)
        {
            using var transaction = connection.BeginTransaction();
            connection.Execute(s_migrations[version], transaction: transaction);
            connection.Execute($"PRAGMA user_version = {version + 1}", transaction: transaction);
            transaction.Commit();
        }
    }

    /// <summary>The lab's version.</summary>
    /// <exception cref="LabException">It is newer than this code.</exception>
    internal static int Check(SqliteConnection connection, string path)
    {
        var version = connection.ExecuteScalar<int>("PRAGMA user_version");
        return version <= Version
            ? version
            : throw new LabException($"{path}: the lab has schema version {version}, this program knows {Version}. Use a newer DocTuneLab, "
                + "or another lab folder.");
    }

    /// <summary>What the scripts call.</summary>
    public static void AddFunctions(SqliteConnection connection) =>
        connection.CreateFunction("search_text", (string text) => SearchText.Index(text), isDeterministic: true);

    /// <summary>Tables, indexes and triggers as SQLite lists them; two labs of one version are equal in it.</summary>
    public static IReadOnlyList<string> Describe(SqliteConnection connection) =>
        [.. connection.Query<string>("SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE "
            + "'sqlite_stat%' AND NOT (type = 'table' AND name IN ('chunks_fts_data', 'chunks_fts_idx', 'chunks_fts_docsize', "
            + "'chunks_fts_config', 'chunks_fts_content')) ORDER BY 1")];

    private static List<string> Load()
    {
        var assembly = typeof(LabSchema).Assembly;
        var names = assembly.GetManifestResourceNames()
            .Where(n => n.StartsWith(Prefix, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .ToList();
        return [.. names.Select((name, i) =>
        {
            // Two branches that both add a script would otherwise decide by the alphabet which one runs first.
            if (!name.AsSpan(Prefix.Length).StartsWith($"{i + 1:000}-"))
                throw new InvalidOperationException($"{name}: expected the number {i + 1:000}. Migrations are numbered without gaps.");
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            return reader.ReadToEnd();
        })];
    }
}

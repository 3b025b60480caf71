using Dapper;
using DocTuneLab.Text;
using Microsoft.Data.Sqlite;

namespace DocTuneLab.Storage;

/// <summary>Looks after a lab as a whole: whether it is sound, how large it is, and what can go.</summary>
public sealed class LabMaintenance
{
    /// <summary>Every column that names a LiteDB document.</summary>
    private static readonly (string Table, string Row, string Column)[] s_references =
    [
        ("documents", "path", "tree_key"), ("templates", "name || ' ' || version", "document_key"), ("requests", "key", "response_key"),
        ("attempts", "row", "response_key"), ("runs", "id", "configuration_key"), ("runs", "id", "environment_key"),
        ("scans", "root", "report_key"),
    ];

    private static readonly string[] s_counted =
    [
        "documents", "chunks", "symbols", "samples", "checks", "templates", "requests", "attempts", "batches", "reviews", "runs", "metrics",
        "evaluations",
    ];

    private readonly LabDatabase _database;
    private readonly LabRuns _runs;

    internal LabMaintenance(LabDatabase database, LabRuns runs) => (_database, _runs) = (database, runs);

    private SqliteConnection Sql => _database.Sql;

    /// <summary>Checks both databases, the hash of all content and every reference between them; an empty list is a sound lab.</summary>
    public IReadOnlyList<LabProblem> Verify() => _database.Read(() =>
    {
        _database.Refresh();
        var problems = new List<LabProblem>();
        // On a connection of its own: FTS5 keeps totals of a past query, and after another process's write takes them for damage.
        using (var fresh = new SqliteConnection(_database.ReadOnlyConnectionString))
            foreach (var message in fresh.Query<string>("PRAGMA integrity_check").Where(m => m != "ok"))
                problems.Add(new("lab.sqlite", "", message));
        foreach (var (table, row) in Sql.Query<(string, long)>("SELECT \"table\", rowid FROM pragma_foreign_key_check"))
            problems.Add(new(table, $"{row}", "refers to a row that is not there."));
        VerifyStore(problems);
        VerifyContent(problems);
        foreach (var row in Sql.Query<string>(
            "SELECT c.document_path || ' #' || c.ordinal FROM chunks c LEFT JOIN chunks_fts f ON f.rowid = c.row WHERE f.rowid IS NULL"))
            problems.Add(new("chunks", row, "is missing from the search index. Parse the documents again."));
        VerifyEvidence(problems);
        VerifyRuns(problems);
        return problems;
    });

    private void VerifyStore(List<LabProblem> problems)
    {
        var stored = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (key, intact) in _database.Documents.All())
        {
            stored.Add(key);
            if (!intact) problems.Add(new("lab.litedb", key, "content does not match its hash. Restore the file from a backup."));
        }
        foreach (var (table, name, column) in s_references)
            foreach (var (row, key) in Sql.Query<(string, string Key)>($"SELECT {name}, {column} FROM {table} WHERE {column} IS NOT NULL")
                .Where(r => !stored.Contains(r.Key)))
                problems.Add(new(table, row,
                    $"names document {key}, which is missing from lab.litedb. Run the stage again, or restore the file from a backup."));
    }

    private void VerifyContent(List<LabProblem> problems)
    {
        foreach (var (path, hash, text) in Sql.Query<(string, string, string)>("SELECT path, hash, text FROM documents", buffered: false))
            if (ContentHash.Of(text) != hash)
                problems.Add(new("documents", path, "its text does not match its hash. Parse the documents again."));
        foreach (var (id, path, ordinal, headings, text, there) in Sql.Query<(string, string, long, string, string, long)>(
            """
            SELECT c.id, c.document_path, c.ordinal, c.heading_path, c.text, d.text IS NOT NULL
            FROM chunks c LEFT JOIN documents d ON d.path = c.document_path
            """, buffered: false))
        {
            if (ContentHash.Of([.. LabJson.Read<List<string>>(headings), text]) != id)
                problems.Add(new("chunks", $"{path} #{ordinal}", "its text does not match its id. Parse the documents again."));
            if (there == 0) problems.Add(new("chunks", $"{path} #{ordinal}", "its page is not in the lab."));
        }
    }

    private void VerifyEvidence(List<LabProblem> problems)
    {
        foreach (var (kind, table) in new[] { ("chunk", "chunks"), ("symbol", "symbols") })
            foreach (var (sample, target) in Sql.Query<(string, string)>(
                $"""
                SELECT sample_id, target FROM sample_evidence e
                WHERE kind = @kind AND NOT EXISTS (SELECT 1 FROM {table} WHERE id = e.target)
                  AND NOT EXISTS (SELECT 1 FROM stale_samples s WHERE s.sample_id = e.sample_id AND s.kind = e.kind AND s.target = e.target)
                """, new { kind }))
                problems.Add(new("samples", sample,
                    $"is grounded in {kind} {target}, which is no longer in the lab. Generate the corpus again."));
    }

    private void VerifyRuns(List<LabProblem> problems)
    {
        foreach (var (id, status) in Sql.Query<(string, string)>("SELECT id, status FROM runs"))
        {
            var file = RunManifest.PathIn(_runs.FolderOf(id));
            if (!File.Exists(file)) problems.Add(new("runs", id, "has no run.json in its folder."));
            else if (RunManifest.Status(file) is var written && written != status)
                problems.Add(new("runs", id,
                    $"is {status}, but its run.json says {written ?? "nothing that can be read"}. Open the lab for writing once."));
        }
    }

    /// <summary>Removes what a crash or a change left behind: documents that no row names, passages that no sample needs, empty
    /// folders of runs.</summary>
    public Garbage CollectGarbage() => _database.Write(store =>
    {
        var named = s_references.SelectMany(r => Sql.Query<string>($"SELECT {r.Column} FROM {r.Table} WHERE {r.Column} IS NOT NULL"))
            .ToHashSet(StringComparer.Ordinal);
        var unnamed = store.Keys().Where(k => !named.Contains(k)).ToList();
        store.Delete(unnamed);
        using var transaction = Sql.BeginTransaction();
        var passages = Sql.Execute(
            "DELETE FROM retired_chunks WHERE NOT EXISTS (SELECT 1 FROM sample_evidence e WHERE e.kind = 'chunk' AND "
            + "e.target = retired_chunks.id)",
            transaction: transaction)
            + Sql.Execute(
            "DELETE FROM removed_documents WHERE NOT EXISTS (SELECT 1 FROM retired_chunks r WHERE "
            + "r.document_path = removed_documents.path)",
            transaction: transaction);
        transaction.Commit();
        Sql.Execute("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
        var runs = Sql.Query<string>("SELECT id FROM runs").ToHashSet(StringComparer.Ordinal);
        var folders = _runs.Folders().Where(f => !runs.Contains(Path.GetFileName(f)) && HoldsOnlyManifest(f)).ToList();
        foreach (var folder in folders) Directory.Delete(folder, recursive: true);
        return new Garbage(unnamed.Count, passages, folders.Count);
    });

    /// <summary>Counts and sizes.</summary>
    public LabStats Stats() => _database.Read(() =>
    {
        _database.Refresh();
        return new LabStats
        {
            Rows = s_counted.ToDictionary(t => t, t => Count($"SELECT count(*) FROM {t}"), StringComparer.Ordinal),
            StoredDocuments = _database.Documents.Keys().Count,
            AcceptedSamples = Count("SELECT count(*) FROM samples WHERE accepted"),
            StaleSamples = Count("SELECT count(DISTINCT sample_id) FROM stale_samples"),
            Tokens = Count("SELECT coalesce(sum(token_count), 0) FROM chunks"),
            SqliteBytes = Size("lab.sqlite", "lab.sqlite-wal"),
            LiteDbBytes = Size("lab.litedb", "lab-log.litedb"),
            RunBytes = _runs.Folders()
                .SelectMany(f => new DirectoryInfo(f).EnumerateFiles("*", SearchOption.AllDirectories))
                .Sum(f => f.Length),
            ContentHash = HashContent(),
        };
    });

    private long Count(string sql) => Sql.ExecuteScalar<long>(sql);

    private long Size(params string[] files) =>
        files.Select(f => new FileInfo(Path.Combine(_database.Directory, f))).Where(f => f.Exists).Sum(f => f.Length);

    private string HashContent() => ContentHash.Of([
        .. Sql.Query<string>(
            "SELECT path || ' ' || hash || ' ' || settings || ' ' || split || ' ' || tree_key FROM documents ORDER BY path"),
        .. Sql.Query<string>("SELECT document_path || ' ' || ordinal || ' ' || id || ' ' || start || ' ' || length FROM chunks "
            + "ORDER BY document_path, ordinal"),
        .. Sql.Query<string>(
            """
            SELECT c.document_path || ' ' || c.ordinal || ' ' || s.symbol_id FROM chunks c JOIN chunk_symbols s ON s.chunk_row = c.row
            ORDER BY c.document_path, c.ordinal, s.symbol_id
            """),
        .. Sql.Query<string>("SELECT id || ' ' || signature FROM symbols ORDER BY ordinal"),
        .. Sql.Query<string>("SELECT id FROM samples ORDER BY ordinal")]);

    private static bool HoldsOnlyManifest(string folder) =>
        Directory.EnumerateFileSystemEntries(folder).All(e => Path.GetFileName(e) is "run.json" or "run.json.tmp");
}

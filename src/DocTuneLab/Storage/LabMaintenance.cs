using Dapper;
using DocTuneLab.Text;
using Microsoft.Data.Sqlite;

namespace DocTuneLab.Storage;

/// <summary>Something in a lab that does not hold.</summary>
/// <param name="Table">Where.</param>
/// <param name="Row">Which row.</param>
/// <param name="Message">What, and what to do.</param>
public sealed record LabProblem(string Table, string Row, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Table} {Row}: {Message}";
}

/// <summary>What a lab holds.</summary>
/// <param name="Rows">Rows by table.</param>
/// <param name="StoredDocuments">Immutable documents in LiteDB.</param>
/// <param name="AcceptedSamples">Samples that passed all checks.</param>
/// <param name="StaleSamples">Samples whose passage or member is gone or changed.</param>
/// <param name="Tokens">Tokens of all chunks.</param>
/// <param name="SqliteBytes">Size of <c>lab.sqlite</c> with its log.</param>
/// <param name="LiteDbBytes">Size of <c>lab.litedb</c> with its log.</param>
/// <param name="RunBytes">Size of all that lies in <c>runs/</c>.</param>
/// <param name="ContentHash">Hash of pages, passages, links and symbols; equal labs have equal ones however they came about.</param>
public sealed record LabStats(
    IReadOnlyDictionary<string, long> Rows, int StoredDocuments, long AcceptedSamples, long StaleSamples, long Tokens, long SqliteBytes, long LiteDbBytes, long RunBytes, string ContentHash);

/// <summary>What <see cref="Lab.CollectGarbage"/> removed.</summary>
/// <param name="Documents">LiteDB documents that no row named.</param>
/// <param name="Passages">Passages of former pages that no sample is built on any more, and marks of such pages.</param>
/// <param name="RunFolders">Folders of runs that never came to a row and hold nothing but a manifest.</param>
public sealed record Garbage(int Documents, int Passages, int RunFolders);

public sealed partial class Lab
{
    /// <summary>Every column that names a LiteDB document.</summary>
    private static readonly (string Table, string Row, string Column)[] s_references =
        [("documents", "path", "tree_key"), ("templates", "name || ' ' || version", "document_key"), ("requests", "key", "response_key"), ("attempts", "row", "response_key"), ("runs", "id", "configuration_key"), ("runs", "id", "environment_key"), ("scans", "root", "report_key")];

    /// <summary>Checks both databases, the hash of all content and every reference between them; an empty list is a sound lab.</summary>
    public IReadOnlyList<LabProblem> Verify()
    {
        lock (_gate)
        {
            Refresh();
            var problems = new List<LabProblem>();
            // On a connection of its own: FTS5 keeps totals of a past query, and after another process's write takes them for damage.
            using (var fresh = new SqliteConnection(SqliteConnectionString))
                foreach (var message in fresh.Query<string>("PRAGMA integrity_check").Where(m => m != "ok")) problems.Add(new("lab.sqlite", "", message));
            foreach (var row in _sql.Query<(string Table, long Row)>("SELECT \"table\", rowid FROM pragma_foreign_key_check")) problems.Add(new(row.Table, $"{row.Row}", "refers to a row that is not there."));
            VerifyStore(problems);
            VerifyContent(problems);
            foreach (var row in _sql.Query<string>("SELECT c.document_path || ' #' || c.ordinal FROM chunks c LEFT JOIN chunks_fts f ON f.rowid = c.row WHERE f.rowid IS NULL")) problems.Add(new("chunks", row, "is missing from the search index. Parse the documents again."));
            foreach (var (kind, table) in new[] { ("chunk", "chunks"), ("symbol", "symbols") })
                foreach (var row in _sql.Query<(string Sample, string Target)>(
                    $"SELECT sample_id, target FROM sample_evidence e WHERE kind = @kind AND NOT EXISTS (SELECT 1 FROM {table} WHERE id = e.target) AND NOT EXISTS (SELECT 1 FROM stale_samples s WHERE s.sample_id = e.sample_id AND s.kind = e.kind AND s.target = e.target)", new { kind }))
                    problems.Add(new("samples", row.Sample, $"is grounded in {kind} {row.Target}, which is no longer in the lab. Generate the corpus again."));
            foreach (var (id, status) in _sql.Query<(string, string)>("SELECT id, status FROM runs"))
            {
                var file = Path.Combine(RunDirectory(id), "run.json");
                if (!File.Exists(file)) problems.Add(new("runs", id, "has no run.json in its folder."));
                else if (ManifestStatus(file) is var written && written != status) problems.Add(new("runs", id, $"is {status}, but its run.json says {written ?? "nothing that can be read"}. Open the lab for writing once."));
            }
            return problems;
        }
    }

    private void VerifyStore(List<LabProblem> problems)
    {
        var stored = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (key, intact) in Store.All())
        {
            stored.Add(key);
            if (!intact) problems.Add(new("lab.litedb", key, "content does not match its hash. Restore the file from a backup."));
        }
        foreach (var (table, name, column) in s_references)
            foreach (var row in _sql.Query<(string Name, string Key)>($"SELECT {name}, {column} FROM {table} WHERE {column} IS NOT NULL").Where(r => !stored.Contains(r.Key)))
                problems.Add(new(table, row.Name, $"names document {row.Key}, which is missing from lab.litedb. Run the stage again, or restore the file from a backup."));
    }

    private void VerifyContent(List<LabProblem> problems)
    {
        foreach (var (path, hash, text) in _sql.Query<(string, string, string)>("SELECT path, hash, text FROM documents", buffered: false))
            if (ContentHash.Of(text) != hash) problems.Add(new("documents", path, "its text does not match its hash. Parse the documents again."));
        foreach (var (id, path, ordinal, headings, text, there) in _sql.Query<(string, string, long, string, string, long)>(
            "SELECT c.id, c.document_path, c.ordinal, c.heading_path, c.text, d.text IS NOT NULL FROM chunks c LEFT JOIN documents d ON d.path = c.document_path", buffered: false))
        {
            if (ContentHash.Of([.. FromJson<List<string>>(headings), text]) != id) problems.Add(new("chunks", $"{path} #{ordinal}", "its text does not match its id. Parse the documents again."));
            if (there == 0) problems.Add(new("chunks", $"{path} #{ordinal}", "its page is not in the lab."));
        }
    }

    private static string? ManifestStatus(string file)
    {
        try
        {
            return (string?)System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(file))?["status"];
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }

    /// <summary>Removes what a crash or a change left behind: documents that no row names, passages that no sample needs, empty folders of runs.</summary>
    public Garbage CollectGarbage() => Write(store =>
    {
        var named = s_references.SelectMany(r => _sql.Query<string>($"SELECT {r.Column} FROM {r.Table} WHERE {r.Column} IS NOT NULL")).ToHashSet(StringComparer.Ordinal);
        var unnamed = store.Keys().Where(k => !named.Contains(k)).ToList();
        store.Delete(unnamed);
        using var transaction = _sql.BeginTransaction();
        var passages = _sql.Execute("DELETE FROM retired_chunks WHERE NOT EXISTS (SELECT 1 FROM sample_evidence e WHERE e.kind = 'chunk' AND e.target = retired_chunks.id)", transaction: transaction)
            + _sql.Execute("DELETE FROM removed_documents WHERE NOT EXISTS (SELECT 1 FROM retired_chunks r WHERE r.document_path = removed_documents.path)", transaction: transaction);
        transaction.Commit();
        _sql.Execute("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
        var runs = _sql.Query<string>("SELECT id FROM runs").ToHashSet(StringComparer.Ordinal);
        var folders = RunFolders().Where(f => !runs.Contains(Path.GetFileName(f)) && System.IO.Directory.EnumerateFileSystemEntries(f).All(e => Path.GetFileName(e) is "run.json" or "run.json.tmp")).ToList();
        foreach (var folder in folders) System.IO.Directory.Delete(folder, recursive: true);
        return new Garbage(unnamed.Count, passages, folders.Count);
    });

    /// <summary>Counts and sizes.</summary>
    public LabStats Stats()
    {
        lock (_gate)
        {
            Refresh();
            string[] tables = ["documents", "chunks", "symbols", "samples", "checks", "templates", "requests", "attempts", "batches", "reviews", "runs", "metrics", "evaluations"];
            var rows = tables.ToDictionary(t => t, t => _sql.ExecuteScalar<long>($"SELECT count(*) FROM {t}"), StringComparer.Ordinal);
            return new(rows, Store.Keys().Count, _sql.ExecuteScalar<long>("SELECT count(*) FROM samples WHERE accepted"), _sql.ExecuteScalar<long>("SELECT count(DISTINCT sample_id) FROM stale_samples"),
                _sql.ExecuteScalar<long>("SELECT coalesce(sum(token_count), 0) FROM chunks"), Size("lab.sqlite", "lab.sqlite-wal"), Size("lab.litedb", "lab-log.litedb"),
                RunFolders().SelectMany(f => new DirectoryInfo(f).EnumerateFiles("*", SearchOption.AllDirectories)).Sum(f => f.Length), HashContent());
        }

        long Size(params string[] files) => files.Select(f => new FileInfo(Path.Combine(Directory, f))).Where(f => f.Exists).Sum(f => f.Length);
    }

    private string HashContent() => ContentHash.Of([
        .. _sql.Query<string>("SELECT path || ' ' || hash || ' ' || settings || ' ' || split || ' ' || tree_key FROM documents ORDER BY path"),
        .. _sql.Query<string>("SELECT document_path || ' ' || ordinal || ' ' || id || ' ' || start || ' ' || length FROM chunks ORDER BY document_path, ordinal"),
        .. _sql.Query<string>("SELECT c.document_path || ' ' || c.ordinal || ' ' || s.symbol_id FROM chunks c JOIN chunk_symbols s ON s.chunk_row = c.row ORDER BY c.document_path, c.ordinal, s.symbol_id"),
        .. _sql.Query<string>("SELECT id || ' ' || signature FROM symbols ORDER BY ordinal"),
        .. _sql.Query<string>("SELECT id FROM samples ORDER BY ordinal")]);

    private string[] RunFolders() => System.IO.Directory.Exists(Path.Combine(Directory, "runs")) ? System.IO.Directory.GetDirectories(Path.Combine(Directory, "runs")) : [];
}

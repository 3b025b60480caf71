using Dapper;
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
/// <param name="Tokens">Tokens of all chunks.</param>
/// <param name="Bytes">Size of both databases.</param>
public sealed record LabStats(IReadOnlyDictionary<string, long> Rows, int StoredDocuments, long AcceptedSamples, long Tokens, long Bytes);

public sealed partial class Lab
{
    /// <summary>Every column that names a LiteDB document.</summary>
    private static readonly (string Table, string Row, string Column)[] s_references =
        [("documents", "path", "tree_key"), ("templates", "name || ' ' || version", "document_key"), ("requests", "key", "response_key"), ("runs", "id", "configuration_key")];

    /// <summary>Checks both databases and every reference between them; an empty list is a sound lab.</summary>
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
            var stored = new HashSet<string>(StringComparer.Ordinal);
            foreach (var (key, intact) in Store.All())
            {
                stored.Add(key);
                if (!intact) problems.Add(new("lab.litedb", key, "content does not match its hash. Restore the file from a backup."));
            }
            foreach (var (table, name, column) in s_references)
                foreach (var row in _sql.Query<(string Name, string Key)>($"SELECT {name}, {column} FROM {table}").Where(r => !stored.Contains(r.Key)))
                    problems.Add(new(table, row.Name, $"names document {row.Key}, which is missing from lab.litedb. Run the stage again, or restore the file from a backup."));
            foreach (var row in _sql.Query<string>("SELECT c.document_path || ' #' || c.ordinal FROM chunks c LEFT JOIN chunks_fts f ON f.rowid = c.row WHERE f.rowid IS NULL")) problems.Add(new("chunks", row, "is missing from the search index. Parse the documents again."));
            foreach (var (kind, table) in new[] { ("chunk", "chunks"), ("symbol", "symbols") })
                foreach (var row in _sql.Query<(string Sample, string Target)>($"SELECT sample_id, target FROM sample_evidence e WHERE kind = @kind AND NOT EXISTS (SELECT 1 FROM {table} WHERE id = e.target)", new { kind }))
                    problems.Add(new("samples", row.Sample, $"is grounded in {kind} {row.Target}, which is no longer in the lab. Generate the corpus again."));
            foreach (var id in _sql.Query<string>("SELECT id FROM runs").Where(id => !File.Exists(Path.Combine(RunDirectory(id), "run.json")))) problems.Add(new("runs", id, "has no run.json in its folder."));
            return problems;
        }
    }

    /// <summary>Removes LiteDB documents that no row names.</summary>
    /// <returns>How many.</returns>
    public int CollectGarbage()
    {
        lock (_gate)
        {
            var store = Writing();
            var named = s_references.SelectMany(r => _sql.Query<string>($"SELECT {r.Column} FROM {r.Table}")).ToHashSet(StringComparer.Ordinal);
            var unnamed = store.Keys().Where(k => !named.Contains(k)).ToList();
            store.Delete(unnamed);
            return unnamed.Count;
        }
    }

    /// <summary>Counts and sizes.</summary>
    public LabStats Stats()
    {
        lock (_gate)
        {
            Refresh();
            string[] tables = ["documents", "chunks", "symbols", "samples", "checks", "templates", "requests", "runs", "metrics", "evaluations"];
            var rows = tables.ToDictionary(t => t, t => _sql.ExecuteScalar<long>($"SELECT count(*) FROM {t}"), StringComparer.Ordinal);
            var bytes = new[] { "lab.sqlite", "lab.sqlite-wal", "lab.litedb" }.Select(f => new FileInfo(Path.Combine(Directory, f))).Where(f => f.Exists).Sum(f => f.Length);
            return new(rows, Store.Keys().Count, _sql.ExecuteScalar<long>("SELECT count(*) FROM samples WHERE accepted"), _sql.ExecuteScalar<long>("SELECT coalesce(sum(token_count), 0) FROM chunks"), bytes);
        }
    }
}

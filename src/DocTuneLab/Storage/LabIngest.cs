using System.Collections.Concurrent;
using System.Diagnostics;
using Dapper;
using DocTuneLab.Documents.Model;
using DocTuneLab.Library;
using Microsoft.Data.Sqlite;

namespace DocTuneLab.Storage;

/// <summary>What <see cref="LabDocuments.Save"/> did, in pages.</summary>
public sealed record DocumentChanges(int Added, int Changed, int Unchanged, int Removed);

/// <summary>Brings pages and symbols into the lab, and marks the samples that no longer stand on them.</summary>
internal sealed class LabIngest(LabDatabase database)
{
    /// <summary>
    /// Pages that are committed together at most. The full-text index is written once for each commit and merged later, so few large
    /// ones cost least.
    /// </summary>
    private const int BatchSize = 1024;

    /// <summary>How long pages wait for more to be committed with: what a crash may cost.</summary>
    private static readonly TimeSpan s_batchTime = TimeSpan.FromSeconds(2);

    private sealed record CutPage(Document Document, IReadOnlyList<Chunk> Chunks, string Tree);

    private sealed record KnownDocument(string Path, string Hash, string Settings, string Split);

    /// <summary>See <see cref="LabDocuments.Save"/>.</summary>
    public DocumentChanges Save(
        IReadOnlyList<Document> documents, Func<Document, IReadOnlyList<Chunk>> chunk, string settings, IProgress<int>? progress,
        CancellationToken cancellation)
    {
        var known = database.Query<KnownDocument>("SELECT path AS Path, hash AS Hash, settings AS Settings, split AS Split FROM documents")
            .ToDictionary(d => d.Path, StringComparer.Ordinal);
        var changed = documents.Where(d =>
            !known.TryGetValue(d.Path, out var k) || k.Hash != d.Hash || k.Settings != settings || k.Split != d.Split.ToString()).ToList();
        var removed = known.Keys.Except(documents.Select(d => d.Path)).Order(StringComparer.Ordinal).ToList();
        var done = documents.Count - changed.Count;
        progress?.Report(done);
        foreach (var batch in CutPages(changed, chunk, cancellation))
        {
            database.Transact((transaction, store) =>
            {
                using var writer = new ChunkWriter(database.Sql, transaction, database.Now);
                var trees = store.PutAll("parse-tree", batch.Select(p => p.Tree));
                foreach (var ((document, chunks, _), tree) in batch.Zip(trees))
                    writer.Write(document, chunks, tree, settings, isNew: !known.ContainsKey(document.Path));
                MarkSamplesOfLostChunks(transaction);
                return 0;
            });
            // Not before: the lab is locked, and who listens may be waiting for it.
            for (var page = 0; page < batch.Count; page++) progress?.Report(++done);
        }
        database.Transact(transaction =>
        {
            using (var writer = new ChunkWriter(database.Sql, transaction, database.Now))
                foreach (var path in removed) writer.Remove(path);
            MarkSamplesOfLostChunks(transaction);
            return 0;
        });
        var added = changed.Count(c => !known.ContainsKey(c.Path));
        return new(added, changed.Count - added, documents.Count - changed.Count, removed.Count);
    }

    /// <summary>
    /// Cuts pages on another thread than the one that writes them; in order, in batches. What was cut before a fault or an interruption
    /// comes out before it does.
    /// </summary>
    private static IEnumerable<List<CutPage>> CutPages(
        List<Document> documents, Func<Document, IReadOnlyList<Chunk>> chunk, CancellationToken cancellation)
    {
        if (documents.Count == 0) yield break;
        using var failed = new CancellationTokenSource();
        using var cut = new BlockingCollection<CutPage>(BatchSize);
        var cutter = Task.Run(() =>
        {
            try
            {
                foreach (var document in documents)
                {
                    cancellation.ThrowIfCancellationRequested();
                    var tree = LabJson.Write(new ParseTree(document.FrontMatter, document.Root, document.CodeBlocks));
                    cut.Add(new(document, chunk(document), tree), failed.Token);
                }
            }
            finally
            {
                cut.CompleteAdding();
            }
        }, CancellationToken.None);
        try
        {
            while (cut.TryTake(out var first, Timeout.Infinite, CancellationToken.None))
            {
                List<CutPage> batch = [first];
                var since = Stopwatch.GetTimestamp();
                while (batch.Count < BatchSize
                    && s_batchTime - Stopwatch.GetElapsedTime(since) is { Ticks: > 0 } wait
                    && cut.TryTake(out var next, wait))
                    batch.Add(next);
                yield return batch;
            }
            cutter.GetAwaiter().GetResult();
        }
        finally
        {
            // Where the writer failed, nobody takes what is cut.
            failed.Cancel();
            Task.WaitAny([cutter], CancellationToken.None);
        }
    }

    /// <summary>See <see cref="LabDocuments.SaveSymbols"/>.</summary>
    public bool SaveSymbols(ApiModel api) => database.Transact(transaction =>
    {
        var sql = database.Sql;
        if (sql.ExecuteScalar<string?>("SELECT value FROM meta WHERE key = 'api-hash'", transaction: transaction) == api.Hash) return false;
        var former = sql
            .Query<(string Id, string Signature, string Data)>("SELECT id, signature, data FROM symbols", transaction: transaction)
            .ToList();
        sql.Execute("DELETE FROM symbols", transaction: transaction);
        sql.Execute(
            """
            INSERT INTO symbols (id, ordinal, kind, name, namespace, containing_type, signature, summary, data)
            VALUES (@Id, @i, @kind, @Name, @Namespace, @ContainingType, @Signature, @Summary, @data)
            """,
            api.Symbols.Select((s, i) =>
                new
                {
                    s.Id,
                    i,
                    kind = s.Kind.ToString(),
                    s.Name,
                    s.Namespace,
                    s.ContainingType,
                    s.Signature,
                    s.Summary,
                    data = LabJson.Write(s)
                }),
            transaction);
        sql.Execute("INSERT INTO meta (key, value) VALUES ('api-hash', @Hash) ON CONFLICT (key) DO UPDATE SET value = @Hash",
            new { api.Hash }, transaction);
        foreach (var (id, signature, data) in former)
        {
            if (WhyStale(api.Find(id), signature, data) is not { } reason) continue;
            sql.Execute(
                """
                INSERT OR IGNORE INTO stale_samples (sample_id, kind, target, reason, since)
                SELECT DISTINCT sample_id, kind, target, @reason, @now FROM sample_evidence WHERE kind = 'symbol' AND target = @id
                """, new { id, reason, now = database.Now }, transaction);
        }
        return true;
    });

    /// <summary>Why samples built on a member no longer stand; null where they do.</summary>
    private static string? WhyStale(ApiSymbol? now, string signature, string data) =>
        now is null ? "The library no longer has it."
        : now.Signature != signature ? $"It was '{signature}' and is now '{now.Signature}'."
        : now.Obsolete is { } message && LabJson.Read<ApiSymbol>(data).Obsolete is null ? $"It has become obsolete: {message}"
        : null;

    private void MarkSamplesOfLostChunks(SqliteTransaction transaction) => database.Sql.Execute("""
        DELETE FROM retired_chunks WHERE EXISTS (SELECT 1 FROM chunks c WHERE c.id = retired_chunks.id);
        INSERT OR IGNORE INTO stale_samples (sample_id, kind, target, reason, since)
          SELECT DISTINCT e.sample_id, 'chunk', e.target, r.reason, @now
          FROM sample_evidence e JOIN retired_chunks r ON r.id = e.target WHERE e.kind = 'chunk';
        DELETE FROM stale_samples WHERE kind = 'chunk' AND EXISTS (SELECT 1 FROM chunks WHERE id = target);
        """, new { now = database.Now }, transaction);
}

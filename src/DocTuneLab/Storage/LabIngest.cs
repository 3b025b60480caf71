using System.Collections.Concurrent;
using System.Diagnostics;
using Dapper;
using DocTuneLab.Documents;
using DocTuneLab.Library;
using Microsoft.Data.Sqlite;

namespace DocTuneLab.Storage;

/// <summary>What <see cref="Lab.SaveDocuments"/> did, in pages.</summary>
public sealed record DocumentChanges(int Added, int Changed, int Unchanged, int Removed);

// Pages and symbols into the lab, and what that makes of the samples built on them.
public sealed partial class Lab
{
    /// <summary>Pages that are committed together at most. The full-text index is written once for each commit and merged later, so few large ones cost least.</summary>
    private const int BatchSize = 1024;

    /// <summary>How long pages wait for more to be committed with: what a crash may cost.</summary>
    private static readonly TimeSpan s_batchTime = TimeSpan.FromSeconds(2);

    private sealed record CutPage(Document Document, IReadOnlyList<Chunk> Chunks, string Tree);

    private sealed record KnownDocument(string Path, string Hash, string Settings, string Split);

    /// <summary>
    /// Makes the lab's pages and chunks those of a documentation folder. An unchanged page costs a comparison; of a changed one
    /// the passages that are still there stay as they are; a page no longer there is marked, and so are the samples built on what is gone.
    /// </summary>
    /// <param name="documents">All pages.</param>
    /// <param name="chunk">Cuts a page; called for new and changed pages only, one after another on a thread of its own.</param>
    /// <param name="settings">What the cutting depends on (budget, tokenizer, library), such as a hash; another value cuts all pages anew.</param>
    /// <param name="progress">Pages looked at so far.</param>
    /// <param name="cancellation">Stops after the page at hand; what is cut is kept, and the same call later goes on from there.</param>
    /// <exception cref="LabException">The lab cannot be written: disk full, no right to.</exception>
    public DocumentChanges SaveDocuments(IReadOnlyList<Document> documents, Func<Document, IReadOnlyList<Chunk>> chunk, string settings, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        var known = Query<KnownDocument>("SELECT path AS Path, hash AS Hash, settings AS Settings, split AS Split FROM documents").ToDictionary(d => d.Path, StringComparer.Ordinal);
        var changed = documents.Where(d => !known.TryGetValue(d.Path, out var k) || k.Hash != d.Hash || k.Settings != settings || k.Split != d.Split.ToString()).ToList();
        var removed = known.Keys.Except(documents.Select(d => d.Path)).Order(StringComparer.Ordinal).ToList();
        var done = documents.Count - changed.Count;
        progress?.Report(done);
        foreach (var batch in CutPages(changed, chunk, cancellation))
        {
            Transact((transaction, store) =>
            {
                using var writer = new ChunkWriter(_sql, transaction, Now());
                var trees = store.PutAll("parse-tree", batch.Select(p => p.Tree));
                foreach (var ((document, chunks, _), tree) in batch.Zip(trees))
                    writer.Write(document, chunks, tree, settings, isNew: !known.ContainsKey(document.Path));
                MarkSamplesOfLostChunks(transaction);
                return 0;
            });
            // Not before: the lab is locked, and who listens may be waiting for it.
            for (var page = 0; page < batch.Count; page++) progress?.Report(++done);
        }
        Transact(transaction =>
        {
            using (var writer = new ChunkWriter(_sql, transaction, Now()))
                foreach (var path in removed) writer.Remove(path);
            MarkSamplesOfLostChunks(transaction);
            return 0;
        });
        var added = changed.Count(c => !known.ContainsKey(c.Path));
        return new(added, changed.Count - added, documents.Count - changed.Count, removed.Count);
    }

    /// <summary>Cuts pages on another thread than the one that writes them; in order, in batches. What was cut before a fault or an interruption comes out before it does.</summary>
    private static IEnumerable<List<CutPage>> CutPages(List<Document> documents, Func<Document, IReadOnlyList<Chunk>> chunk, CancellationToken cancellation)
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
                    cut.Add(new(document, chunk(document), ToJson(new ParseTree(document.FrontMatter, document.Root, document.CodeBlocks))), failed.Token);
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
                while (batch.Count < BatchSize && s_batchTime - Stopwatch.GetElapsedTime(since) is { Ticks: > 0 } wait && cut.TryTake(out var next, wait)) batch.Add(next);
                yield return batch;
            }
            cutter.GetAwaiter().GetResult();
        }
        finally
        {
            // Where the writer failed, nobody takes what is cut.
            failed.Cancel();
            Task.WaitAny(cutter);
        }
    }

    /// <summary>Makes the lab's symbols those of a library; nothing happens if it is the same. Samples built on members that are gone or changed are marked stale.</summary>
    /// <returns>Whether they were written.</returns>
    public bool SaveSymbols(ApiModel api) => Transact(transaction =>
    {
        if (_sql.ExecuteScalar<string?>("SELECT value FROM meta WHERE key = 'api-hash'", transaction: transaction) == api.Hash) return false;
        var former = _sql.Query<(string Id, string Signature, string Data)>("SELECT id, signature, data FROM symbols", transaction: transaction).ToList();
        _sql.Execute("DELETE FROM symbols", transaction: transaction);
        _sql.Execute("INSERT INTO symbols (id, ordinal, kind, name, namespace, containing_type, signature, summary, data) VALUES (@Id, @i, @kind, @Name, @Namespace, @ContainingType, @Signature, @Summary, @data)",
            api.Symbols.Select((s, i) => new { s.Id, i, kind = s.Kind.ToString(), s.Name, s.Namespace, s.ContainingType, s.Signature, s.Summary, data = ToJson(s) }), transaction);
        _sql.Execute("INSERT INTO meta (key, value) VALUES ('api-hash', @Hash) ON CONFLICT (key) DO UPDATE SET value = @Hash", new { api.Hash }, transaction);
        var reasons = former.Select(f => (f.Id, Reason: api.Find(f.Id) is not { } now ? "The library no longer has it."
            : now.Signature != f.Signature ? $"It was '{f.Signature}' and is now '{now.Signature}'."
            : now.Obsolete is { } message && FromJson<ApiSymbol>(f.Data).Obsolete is null ? $"It has become obsolete: {message}" : null)).Where(f => f.Reason is not null);
        foreach (var (id, reason) in reasons)
            _sql.Execute("INSERT OR IGNORE INTO stale_samples (sample_id, kind, target, reason, since) SELECT DISTINCT sample_id, kind, target, @reason, @now FROM sample_evidence WHERE kind = 'symbol' AND target = @id", new { id, reason, now = Now() }, transaction);
        return true;
    });

    private void MarkSamplesOfLostChunks(SqliteTransaction transaction) => _sql.Execute("""
        DELETE FROM retired_chunks WHERE EXISTS (SELECT 1 FROM chunks c WHERE c.id = retired_chunks.id);
        INSERT OR IGNORE INTO stale_samples (sample_id, kind, target, reason, since)
          SELECT DISTINCT e.sample_id, 'chunk', e.target, r.reason, @now FROM sample_evidence e JOIN retired_chunks r ON r.id = e.target WHERE e.kind = 'chunk';
        DELETE FROM stale_samples WHERE kind = 'chunk' AND EXISTS (SELECT 1 FROM chunks WHERE id = target);
        """, new { now = Now() }, transaction);
}

using Dapper;
using DocTuneLab.Documents;

namespace DocTuneLab.Storage;

/// <summary>A passage that matches a search.</summary>
/// <param name="Chunk">The passage.</param>
/// <param name="Score">BM25, higher is better; headings weigh double.</param>
public sealed record SearchHit(Chunk Chunk, double Score);

public sealed partial class Lab
{
    /// <summary>Passages that a query may score; bounds its time whatever the words and the size of the lab.</summary>
    private const int ScoredPassages = 3000;

    /// <summary>
    /// Full-text search: any word of the query, identifiers also by their parts, CJK text by pairs of characters; best first.
    /// Words that stand nearly everywhere say little and cost most, so they are left out where rarer ones match.
    /// </summary>
    public IReadOnlyList<SearchHit> Search(string query, int limit = 10)
    {
        lock (_gate)
        {
            var match = Selective(SearchText.Query(query));
            if (match.Length == 0) return [];
            var found = _sql.Query<(long Row, double Score)>(
                "SELECT rowid, score FROM (SELECT rowid, -bm25(chunks_fts, 2.0, 1.0) AS score FROM chunks_fts WHERE chunks_fts MATCH @match LIMIT @scored) ORDER BY score DESC, rowid LIMIT @limit", new { match, limit, scored = ScoredPassages });
            return [.. found.Select(f => new SearchHit(_sql.QuerySingle<ChunkRow>($"SELECT {ChunkColumns} FROM chunks c WHERE c.row = @Row", new { f.Row }).ToChunk(), f.Score))];
        }
    }

    private string Selective(IReadOnlyList<SearchText.Term> terms)
    {
        if (terms.Count == 0) return "";
        // Lives in the temporary database, so readers may have it too.
        _sql.Execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.chunk_terms USING fts5vocab('main', 'chunks_fts', 'row')");
        var counts = _sql.Query<(string Term, long Documents)>("SELECT term, doc FROM temp.chunk_terms WHERE term IN @words", new { words = terms.Where(t => !t.IsPrefix).Select(t => t.Word) })
            .ToDictionary(c => c.Term, c => c.Documents, StringComparer.Ordinal);
        long Count(SearchText.Term term) => term.IsPrefix
            ? _sql.ExecuteScalar<long>("SELECT coalesce(sum(doc), 0) FROM temp.chunk_terms WHERE term >= @Word AND term < @Word || char(0x10FFFF)", new { term.Word })
            : counts.GetValueOrDefault(term.Word);
        var kept = new List<SearchText.Term>();
        var scored = 0L;
        // A word that the index spells differently (diacritics) has no count here; it is kept.
        foreach (var (term, documents) in terms.Select(t => (t, Count(t))).OrderBy(t => t.Item2))
        {
            if (scored > 0 && scored + documents > ScoredPassages) break;
            kept.Add(term);
            scored += documents;
        }
        return string.Join(" OR ", kept);
    }
}

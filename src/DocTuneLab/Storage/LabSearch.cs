using Dapper;
using DocTuneLab.Documents.Model;
using Microsoft.Data.Sqlite;

namespace DocTuneLab.Storage;

/// <summary>A passage that matches a search.</summary>
/// <param name="Chunk">The passage.</param>
/// <param name="Score">BM25, higher is better; headings weigh double.</param>
public sealed record SearchHit(Chunk Chunk, double Score);

/// <summary>Finds passages by words.</summary>
internal static class LabSearch
{
    /// <summary>Passages that a query may score; bounds its time whatever the words and the size of the lab.</summary>
    private const int ScoredPassages = 3000;

    /// <summary>The best passages for a query, see <see cref="LabDocuments.Search"/>.</summary>
    public static IReadOnlyList<SearchHit> Find(LabDatabase database, string query, int limit) =>
        database.Read(() => Ranked(database.Sql, query, limit));

    private static List<SearchHit> Ranked(SqliteConnection sql, string query, int limit)
    {
        var match = Selective(sql, SearchText.Query(query));
        if (match.Length == 0) return [];
        var found = sql.Query<(long Row, double Score)>(
            """
            SELECT rowid, score
            FROM (SELECT rowid, -bm25(chunks_fts, 2.0, 1.0) AS score FROM chunks_fts WHERE chunks_fts MATCH @match LIMIT @scored)
            ORDER BY score DESC, rowid LIMIT @limit
            """, new { match, limit, scored = ScoredPassages });
        return [.. found.Select(f => new SearchHit(Passage(sql, f.Row), f.Score))];
    }

    private static Chunk Passage(SqliteConnection sql, long row) =>
        sql.QuerySingle<ChunkRow>($"SELECT {ChunkRow.Columns} FROM chunks c WHERE c.row = @row", new { row }).ToChunk();

    private static string Selective(SqliteConnection sql, IReadOnlyList<SearchText.Term> terms)
    {
        if (terms.Count < 2) return string.Concat(terms);
        var last = sql.ExecuteScalar<long>("SELECT coalesce(max(row), 0) FROM chunks");
        var kept = new List<SearchText.Term>();
        var scored = 0L;
        foreach (var (term, documents) in terms.Select(t => (t, Documents(t))).OrderBy(t => t.Item2))
        {
            if (scored > 0 && scored + documents > ScoredPassages) break;
            kept.Add(term);
            scored += documents;
        }
        return string.Join(" OR ", kept);

        // Of a word that stands in many, as many as there are if it goes on as densely as in the first ones: counting all costs more
        // than scoring these.
        long Documents(SearchText.Term term)
        {
            var (count, reached) = sql.QuerySingle<(long, long)>(
                "SELECT count(*), coalesce(max(rowid), 0) FROM (SELECT rowid FROM chunks_fts WHERE chunks_fts MATCH @match LIMIT @most)",
                new { match = term.ToString(), most = ScoredPassages });
            return count < ScoredPassages ? count : Math.Max(ScoredPassages, count * last / Math.Max(1, reached));
        }
    }
}

using Dapper;
using DocTuneLab.Endpoints.Exchange;
using DocTuneLab.Endpoints.Retrying;
using DocTuneLab.Endpoints.Transport;

namespace DocTuneLab.Storage;

/// <summary>The answers of endpoints that a lab keeps, the calls that failed, and the batches that are under way.</summary>
public sealed class LabAnswers : IBatchStore
{
    private readonly LabDatabase _database;
    private readonly Lock _knownGate = new();

    /// <summary>
    /// Hashes of the keys of all requests; null until one is looked for. Thousands of requests that nobody has asked must not wait for
    /// the lab's gate, which is closed while answers go to the disk.
    /// </summary>
    private HashSet<int>? _known;

    internal LabAnswers(LabDatabase database) => _database = database;

    /// <summary>The kept answer to a request, or null.</summary>
    /// <param name="key">The request's key.</param>
    public KeptAnswer? Find(string key)
    {
        if (!MayHold(key)) return null;
        return _database.Read(() =>
        {
            // Model, endpoint, attempts, tokens sent, tokens received, cost, key of the response.
            var row = _database.Sql.QuerySingleOrDefault<(string, string, int, int, int, double, string)?>(
                "SELECT model, endpoint, attempts, prompt_tokens, completion_tokens, cost, response_key FROM requests "
                    + "WHERE key = @key AND usable = 1",
                new { key });
            return row is var (model, endpoint, attempts, sent, received, cost, responseKey)
                && _database.Document(responseKey) is { } response
                ? new KeptAnswer
                {
                    Key = key,
                    Model = model,
                    Endpoint = endpoint,
                    Attempts = attempts,
                    PromptTokens = sent,
                    CompletionTokens = received,
                    Cost = cost,
                    Raw = response,
                }
                : null;
        });
    }

    /// <summary>Keeps answers that were paid for: the raw responses in LiteDB first, then the rows that name them, each in
    /// one transaction. Another answer to a request takes the place of the first, and what both cost is added up.</summary>
    public void Keep(IReadOnlyList<KeptAnswer> answers)
    {
        _database.Transact((_, store) =>
        {
            var keys = store.PutAll("response", answers.Select(a => a.Raw));
            var created = _database.Now;
            using var insert = new Statement(_database.Sql, """
                INSERT INTO requests
                  (key, model, prompt_tokens, completion_tokens, cost, created, response_key, endpoint, attempts)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                ON CONFLICT (key) DO UPDATE SET
                  prompt_tokens = prompt_tokens + ?3, completion_tokens = completion_tokens + ?4, cost = cost + ?5, created = ?6,
                  response_key = ?7, endpoint = ?8, attempts = attempts + ?9, usable = 1
                WHERE usable = 0 OR response_key <> ?7
                """);
            foreach (var (a, response) in answers.Zip(keys))
                insert.Run(a.Key, a.Model, a.PromptTokens, a.CompletionTokens, a.Cost, created, response, a.Endpoint, a.Attempts);
            return answers.Count;
        });
        lock (_knownGate) _known?.UnionWith(answers.Select(a => HashOf(a.Key)));
    }

    /// <summary>Notes failed calls; a response that came and was not usable is kept beside its note.</summary>
    public void Note(IReadOnlyList<FailedCall> calls) => _database.Transact((transaction, store) => _database.Sql.Execute(
        """
        INSERT INTO attempts (request_key, endpoint, failure, detail, created, response_key)
        VALUES (@Key, @Endpoint, @failure, @Detail, @created, @response)
        """,
        calls.Select(c => new
        {
            c.Key,
            c.Endpoint,
            failure = c.Failure.Name(),
            c.Detail,
            created = _database.Now,
            response = c.Raw is null ? null : store.Put("response", c.Raw),
        }).ToList(), transaction));

    /// <summary>Notes that kept answers cannot be used: they stay with what was paid for, and are found no more.</summary>
    public void Discard(IReadOnlyList<FailedCall> calls)
    {
        Note(calls);
        _database.Transact(t => _database.Sql.Execute("UPDATE requests SET usable = 0 WHERE key = @Key", calls, t));
    }

    /// <summary>Failed calls by kind.</summary>
    public IReadOnlyDictionary<string, long> Failures() =>
        _database.Query<(string Failure, long Count)>("SELECT failure, count(*) FROM attempts GROUP BY failure ORDER BY failure")
            .ToDictionary(r => r.Failure, r => r.Count, StringComparer.Ordinal);

    /// <summary>Answers kept, tokens and cost of all of them.</summary>
    public (long Answers, long PromptTokens, long CompletionTokens, double Cost) Spent() => _database.Query<(long, long, long, double)>(
        "SELECT count(*), coalesce(sum(prompt_tokens), 0), coalesce(sum(completion_tokens), 0), coalesce(sum(cost), 0.0) FROM requests")[0];

    /// <summary>Notes a batch, or its new status.</summary>
    public void SaveBatch(StoredBatch batch) => _database.Transact(t => _database.Sql.Execute(
        """
        INSERT INTO batches (id, endpoint, status, requests, created) VALUES (@Id, @Endpoint, @Status, @Requests, @now)
        ON CONFLICT (id) DO UPDATE SET status = @Status
        """, new { batch.Id, batch.Endpoint, batch.Status, batch.Requests, now = _database.Now }, t));

    /// <summary>Batches, oldest first.</summary>
    /// <param name="endpoint">Only this endpoint's.</param>
    public IReadOnlyList<StoredBatch> Batches(string? endpoint = null)
    {
        var rows = _database.Query<(string Id, string Endpoint, string Status, long Requests)>(
            "SELECT id, endpoint, status, requests FROM batches WHERE @endpoint IS NULL OR endpoint = @endpoint ORDER BY created, id",
            new { endpoint });
        return rows.ConvertAll(b => new StoredBatch(b.Id, b.Endpoint, b.Status, (int)b.Requests));
    }

    // A reader cannot know what another process writes.
    private bool MayHold(string key)
    {
        if (_database.IsReadOnly) return true;
        lock (_knownGate) return (_known ??= [.. _database.Query<string>("SELECT key FROM requests").Select(HashOf)]).Contains(HashOf(key));
    }

    private static int HashOf(string key) => key.GetHashCode(StringComparison.Ordinal);
}

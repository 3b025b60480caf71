using Dapper;
using DocTuneLab.Conversations;
using DocTuneLab.Corpus.Hosted;
using DocTuneLab.Endpoints.Exchange;
using DocTuneLab.Endpoints.Retrying;
using DocTuneLab.Prompts;
using DocTuneLab.Prompts.Tuning;

namespace DocTuneLab.Storage;

/// <summary>A batch of requests that a server works off in its own time.</summary>
/// <param name="Id">The server's name of it.</param>
/// <param name="Endpoint">Endpoint that has it.</param>
/// <param name="Status">As the server last said; <c>sending</c> and <c>sent</c> are those of a mark, which stands in the lab before the server has given a name.</param>
/// <param name="Requests">Requests in it.</param>
public sealed record StoredBatch(string Id, string Endpoint, string Status, int Requests)
{
    /// <summary>Whether nothing more is to be fetched from it.</summary>
    public bool IsOver => Status is "completed" or "failed" or "expired" or "cancelled" or "sent";
}

/// <summary>A person's decision on a sample.</summary>
/// <param name="SampleId">The sample.</param>
/// <param name="Decision"><c>accept</c>, <c>reject</c>, <c>edit</c> or <c>regenerate</c>.</param>
/// <param name="Reviewer">Who.</param>
/// <param name="Note">Why; may be empty.</param>
/// <param name="ReplacedBy">For an edit, the new sample.</param>
public sealed record StoredReview(string SampleId, string Decision, string Reviewer, string Note, string? ReplacedBy);

public sealed partial class Lab
{
    /// <summary>Hashes of the keys of all requests; null until one is looked for. Thousands of requests that nobody has asked must not wait for the lab's lock, which is held while answers go to the disk.</summary>
    private HashSet<int>? _known;
    private readonly Lock _knownGate = new();

    // A reader cannot know what another process writes.
    private bool MayHold(string key)
    {
        if (IsReadOnly) return true;
        lock (_knownGate) return (_known ??= [.. Query<string>("SELECT key FROM requests").Select(k => k.GetHashCode(StringComparison.Ordinal))]).Contains(key.GetHashCode(StringComparison.Ordinal));
    }

    private void Know(IEnumerable<string> keys)
    {
        lock (_knownGate) _known?.UnionWith(keys.Select(k => k.GetHashCode(StringComparison.Ordinal)));
    }

    /// <summary>Keeps answers that were paid for: the raw responses in LiteDB first, then the rows that name them, each in one transaction.</summary>
    public void KeepAnswers(IReadOnlyList<KeptAnswer> answers)
    {
        Transact((_, store) =>
        {
            var keys = store.PutAll("response", answers.Select(a => a.Raw));
            var created = Now();
            using var insert = new Statement(_sql, "INSERT OR IGNORE INTO requests (key, model, prompt_tokens, completion_tokens, cost, created, response_key, endpoint, attempts) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
            for (var i = 0; i < answers.Count; i++)
                insert.Run(answers[i].Key, answers[i].Model, answers[i].PromptTokens, answers[i].CompletionTokens, answers[i].Cost, created, keys[i], answers[i].Endpoint, answers[i].Attempts);
            return answers.Count;
        });
        Know(answers.Select(a => a.Key));
    }

    /// <summary>Notes failed calls; a response that came and was not usable is kept beside its note.</summary>
    public void NoteFailures(IReadOnlyList<FailedCall> calls) => Transact((transaction, store) => _sql.Execute(
        "INSERT INTO attempts (request_key, endpoint, failure, detail, created, response_key) VALUES (@Key, @Endpoint, @failure, @Detail, @created, @response)",
        calls.Select(c => new { c.Key, c.Endpoint, failure = c.Failure.Name(), c.Detail, created = Now(), response = c.Raw is null ? null : store.Put("response", c.Raw) }).ToList(), transaction));

    /// <summary>Failed calls by kind.</summary>
    public IReadOnlyDictionary<string, long> FailedCalls() =>
        Query<(string Failure, long Count)>("SELECT failure, count(*) FROM attempts GROUP BY failure ORDER BY failure").ToDictionary(r => r.Failure, r => r.Count, StringComparer.Ordinal);

    /// <summary>Answers kept, tokens and cost of all of them.</summary>
    public (long Answers, long PromptTokens, long CompletionTokens, double Cost) Spent() =>
        Query<(long, long, long, double)>("SELECT count(*), coalesce(sum(prompt_tokens), 0), coalesce(sum(completion_tokens), 0), coalesce(sum(cost), 0.0) FROM requests")[0];

    /// <summary>Notes a batch, or its new status.</summary>
    public void SaveBatch(StoredBatch batch) => Transact(t => _sql.Execute(
        "INSERT INTO batches (id, endpoint, status, requests, created) VALUES (@Id, @Endpoint, @Status, @Requests, @now) ON CONFLICT (id) DO UPDATE SET status = @Status", new { batch.Id, batch.Endpoint, batch.Status, batch.Requests, now = Now() }, t));

    /// <summary>Batches, oldest first.</summary>
    /// <param name="endpoint">Only this endpoint's.</param>
    public IReadOnlyList<StoredBatch> Batches(string? endpoint = null) =>
        [.. Query<(string Id, string Endpoint, string Status, long Requests)>("SELECT id, endpoint, status, requests FROM batches WHERE @endpoint IS NULL OR endpoint = @endpoint ORDER BY created, id", new { endpoint }).Select(b => new StoredBatch(b.Id, b.Endpoint, b.Status, (int)b.Requests))];

    /// <summary>Keeps decisions, in order.</summary>
    public void SaveReviews(IReadOnlyList<StoredReview> reviews) => Transact(t => _sql.Execute(
        "INSERT INTO reviews (sample_id, decision, reviewer, note, replaced_by, created) VALUES (@SampleId, @Decision, @Reviewer, @Note, @ReplacedBy, @now)", reviews.Select(r => new { r.SampleId, r.Decision, r.Reviewer, r.Note, r.ReplacedBy, now = Now() }), t));

    /// <summary>Decisions, oldest first.</summary>
    public IReadOnlyList<StoredReview> Reviews(string? sampleId = null) => Query<StoredReview>(
        "SELECT sample_id AS SampleId, decision AS Decision, reviewer AS Reviewer, note AS Note, replaced_by AS ReplacedBy FROM reviews WHERE @sampleId IS NULL OR sample_id = @sampleId ORDER BY row", new { sampleId });

    /// <summary>Keeps preference pairs; one of the same id is replaced.</summary>
    public void SavePreferences(IReadOnlyList<PreferencePair> pairs) => Transact(t => _sql.Execute("INSERT OR REPLACE INTO preferences (id, prompt, chosen, rejected, reason) VALUES (@Id, @prompt, @Chosen, @Rejected, @Reason)",
        pairs.Select(p => new { p.Id, prompt = ToJson(p.Prompt), p.Chosen, p.Rejected, p.Reason }), t));

    /// <summary>All preference pairs, by id.</summary>
    public IReadOnlyList<PreferencePair> Preferences() => [.. Query<(string Prompt, string Chosen, string Rejected, string Reason)>("SELECT prompt, chosen, rejected, reason FROM preferences ORDER BY id")
        .Select(p => new PreferencePair(FromJson<List<Message>>(p.Prompt), p.Chosen, p.Rejected, p.Reason))];

    /// <summary>Keeps a version of a template with the one it was made from.</summary>
    /// <param name="template">The new version.</param>
    /// <param name="parentHash">Hash of the template it comes from.</param>
    /// <param name="how">Such as <c>tuned</c> or <c>reflected</c>.</param>
    /// <param name="objectives">What was measured, as JSON.</param>
    public void SaveLineage(PromptTemplate template, string parentHash, string how, string objectives)
    {
        SaveTemplate(template.Name, template.Version, template.Source);
        Transact(t => _sql.Execute("INSERT OR REPLACE INTO template_lineage (name, version, parent_hash, how, objectives, created) VALUES (@Name, @Version, @parentHash, @how, @objectives, @now)", new { template.Name, template.Version, parentHash, how, objectives, now = Now() }, t));
    }

    /// <summary>Keeps the winner of a tuning: what was made anew as the next version of the template that it comes from, with its lineage and what was measured.</summary>
    /// <returns>The template as kept.</returns>
    public PromptTemplate Keep(PromptTuningResult result)
    {
        var row = result.Table[0];
        var (name, objectives) = (row.Template.Name.Split('+')[0], ToJson(new { row.Score, row.ScoreLow, row.ScoreHigh, row.Measures, row.Examples, Candidates = result.Table.Count, result.Tried, result.Decided }));
        if (row.How == "given")
        {
            SaveLineage(row.Template, row.Parent, "chosen", objectives);
            return row.Template;
        }
        var parent = result.Table.First(t => t.Template.Hash == row.Parent).Template;
        // The same winner of a repeated tuning is the same version.
        var versions = Query<(string Version, string Key)>("SELECT version, document_key FROM templates WHERE name = @name", new { name }).ToList();
        var next = versions.Select(v => int.TryParse(v.Version, out var number) ? number : 0).Append(int.TryParse(parent.Version, out var own) ? own : 1).Max() + 1;
        foreach (var (version, _) in versions)
            if (row.Template.Derive(name, version, parent: parent) is var same && Stored(versions.First(v => v.Version == version).Key) == same.Source) return same;
        var winner = row.Template.Derive(name, next.ToString(System.Globalization.CultureInfo.InvariantCulture), parent: parent);
        SaveLineage(parent, parent.Hash, "parent", "{}");
        SaveLineage(winner, row.Parent, row.How, objectives);
        return winner;
    }

    /// <summary>The text of a kept template version, or null.</summary>
    public string? Template(string name, string version)
    {
        lock (_gate) return _sql.QuerySingleOrDefault<string?>("SELECT document_key FROM templates WHERE name = @name AND version = @version", new { name, version }) is { } key ? Stored(key) : null;
    }

    /// <summary>Name, version, hash of the parent and how it was made, of all kept templates with a parent.</summary>
    public IReadOnlyList<(string Name, string Version, string ParentHash, string How, string Objectives)> Lineage() =>
        Query<(string, string, string, string, string)>("SELECT name, version, parent_hash, how, objectives FROM template_lineage ORDER BY name, version");
}

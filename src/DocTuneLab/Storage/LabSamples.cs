using Dapper;
using DocTuneLab.Conversations;
using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Validation;
using DocTuneLab.Documents.Model;

namespace DocTuneLab.Storage;

/// <summary>A call of an endpoint, with what it cost.</summary>
/// <param name="Key">Content hash of everything that determines the answer: model, messages, settings.</param>
/// <param name="Model">Model name.</param>
/// <param name="PromptTokens">Tokens sent.</param>
/// <param name="CompletionTokens">Tokens received.</param>
/// <param name="Cost">In the currency of the endpoint's price list; 0 if unknown.</param>
/// <param name="Response">The raw answer.</param>
public sealed record StoredRequest(string Key, string Model, int PromptTokens, int CompletionTokens, double Cost, string Response);

/// <summary>Why a sample no longer stands.</summary>
/// <param name="SampleId">The sample.</param>
/// <param name="Kind"><c>chunk</c> or <c>symbol</c>.</param>
/// <param name="Target">The id of what it was built on.</param>
/// <param name="Reason">What became of that.</param>
public sealed record StaleSample(string SampleId, string Kind, string Target, string Reason);

public sealed partial class Lab
{
    // Properties, not a constructor: a computed column has no type while a result is empty.
    private sealed class SampleRow
    {
        public string Id { get; init; } = "";
        public string Kind { get; init; } = "";
        public string Split { get; init; } = "";
        public string Messages { get; init; } = "";
        public string? Provenance { get; init; }
        public string Chunks { get; init; } = "";
        public string Symbols { get; init; } = "";
        public string Checks { get; init; } = "";
    }

    /// <summary>Saves samples with their evidence and checks, in order; a sample of the same id is replaced.</summary>
    /// <param name="samples">The samples.</param>
    /// <param name="replaceAll">Remove all other samples: these are the corpus.</param>
    public void SaveSamples(IReadOnlyList<Sample> samples, bool replaceAll = false) => Transact(transaction =>
    {
        if (replaceAll) _sql.Execute("DELETE FROM samples", transaction: transaction);
        var ordinal = _sql.ExecuteScalar<long>("SELECT coalesce(max(ordinal), -1) FROM samples", transaction: transaction);
        foreach (var s in samples)
        {
            _sql.Execute("DELETE FROM samples WHERE id = @Id; INSERT INTO samples (id, ordinal, kind, split, accepted, messages, provenance) VALUES (@Id, @ordinal, @kind, @split, @Accepted, @messages, @provenance)",
                new { s.Id, ordinal = ++ordinal, kind = s.Kind.ToString(), split = s.Split.ToString(), s.Accepted, messages = ToJson(s.Messages), provenance = s.Provenance is null ? null : ToJson(s.Provenance) }, transaction);
            foreach (var (kind, targets) in new[] { ("chunk", s.Evidence.Chunks), ("symbol", s.Evidence.Symbols) })
                for (var i = 0; i < targets.Count; i++)
                    _sql.Execute("INSERT INTO sample_evidence (sample_id, ordinal, kind, target) VALUES (@Id, @i, @kind, @target)", new { s.Id, i, kind, target = targets[i] }, transaction);
            for (var i = 0; i < s.Checks.Count; i++)
                _sql.Execute("INSERT INTO checks (sample_id, ordinal, name, passed, detail) VALUES (@Id, @i, @Name, @Passed, @Detail)", new { s.Id, i, s.Checks[i].Name, s.Checks[i].Passed, s.Checks[i].Detail }, transaction);
        }
        return 0;
    });

    /// <summary>Samples in the order in which they were saved.</summary>
    /// <param name="split">Only this split.</param>
    /// <param name="kind">Only this kind.</param>
    /// <param name="acceptedOnly">Leave out those that failed a check, and those that are stale; default true.</param>
    public IReadOnlyList<Sample> Samples(Split? split = null, SampleKind? kind = null, bool acceptedOnly = true) =>
        [.. Query<SampleRow>("""
            SELECT s.id, s.kind, s.split, s.messages, s.provenance,
              (SELECT json_group_array(target) FROM (SELECT target FROM sample_evidence WHERE sample_id = s.id AND kind = 'chunk' ORDER BY ordinal)) AS Chunks,
              (SELECT json_group_array(target) FROM (SELECT target FROM sample_evidence WHERE sample_id = s.id AND kind = 'symbol' ORDER BY ordinal)) AS Symbols,
              (SELECT json_group_array(json_object('Name', name, 'Passed', json(iif(passed, 'true', 'false')), 'Detail', detail))
                 FROM (SELECT * FROM checks WHERE sample_id = s.id ORDER BY ordinal)) AS Checks
            FROM samples s
            WHERE (@split IS NULL OR s.split = @split) AND (@kind IS NULL OR s.kind = @kind) AND (NOT @acceptedOnly OR (s.accepted AND NOT EXISTS (SELECT 1 FROM stale_samples WHERE sample_id = s.id)))
            ORDER BY s.ordinal
            """, new { split = split?.ToString(), kind = kind?.ToString(), acceptedOnly })
            .Select(r => new Sample(r.Id, Enum.Parse<SampleKind>(r.Kind), FromJson<List<Message>>(r.Messages), new(FromJson<List<string>>(r.Chunks), FromJson<List<string>>(r.Symbols)), FromJson<List<Check>>(r.Checks), Enum.Parse<Split>(r.Split)) { Provenance = r.Provenance is null ? null : FromJson<Provenance>(r.Provenance) })];

    /// <summary>What the lab's pages say, its samples teach and its tasks ask about each symbol.</summary>
    /// <param name="heldOut">Held-out tasks.</param>
    public CoverageLedger Coverage(IEnumerable<HeldOut> heldOut)
    {
        var train = Query<string>("SELECT path FROM documents WHERE split = @split", new { split = nameof(Split.Train) }).ToHashSet(StringComparer.Ordinal);
        var ledger = new CoverageLedger(Symbols(), Chunks().Where(c => train.Contains(c.DocumentPath)), heldOut);
        var stale = StaleSamples().Select(s => s.SampleId).ToHashSet(StringComparer.Ordinal);
        foreach (var sample in Samples(acceptedOnly: false).Where(s => !stale.Contains(s.Id))) ledger.Add(sample);
        return ledger;
    }

    /// <summary>Why samples are stale: by sample, then target. Saving a sample again clears it.</summary>
    public IReadOnlyList<StaleSample> StaleSamples() =>
        Query<StaleSample>("SELECT sample_id AS SampleId, kind AS Kind, target AS Target, reason AS Reason FROM stale_samples ORDER BY sample_id, kind, target");

    /// <summary>Ids of the samples that are grounded in a symbol or chunk, in order.</summary>
    /// <param name="kind"><c>symbol</c> or <c>chunk</c>.</param>
    /// <param name="target">Its id.</param>
    public IReadOnlyList<string> SamplesGroundedIn(string kind, string target) =>
        Query<string>("SELECT DISTINCT sample_id FROM sample_evidence WHERE kind = @kind AND target = @target ORDER BY sample_id", new { kind, target });

    /// <summary>Keeps a version of a prompt template.</summary>
    /// <returns>The document's key.</returns>
    public string SaveTemplate(string name, string version, string text) => Transact((transaction, store) =>
    {
        var key = store.Put("template", text);
        _sql.Execute("INSERT INTO templates (name, version, document_key) VALUES (@name, @version, @key) ON CONFLICT (name, version) DO UPDATE SET document_key = @key", new { name, version, key }, transaction);
        return key;
    });

    /// <summary>Keeps a paid answer; the raw response goes to LiteDB.</summary>
    public void SaveRequest(StoredRequest request)
    {
        Transact((transaction, store) =>
        {
            var responseKey = store.Put("response", request.Response);
            return _sql.Execute("INSERT OR REPLACE INTO requests (key, model, prompt_tokens, completion_tokens, cost, created, response_key) VALUES (@Key, @Model, @PromptTokens, @CompletionTokens, @Cost, @created, @responseKey)",
                new { request.Key, request.Model, request.PromptTokens, request.CompletionTokens, request.Cost, created = Now(), responseKey }, transaction);
        });
        Know([request.Key]);
    }

    /// <summary>The kept answer to a request, or null.</summary>
    public StoredRequest? FindRequest(string key)
    {
        if (!MayHold(key)) return null;
        lock (_gate)
        {
            var row = _sql.QuerySingleOrDefault<(string Model, int Prompt, int Completion, double Cost, string ResponseKey)?>("SELECT model, prompt_tokens, completion_tokens, cost, response_key FROM requests WHERE key = @key", new { key });
            return row is { } r && Stored(r.ResponseKey) is { } response ? new(key, r.Model, r.Prompt, r.Completion, r.Cost, response) : null;
        }
    }
}

using Dapper;
using DocTuneLab.Conversations;
using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Kinds;
using DocTuneLab.Corpus.Review;
using DocTuneLab.Corpus.Validation;
using DocTuneLab.Documents.Model;
using DocTuneLab.Settings;

namespace DocTuneLab.Storage;

/// <summary>Why a sample no longer stands.</summary>
/// <param name="SampleId">The sample.</param>
/// <param name="Kind"><c>chunk</c> or <c>symbol</c>.</param>
/// <param name="Target">The id of what it was built on.</param>
/// <param name="Reason">What became of that.</param>
public sealed record StaleSample(string SampleId, string Kind, string Target, string Reason);

/// <summary>The samples of a lab with their evidence and checks, people's reviews of them, and preference pairs.</summary>
public sealed class LabSamples : ISampleStore
{
    private readonly LabDatabase _database;
    private readonly LabDocuments _documents;

    internal LabSamples(LabDatabase database, LabDocuments documents) => (_database, _documents) = (database, documents);

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

        public Sample ToSample() => new(
            Id, new SampleKind(Kind), LabJson.Read<List<Message>>(Messages),
            new(LabJson.Read<List<string>>(Chunks), LabJson.Read<List<string>>(Symbols)),
            LabJson.Read<List<Check>>(Checks), Enum.Parse<Split>(Split))
        {
            Provenance = Provenance is null ? null : LabJson.Read<Provenance>(Provenance),
        };
    }

    /// <summary>Saves samples with their evidence and checks, in order; a sample of the same id is replaced.</summary>
    /// <param name="samples">The samples.</param>
    /// <param name="replaceAll">Remove all other samples: these are the corpus.</param>
    public void Save(IReadOnlyList<Sample> samples, bool replaceAll = false) => _database.Transact(transaction =>
    {
        var sql = _database.Sql;
        if (replaceAll) sql.Execute("DELETE FROM samples", transaction: transaction);
        var ordinal = sql.ExecuteScalar<long>("SELECT coalesce(max(ordinal), -1) FROM samples", transaction: transaction);
        foreach (var s in samples)
        {
            sql.Execute(
                """
                DELETE FROM samples WHERE id = @Id;
                INSERT INTO samples (id, ordinal, kind, split, accepted, messages, provenance)
                  VALUES (@Id, @ordinal, @kind, @split, @Accepted, @messages, @provenance)
                """,
                new
                {
                    s.Id,
                    ordinal = ++ordinal,
                    kind = s.Kind.ToString(),
                    split = s.Split.ToString(),
                    s.Accepted,
                    messages = LabJson.Write(s.Messages),
                    provenance = s.Provenance is null ? null : LabJson.Write(s.Provenance),
                },
                transaction);
            foreach (var (kind, targets) in new[] { ("chunk", s.Evidence.Chunks), ("symbol", s.Evidence.Symbols) })
                for (var i = 0; i < targets.Count; i++)
                    sql.Execute(
                        "INSERT INTO sample_evidence (sample_id, ordinal, kind, target) VALUES (@Id, @i, @kind, @target)",
                        new { s.Id, i, kind, target = targets[i] }, transaction);
            for (var i = 0; i < s.Checks.Count; i++)
                sql.Execute(
                    "INSERT INTO checks (sample_id, ordinal, name, passed, detail) VALUES (@Id, @i, @Name, @Passed, @Detail)",
                    new { s.Id, i, s.Checks[i].Name, s.Checks[i].Passed, s.Checks[i].Detail }, transaction);
        }
        return 0;
    });

    /// <summary>Samples in the order in which they were saved.</summary>
    /// <param name="split">Only this split.</param>
    /// <param name="kind">Only this kind.</param>
    /// <param name="acceptedOnly">Leave out those that failed a check, and those that are stale; default true.</param>
    public IReadOnlyList<Sample> List(Split? split = null, SampleKind? kind = null, bool acceptedOnly = true) =>
        [.. _database.Query<SampleRow>(
        """
        SELECT s.id, s.kind, s.split, s.messages, s.provenance,
          (SELECT json_group_array(target)
             FROM (SELECT target FROM sample_evidence WHERE sample_id = s.id AND kind = 'chunk' ORDER BY ordinal)) AS Chunks,
          (SELECT json_group_array(target)
             FROM (SELECT target FROM sample_evidence WHERE sample_id = s.id AND kind = 'symbol' ORDER BY ordinal)) AS Symbols,
          (SELECT json_group_array(json_object('Name', name, 'Passed', json(iif(passed, 'true', 'false')), 'Detail', detail))
             FROM (SELECT * FROM checks WHERE sample_id = s.id ORDER BY ordinal)) AS Checks
        FROM samples s
        WHERE (@split IS NULL OR s.split = @split) AND (@kind IS NULL OR s.kind = @kind)
          AND (NOT @acceptedOnly OR (s.accepted AND NOT EXISTS (SELECT 1 FROM stale_samples WHERE sample_id = s.id)))
        ORDER BY s.ordinal
        """, new { split = split?.ToString(), kind = kind?.ToString(), acceptedOnly }).Select(r => r.ToSample())];

    /// <summary>What the lab's pages say, its samples teach and its tasks ask about each symbol.</summary>
    /// <param name="heldOut">Held-out tasks.</param>
    /// <param name="kinds">Definitions of kinds, which say whether answers are code; default those that ship.</param>
    public CoverageLedger Coverage(IEnumerable<HeldOut> heldOut, IReadOnlyList<SampleKindDefinition>? kinds = null)
    {
        var train = _database.Query<string>("SELECT path FROM documents WHERE split = @split", new { split = nameof(Split.Train) })
            .ToHashSet(StringComparer.Ordinal);
        var chunks = _documents.Chunks().Where(c => train.Contains(c.DocumentPath));
        var ledger = new CoverageLedger(_documents.Symbols(), chunks, heldOut, kinds);
        var stale = Stale().Select(s => s.SampleId).ToHashSet(StringComparer.Ordinal);
        foreach (var sample in List(acceptedOnly: false).Where(s => !stale.Contains(s.Id))) ledger.Add(sample);
        return ledger;
    }

    /// <summary>Why samples are stale: by sample, then target. Saving a sample again clears it.</summary>
    public IReadOnlyList<StaleSample> Stale() => _database.Query<StaleSample>(
        "SELECT sample_id AS SampleId, kind AS Kind, target AS Target, reason AS Reason FROM stale_samples "
            + "ORDER BY sample_id, kind, target");

    /// <summary>Ids of the samples that are grounded in a symbol or chunk, in order.</summary>
    /// <param name="kind"><c>symbol</c> or <c>chunk</c>.</param>
    /// <param name="target">Its id.</param>
    public IReadOnlyList<string> GroundedIn(string kind, string target) => _database.Query<string>(
        "SELECT DISTINCT sample_id FROM sample_evidence WHERE kind = @kind AND target = @target ORDER BY sample_id", new { kind, target });

    /// <summary>Keeps decisions, in order.</summary>
    public void SaveReviews(IReadOnlyList<StoredReview> reviews) => _database.Transact(t => _database.Sql.Execute(
        """
        INSERT INTO reviews (sample_id, decision, reviewer, note, replaced_by, created)
        VALUES (@SampleId, @Decision, @Reviewer, @Note, @ReplacedBy, @now)
        """, reviews.Select(r => new
        {
            r.SampleId,
            Decision = SettingNames.Of(r.Decision),
            r.Reviewer,
            r.Note,
            r.ReplacedBy,
            now = _database.Now
        }), t));

    /// <summary>Decisions, oldest first.</summary>
    /// <param name="sampleId">Only those on this sample.</param>
    public IReadOnlyList<StoredReview> Reviews(string? sampleId = null) => _database.Query<StoredReview>(
        """
        SELECT sample_id AS SampleId, decision AS Decision, reviewer AS Reviewer, note AS Note, replaced_by AS ReplacedBy
        FROM reviews WHERE @sampleId IS NULL OR sample_id = @sampleId ORDER BY row
        """, new { sampleId });

    /// <summary>Keeps preference pairs; one of the same id is replaced.</summary>
    public void SavePreferences(IReadOnlyList<PreferencePair> pairs) => _database.Transact(t => _database.Sql.Execute(
        "INSERT OR REPLACE INTO preferences (id, prompt, chosen, rejected, reason) VALUES (@Id, @prompt, @Chosen, @Rejected, @Reason)",
        pairs.Select(p => new { p.Id, prompt = LabJson.Write(p.Prompt), p.Chosen, p.Rejected, p.Reason }), t));

    /// <summary>All preference pairs, by id.</summary>
    public IReadOnlyList<PreferencePair> Preferences() =>
        [.. _database.Query<(string Prompt, string Chosen, string Rejected, string Reason)>(
            "SELECT prompt, chosen, rejected, reason FROM preferences ORDER BY id")
            .Select(p => new PreferencePair(LabJson.Read<List<Message>>(p.Prompt), p.Chosen, p.Rejected, p.Reason))];
}

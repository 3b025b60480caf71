using DocTuneLab.Audit;
using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Formats;
using DocTuneLab.Documents.Model;
using Microsoft.Data.Sqlite;

namespace DocTuneLab.Storage;

/// <summary>
/// A lab: one folder with <c>lab.sqlite</c> (facts and relations), <c>lab.litedb</c> (immutable documents) and
/// <c>runs/</c>. One process writes at a time; any number read. Members may be called from several threads.
/// </summary>
/// <remarks>
/// A LiteDB document is written before the SQLite row that names it is committed, so a crash leaves at most an unnamed
/// document, which <see cref="LabMaintenance.CollectGarbage"/> removes.
/// </remarks>
public sealed class Lab : ICorpusSource, IApiUses, IDisposable
{
    /// <summary>Where a lab is, unless told otherwise.</summary>
    public const string DefaultFolder = "artifacts/lab";

    private readonly LabDatabase _database;

    private Lab(LabDatabase database)
    {
        _database = database;
        Documents = new(database);
        Samples = new(database, Documents);
        Answers = new(database);
        Templates = new(database);
        Runs = new(database);
        Maintenance = new(database, Runs);
    }

    /// <summary>Full path of the lab's folder.</summary>
    public string Directory => _database.Directory;

    /// <summary>Opens <c>lab.sqlite</c> for reading; for queries from elsewhere.</summary>
    public string SqliteConnectionString => _database.ReadOnlyConnectionString;

    /// <summary>What its content was read from; nothing in a new lab.</summary>
    public LabInputs Inputs => _database.Read(() => LabMeta.Read(_database.Sql) ?? new());

    /// <summary>Pages, their chunks and the library's symbols.</summary>
    public LabDocuments Documents { get; }

    /// <summary>Samples, reviews of them and preference pairs.</summary>
    public LabSamples Samples { get; }

    /// <summary>Answers of endpoints, failed calls and batches.</summary>
    public LabAnswers Answers { get; }

    /// <summary>Versions of prompt templates.</summary>
    public LabTemplates Templates { get; }

    /// <summary>Runs of stages with what was measured.</summary>
    public LabRuns Runs { get; }

    /// <summary>Soundness and size of the whole.</summary>
    public LabMaintenance Maintenance { get; }

    /// <summary>Whether a folder holds a lab's database: one that was made and not opened yet has none.</summary>
    public static bool Exists(string path) => File.Exists(Path.Combine(path, LabDatabase.FileName));

    /// <summary>Opens a lab, creating it where it does not exist and bringing an older one to the current schema.</summary>
    /// <param name="path">The lab's folder.</param>
    /// <param name="readOnly">Only read; allowed while another process writes.</param>
    /// <param name="time">Clock for runs; default the system's.</param>
    /// <exception cref="LabException">Another process writes to it; nothing to read; or its schema is newer (for
    /// readers: older).</exception>
    public static Lab Open(string path, bool readOnly = false, TimeProvider? time = null)
    {
        var database = LabDatabase.Claim(path, readOnly, time ?? TimeProvider.System);
        try
        {
            database.Connect();
            var lab = new Lab(database);
            if (!readOnly) lab.Runs.CloseInterrupted();
            return lab;
        }
        catch (Exception e)
        {
            database.Dispose();
            if (StorageFault.IsDiskFull(e)) throw StorageFault.Explain(e, database.Directory);
            if (e is SqliteException)
                throw new LabException(
                    $"{database.SqlitePath}: cannot be read as a lab ({e.Message}). Restore it from a backup, or delete the folder and run "
                        + "the stages again.",
                    e);
            throw;
        }
    }

    /// <summary>Keeps what its content was read from.</summary>
    /// <param name="change">From what is known to what is known now.</param>
    /// <exception cref="LabException">The lab was opened for reading only, or cannot be written.</exception>
    public void Remember(Func<LabInputs, LabInputs> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        _database.Transact(transaction =>
        {
            LabMeta.Write(_database.Sql, transaction, change(LabMeta.Read(_database.Sql) ?? new()));
            return 0;
        });
    }

    /// <summary>Closes the files and lets others write.</summary>
    public void Dispose() => _database.Dispose();

    string ICorpusSource.Name => Directory;

    IReadOnlyList<Chunk> ICorpusSource.Chunks() => Documents.Chunks();

    IReadOnlyList<Sample> ICorpusSource.AcceptedSamples() => Samples.List();

    IReadOnlyList<PreferencePair> ICorpusSource.Preferences() => Samples.Preferences();

    IReadOnlyList<Chunk> IApiUses.ChunksMentioning(string symbolId) => Documents.ChunksMentioning(symbolId);

    IReadOnlyList<string> IApiUses.SamplesGroundedIn(string kind, string target) => Samples.GroundedIn(kind, target);
}

using Dapper;
using Microsoft.Data.Sqlite;

namespace DocTuneLab.Storage;

/// <summary>
/// The files of a lab, shared by its stores: <c>lab.sqlite</c>, <c>lab.litedb</c> and the right to write to them. Stores read in
/// <see cref="Read{T}"/> or <see cref="Query{T}"/> and change in <see cref="Write{T}"/> or one of the transactions;
/// one thread at a time is inside.
/// </summary>
internal sealed class LabDatabase : IDisposable
{
    private readonly FileStream? _lock;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private DocumentStore? _documents;

    private LabDatabase(string directory, FileStream? @lock, TimeProvider time)
    {
        (Directory, _lock, _time) = (directory, @lock, time);
        Sql = new(new SqliteConnectionStringBuilder
        {
            DataSource = SqlitePath,
            Mode = IsReadOnly ? SqliteOpenMode.ReadOnly : SqliteOpenMode.ReadWriteCreate,
            ForeignKeys = true,
            Pooling = false,
        }.ToString());
    }

    /// <summary>Full path of the lab's folder.</summary>
    public string Directory { get; }

    public bool IsReadOnly => _lock is null;

    /// <summary>Name of the file of tables.</summary>
    public const string FileName = "lab.sqlite";

    /// <summary>Full path of <c>lab.sqlite</c>.</summary>
    public string SqlitePath => Path.Combine(Directory, FileName);

    /// <summary>Opens <c>lab.sqlite</c> for reading, on a connection of its own.</summary>
    public string ReadOnlyConnectionString =>
        new SqliteConnectionStringBuilder { DataSource = SqlitePath, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString();

    /// <summary>The connection; for use inside <see cref="Read{T}"/>, <see cref="Write{T}"/> and the transactions.</summary>
    public SqliteConnection Sql { get; }

    /// <summary>The documents. Readers open them only when they need them: most queries never do.</summary>
    public DocumentStore Documents => _documents ??= new(Path.Combine(Directory, "lab.litedb"), IsReadOnly);

    /// <summary>Now, by the lab's clock.</summary>
    public DateTimeOffset Time => _time.GetUtcNow();

    /// <summary><see cref="Time"/> as columns hold it.</summary>
    public string Now => LabTime.Write(Time);

    /// <summary>Takes the right to write, if that is wanted, and makes the folder; <see cref="Connect"/> opens the database.</summary>
    /// <exception cref="LabException">Another process writes to the lab, or there is nothing to read.</exception>
    public static LabDatabase Claim(string path, bool readOnly, TimeProvider time)
    {
        path = Path.GetFullPath(path);
        if (readOnly && !File.Exists(Path.Combine(path, FileName)))
            throw new LabException($"{path}: no lab here. Expected a folder with lab.sqlite; create one by parsing documents into it.");
        if (File.Exists(path)) throw new LabException($"{path}: is a file. Expected a folder for the lab.");
        try
        {
            System.IO.Directory.CreateDirectory(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StorageFault.IsDiskFull(e)
                ? StorageFault.Explain(e, path)
                : new LabException($"{path}: no lab can be made here ({e.Message}). Give a folder that you may write to: --lab L.", e);
        }
        return new(path, readOnly ? null : LabLock.Take(path, time), time);
    }

    /// <summary>Opens the database and brings it to the current schema.</summary>
    /// <exception cref="LabException">Its schema is newer than this program, or, for a reader, older.</exception>
    public void Connect()
    {
        Sql.Open();
        LabSchema.AddFunctions(Sql);
        if (!IsReadOnly)
        {
            Sql.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536; PRAGMA trusted_schema = OFF;");
            LabSchema.Migrate(Sql, Directory);
        }
        else if (LabSchema.Check(Sql, Directory) is var version && version < LabSchema.Version)
        {
            throw new LabException(
                $"{Directory}: the lab has schema version {version}, this program reads {LabSchema.Version}. "
                    + "Open it once for writing to bring it up to date.");
        }
    }

    public T Read<T>(Func<T> work)
    {
        lock (_gate) return work();
    }

    public List<T> Query<T>(string sql, object? parameters = null)
    {
        lock (_gate) return [.. Sql.Query<T>(sql, parameters)];
    }

    public T? Scalar<T>(string sql)
    {
        lock (_gate) return Sql.ExecuteScalar<T>(sql);
    }

    /// <summary>Content of a document, or null. A reader sees LiteDB as it was when it opened it, so on a miss it looks again.</summary>
    public string? Document(string key)
    {
        lock (_gate)
        {
            if (Documents.Get(key) is { } content) return content;
            Refresh();
            return IsReadOnly ? Documents.Get(key) : null;
        }
    }

    /// <summary>Lets a reader see the documents that were written since it opened them.</summary>
    public void Refresh()
    {
        if (!IsReadOnly) return;
        _documents?.Dispose();
        _documents = null;
    }

    /// <exception cref="LabException">The lab was opened for reading only.</exception>
    public DocumentStore Writing() =>
        IsReadOnly
            ? throw new LabException($"{Directory}: the lab was opened for reading only. Open it for writing to change it.")
            : Documents;

    /// <summary>A change of the lab; faults of disk and databases come out in words.</summary>
    public T Write<T>(Func<DocumentStore, T> work)
    {
        lock (_gate)
        {
            try
            {
                return work(Writing());
            }
            catch (Exception e) when (StorageFault.Is(e))
            {
                // LiteDB is of no use after a failed write; the next call opens it anew.
                try { _documents?.Dispose(); }
                catch (Exception closing) when (StorageFault.Is(closing)) { }
                _documents = null;
                throw StorageFault.Explain(e, Directory);
            }
        }
    }

    /// <summary>
    /// One unit of work over both databases: documents that <paramref name="work"/> puts are on the disk before the rows
    /// that name them are committed.
    /// </summary>
    public T Transact<T>(Func<SqliteTransaction, DocumentStore, T> work) => Write(documents =>
    {
        using var transaction = Sql.BeginTransaction();
        var result = work(transaction, documents);
        documents.Flush();
        transaction.Commit();
        return result;
    });

    /// <summary>One unit of work over rows that name no new documents.</summary>
    public T Transact<T>(Func<SqliteTransaction, T> work) => Write(_ =>
    {
        using var transaction = Sql.BeginTransaction();
        var result = work(transaction);
        transaction.Commit();
        return result;
    });

    /// <summary>Closes the files and lets others write.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _documents?.Dispose();
            Sql.Dispose();
            if (_lock is not null) LabLock.Release(Directory, _lock);
        }
    }
}

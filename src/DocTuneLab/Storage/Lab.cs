using Dapper;
using Microsoft.Data.Sqlite;

namespace DocTuneLab.Storage;

/// <summary>
/// A lab: one folder with <c>lab.sqlite</c> (facts and relations), <c>lab.litedb</c> (immutable documents) and
/// <c>runs/</c>. One process writes at a time; any number read. Members may be called from several threads.
/// </summary>
/// <remarks>
/// A LiteDB document is written before the SQLite row that names it is committed, so a crash leaves at most an unnamed
/// document, which <see cref="CollectGarbage"/> removes.
/// </remarks>
public sealed partial class Lab : IDisposable
{
    private readonly SqliteConnection _sql;
    private readonly FileStream? _lock;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private DocumentStore? _store;

    private Lab(string path, SqliteConnection sql, FileStream? @lock, TimeProvider time) => (Directory, _sql, _lock, _time) = (path, sql, @lock, time);

    /// <summary>Full path of the lab's folder.</summary>
    public string Directory { get; }

    /// <summary>Whether this lab was opened for reading only.</summary>
    public bool IsReadOnly => _lock is null;

    /// <summary>Opens <c>lab.sqlite</c> for reading; for queries from elsewhere.</summary>
    public string SqliteConnectionString => new SqliteConnectionStringBuilder { DataSource = SqlitePath, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString();

    private string SqlitePath => Path.Combine(Directory, "lab.sqlite");

    // Readers open it only when they need it: most queries never do.
    private DocumentStore Store => _store ??= new(Path.Combine(Directory, "lab.litedb"), IsReadOnly);

    /// <summary>Opens a lab, creating it where it does not exist and bringing an older one to the current schema.</summary>
    /// <param name="path">The lab's folder.</param>
    /// <param name="readOnly">Only read; allowed while another process writes.</param>
    /// <param name="time">Clock for runs; default the system's.</param>
    /// <exception cref="LabException">Another process writes to it; nothing to read; or its schema is newer (for readers: older).</exception>
    public static Lab Open(string path, bool readOnly = false, TimeProvider? time = null)
    {
        path = Path.GetFullPath(path);
        var file = Path.Combine(path, "lab.sqlite");
        if (readOnly && !File.Exists(file)) throw new LabException($"{path}: no lab here. Expected a folder with lab.sqlite; create one by parsing documents into it.");
        if (File.Exists(path)) throw new LabException($"{path}: is a file. Expected a folder for the lab.");
        System.IO.Directory.CreateDirectory(path);
        var @lock = readOnly ? null : LabLock.Take(path, time ?? TimeProvider.System);
        SqliteConnection? sql = null;
        try
        {
            sql = new(new SqliteConnectionStringBuilder { DataSource = file, Mode = readOnly ? SqliteOpenMode.ReadOnly : SqliteOpenMode.ReadWriteCreate, ForeignKeys = true, Pooling = false }.ToString());
            sql.Open();
            LabSchema.AddFunctions(sql);
            if (readOnly)
            {
                if (LabSchema.Check(sql, path) is var version && version < LabSchema.Version)
                    throw new LabException($"{path}: the lab has schema version {version}, this program reads {LabSchema.Version}. Open it once for writing to bring it up to date.");
            }
            else
            {
                sql.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536; PRAGMA trusted_schema = OFF;");
                LabSchema.Migrate(sql, path);
            }
            var lab = new Lab(path, sql, @lock, time ?? TimeProvider.System);
            if (!readOnly) lab.CloseRunsOfTheDead();
            return lab;
        }
        catch (Exception e)
        {
            sql?.Dispose();
            if (@lock is not null) LabLock.Release(path, @lock);
            if (StorageFault.IsDiskFull(e)) throw StorageFault.Explain(e, path);
            if (e is SqliteException) throw new LabException($"{file}: cannot be read as a lab ({e.Message}). Restore it from a backup, or delete the folder and run the stages again.", e);
            throw;
        }
    }

    /// <summary>Keeps an immutable document. Unless a row comes to name it, the next <see cref="CollectGarbage"/> removes it.</summary>
    /// <returns>Its key: the hash of kind and content.</returns>
    public string PutDocument(string kind, string content)
    {
        return Write(store => store.Put(kind, content));
    }

    /// <summary>Content of an immutable document, or null.</summary>
    public string? GetDocument(string key)
    {
        lock (_gate) return Stored(key);
    }

    /// <summary>Closes the files and lets others write.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _store?.Dispose();
            _sql.Dispose();
            if (_lock is not null) LabLock.Release(Directory, _lock);
        }
    }

    private DocumentStore Writing() => IsReadOnly ? throw new LabException($"{Directory}: the lab was opened for reading only. Open it for writing to change it.") : Store;

    /// <summary>A reader sees LiteDB as it was when it opened it, so on a miss it looks again.</summary>
    private string? Stored(string key)
    {
        if (Store.Get(key) is { } content) return content;
        Refresh();
        return IsReadOnly ? Store.Get(key) : null;
    }

    private void Refresh()
    {
        if (!IsReadOnly) return;
        _store?.Dispose();
        _store = null;
    }

    /// <summary>A change of the lab; faults of disk and databases come out in words.</summary>
    private T Write<T>(Func<DocumentStore, T> work)
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
                try { _store?.Dispose(); }
                catch (Exception closing) when (StorageFault.Is(closing)) { }
                _store = null;
                throw StorageFault.Explain(e, Directory);
            }
        }
    }

    /// <summary>
    /// One unit of work over both databases: documents that <paramref name="work"/> puts are on the disk before the rows
    /// that name them are committed.
    /// </summary>
    private T Transact<T>(Func<SqliteTransaction, DocumentStore, T> work) => Write(store =>
    {
        using var transaction = _sql.BeginTransaction();
        var result = work(transaction, store);
        store.Flush();
        transaction.Commit();
        return result;
    });

    private T Transact<T>(Func<SqliteTransaction, T> work) => Write(_ =>
    {
        using var transaction = _sql.BeginTransaction();
        var result = work(transaction);
        transaction.Commit();
        return result;
    });

    private List<T> Query<T>(string sql, object? parameters = null)
    {
        lock (_gate) return [.. _sql.Query<T>(sql, parameters)];
    }

    private static string ToJson<T>(T value) => LabJson.Write(value);

    private static T FromJson<T>(string json) => LabJson.Read<T>(json);
}

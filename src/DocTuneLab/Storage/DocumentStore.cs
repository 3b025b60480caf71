using DocTuneLab.Text;
using LiteDB;
using LiteDB.Engine;

namespace DocTuneLab.Storage;

/// <summary>Immutable documents keyed by the hash of kind and content, in <c>lab.litedb</c>.</summary>
internal sealed class DocumentStore : IDisposable
{
    /// <summary>LiteDB takes documents of up to 16 MB; longer texts are kept as its files, which it cuts into pieces.</summary>
    private const int LargestDocument = 2_000_000;

    /// <summary>Of 8 KB each: a log longer than that is carried over in any case.</summary>
    private const int LogPages = 16_384;

    private readonly string _logPath;
    private readonly List<DurableFile> _files = [];
    private readonly LiteDatabase _database;
    private readonly ILiteCollection<BsonDocument> _documents;

    public DocumentStore(string path, bool readOnly)
    {
        _logPath = Path.Combine(Path.GetDirectoryName(path)!, $"{Path.GetFileNameWithoutExtension(path)}-log{Path.GetExtension(path)}");
        try
        {
            if (!readOnly || File.Exists(_logPath)) _files.Add(new(_logPath, readOnly));
            _files.Add(new(path, readOnly, _files.FirstOrDefault()));
            _database = new(
                new LiteEngine(new EngineSettings
                {
                    Filename = path,
                    DataStream = _files[^1],
                    LogStream = _files.Count > 1 ? _files[0] : new MemoryStream(),
                    ReadOnly = readOnly
                }));
            // The log is carried over when a unit of work ends (Flush), not in its midst.
            if (!readOnly && _database.CheckpointSize != LogPages) _database.CheckpointSize = LogPages;
            _documents = _database.GetCollection("documents");
        }
        catch (Exception e)
        {
            Dispose();
            if (e is not (LiteException or IOException) || StorageFault.IsDiskFull(e)) throw;
            throw new LabException(
                $"{path}: cannot be opened ({e.Message}). Close the program that uses it, or restore the file from a backup.", e);
        }
    }

    private bool HasFailed => _files.Any(f => f.HasFailed);

    public static string KeyOf(string kind, string content) => ContentHash.Of(kind, content);

    public string Put(string kind, string content)
    {
        var key = KeyOf(kind, content);
        Change(() =>
        {
            // What is there already is the same: writing it again is cheaper than a query first.
            if (content.Length <= LargestDocument)
                _documents.Upsert(new BsonDocument { ["_id"] = key, ["kind"] = kind, ["content"] = content });
            else if (!_database.FileStorage.Exists(key))
                using (var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(content)))
                    _database.FileStorage.Upload(key, kind, stream);
        });
        return key;
    }

    /// <summary>Puts many in one transaction.</summary>
    public IReadOnlyList<string> PutAll(string kind, IEnumerable<string> contents)
    {
        _database.BeginTrans();
        try
        {
            List<string> keys = [.. contents.Select(c => Put(kind, c))];
            Change(() => _database.Commit());
            return keys;
        }
        catch
        {
            if (!HasFailed) _database.Rollback();
            throw;
        }
    }

    public string? Get(string key) =>
        _documents.FindById(key)?["content"].AsString ?? (_database.FileStorage.FindById(key) is { } file ? Read(file) : null);

    public IEnumerable<(string Key, bool Intact)> All() =>
        _documents.FindAll().Select(d => (d["_id"].AsString, KeyOf(d["kind"].AsString, d["content"].AsString) == d["_id"].AsString))
            .Concat(_database.FileStorage.FindAll().Select(f => (f.Id, KeyOf(f.Filename, Read(f)) == f.Id)));

    public IReadOnlyList<string> Keys() =>
        [
            .. _documents.Query().Select(BsonExpression.Create("{_id}")).ToEnumerable().Select(d => d["_id"].AsString),
            .. _database.FileStorage.FindAll().Select(f => f.Id)
        ];

    public void Delete(IEnumerable<string> keys)
    {
        foreach (var key in keys)
            if (!_documents.Delete(key)) _database.FileStorage.Delete(key);
        Flush();
    }

    /// <summary>What was put is on the disk afterwards: what a SQLite row may then name.</summary>
    public void Flush() => Change(() => _database.Checkpoint());

    public void Dispose()
    {
        var failed = HasFailed;
        try
        {
            _database?.Dispose();
        }
        catch (Exception) when (failed)
        {
            // What it says of a file that no longer takes anything is not news.
        }
        var emptied = !failed && _files is [{ CanWrite: true, Length: 0 }, _];
        foreach (var file in _files) file.Dispose();
        if (emptied) File.Delete(_logPath);
    }

    private void Change(Action change)
    {
        try
        {
            change();
        }
        catch (Exception) when (HasFailed)
        {
            ThrowIfFailed();
        }
        ThrowIfFailed();
    }

    private void ThrowIfFailed()
    {
        foreach (var file in _files) file.ThrowIfFailed();
    }

    private static string Read(LiteFileInfo<string> file)
    {
        using var text = new MemoryStream();
        file.CopyTo(text);
        return System.Text.Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
    }
}

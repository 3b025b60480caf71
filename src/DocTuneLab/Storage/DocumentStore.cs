using LiteDB;

namespace DocTuneLab.Storage;

/// <summary>Immutable documents keyed by the hash of kind and content, in <c>lab.litedb</c>.</summary>
internal sealed class DocumentStore : IDisposable
{
    /// <summary>LiteDB takes documents of up to 16 MB; longer texts are kept as its files, which it cuts into pieces.</summary>
    private const int LargestDocument = 2_000_000;

    private readonly LiteDatabase _database;
    private readonly ILiteCollection<BsonDocument> _documents;

    public DocumentStore(string path, bool readOnly)
    {
        try
        {
            _database = new(new ConnectionString { Filename = path, ReadOnly = readOnly });
            _documents = _database.GetCollection("documents");
        }
        catch (Exception e) when (e is LiteException or IOException && !StorageFault.IsDiskFull(e))
        {
            throw new LabException($"{path}: cannot be opened ({e.Message}). Close the program that uses it, or restore the file from a backup.", e);
        }
    }

    public static string KeyOf(string kind, string content) => ContentHash.Of(kind, content);

    public string Put(string kind, string content)
    {
        var key = KeyOf(kind, content);
        if (Exists(key)) return key;
        if (content.Length <= LargestDocument) _documents.Insert(new BsonDocument { ["_id"] = key, ["kind"] = kind, ["content"] = content });
        else
            using (var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(content)))
                _database.FileStorage.Upload(key, kind, stream);
        return key;
    }

    /// <summary>Puts many in one transaction.</summary>
    public IReadOnlyList<string> PutAll(string kind, IEnumerable<string> contents)
    {
        _database.BeginTrans();
        try
        {
            List<string> keys = [.. contents.Select(c => Put(kind, c))];
            _database.Commit();
            return keys;
        }
        catch
        {
            _database.Rollback();
            throw;
        }
    }

    public string? Get(string key) => _documents.FindById(key)?["content"].AsString ?? (_database.FileStorage.FindById(key) is { } file ? Read(file) : null);

    public IEnumerable<(string Key, bool Intact)> All() =>
        _documents.FindAll().Select(d => (d["_id"].AsString, KeyOf(d["kind"].AsString, d["content"].AsString) == d["_id"].AsString))
            .Concat(_database.FileStorage.FindAll().Select(f => (f.Id, KeyOf(f.Filename, Read(f)) == f.Id)));

    public IReadOnlyList<string> Keys() =>
        [.. _documents.Query().Select(BsonExpression.Create("{_id}")).ToEnumerable().Select(d => d["_id"].AsString), .. _database.FileStorage.FindAll().Select(f => f.Id)];

    public void Delete(IEnumerable<string> keys)
    {
        foreach (var key in keys)
            if (!_documents.Delete(key)) _database.FileStorage.Delete(key);
        Flush();
    }

    /// <summary>What was put is on the disk afterwards: what a SQLite row may then name.</summary>
    public void Flush() => _database.Checkpoint();

    public void Dispose() => _database.Dispose();

    // With a parameter: an expression that holds the key itself is compiled anew for each.
    private bool Exists(string key) => _documents.Exists("_id = @0", key) || _database.FileStorage.Exists(key);

    private static string Read(LiteFileInfo<string> file)
    {
        using var text = new MemoryStream();
        file.CopyTo(text);
        return System.Text.Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
    }
}

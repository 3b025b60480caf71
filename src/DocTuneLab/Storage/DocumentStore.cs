using LiteDB;

namespace DocTuneLab.Storage;

/// <summary>Immutable documents keyed by the hash of kind and content, in <c>lab.litedb</c>.</summary>
internal sealed class DocumentStore : IDisposable
{
    private readonly LiteDatabase _database;
    private readonly ILiteCollection<BsonDocument> _documents;

    public DocumentStore(string path, bool readOnly)
    {
        try
        {
            _database = new(new ConnectionString { Filename = path, ReadOnly = readOnly });
            _documents = _database.GetCollection("documents");
        }
        catch (Exception e) when (e is LiteException or IOException)
        {
            throw new LabException($"{path}: cannot be opened ({e.Message}). Close the program that uses it, or restore the file from a backup.", e);
        }
    }

    public static string KeyOf(string kind, string content) => ContentHash.Of(kind, content);

    public string Put(string kind, string content)
    {
        var key = KeyOf(kind, content);
        if (!_documents.Exists(Query.EQ("_id", key))) _documents.Insert(new BsonDocument { ["_id"] = key, ["kind"] = kind, ["content"] = content });
        return key;
    }

    public string? Get(string key) => _documents.FindById(key)?["content"].AsString;

    public IEnumerable<(string Key, bool Intact)> All() =>
        _documents.FindAll().Select(d => (d["_id"].AsString, KeyOf(d["kind"].AsString, d["content"].AsString) == d["_id"].AsString));

    public IReadOnlyList<string> Keys() => [.. _documents.Query().Select(BsonExpression.Create("{_id}")).ToEnumerable().Select(d => d["_id"].AsString)];

    public void Delete(IEnumerable<string> keys)
    {
        foreach (var key in keys) _documents.Delete(key);
        _database.Checkpoint();
    }

    public void Dispose() => _database.Dispose();
}

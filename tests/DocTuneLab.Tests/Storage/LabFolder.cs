using Dapper;
using DocTuneLab.Documents.Model;
using DocTuneLab.Documents.Parsing;
using DocTuneLab.Endpoints.Exchange;
using Microsoft.Data.Sqlite;

namespace DocTuneLab.Tests.Storage;

/// <summary>A temporary folder with a lab and a documentation folder in it.</summary>
public sealed class LabFolder : IDisposable
{
    private readonly string _root = System.IO.Directory.CreateTempSubdirectory("doctune-lab-").FullName;

    public string Lab => Path.Combine(_root, "lab");

    public string Docs => Path.Combine(_root, "docs");

    public string At(string name) => Path.Combine(_root, name);

    public string Write(string path, string text, DateTime? modified = null)
    {
        var file = Path.Combine(Docs, path);
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        // Long ago, so that the scan may trust the time of the file.
        File.SetLastWriteTimeUtc(file, modified ?? new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        return file;
    }

    public T Sql<T>(string query)
    {
        using var sql = Connect();
        return sql.ExecuteScalar<T>(query)!;
    }

    public void Execute(string statements)
    {
        using var sql = Connect();
        sql.Execute(statements);
    }

    public void Dispose() => System.IO.Directory.Delete(_root, recursive: true);

    public static Document Page(string path, string text, Split split = Split.Train) => MarkdownParser.Parse(path, text, split);

    public static KeptAnswer Answer(string key, string raw) => new()
    {
        Key = key,
        Model = "m",
        Endpoint = "e",
        Attempts = 2,
        PromptTokens = 10,
        CompletionTokens = 20,
        Cost = 0.5,
        Raw = raw,
    };

    private SqliteConnection Connect()
    {
        var sql = new SqliteConnection($"Data Source={Path.Combine(Lab, "lab.sqlite")};Pooling=False");
        sql.Open();
        return sql;
    }
}

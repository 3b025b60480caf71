using Dapper;
using DocTuneLab.Storage;
using Microsoft.Data.Sqlite;

namespace DocTuneLab.Tests.Storage;

/// <summary>Labs as every earlier version wrote them open with all that was in them.</summary>
public sealed class MigrationTests : IDisposable
{
    private readonly LabFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<int> Older => [.. Enumerable.Range(0, LabSchema.Version)];

    [Theory]
    [MemberData(nameof(Older))]
    public void A_lab_of_an_older_version_keeps_its_data_and_has_the_tables_of_a_new_one(int version)
    {
        Directory.CreateDirectory(_folder.Lab);
        using (var sql = new SqliteConnection($"Data Source={Path.Combine(_folder.Lab, "lab.sqlite")};Pooling=False"))
        {
            sql.Open();
            LabSchema.AddFunctions(sql);
            LabSchema.Migrate(sql, _folder.Lab, version);
            if (version > 0)
                sql.Execute("""
                    INSERT INTO documents (path, hash, settings, title, language, split, text, tree_key)
                        VALUES ('a.md', 'h', 's', 'Tank', 'en', 'Train', '# Tank' || char(10) || 'alpha', 'k');
                    INSERT INTO chunks (id, document_path, ordinal, start, length, heading_path, text, code_blocks, token_count)
                        VALUES ('c1', 'a.md', 0, 0, 12, '["Tank","\u9600\u95e8"]', 'alpha ReadAll', '[]', 2);
                    INSERT INTO chunk_symbols (chunk_row, symbol_id) SELECT row, 'T:Tank' FROM chunks;
                    INSERT INTO samples (id, ordinal, kind, split, accepted, messages) VALUES ('s1', 0, 'Qa', 'Train', 1, '[]');
                    INSERT INTO sample_evidence (sample_id, ordinal, kind, target) VALUES ('s1', 0, 'chunk', 'c1');
                    INSERT INTO runs (id, kind, status, started, configuration_key)
                        VALUES ('r1', 'train', 'done', '2025-01-01T00:00:00.0000000Z', 'k');
                    """);
            // From version 7 on, headings are indexed as text instead of as JSON.
            var heading = version < 7 ? "heading_path" : "(SELECT group_concat(value, ' ') FROM json_each(heading_path))";
            if (version > 1)
                sql.Execute(
                    $"INSERT INTO chunks_fts (rowid, heading, text) SELECT row, search_text({heading}), search_text(text) FROM chunks");
        }
        if (version > 0)
            Assert.Contains($"version {version},", Assert.Throws<LabException>(() => Lab.Open(_folder.Lab, readOnly: true)).Message);
        using (var lab = Lab.Open(_folder.Lab))
        {
            if (version > 0)
            {
                Assert.Equal("c1", Assert.Single(lab.Documents.Search("alpha")).Chunk.Id);
                Assert.Single(lab.Documents.Search("read"));
                Assert.Single(lab.Documents.Search("tank"));
                Assert.Single(lab.Documents.Search("阀门"));
                Assert.Equal(["T:Tank"], Assert.Single(lab.Documents.Chunks()).Symbols);
                Assert.Equal(["c1"], Assert.Single(lab.Samples.List()).Evidence.Chunks);
                Assert.Null(Assert.Single(lab.Runs.List()).Environment);
            }
        }
        var fresh = _folder.At("fresh");
        Lab.Open(fresh).Dispose();
        Assert.Equal(Tables(fresh), Tables(_folder.Lab));
    }

    private static IReadOnlyList<string> Tables(string lab)
    {
        using var sql = new SqliteConnection($"Data Source={Path.Combine(lab, "lab.sqlite")};Pooling=False");
        sql.Open();
        return LabSchema.Describe(sql);
    }
}

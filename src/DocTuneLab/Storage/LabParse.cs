using System.Text.Json;
using Dapper;
using DocTuneLab.Documents.Chunking;
using DocTuneLab.Documents.Linking;
using DocTuneLab.Text;
using DocTuneLab.Tokenization;

namespace DocTuneLab.Storage;

/// <summary>Reads documentation and library into a lab; see <see cref="LabDocuments.Parse"/>.</summary>
internal sealed class LabParse(LabDatabase database, LabIngest ingest, ParseOptions options)
{
    private sealed record ScanRow(string Root, string Settings, string Scanned, string ReportKey);

    // The parser itself is among what the result depends on.
    private static string ParserVersion => VersionOf(typeof(Chunker));

    /// <summary>What the pages' structure depends on: dialects, each with its code.</summary>
    private IEnumerable<string> Reading => options.Reading.Dialects.Select(d => $"{d.Name} {VersionOf(d.GetType())}")
        .Append($"{options.Reading.GitIgnore} {options.Reading.MaxPageBytes} {string.Join('\n', options.Reading.Ignore)}");

    public ParseReport Run(IProgress<(int Done, int Total)>? progress, ParseInput? input, CancellationToken cancellation)
    {
        database.Writing();
        var roots = ParseInput.Roots(options);
        var settings = ContentHash.Of([
            ParserVersion, Describe(options.Chunker(new(CountCharacters, options.MaxTokens))), .. Reading, .. roots,
            options.TokenizerDirectory is { } tokenizer ? ContentHash.OfFile(Path.Combine(tokenizer, "tokenizer.json")) : "",
            .. options.Assemblies.SelectMany(a => new[] { a, Path.ChangeExtension(a, ".xml") }).Concat(options.References)
                .Where(File.Exists)
                .Select(ContentHash.OfFile)
        ]);
        var started = database.Time;
        var scans = roots.Select(root => Scan(root, settings)).ToList();
        if (!options.Full && roots.Count > 0 && scans.All(s => s.Report is not null)
            && database.Query<string>("SELECT root FROM scans").Count == roots.Count
            && LabJson.Read<ParseReport>(scans[0].Report!) is var last
            // What the library needs may be found by now.
            && last.Problems.All(p => p.Kind != ParseInput.MissingReferenceKind))
            return last with { Changes = new(0, 0, last.Pages, 0), StaleSamples = CountStale(), FromScan = true };
        input ??= ParseInput.Load(options, cancellation);
        var report = ParseAll(input, progress, cancellation);
        SaveScans(roots, scans.Select(s => s.Files), settings, started, report, input);
        return report;
    }

    private (List<SourceFile> Files, string? Report) Scan(string root, string settings)
    {
        var former = database.Query<ScanRow>(
            "SELECT root AS Root, settings AS Settings, scanned AS Scanned, report_key AS ReportKey FROM scans WHERE root = @root",
            new { root })
            .SingleOrDefault();
        var known = database.Query<SourceFile>(
            "SELECT path AS Path, size AS Size, modified AS Modified, hash AS Hash FROM sources WHERE root = @root", new { root })
            .ToDictionary(f => f.Path, StringComparer.Ordinal);
        var files = SourceScan.Read(root, known, former is null ? default : LabTime.Read(former.Scanned));
        var same = former?.Settings == settings
            && files.Count == known.Count
            && files.All(f => known.TryGetValue(f.Path, out var k) && k.Hash == f.Hash);
        return (files, same ? database.Document(former!.ReportKey) : null);
    }

    private ParseReport ParseAll(ParseInput input, IProgress<(int Done, int Total)>? progress, CancellationToken cancellation)
    {
        var (documents, api) = (input.Documents, input.Api);
        var linker = api is null ? null : new SymbolLinker(api, input.Judge);
        var file = options.TokenizerDirectory is { } directory ? Path.Combine(directory, "tokenizer.json") : null;
        var chunker = options.Chunker(
            new(file is null ? CountCharacters : HuggingFaceTokenizer.Load(file).Count, options.MaxTokens, linker));
        var cutting = ContentHash.Of([ParserVersion, Describe(chunker), .. Reading, file is null ? "" : ContentHash.OfFile(file),
            api?.Hash ?? ""]);
        var changes = ingest.Save(documents, chunker.Chunk, cutting, progress is null ? null : new Steps(progress, documents.Count),
            cancellation);
        if (api is not null) ingest.SaveSymbols(api);
        return database.Read(() => new ParseReport
        {
            Changes = changes,
            Pages = documents.Count,
            Chunks = database.Scalar<long>("SELECT count(*) FROM chunks"),
            Tokens = database.Scalar<long>("SELECT coalesce(sum(token_count), 0) FROM chunks"),
            Symbols = api?.Symbols.Count ?? 0,
            LinkedSymbols = database.Scalar<long>("SELECT count(DISTINCT symbol_id) FROM chunk_symbols"),
            StaleSamples = CountStale(),
            Problems = input.Problems,
            FromScan = false,
        });
    }

    private void SaveScans(List<string> roots, IEnumerable<List<SourceFile>> files, string settings, DateTimeOffset started,
        ParseReport report, ParseInput input) =>
        database.Transact((transaction, store) =>
        {
            var key = store.Put("parse-report", JsonSerializer.Serialize(report));
            var scanned = LabTime.Write(started);
            LabMeta.Write(database.Sql, transaction, (LabMeta.Read(database.Sql) ?? new()) with
            {
                Pages = roots,
                Assemblies = input.Judge?.References.LibraryPaths ?? [],
                References = [.. options.References.Select(Path.GetFullPath)],
            });
            database.Sql.Execute("DELETE FROM scans", transaction: transaction);
            foreach (var (root, list) in roots.Zip(files))
            {
                database.Sql.Execute(
                    "INSERT INTO scans (root, settings, scanned, report_key) VALUES (@root, @settings, @scanned, @key)",
                    new { root, settings, scanned, key }, transaction);
                database.Sql.Execute(
                    "INSERT INTO sources (root, path, size, modified, hash) VALUES (@root, @Path, @Size, @Modified, @Hash)",
                    list.Select(f => new { root, f.Path, f.Size, f.Modified, f.Hash }), transaction);
            }
            return 0;
        });

    private string Describe(IChunker chunker) =>
        $"{options.MaxTokens} {chunker.GetType().FullName} {VersionOf(chunker.GetType())} {chunker.Settings}";

    private static string VersionOf(Type type) => type.Module.ModuleVersionId.ToString("N");

    private static int CountCharacters(string text) => (text.Length + 3) / 4;

    private long CountStale() => database.Scalar<long>("SELECT count(DISTINCT sample_id) FROM stale_samples");

    private sealed class Steps(IProgress<(int Done, int Total)> progress, int total) : IProgress<int>
    {
        public void Report(int value) => progress.Report((value, total));
    }
}

using System.Text.Json;
using Dapper;
using DocTuneLab.Documents.Chunking;
using DocTuneLab.Documents.Linking;
using DocTuneLab.Text;
using DocTuneLab.Tokenization;

namespace DocTuneLab.Storage;

/// <summary>What to parse into a lab, and how.</summary>
public sealed record ParseOptions
{
    /// <summary>Documentation folders. With more than one, the paths of pages begin with the folder's name.</summary>
    public required IReadOnlyList<string> Sources { get; init; }

    /// <summary>The private library's assemblies; their XML files lie beside them. Without any, chunks are not linked to symbols.</summary>
    public IReadOnlyList<string> Assemblies { get; init; } = [];

    /// <summary>Budget of a chunk in tokens. Default 384.</summary>
    public int MaxTokens { get; init; } = 384;

    /// <summary>Folder of the model whose tokenizer counts. Default null: four characters count as a token.</summary>
    public string? TokenizerDirectory { get; init; }

    /// <summary>Parse even where nothing changed. Default false.</summary>
    public bool Full { get; init; }
}

/// <summary>Something wrong with the documentation.</summary>
/// <param name="Path">Page or file.</param>
/// <param name="Line">One-based line, 0 where there is none.</param>
/// <param name="Kind">Such as <c>broken-link</c>.</param>
/// <param name="Message">What, and what to do.</param>
public sealed record ParseProblem(string Path, int Line, string Kind, string Message)
{
    /// <summary><c>file:line: message</c>.</summary>
    public override string ToString() => Line > 0 ? $"{Path}:{Line}: {Message}" : $"{Path}: {Message}";
}

/// <summary>What parsing came to.</summary>
/// <param name="Changes">In pages.</param>
/// <param name="Pages">Pages in the lab.</param>
/// <param name="Chunks">Their passages.</param>
/// <param name="Tokens">Tokens of all passages.</param>
/// <param name="Symbols">Public members of the library.</param>
/// <param name="LinkedSymbols">How many of them a passage mentions.</param>
/// <param name="StaleSamples">Samples in the lab that no longer stand.</param>
/// <param name="Problems">What is wrong with the documentation.</param>
/// <param name="FromScan">Nothing had changed since the last time, so nothing was parsed.</param>
public sealed record ParseReport(DocumentChanges Changes, int Pages, long Chunks, long Tokens, int Symbols, long LinkedSymbols, long StaleSamples, IReadOnlyList<ParseProblem> Problems, bool FromScan);

public sealed partial class Lab
{
    private sealed record ScanRow(string Root, string Settings, string Scanned, string ReportKey);

    /// <summary>
    /// Reads documentation and library into the lab. Where no file changed since the last time, that is all that is looked at;
    /// where some did, unchanged pages are not cut again.
    /// </summary>
    /// <param name="options">What to parse.</param>
    /// <param name="progress">Pages cut so far, and in all.</param>
    /// <param name="cancellation">Stops after the page at hand; what is done is kept.</param>
    /// <param name="input">What was read of <paramref name="options"/> already, by a caller that needs it too; null reads what is needed.</param>
    /// <exception cref="LabException">A folder or assembly is missing or unreadable; the lab cannot be written.</exception>
    public ParseReport Parse(ParseOptions options, IProgress<(int Done, int Total)>? progress = null, CancellationToken cancellation = default, ParseInput? input = null)
    {
        Writing();
        var roots = ParseInput.Roots(options);
        // The parser itself is among what the result depends on.
        var settings = ContentHash.Of([
            typeof(Chunker).Module.ModuleVersionId.ToString("N"), $"{options.MaxTokens}", .. roots,
            options.TokenizerDirectory is { } tokenizer ? ContentHash.OfFile(Path.Combine(tokenizer, "tokenizer.json")) : "",
            .. options.Assemblies.SelectMany(a => new[] { a, Path.ChangeExtension(a, ".xml") }).Where(File.Exists).Select(ContentHash.OfFile)]);
        var started = _time.GetUtcNow();
        var scans = roots.Select(root => Scan(root, settings)).ToList();
        if (!options.Full && scans.All(s => s.Report is not null) && Query<string>("SELECT root FROM scans").Count == roots.Count)
        {
            var last = FromJson<ParseReport>(scans[0].Report!);
            return last with { Changes = new(0, 0, last.Pages, 0), StaleSamples = CountStale(), FromScan = true };
        }
        var report = ParseAll(options, input ?? ParseInput.Load(options, cancellation), progress, cancellation);
        SaveScans(roots, scans.Select(s => s.Files), settings, started, report);
        return report;
    }

    private (List<SourceFile> Files, string? Report) Scan(string root, string settings)
    {
        var former = Query<ScanRow>("SELECT root AS Root, settings AS Settings, scanned AS Scanned, report_key AS ReportKey FROM scans WHERE root = @root", new { root }).SingleOrDefault();
        var known = Query<SourceFile>("SELECT path AS Path, size AS Size, modified AS Modified, hash AS Hash FROM sources WHERE root = @root", new { root }).ToDictionary(f => f.Path, StringComparer.Ordinal);
        var files = SourceScan.Read(root, known, former is null ? default : Date(former.Scanned));
        var same = former?.Settings == settings && files.Count == known.Count && files.All(f => known.TryGetValue(f.Path, out var k) && k.Hash == f.Hash);
        return (files, same ? GetDocument(former!.ReportKey) : null);
    }

    private ParseReport ParseAll(ParseOptions options, ParseInput input, IProgress<(int Done, int Total)>? progress, CancellationToken cancellation)
    {
        var (documents, api) = (input.Documents, input.Api);
        var linker = api is null ? null : new SymbolLinker(api, input.Judge);
        var tokenizer = options.TokenizerDirectory is { } directory ? HuggingFaceTokenizer.Load(Path.Combine(directory, "tokenizer.json")) : null;
        var chunker = tokenizer is null ? new Chunker(text => (text.Length + 3) / 4, options.MaxTokens, linker) : new Chunker(tokenizer, options.MaxTokens, linker);
        var cutting = ContentHash.Of(typeof(Chunker).Module.ModuleVersionId.ToString("N"), $"{options.MaxTokens}", tokenizer is null ? "" : ContentHash.OfFile(Path.Combine(options.TokenizerDirectory!, "tokenizer.json")), api?.Hash ?? "");
        var changes = SaveDocuments(documents, chunker.Chunk, cutting, progress is null ? null : new Steps(progress, documents.Count), cancellation);
        if (api is not null) SaveSymbols(api);
        lock (_gate)
        {
            return new(changes, documents.Count, _sql.ExecuteScalar<long>("SELECT count(*) FROM chunks"), _sql.ExecuteScalar<long>("SELECT coalesce(sum(token_count), 0) FROM chunks"),
                api?.Symbols.Count ?? 0, _sql.ExecuteScalar<long>("SELECT count(DISTINCT symbol_id) FROM chunk_symbols"), CountStale(), input.Problems, FromScan: false);
        }
    }

    private void SaveScans(List<string> roots, IEnumerable<List<SourceFile>> files, string settings, DateTimeOffset started, ParseReport report) => Transact((transaction, store) =>
    {
        var key = store.Put("parse-report", JsonSerializer.Serialize(report));
        _sql.Execute("DELETE FROM scans", transaction: transaction);
        foreach (var (root, list) in roots.Zip(files))
        {
            _sql.Execute("INSERT INTO scans (root, settings, scanned, report_key) VALUES (@root, @settings, @scanned, @key)", new { root, settings, scanned = Text(started), key }, transaction);
            _sql.Execute("INSERT INTO sources (root, path, size, modified, hash) VALUES (@root, @Path, @Size, @Modified, @Hash)", list.Select(f => new { root, f.Path, f.Size, f.Modified, f.Hash }), transaction);
        }
        return 0;
    });

    private long CountStale()
    {
        lock (_gate) return _sql.ExecuteScalar<long>("SELECT count(DISTINCT sample_id) FROM stale_samples");
    }

    private sealed class Steps(IProgress<(int Done, int Total)> progress, int total) : IProgress<int>
    {
        public void Report(int value) => progress.Report((value, total));
    }
}

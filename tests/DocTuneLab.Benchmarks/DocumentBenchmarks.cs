using System.Diagnostics;
using System.Globalization;
using System.Text;
using DocTuneLab.Documents;
using DocTuneLab.Documents.Chunking;
using DocTuneLab.Documents.Linking;
using DocTuneLab.Documents.Model;
using DocTuneLab.Documents.Parsing;
using DocTuneLab.Documents.Sources;
using DocTuneLab.Library;
using DocTuneLab.Tokenization;
using Markdig;

namespace DocTuneLab.Benchmarks;

/// <summary>Documents against the bare Markdown parser, their growth to 100 MB, and whole documentation sets in a table.</summary>
internal static class DocumentBenchmarks
{
    private const int Rounds = 9;

    /// <summary>
    /// <c>documents [DIR]</c>: megabytes a second of <see cref="MarkdownParser"/> (extensions, sections, code blocks, links, elements,
    /// anchors, language, content hash) beside Markdig's own parse with no extension and with ours, on one thread, both sides in turn; then
    /// time and memory while 10 and 100 MB are read from disk page by page.
    /// </summary>
    public static int Run(string[] args)
    {
        var directory = args.Length > 0 ? args[0] : Path.Combine(Root(), "data", "private-library", "docs");
        var pages = DocumentSource.Open(directory) is var source
            ? source.Paths.Select(source.ReadText).OfType<string>().Where(t => t.Length > 0).ToArray()
            : [];
        var bytes = pages.Sum(Encoding.UTF8.GetByteCount);
        // About a quarter of a second a side, so that a pause of the machine does not decide.
        var repeats = Math.Max(1, (int)(4e6 / bytes));
        Console.WriteLine($"{pages.Length} pages, {bytes / 1e6:F2} MB of {directory}, {repeats} times a round, {Rounds} rounds, "
            + "processor time of one thread");
        var bare = new Side("Markdig, no extensions", t => Markdig.Markdown.Parse(t));
        // The syntax that pages of documentation are written in: without it Markdig would not see their tables, notes and front matter.
        var pipeline = new Markdig.MarkdownPipelineBuilder().UsePreciseSourceLocation().UseYamlFrontMatter().UsePipeTables().UseTaskLists()
            .UseFootnotes().UseDefinitionLists().UseAlertBlocks().UseMathematics().UseCustomContainers().Build();
        var extended = new Side("Markdig, same extensions", t => Markdig.Markdown.Parse(t, pipeline));
        var ours = new Side("documents: all of parsing", t => MarkdownParser.Parse("p.md", t, problems: []));
        Side[] sides = [bare, extended, ours];
        for (var round = -8; round < Rounds; round++)
            foreach (var side in sides)
            {
                // Processor time: what else the machine does changes the clock's.
                var start = Environment.CpuUsage.TotalTime;
                for (var i = 0; i < repeats; i++)
                    foreach (var page in pages) side.Work(page);
                if (round >= 0) side.Seconds.Add((Environment.CpuUsage.TotalTime - start).TotalSeconds);
            }
        foreach (var side in sides) Console.WriteLine($"  {side.Name,-28} {bytes * repeats / 1e6 / Median(side.Seconds),8:F1} MB/s");
        foreach (var side in new[] { bare, extended })
            Console.WriteLine(
                $"  documents to {side.Name,-16} {Median([.. side.Seconds.Zip(ours.Seconds, (b, o) => b / o)]),8:P0} (median of rounds)");
        Growth(pages);
        return 0;
    }

    /// <summary><c>docsets NAME=PATH[,DLL]...</c>: a line for each set of documentation, with coverage checked for every page.</summary>
    public static int Table(string[] sets)
    {
        Console.WriteLine("| Set | Kind | Pages | MB | Chunks | Symbols linked | Problems | Broken links | Seconds |\n"
            + "|---|---|---|---|---|---|---|---|---|");
        var tokenizer = HuggingFaceTokenizer.Load(Path.Combine(Root(), "data", "models", "nano", "tokenizer.json"));
        foreach (var set in sets)
        {
            var (name, rest) = set.Split('=', 2) is [var n, var r] ? (n, r) : throw new LabException($"{set}: expected NAME=PATH[,DLL]...");
            var paths = rest.Split(',');
            var watch = Stopwatch.StartNew();
            var documents = DocumentSet.Load(paths[0]);
            var assemblies = paths.Skip(1).Concat(documents.Site.Assemblies).ToArray();
            var references = assemblies.Length > 0 ? ReferenceSet.Load(assemblies) : null;
            var api = references is null ? null : ApiModel.Load(references);
            var chunker = new Chunker(tokenizer, 384, api is null ? null : new SymbolLinker(api, new CSharpJudge(references!)));
            var (chunks, linked) = (0, new HashSet<string>());
            foreach (var document in documents.Documents)
            {
                var cut = chunker.Chunk(document);
                CheckCoverage(document, cut, 384);
                chunks += cut.Count;
                foreach (var chunk in cut) linked.UnionWith(chunk.Symbols);
            }
            var bytes = documents.Documents.Sum(d => (long)Encoding.UTF8.GetByteCount(d.Text));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {name} | {documents.Site.Kind} | {documents.Documents.Count} | {bytes / 1e6:F2} | {chunks} | "
                    + $"{(api is null ? "no assembly" : $"{linked.Count} of {api.Symbols.Count}")} | {documents.Problems.Count} | "
                    + $"{documents.BrokenLinks.Count} | {watch.Elapsed.TotalSeconds:F1} |"));
            foreach (var kind in documents.Problems.GroupBy(p => p.Kind))
                Console.Error.WriteLine($"    {name}: {kind.Count()} {kind.Key}, such as {kind.First()}");
        }
        return 0;
    }

    /// <summary><c>longline</c>: pages that are a single line of 5 and 50 MB, read from disk and cut with a real tokenizer;
    /// coverage is checked.</summary>
    public static int LongLine()
    {
        var tokenizer = HuggingFaceTokenizer.Load(Path.Combine(Root(), "data", "models", "nano", "tokenizer.json"));
        var folder = Directory.CreateTempSubdirectory("doctune-longline-").FullName;
        try
        {
            Console.WriteLine("| One line of | MB | Read and parsed s | Cut s | Chunks | Peak of memory MB |\n|---|---|---|---|---|---|");
            foreach (var (name, unit) in new[]
            {
                ("words", "Open the valve, then read 42.5 litres from the tank. "),
                ("minified JSON", "{\"id\":17,\"tags\":[\"a\",\"b\"],\"value\":-0.5},"), ("letters without a blank", "abcdefghij"),
                ("Chinese", "打开储罐的阀门，然后读取液位。"), ("table cells", "| a | `b` ")
            })
                foreach (var megabytes in new[] { 5, 50 })
                {
                    var file = Path.Combine(folder, "page.md");
                    using (var writer = new StreamWriter(file))
                        for (long written = 0, size = Encoding.UTF8.GetByteCount(unit); written < megabytes * 1_000_000L; written += size)
                            writer.Write(unit);
                    GC.Collect();
                    var (before, peak) = (GC.GetTotalMemory(forceFullCollection: true), 0L);
                    using var watching = new Timer(_ => peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: false) - before), null,
                        0, 5);
                    var start = Environment.CpuUsage.TotalTime;
                    var document = DocumentSource.Open(folder).ReadAll().Single();
                    var read = Environment.CpuUsage.TotalTime;
                    var chunks = new Chunker(tokenizer).Chunk(document);
                    var cut = Environment.CpuUsage.TotalTime;
                    CheckCoverage(document, chunks, 384);
                    Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                        $"| {name} | {megabytes} | {(read - start).TotalSeconds:F2} | {(cut - read).TotalSeconds:F2} | {chunks.Count} | "
                            + $"{peak / 1e6:F0} |"));
                }
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Throws unless the chunks cover every non-blank character exactly once within the budget.</summary>
    public static void CheckCoverage(Document document, IReadOnlyList<Chunk> chunks, int budget)
    {
        var cursor = 0;
        foreach (var chunk in chunks)
        {
            if (chunk.Span.Start < cursor || !document.Text.AsSpan(cursor, chunk.Span.Start - cursor).IsWhiteSpace())
                throw new InvalidOperationException($"{document.Path}: characters {cursor} to {chunk.Span.Start} are not covered once");
            if (!document.Text.AsSpan(chunk.Span.Start, chunk.Span.Length).SequenceEqual(chunk.Text))
                throw new InvalidOperationException($"{document.Path}: the chunk at {chunk.Span.Start} is not its source");
            // A single character may have more tokens than a tiny budget.
            if (chunk.TokenCount > budget && chunk.Text.Length > 2)
                throw new InvalidOperationException(
                    $"{document.Path}: the chunk at {chunk.Span.Start} has {chunk.TokenCount} tokens, more than {budget}");
            cursor = chunk.Span.End;
        }
        if (!document.Text.AsSpan(cursor).IsWhiteSpace())
            throw new InvalidOperationException($"{document.Path}: characters from {cursor} are not covered");
    }

    private static void Growth(string[] pages)
    {
        var folder = Directory.CreateTempSubdirectory("doctune-growth-").FullName;
        try
        {
            var (written, file) = (0L, 0);
            var results = new List<(double Megabytes, double Seconds, double Peak)>();
            foreach (var target in new[] { 10L << 20, 100L << 20 })
            {
                while (written < target)
                {
                    var page = Encoding.UTF8.GetBytes($"{pages[file % pages.Length]}\n\nPage {file}.\n");
                    var path = Path.Combine(folder, $"{file / 500:000}", $"{file++:00000}.md");
                    Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                    File.WriteAllBytes(path, page);
                    written += page.Length;
                }
                GC.Collect();
                var before = GC.GetTotalMemory(forceFullCollection: true);
                var (peak, sections) = (0L, 0);
                var watch = Stopwatch.StartNew();
                foreach (var document in DocumentSource.Open(folder).ReadAll())
                    if (++sections % 64 == 0) peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: false) - before);
                results.Add((written / 1e6, watch.Elapsed.TotalSeconds, peak / 1e6));
            }
            foreach (var (megabytes, seconds, peak) in results)
                Console.WriteLine($"  from disk {megabytes,6:F0} MB {seconds,7:F2} s {megabytes / seconds,7:F1} MB/s, at most {peak:F0} MB "
                    + "of memory above the start");
            Console.WriteLine("  ten times the text takes "
                + $"{results[1].Seconds / results[0].Seconds * results[0].Megabytes / results[1].Megabytes * 10:F1} times the time");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    internal static string Root()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "DocTuneLab.sln"))) return at.FullName;
        throw new LabException("DocTuneLab.sln was not found above the program. Run the benchmarks from the repository.");
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private sealed record Side(string Name, Action<string> Work)
    {
        public List<double> Seconds { get; } = [];
    }
}

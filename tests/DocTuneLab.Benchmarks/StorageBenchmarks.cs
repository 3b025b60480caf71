using System.Diagnostics;
using System.Globalization;
using DocTuneLab.Documents.Model;
using DocTuneLab.Documents.Parsing;
using DocTuneLab.Storage;
using DocTuneLab.Text;

namespace DocTuneLab.Benchmarks;

/// <summary>The lab's databases at size: inserts, full-text queries, a scan where nothing changed.
/// Each number stands beside what it must reach.</summary>
public static class StorageBenchmarks
{
    private const int ChunksPerPage = 10;
    private const int Vocabulary = 20_000;

    /// <param name="pages">Pages to insert, ten chunks each, and files to scan.</param>
    public static int Run(int pages = 10_000)
    {
        var root = Directory.CreateTempSubdirectory("doctune-storage-").FullName;
        try
        {
            var random = new Random(1);
            // Once small, so that what is measured is not the compiler.
            using (var warm = Lab.Open(Path.Combine(root, "warm")))
            {
                warm.Documents.Save([.. Enumerable.Range(0, 500).Select(i => Page(i, random))], Cut, "s");
                for (var i = 0; i < 50; i++) warm.Documents.Search($"word{i} of");
            }
            var documents = Enumerable.Range(0, pages).Select(i => Page(i, random)).ToList();
            using (var lab = Lab.Open(Path.Combine(root, "lab")))
            {
                var cut = documents.ToDictionary(d => d.Path, Cut, StringComparer.Ordinal);
                var watch = Stopwatch.StartNew();
                var insert = Time(() => lab.Documents.Save(documents, d => cut[d.Path], "s"));
                watch.Stop();
                Print($"insert {pages * ChunksPerPage:N0} chunks", $"{pages * ChunksPerPage / insert.TotalSeconds:N0} chunks/s",
                    "at least 20,000");
                Print("  by the clock", $"{pages * ChunksPerPage / watch.Elapsed.TotalSeconds:N0} chunks/s", "");
                var again = Time(() => lab.Documents.Save(documents, d => throw new InvalidOperationException(d.Path), "s"));
                Print($"compare {pages:N0} unchanged pages", $"{again.TotalSeconds:0.00} s", "");
                foreach (var query in new[]
                {
                    "word0", "word1 word7 word300 word0 word2", "word9 word5000", "unique123", "阀门 打开", "word3 of ReadValue42"
                })
                {
                    lab.Documents.Search(query);
                    var times =
                        Enumerable.Range(0, 20).Select(_ => Time(() => lab.Documents.Search(query)).TotalMilliseconds).Order().ToList();
                    Print($"search '{query}'", $"{times[10]:0.0} ms median, {times[18]:0.0} ms at 95 %", "under 10 ms");
                }
                Print("verify", $"{Time(() => lab.Maintenance.Verify()).TotalSeconds:0.0} s", "");
            }
            var docs = Path.Combine(root, "docs");
            foreach (var document in documents)
            {
                var file = Path.Combine(docs, document.Path);
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                File.WriteAllText(file, document.Text);
                File.SetLastWriteTimeUtc(file, new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc));
            }
            using var scanned = Lab.Open(Path.Combine(root, "scanned"));
            var first = Time(() => scanned.Documents.Parse(new ParseOptions { Sources = [docs] }));
            Print($"parse {pages:N0} files",
                $"{first.TotalSeconds:0.0} s, {documents.Sum(d => (long)d.Text.Length) / 1e6 / first.TotalSeconds:0.0} MB/s", "");
            Print($"scan {pages:N0} unchanged files",
                $"{Time(() => scanned.Documents.Parse(new ParseOptions { Sources = [docs] })).TotalSeconds:0.00} s", "under 3 s");
            foreach (var file in Directory.EnumerateFiles(docs, "*.md", SearchOption.AllDirectories))
                File.SetLastWriteTimeUtc(file, new DateTime(2024, 1, 2, 0, 0, 0, DateTimeKind.Utc));
            Print($"scan {pages:N0} touched files by hash",
                $"{Time(() => scanned.Documents.Parse(new ParseOptions { Sources = [docs] })).TotalSeconds:0.00} s", "under 3 s");
            File.AppendAllText(Path.Combine(docs, documents[0].Path), "\nOne more line.\n");
            Print("parse after one page changed",
                $"{Time(() => scanned.Documents.Parse(new ParseOptions { Sources = [docs] })).TotalSeconds:0.00} s", "");
            return 0;
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static Document Page(int number, Random random)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"# Page "
            + $"{number}\n\n") + string.Join("\n\n", Enumerable.Range(0, ChunksPerPage).Select(n =>
            string.Create(CultureInfo.InvariantCulture,
                $"## Part {n}\n\nCall `ReadValue{random.Next(5000)}` unique{number * ChunksPerPage + n}. 打开储罐的阀门。 ")
                + string.Join(' ', Enumerable.Range(0, 60).Select(_ => Word(random))) + "."));
        return MarkdownParser.Parse($"{number / 100:000}/{number:00000}.md", text, Split.Train);
    }

    // By Zipf's law, as in any language: a few words are in every passage, most in hardly any.
    private static string Word(Random random) =>
        string.Create(CultureInfo.InvariantCulture, $"word{(int)Math.Pow(Vocabulary, random.NextDouble()) - 1}");

    // One chunk a section, as the real cutter does with a small budget; its own speed is measured elsewhere.
    private static IReadOnlyList<Chunk> Cut(Document document) => [.. document.Root.Children[0].Children.Select(s =>
    {
        var text = document.Text.Substring(s.Span.Start, s.Span.Length).TrimEnd();
        string[] headings = [document.Title, s.Heading];
        return new Chunk
        {
            Id = ContentHash.Of([.. headings, text]),
            DocumentPath = document.Path,
            Span = new(s.Span.Start, text.Length),
            HeadingPath = headings,
            Text = text,
            CodeBlocks = [],
            Symbols = [$"T:Page{document.Path.Length}", $"M:{s.Heading}"],
            TokenCount = text.Length / 4,
        };
    })];

    // Processor time, which other processes on the machine do not change as they change the clock's.
    private static TimeSpan Time(Action work)
    {
        var start = Environment.CpuUsage.TotalTime;
        work();
        return Environment.CpuUsage.TotalTime - start;
    }

    private static void Print(string what, string measured, string target) => Console.WriteLine($"{what,-58} {measured,-34} {target}");
}

using System.Diagnostics;
using System.Text;
using DocTuneLab.Documents;
using DocTuneLab.Documents.Chunking;
using DocTuneLab.Documents.Model;
using DocTuneLab.Documents.Parsing;
using DocTuneLab.Documents.Sources;

namespace DocTuneLab.Benchmarks;

/// <summary>
/// <c>fuzz MINUTES SEED DIR...</c>: mutates the pages of folders and demands that each parses, is cut, and is covered exactly
/// once. Input n is made from seed + n alone, so a failure can be had again: a minute of 0 runs one input.
/// </summary>
internal static class DocumentFuzz
{
    private static readonly string[] s_fragments =
    [
        "\n\n", "\n", "    ", "\t", "# ", "- ", "> ", "```\n", "~~~", "| a | b |\n|---|---|\n", "---\n", "===\n", "`", "$$\n", "[^1]: ",
        "[x]: y\n", "![", "](", "<div>", "<!--", "!!! note\n", "=== \"T\"\n", ":::x\n", ":::\n", "Term\n: ", "[!INCLUDE [a](b)]",
        "--8<-- \"f\"\n",
        "\0", "\r", "\u2028", "\uD83D", "\uFEFF", "\u202E", "储罐。", "&#x0;", "**", "__", "~~", "{#id}", "import a from 'b'\n",
        "---\na: [\n---\n",
    ];

    public static int Run(string[] args)
    {
        var (minutes, seed) = (double.Parse(args[0], System.Globalization.CultureInfo.InvariantCulture),
            long.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture));
        var pages = args.Skip(2)
            .SelectMany(d => DocumentSource.Open(d) is var s ? s.Paths.Select(s.ReadText).OfType<string>() : [])
            .Where(p => p.Length is > 0 and < 200_000)
            .ToArray();
        var folder = Directory.CreateTempSubdirectory("doctune-fuzz-").FullName;
        var (watch, said, count, bytes, failures, slowest) = (Stopwatch.StartNew(), 0.0, 0L, 0L, 0, (Seconds: 0.0, Seed: 0L));
        do
        {
            var random = new Random((int)((seed + count) % int.MaxValue));
            var text = Mutate(pages, random);
            var one = Stopwatch.StartNew();
            try
            {
                Check(text, random, folder, asFile: count % 16 == 0);
            }
            catch (Exception e)
            {
                failures++;
                Console.WriteLine($"FAILED with seed {seed + count}: {e}");
                File.WriteAllText(Path.Combine(Path.GetTempPath(), $"doctune-fuzz-{seed + count}.md"), text);
            }
            if (one.Elapsed.TotalSeconds > slowest.Seconds) slowest = (one.Elapsed.TotalSeconds, seed + count);
            count++;
            bytes += text.Length;
            if (watch.Elapsed.TotalSeconds - said < 30) continue;
            said = watch.Elapsed.TotalSeconds;
            Console.WriteLine($"{said,6:F0} s: {count} inputs, {bytes / 1e6:F0} MB, {failures} failures, slowest {slowest.Seconds:F1} s "
                + $"(seed {slowest.Seed})");
        }
        while (watch.Elapsed.TotalMinutes < minutes);
        Directory.Delete(folder, recursive: true);
        Console.WriteLine($"{watch.Elapsed.TotalMinutes:F1} minutes: {count} inputs of {pages.Length} pages, {bytes / 1e6:F0} MB, "
            + $"{failures} failures, slowest {slowest.Seconds:F1} s (seed {slowest.Seed})");
        return failures == 0 ? 0 : 1;
    }

    private static void Check(string text, Random random, string folder, bool asFile)
    {
        Document? page;
        if (asFile)
        {
            // Through the file system, with bytes that are no text now and then.
            var bytes = Encoding.UTF8.GetBytes(text);
            for (var i = random.Next(4); i > 0 && bytes.Length > 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(Path.Combine(folder, "page.md"), bytes);
            page = DocumentSet.Load(folder).Find("page.md");
        }
        else page = MarkdownParser.Parse("page.md", text, problems: []);
        if (page is null) return;
        var budget = random.Next(4, 300);
        DocumentBenchmarks.CheckCoverage(page,
            new Chunker(t => (t.Length + 3) / 4, budget, overlapTokens: random.Next(budget / 2)).Chunk(page), budget);
        foreach (var span in page.Links.Select(l => l.Span)
            .Concat(page.Elements.Select(e => e.Span))
            .Concat(page.CodeBlocks.Select(c => c.Span)))
            if (span.Start < 0 || span.End > page.Text.Length)
                throw new InvalidOperationException($"the span {span} lies outside of the page");
    }

    private static string Mutate(string[] pages, Random random)
    {
        var text = new StringBuilder(pages[random.Next(pages.Length)]);
        for (var n = random.Next(1, 12); n > 0 && text.Length > 0; n--)
        {
            var at = random.Next(text.Length);
            var length = Math.Min(text.Length - at, 1 << random.Next(12));
            switch (random.Next(8))
            {
                case 0: text.Remove(at, length); break;
                case 1: text.Insert(at, text.ToString(at, length)); break;
                case 2: text.Insert(at, s_fragments[random.Next(s_fragments.Length)]); break;
                case 3: text[at] = (char)random.Next(0x250); break;
                case 4:
                    text.Insert(at, string.Concat(Enumerable.Repeat(s_fragments[random.Next(s_fragments.Length)], random.Next(1, 400))));
                    break;
                case 5:
                    var other = pages[random.Next(pages.Length)];
                    var from = random.Next(other.Length);
                    text.Insert(at, other.AsSpan(from, Math.Min(other.Length - from, length)));
                    break;
                case 6: text.Replace("\n", random.Next(2) == 0 ? "\r\n" : "", at, length); break;
                default: text.Insert(at, new string(' ', random.Next(1, 40))); break;
            }
        }
        return text.ToString();
    }
}

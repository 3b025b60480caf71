using System.Text.Json;
using System.Text.RegularExpressions;
using DocTuneLab.Documents;
using DocTuneLab.Documents.Model;
using DocTuneLab.Library;
using Microsoft.CodeAnalysis;

namespace DocTuneLab.Tests;

/// <summary>The sample library's guide is complete, its code compiles, and its splits and tasks agree with it.</summary>
public partial class PrivateLibraryDocsTests
{
    private const string HeldOutFolder = "howto/";
    private static readonly string[] s_dev = ["gate-keys", "handle-faults", "summarise-readings"];
    private static readonly string[] s_test =
        [
            "build-a-plan", "fill-and-drain-ditches", "gauge-silt", "measure-water", "read-gates", "run-a-plan", "tide-windows",
            "watch-notes"
        ];
    private static readonly string s_data = Path.Combine(Root(), "data", "private-library");
    private static readonly Lazy<DocumentSet> s_docs = new(() => DocumentSet.Load(Path.Combine(s_data, "docs")));
    private static readonly Lazy<(CSharpJudge Judge, ApiModel Api)> s_library = new(Compile);

    private static DocumentSet Docs => s_docs.Value;

    [Fact]
    public void There_are_at_least_35_pages_and_one_is_Chinese()
    {
        Assert.True(Docs.Documents.Count >= 35, $"{Docs.Documents.Count} pages, expected at least 35.");
        Assert.Contains(Docs.Documents, d => d.Language == "zh");
    }

    [Fact]
    public void Every_csharp_block_compiles_unless_it_is_marked_nocompile()
    {
        var judge = s_library.Value.Judge;
        var (judged, failures) = (0, new List<string>());
        foreach (var page in Docs.Documents)
            foreach (var block in page.CodeBlocks.Where(b =>
                b.Language is "csharp" or "cs" or "c#" && !b.Info.Split(' ').Contains("nocompile")))
            {
                judged++;
                var fence = 1 + page.Text.AsSpan(0, block.Span.Start).Count('\n');
                var verdict = judge.Judge(block.Code, CSharpJudge.DetectForm(block.Code), judge.LibraryNamespaces);
                failures.AddRange(verdict.Errors.Select(e => $"{page.Path}:{fence + e.Line}: {e.Id} {e.Message}"));
                if (!verdict.Compiles && verdict.Errors.Count == 0) failures.Add($"{page.Path}:{fence}: does not compile");
            }
        Assert.True(failures.Count == 0, $"{failures.Count} errors in {judged} blocks:\n" + string.Join('\n', failures));
        Assert.True(judged >= 60, $"Only {judged} csharp blocks were found; the guide should show at least 60.");
    }

    [Fact]
    public void Every_public_member_is_named_on_a_page_that_names_its_type()
    {
        var api = s_library.Value.Api;
        Assert.NotEmpty(api.Symbols);
        var pages = Docs.Documents.Select(d =>
            (d.Text, Words: Word().Matches(d.Text).Select(m => m.Value).ToHashSet(StringComparer.Ordinal)))
            .ToList();
        var unnamed = api.Symbols.Where(s => !pages.Any(p => p.Words.Contains((api.TypeOf(s) ?? s).Name) && IsNamed(s, p.Text, p.Words)))
            .Select(s => s.Id)
            .ToList();
        Assert.True(unnamed.Count == 0, $"{unnamed.Count} members that no page names:\n" + string.Join('\n', unnamed));
    }

    [Fact]
    public void Splits_hold_out_the_planned_howtos_and_nothing_else()
    {
        Assert.True(File.Exists(Path.Combine(Docs.Root, "splits.yaml")), "docs/splits.yaml is missing: the splits would be drawn by hash.");
        Assert.Equal(Paths(s_dev), Pages(Split.Dev));
        Assert.Equal(Paths(s_test), Pages(Split.Test));

        static List<string> Paths(string[] names) => [.. names.Select(n => $"{HeldOutFolder}{n}.md").Order(StringComparer.Ordinal)];
        static List<string> Pages(Split split) =>
            [.. Docs.Documents.Where(d => d.Split == split).Select(d => d.Path).Order(StringComparer.Ordinal)];
    }

    [Fact]
    public void Every_page_that_a_task_cites_exists()
    {
        var (cited, missing) = (0, new List<string>());
        foreach (var file in Directory.EnumerateFiles(Path.Combine(s_data, "tasks"), "*.jsonl").Order(StringComparer.Ordinal))
        {
            // Tasks of general knowledge are grouped by topic, not by page.
            if (Path.GetFileName(file) is "general.jsonl" or "retention.jsonl") continue;
            var number = 0;
            foreach (var line in File.ReadLines(file))
            {
                number++;
                if (string.IsNullOrWhiteSpace(line)) continue;
                using var task = JsonDocument.Parse(line);
                foreach (var path in task.RootElement.GetProperty("documents").EnumerateArray().Select(d => d.GetString()!))
                {
                    cited++;
                    if (Docs.Find(path) is null) missing.Add($"{Path.GetFileName(file)}:{number}: no page '{path}'");
                }
            }
        }
        Assert.True(cited > 0, "No task cites a page.");
        Assert.True(missing.Count == 0, $"{missing.Count} of {cited} citations:\n" + string.Join('\n', missing));
    }

    // Operators and indexers have no name to look for: the page must show the operator's sign in code, or speak of the index.
    private static bool IsNamed(ApiSymbol symbol, string text, HashSet<string> words) => symbol.Kind switch
    {
        ApiKind.Operator => Signs(symbol.Name).Any(sign => Code().Matches(text).Any(m => m.Value.Contains(sign, StringComparison.Ordinal))),
        ApiKind.Indexer => text.Contains("this[", StringComparison.Ordinal) || text.Contains("index", StringComparison.OrdinalIgnoreCase),
        _ => words.Contains(symbol.Name),
    };

    private static string[] Signs(string operatorName) => operatorName switch
    {
        "op_Addition" => ["+"],
        "op_Subtraction" => ["-"],
        "op_Multiply" => ["*"],
        "op_LessThan" => ["<"],
        "op_GreaterThan" => [">"],
        "op_LessThanOrEqual" => ["<="],
        "op_GreaterThanOrEqual" => [">="],
        _ => [operatorName],
    };

    // From source, so that the test needs no build of the library.
    private static (CSharpJudge Judge, ApiModel Api) Compile()
    {
        var sources = Directory.EnumerateFiles(Path.Combine(s_data, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Split(Path.DirectorySeparatorChar).Any(d => d is "bin" or "obj")).Order(StringComparer.Ordinal);
        var compiled = new CSharpJudge(ReferenceSet.Load())
            .Emit([.. sources.Select(File.ReadAllText)], OutputKind.DynamicallyLinkedLibrary, out var errors, assemblyName: "Fenmark");
        Assert.True(compiled is not null, string.Join('\n', errors));
        var folder = Directory.CreateTempSubdirectory("doctune-docs-");
        try
        {
            var dll = Path.Combine(folder.FullName, "Fenmark.dll");
            File.WriteAllBytes(dll, compiled.Image);
            var references = ReferenceSet.Load(dll);
            return (new(references), ApiModel.Load(references));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Root()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "DocTuneLab.sln"))) return at.FullName;
        throw new DirectoryNotFoundException($"DocTuneLab.sln was not found above {AppContext.BaseDirectory}.");
    }

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();

    [GeneratedRegex(@"```.*?```|`[^`\n]+`", RegexOptions.Singleline)]
    private static partial Regex Code();
}

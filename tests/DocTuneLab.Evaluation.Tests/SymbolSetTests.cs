using System.Text.Json;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;

namespace DocTuneLab.Evaluation.Tests;

/// <summary>
/// The judge against snippets labelled by hand from the C# specification and the library's source. A label lists every library name of a
/// snippet: <c>Name</c> resolves, <c>Name!</c> is misused, <c>Name?</c> is missing (with the nearest real member behind it where that is
/// beyond doubt), <c>Name~</c> hangs on a name that did not resolve.
/// <c>new:</c> is a constructor, <c>op:</c> an operator, <c>this[]</c> an indexer.
/// </summary>
public class SymbolSetTests(SampleLibrary library) : IClassFixture<SampleLibrary>
{
    private const string Head = "public static async Task<object?> F(WeirGate gate, Ditch ditch, WaterHead head, WaterLot lot, "
        + "SpillRate rate, FenPlan plan, SiltGauge gauge, WatchDesk desk, TideTable tide, GaugeLog<WaterHead> log, FenRunner runner, "
        + "GateKey key, TideWindow window, FenPlanBuilder builder, DitchOptions options, DateTimeOffset moment) {";

    private sealed record Labelled(string Id, string Code, string[] Names);

    [Fact]
    public void The_judge_agrees_with_every_label()
    {
        var set = File.ReadLines(Path.Combine(library.Root, "tests", "DocTuneLab.Evaluation.Tests", "Symbols", "labelled.jsonl"))
            .Select(l => JsonSerializer.Deserialize<Labelled>(l, EvaluationJson.Compact)!)
            .ToList();
        Assert.True(set.Count >= 150);
        var disputes = set.Select(s => (Snippet: s, Said: Judge(s.Code))).Where(s => !Agree(s.Snippet.Names, s.Said))
            .Select(s => $"{s.Snippet.Id}: {s.Snippet.Code}\n  label {string.Join(' ', s.Snippet.Names.Order(StringComparer.Ordinal))}\n"
                + $"  judge {string.Join(' ', s.Said.Order(StringComparer.Ordinal))}")
            .ToList();
        Assert.True(disputes.Count == 0, $"{disputes.Count} of {set.Count} disputed:\n" + string.Join('\n', disputes));
    }

    private List<string> Judge(string code)
    {
        var verdict = library.Judge.Judge($"{Head}\n{code}\nawait Task.Yield();\nreturn null; }}", CodeForm.Members,
            ["Fenmark", "Fenmark.Works", "Fenmark.Watch"]);
        return [.. verdict.Uses.Where(u => u.Line == 2 && (u.IsLibrary || u.Kind is SymbolUseKind.Missing or SymbolUseKind.Cascade))
            .Select(u =>
            (u.Id?.Contains(".#ctor", StringComparison.Ordinal) == true ? "new"
                + ":" : u.Name.StartsWith("op_", StringComparison.Ordinal) ? "op:" : "") + u.Name + u.Kind switch
            {
                SymbolUseKind.Misuse => "!",
                SymbolUseKind.Missing => "?" + u.Suggestion,
                SymbolUseKind.Cascade => "~",
                _ => "",
            })];
    }

    // A label without a suggestion leaves it open.
    private static bool Agree(string[] label, List<string> said)
    {
        var rest = said.ToList();
        foreach (var name in label.OrderByDescending(n => n.Length))
        {
            var at = rest.FindIndex(s => s == name || (name.EndsWith('?') && s.StartsWith(name, StringComparison.Ordinal)));
            if (at < 0) return false;
            rest.RemoveAt(at);
        }
        return rest.Count == 0;
    }
}

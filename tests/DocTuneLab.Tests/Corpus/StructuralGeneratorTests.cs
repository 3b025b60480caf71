using System.Diagnostics;
using DocTuneLab.Corpus;

namespace DocTuneLab.Tests.Corpus;

public sealed class StructuralGeneratorTests(CorpusFixture fixture) : IClassFixture<CorpusFixture>
{
    [Fact]
    public void Dump()
    {
        var w = Stopwatch.StartNew();
        var c = new StructuralGenerator(fixture.Symbols, fixture, new CorpusOptions { Count = 2000 }).Generate([], null, TestContext.Current.CancellationToken);
        using var o = new StreamWriter("/tmp/corpus-dump.txt");
        o.WriteLine($"{w.Elapsed} {c.Tokens} {c.Coverage}");
        foreach (var a in c.Accounts) o.WriteLine($"{a.Kind} {a.Wanted} {a.Drafts} {a.Accepted} {a.Closes} {string.Join(", ", a.Rejected)}");
        foreach (var u in c.Coverage.Unused) o.WriteLine("unused " + u);
        foreach (var s in c.Samples.OrderBy(s => s.Kind)) o.WriteLine($"--- {s.Kind} {s.Checks[0].Detail}\n{s.Messages[^2].Content}\n>>>\n{s.Messages[^1].Content}");
        o.WriteLine("======== REJECTED");
        foreach (var s in c.Rejected) o.WriteLine($"--- {s.Kind} {s.Checks[0].Detail} {s.Checks[1]}\n{s.Messages[^2].Content}\n>>>\n{s.Messages[^1].Content}");
    }
}

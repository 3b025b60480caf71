using BenchmarkDotNet.Attributes;
using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Validation;
using DocTuneLab.Library;

namespace DocTuneLab.Benchmarks;

/// <summary>The compiler as judge: many pieces of code in one compilation, against one by one.</summary>
[MemoryDiagnoser]
public class JudgeBenchmarks
{
    private static readonly string[] s_pieces = [.. Enumerable.Range(0, 64)
        .Select(i => $"var words = new List<string> {{ \"a{i}\" }}; return words.Count + {i};")];
    private readonly CSharpJudge _judge = new(ReferenceSet.Load());
    private CodeToJudge[] _codes = [];

    [GlobalSetup]
    public void Setup() => _codes = [.. s_pieces.Select(p => new CodeToJudge($"static int Piece() {{ {p} }}", CodeForm.Members, []))];

    [Benchmark(Baseline = true, Description = "64 pieces one by one")]
    public int OneByOne() => _codes.Count(c => _judge.Judge(c.Code, c.Form, []).Compiles);

    [Benchmark(Description = "64 pieces in batches")]
    public int Batched() => new BatchedJudge(_judge).Judge(_codes, default).Count(v => v.Compiles);
}

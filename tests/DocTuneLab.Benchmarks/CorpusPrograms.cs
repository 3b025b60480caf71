using System.Diagnostics;
using System.Globalization;
using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Library;

namespace DocTuneLab.Benchmarks;

/// <summary>What running the code of samples adds to the generation of a corpus.</summary>
internal static class CorpusPrograms
{
    public static void Run(int count)
    {
        var references = ReferenceSet.Load([Path.Combine(Environment.CurrentDirectory, "data/private-library/bin/Fenmark.dll")]);
        var (api, judge) = (ApiModel.Load(references), new CSharpJudge(references));
        // The compilers of both are warm before anything is measured.
        using var sandbox = new ProgramSandbox(references);
        var timed = new Timed(sandbox);
        new StructuralGenerator(api, judge, new CorpusOptions { Count = 200, Seed = 5, Runner = timed }).Generate([]);
        timed.Reset();
        var clock = Stopwatch.StartNew();
        var corpus = new StructuralGenerator(api, judge, new CorpusOptions { Count = count, Runner = timed }).Generate([]);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{corpus.Samples.Count} samples in {clock.Elapsed.TotalSeconds:F1} s; of it {timed.Seconds:F1} s for {timed.Programs} "
                + $"programs on {Environment.ProcessorCount} cores"));
    }

    private sealed class Timed(IProgramRunner inner) : IProgramRunner
    {
        private long _ticks;

        public double Seconds => Stopwatch.GetElapsedTime(0, _ticks).TotalSeconds;

        public int Programs { get; private set; }

        public string? Refusal => inner.Refusal;

        public void Reset() => (_ticks, Programs) = (0, 0);

        public IReadOnlyList<ProgramOutcome> Run(IReadOnlyList<SampleProgram> programs, CancellationToken cancel)
        {
            var start = Stopwatch.GetTimestamp();
            var outcomes = inner.Run(programs, cancel);
            _ticks += Stopwatch.GetTimestamp() - start;
            Programs += programs.Count;
            return outcomes;
        }
    }
}

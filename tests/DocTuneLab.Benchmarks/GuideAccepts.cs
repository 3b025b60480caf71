using System.Globalization;
using DocTuneLab.Conversations;
using DocTuneLab.Library;
using DocTuneLab.Library.Guidance;
using DocTuneLab.Storage;
using DocTuneLab.Tests.Library;
using DocTuneLab.Tokenization;

namespace DocTuneLab.Benchmarks;

/// <summary>Code that compiles, token by token: what a guide refuses of it is a mistake.</summary>
internal sealed class GuideAccepts
{
    // Beyond so many letters of code, or of a statement, tokens and brackets alone are looked at: they are counted apart.
    private const int LongestCode = 8_000, LongestStatement = 2_000;

    // Of one source.
    private long _tokens, _beyond, _possible, _unlikely;
    private int _methods, _elsewhere, _refused;
    private readonly HuggingFaceTokenizer _tokenizer;

    private GuideAccepts(HuggingFaceTokenizer tokenizer) => _tokenizer = tokenizer;

    /// <summary>Feeds the methods of projects and the code of labs' samples:
    /// <c>guide-accepts TOKENIZER [tokens=N] [seed=S] [workers=N] FOLDER[=DLL,DLL] …</c>. Files and samples come in an order that the seed
    /// draws, until so many tokens of each folder have been fed; by default all.</summary>
    public static int Run(string[] args)
    {
        var tokenizer = HuggingFaceTokenizer.Load(args[0]);
        int Number(string name, int otherwise) => args.Where(a => a.StartsWith(name + "=", StringComparison.Ordinal))
            .Select(a => int.Parse(a[(name.Length + 1)..], CultureInfo.InvariantCulture)).FirstOrDefault(otherwise);
        var (most, seed, workers) = (Number("tokens", int.MaxValue), Number("seed", 1), Number("workers", 1));
        var (tokens, refused) = (0L, 0);
        foreach (var parts in args.Skip(1).Select(a => a.Split('=')).Where(p => p[0] is not ("tokens" or "seed" or "workers")))
        {
            var references = ReferenceSet.Load(parts.Length > 1 ? parts[1].Split(',') : []);
            var fed = new GuideAccepts(tokenizer);
            // Of the processor, not of the clock: others may be busy on this machine.
            var start = Environment.CpuUsage.TotalTime;
            var (groups, skipped) = Groups(parts[0], references);
            new Random(seed).Shuffle(groups);
            Parallel.ForEach(groups, new ParallelOptions { MaxDegreeOfParallelism = workers }, () => new CSharpJudge(references),
                (group, state, judge) =>
                {
                    foreach (var body in group().TakeWhile(_ => Interlocked.Read(ref fed._tokens) < most)) fed.Feed(judge, body);
                    if (Interlocked.Read(ref fed._tokens) >= most) state.Stop();
                    return judge;
                }, _ => { });
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{parts[0]}: {fed._methods} methods, {skipped()} skipped, "
                + $"{fed._elsewhere} that compile in their project alone, {fed._tokens} tokens and {fed._beyond} beyond what is looked at, "
                + $"{fed._possible} only possible, {fed._unlikely} unlikely, {fed._refused} methods refused, "
                + $"{fed._tokens / (Environment.CpuUsage.TotalTime - start).TotalSeconds:0} tokens per second of processor"));
            tokens += fed._tokens;
            refused += fed._refused;
        }
        Console.WriteLine($"{tokens} tokens, {refused} methods refused");
        return refused == 0 ? 0 : 1;
    }

    // Of a project its files, which share what stands beside them; of a lab its accepted samples.
    private static (Func<IEnumerable<MethodBody>>[] Groups, Func<int> Skipped) Groups(string folder, ReferenceSet references)
    {
        if (!File.Exists(Path.Combine(folder, "lab.sqlite")))
        {
            var bodies = new MethodBodies(folder, references);
            return ([.. Enumerable.Range(0, bodies.Files).Select<int, Func<IEnumerable<MethodBody>>>(i => () => bodies.Of(i))],
                () => bodies.Skipped);
        }
        using var lab = Lab.Open(folder, readOnly: true);
        return ([.. SampleBodies.Of(lab.Samples.List(), new CSharpJudge(references))
            .Select<MethodBody, Func<IEnumerable<MethodBody>>>(b => () => [b])], () => 0);
    }

    private void Feed(CSharpJudge judge, MethodBody body)
    {
        Interlocked.Increment(ref _methods);
        var (code, stream) = (new CodeGuide(judge, body.Frame).Begin(), _tokenizer.Stream());
        string? why = null;
        foreach (var id in _tokenizer.Encode(body.Body))
        {
            var piece = stream.Add(id);
            var step = code.Follow(piece);
            var length = code.Text.Length + piece.Length;
            if (length > LongestCode || length - code.StatementAt > LongestStatement) Interlocked.Increment(ref _beyond);
            else if (Interlocked.Increment(ref _tokens) % 10_000 == 0) Console.WriteLine($"  {_tokens} tokens");
            if (step.Verdict == GuideVerdict.Possible) Interlocked.Increment(ref _possible);
            if (step.Verdict == GuideVerdict.Unlikely) Interlocked.Increment(ref _unlikely);
            if (step.Next is null) why = $"{Tail(code.Text)}[{piece}] {step.Verdict}: {step.Reason}";
            if (step.Next is null) break;
            code = step.Next;
        }
        if ((why ?? code.Objection()) is not { } refusal) return;
        // In the one file beside it a name may mean something else than in the project's many.
        var isElsewhere = new CodeGuide(judge, body.Frame, GuideLayers.None).Begin().Follow(body.Body).Next?.Objection() is not null;
        Interlocked.Increment(ref isElsewhere ? ref _elsewhere : ref _refused);
        if (!isElsewhere) Console.WriteLine($"  REFUSED {body.Where}: {refusal}");
    }

    private static string Tail(string text) => text[Math.Max(0, text.Length - 160)..].ReplaceLineEndings(" ");
}

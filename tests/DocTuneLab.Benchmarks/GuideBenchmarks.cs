using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using DocTuneLab.Conversations;
using DocTuneLab.Library;
using DocTuneLab.Library.Guidance;
using DocTuneLab.Tests.Library;
using DocTuneLab.Tokenization;

namespace DocTuneLab.Benchmarks;

/// <summary>What a guide refuses of code that compiles, and what it costs.</summary>
internal static class GuideBenchmarks
{
    /// <summary>Feeds the methods of projects: <c>guide-accepts TOKENIZER [every=N] FOLDER[=DLL,DLL] …</c>.</summary>
    public static int Accepts(string[] args)
    {
        var tokenizer = HuggingFaceTokenizer.Load(args[0]);
        var every = args.Skip(1).Where(a => a.StartsWith("every=", StringComparison.Ordinal))
            .Select(a => int.Parse(a[6..], CultureInfo.InvariantCulture)).FirstOrDefault(1);
        var total = 0L;
        var refusals = 0;
        foreach (var folder in args.Skip(1).Where(a => !a.StartsWith("every=", StringComparison.Ordinal)))
        {
            var parts = folder.Split('=');
            var references = ReferenceSet.Load(parts.Length > 1 ? parts[1].Split(',') : []);
            var (judge, bodies) = (new CSharpJudge(references), new MethodBodies(parts[0], references));
            var (methods, elsewhere, tokens, possible, refused) = (0, 0, 0L, 0, 0);
            var watch = Stopwatch.StartNew();
            var at = 0;
            foreach (var body in bodies.All())
            {
                if (at++ % every != 0) continue;
                var guide = new CodeGuide(judge, body.Frame);
                methods++;
                var (code, stream) = (guide.Begin(), tokenizer.Stream());
                string? why = null;
                foreach (var id in tokenizer.Encode(body.Body))
                {
                    var piece = stream.Add(id);
                    var step = code.Follow(piece);
                    tokens++;
                    if (step.Verdict == GuideVerdict.Possible) possible++;
                    if (step.Verdict == GuideVerdict.Possible && Environment.GetEnvironmentVariable("GUIDE_POSSIBLE") is not null)
                        Console.WriteLine($"  possible {Tail(code.Text)}[{piece}]: {step.Reason}");
                    if (step.Next is null) why = $"{Tail(code.Text)}[{piece}] {step.Reason}";
                    if (step.Next is null) break;
                    code = step.Next;
                }
                if ((why ?? code.Objection()) is not { } refusal) continue;
                // In the one file beside it a name may mean something else than in the project's many.
                if (new CodeGuide(judge, body.Frame, GuideLayers.None).Begin().Follow(body.Body).Next?.Objection() is not null)
                {
                    elsewhere++;
                    continue;
                }
                refused++;
                Console.WriteLine($"  REFUSED {body.Where}: {refusal}");
            }
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{parts[0]}: {methods} methods, {bodies.Skipped} skipped, "
                + $"{elsewhere} that compile in their project alone, {tokens} tokens, {possible} only possible, {refused} methods refused, "
                + $"{watch.Elapsed.TotalSeconds:0} s"));
            total += tokens;
            refusals += refused;
        }
        Console.WriteLine($"{total} tokens, {refusals} methods refused");
        return refusals == 0 ? 0 : 1;
    }

    /// <summary>Time a token takes: <c>guide-cost TOKENIZER SUITE DLL</c>. Usual answers, then what nobody should write.</summary>
    public static int Cost(string[] args)
    {
        var tokenizer = HuggingFaceTokenizer.Load(args[0]);
        var judge = new CSharpJudge(ReferenceSet.Load(args[2]));
        List<(CodeGuide Guide, string Code)> Usual() => [.. File.ReadLines(args[1]).Take(40).Select(line =>
        {
            using var task = JsonDocument.Parse(line);
            string Text(string name) => task.RootElement.TryGetProperty(name, out var value) ? value.GetString()! : "";
            string[] usings = [.. task.RootElement.GetProperty("usings").EnumerateArray().Select(u => u.GetString()!)];
            return (new CodeGuide(judge, GuideFrame.Body(Text("signature"), usings, Text("context"))), Text("reference"));
        })];
        CodeGuide Plain() => new(judge, GuideFrame.Body("public static int Run(int n, string text)", []));
        Time("usual answers, the first time", Usual());
        Time("usual answers", Usual());
        foreach (var lines in (int[])[20, 200, 2000])
            Time($"{lines} lines", [(Plain(), string.Concat(Enumerable.Range(0, lines)
                .Select(i => $"var a{i} = text.Substring({i}).Length + n;\n")) + "return n;")]);
        Time("brackets that never close", [(Plain(), "return " + string.Concat(Enumerable.Repeat("text.Substring(", 300)))]);
        Time("lambdas in lambdas", [(Plain(), string.Concat(Enumerable.Repeat("new[] { n }.Select(x => x + ", 8)))]);
        Time("blocks in blocks", [(Plain(), string.Concat(Enumerable.Repeat("if (n > 1) {\nn = n + 1;\n", 100)))]);
        var many = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"public static int Member{i}(int n) => n;\n"));
        Time("a type of 20,000 members", [(new(judge, GuideFrame.Body("public static int Run(int n)", [],
            $"public static class Wide {{ {many} }}")), "return Wide.Member12(n) + Wide.Member9999(Wide.Member19999(n));")]);
        return 0;

        void Time(string what, List<(CodeGuide Guide, string Code)> all)
        {
            var times = new List<double>();
            var refused = 0;
            foreach (var (guide, text) in all)
            {
                var (code, stream) = (guide.Begin(), tokenizer.Stream());
                foreach (var id in tokenizer.Encode(text))
                {
                    var piece = stream.Add(id);
                    // Of the processor, not of the clock: others may be busy on this machine.
                    var start = Environment.CpuUsage.TotalTime;
                    var step = code.Follow(piece);
                    times.Add((Environment.CpuUsage.TotalTime - start).TotalMilliseconds);
                    if (step.Next is null) refused++;
                    if (step.Next is null) break;
                    code = step.Next;
                }
            }
            times.Sort();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}: {times.Count} tokens, {refused} refused, median "
                + $"{times[times.Count / 2]:0.00} ms, 90 % {times[times.Count * 9 / 10]:0.00}, 99 % {times[times.Count * 99 / 100]:0.00}, "
                + $"most {times[^1]:0.0}"));
        }
    }

    private static string Tail(string text) => text[Math.Max(0, text.Length - 120)..].ReplaceLineEndings(" ");
}

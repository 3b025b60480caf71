using System.Globalization;
using System.Text.Json;
using DocTuneLab.Library;
using DocTuneLab.Library.Guidance;
using DocTuneLab.Tokenization;

namespace DocTuneLab.Benchmarks;

/// <summary>What a guide costs.</summary>
internal static class GuideBenchmarks
{
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
}

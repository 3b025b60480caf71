using DocTuneLab.Evaluation.Judging;
using DocTuneLab.Evaluation.Statistics;

namespace DocTuneLab.Benchmarks;

/// <summary>
/// Suites on which the arms do not differ, as often as asked: how many times is a difference claimed? Tasks of one document are alike (a
/// document has an ease of its own, and in each arm a fortune of its own), documents differ in size, and both arms see the same tasks.
/// </summary>
internal static class StatisticsSimulation
{
    private delegate (double Numerator, double Denominator) Draw(Random random, double ease);

    private static readonly (string Name, Draw Draw)[] s_metrics =
    [
        ("pass or fail", (random, ease) => (random.NextDouble() < ease ? 1 : 0, 1)),
        ("mean of a share", (random, ease) => (Math.Clamp(ease + ((random.NextDouble() - 0.5) / 2), 0, 1), 1)),
        ("ratio of counts", (random, ease) =>
        {
            var names = random.Next(8);
            return (Enumerable.Range(0, names).Count(_ => random.NextDouble() < ease), names);
        }),
        ("bits per byte", (random, ease) =>
        {
            var bytes = 50 + random.Next(200);
            return (bytes * (0.5 + ease + (0.1 * random.NextDouble())), bytes);
        }),
    ];

    public static int Run(int suites)
    {
        Console.WriteLine($"{suites:N0} suites in which the arms do not differ: share of claims at 5 %");
        Console.WriteLine($"{"documents",-10} {string.Join(' ', s_metrics.Select(m => $"{m.Name,16}"))} {"preferences",16}");
        foreach (var documents in (int[])[3, 5, 8, 40])
        {
            var rates = s_metrics.Select(m => Rate(suites, documents, (first, second, seed) =>
                Bootstrap.Difference(first, second, seed, draws: 999).P < Detectable.Level, m.Draw)).ToList();
            rates.Add(Rate(suites, documents, (tasks, _, seed) =>
                PreferenceSummary.Of("a", "b", "judge", Votes(tasks, seed)).Verdict != ComparisonVerdict.Inconclusive, s_metrics[0].Draw));
            Console.WriteLine($"{documents,-10} {string.Join(' ', rates.Select(r => $"{r,15:P1} "))}");
        }
        return 0;
    }

    private static double Rate(
        int suites, int documents, Func<List<Observation>, List<Observation>, int, bool> claims, Draw draw)
    {
        var claimed = 0;
        Parallel.For(0, suites, suite =>
        {
            var random = new Random(suite);
            List<Observation> first = [], second = [];
            for (var d = 0; d < documents; d++)
            {
                var ease = random.NextDouble();
                var (one, other) = (Fortune(random, ease), Fortune(random, ease));
                for (var t = random.Next(1, 12); t > 0; t--)
                {
                    var (a, b) = (draw(random, one), draw(random, other));
                    first.Add(new($"{d}/{t}", $"{d}", a.Numerator, a.Denominator));
                    second.Add(new($"{d}/{t}", $"{d}", b.Numerator, b.Denominator));
                }
            }
            // Another stream than the suite's own.
            if (claims(first, second, -1 - suite)) Interlocked.Increment(ref claimed);
        });
        return (double)claimed / (suites);
    }

    private static double Fortune(Random random, double ease) => Math.Clamp(ease + ((random.NextDouble() - 0.5) * 0.4), 0.02, 0.98);

    // In a document the judge leans to one side or the other; over documents it does not.
    private static Preference[] Votes(List<Observation> tasks, int seed)
    {
        var random = new Random(seed);
        return
        [
            .. tasks.GroupBy(t => t.Cluster).SelectMany(document =>
            {
                var lean = random.NextDouble();
                return document.Select(t => new Preference(t.Task, t.Cluster, random.NextDouble() < lean ? 1 : 0));
            }),
        ];
    }
}

using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation.Metrics;

namespace DocTuneLab.Benchmarks;

/// <summary>
/// <c>guided-vs-rejection LAB [--split dev] [--ways 12] [--budgets 1,1.5,2,3,5] [--every 1] [--json FILE] [--answers FILE]</c>: what the
/// compiler is worth in the decoder, and what the same tokens are worth where answers are drawn until one compiles. Counted are all tokens
/// that were decoded: of ways that a guided answer gave up, and of every answer that was drawn and thrown away. The first answer that is
/// drawn is the greedy one. LAB holds a tuned model of the sample library; it is written to, so give it a copy.
/// </summary>
internal static class GuidedVersusRejection
{
    private const string Guided = "guided", Rejection = "rejection";

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter() }
    };

    /// <summary>One budget of one way to write.</summary>
    /// <param name="Way">guided or rejection.</param>
    /// <param name="Budget">Multiple of the longest answer, or answers drawn at most.</param>
    /// <param name="Tokens">Decoded for a task, on average.</param>
    private sealed record Point(string Way, double Budget, double Tokens)
    {
        /// <summary>Share of the tasks.</summary>
        public required double Compiles { get; init; }
        /// <summary>Share of the tasks.</summary>
        public required double Passes { get; init; }
        /// <summary>Share of the tasks in which guidance gave up.</summary>
        public required double GaveUp { get; init; }
        /// <summary>Share of the tasks whose end the compiler wrote, for which no token is decoded.</summary>
        public required double EndedByTypes { get; init; }
        /// <summary>Share of the tasks whose body only throws or returns a default value.</summary>
        public required double Empty { get; init; }
    }

    public static int Run(string[] args)
    {
        if (args is not [var folder, .. var options]) throw new LabException("expected the folder of a lab with a tuned model");
        string Option(string name, string usual) => Array.IndexOf(options, "--" + name) is var at and >= 0 ? options[at + 1] : usual;
        var split = Enum.Parse<Split>(Option("split", "dev"), ignoreCase: true);
        using var bench = new GuidedTasks(folder, split, int.Parse(Option("every", "1"), CultureInfo.InvariantCulture));
        List<Point> points = [];
        List<GuidedTasks.Written> last = [];
        foreach (var budget in Option("budgets", "1,1.5,2,3,5").Split(',').Select(b => double.Parse(b, CultureInfo.InvariantCulture)))
        {
            last = bench.Guided(budget);
            points.Add(Of(Guided, budget, last, last.Select(w => w.Answer.Tokens)));
            Print(points[^1]);
        }
        var ways = int.Parse(Option("ways", "12"), CultureInfo.InvariantCulture);
        List<List<GuidedTasks.Written>> drawn = [];
        for (var n = 1; n <= ways; n++)
        {
            drawn.Add(bench.Drawn(n));
            var taken = Enumerable.Range(0, bench.Tasks.Count).Select(t => Taken(drawn, t)).ToList();
            points.Add(Of(Rejection, n, [.. taken.Select(t => drawn[t.Way][t.Task])], taken.Select(t => t.Tokens)));
            Print(points[^1]);
        }
        if (Option("json", "") is { Length: > 0 } json) File.WriteAllText(json, JsonSerializer.Serialize(points, s_json));
        if (Option("answers", "") is { Length: > 0 } answers)
            File.WriteAllText(answers, JsonSerializer.Serialize(last.Count > 0 ? last : drawn[0], s_json));
        return 0;
    }

    // The first that compiles, else the first; drawing stops there.
    private static (int Way, int Task, int Tokens) Taken(List<List<GuidedTasks.Written>> drawn, int task)
    {
        var first = drawn.FindIndex(d => d[task].Result.Compiles);
        var spent = drawn.Take(first < 0 ? drawn.Count : first + 1).Sum(d => d[task].Answer.Tokens);
        return (Math.Max(0, first), task, spent);
    }

    private static Point Of(string way, double budget, List<GuidedTasks.Written> written, IEnumerable<int> tokens) =>
        new(way, budget, tokens.Average())
        {
            Compiles = Share(written, w => w.Result.Compiles),
            Passes = Share(written, w => w.Result.Passes),
            GaveUp = Share(written, w => w.Answer.GaveUp),
            EndedByTypes = Share(written, w => w.Answer.EndedBecause.Length > 0),
            Empty = Share(written, w => w.Result.Compiles && EmptyBodies.DoesNothing(w.Result.Code ?? "")),
        };

    private static double Share(List<GuidedTasks.Written> written, Func<GuidedTasks.Written, bool> holds) =>
        written.Average(w => holds(w) ? 1.0 : 0);

    private static void Print(Point p) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"| {p.Way} | {p.Budget} | {p.Tokens:0} | {p.Compiles:P1} | {p.Passes:P1} | {p.GaveUp:P1} | {p.EndedByTypes:P1} | {p.Empty:P1} |"));
}

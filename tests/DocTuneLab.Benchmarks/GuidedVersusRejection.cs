using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using DocTuneLab.Conversations;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation;
using DocTuneLab.Evaluation.Metrics;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Experiments;
using DocTuneLab.Library.Guidance;
using DocTuneLab.Prompts;
using DocTuneLab.Training.Inference;

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
    /// <param name="Compiles">Share of the tasks.</param>
    /// <param name="Passes">Share of the tasks.</param>
    /// <param name="GaveUp">Share of the tasks in which guidance gave up.</param>
    /// <param name="Empty">Share of the tasks whose body only throws or returns a default value.</param>
    private sealed record Point(string Way, double Budget, double Tokens, double Compiles, double Passes, double GaveUp, double Empty);

    private sealed record Written(string Task, GuidedText Answer, CodeResult Result);

    public static int Run(string[] args)
    {
        if (args is not [var folder, .. var options]) throw new LabException("expected the folder of a lab with a tuned model");
        string Option(string name, string usual) => Array.IndexOf(options, "--" + name) is var at and >= 0 ? options[at + 1] : usual;
        var split = Enum.Parse<Split>(Option("split", "dev"), ignoreCase: true);
        using var bench = new Bench(folder, split, int.Parse(Option("every", "1"), CultureInfo.InvariantCulture));
        List<Point> points = [];
        List<Written> last = [];
        foreach (var budget in Option("budgets", "1,1.5,2,3,5").Split(',').Select(b => double.Parse(b, CultureInfo.InvariantCulture)))
        {
            last = bench.Guided(budget);
            points.Add(Of(Guided, budget, last, last.Select(w => w.Answer.Tokens)));
            Print(points[^1]);
        }
        var ways = int.Parse(Option("ways", "12"), CultureInfo.InvariantCulture);
        List<List<Written>> drawn = [];
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
    private static (int Way, int Task, int Tokens) Taken(List<List<Written>> drawn, int task)
    {
        var first = drawn.FindIndex(d => d[task].Result.Compiles);
        var spent = drawn.Take(first < 0 ? drawn.Count : first + 1).Sum(d => d[task].Answer.Tokens);
        return (Math.Max(0, first), task, spent);
    }

    private static Point Of(string way, double budget, List<Written> written, IEnumerable<int> tokens) => new(way, budget, tokens.Average(),
        Share(written, w => w.Result.Compiles), Share(written, w => w.Result.Passes), Share(written, w => w.Answer.GaveUp),
        Share(written, w => w.Result.Compiles && EmptyBodies.DoesNothing(w.Result.Code ?? "")));

    private static double Share(List<Written> written, Func<Written, bool> holds) => written.Average(w => holds(w) ? 1.0 : 0);

    private static void Print(Point p) => Console.WriteLine(FormattableString.Invariant(
        $"| {p.Way} | {p.Budget} | {p.Tokens:0} | {p.Compiles:P1} | {p.Passes:P1} | {p.GaveUp:P1} | {p.Empty:P1} |"));

    /// <summary>A tuned model, its tasks and their judge.</summary>
    private sealed class Bench : IDisposable
    {
        private readonly LabSession _lab = new();
        private readonly LocalModel _model;
        private readonly Evaluator _evaluator;
        private readonly Suite _suite;
        private readonly IReadOnlyList<Message>[] _prompts;
        private readonly EvaluationOptions _options = new()
        {
            Execution = new() { AllowUntrustedCode = true, AllowWithoutIsolation = true },
            BootstrapDraws = 100
        };

        public Bench(string folder, Split split, int every)
        {
            var root = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(root!.FullName, "DocTuneLab.sln"))) root = root.Parent;
            var data = Path.Combine(root.FullName, "data");
            _lab.Open(folder, 1);
            _lab.LoadBase(Path.Combine(data, "models", "nano"));
            var adapter = new DirectoryInfo(Path.Combine(folder, "runs"))
                .EnumerateFiles("adapter_config.json", SearchOption.AllDirectories).MaxBy(f => f.LastWriteTimeUtc)
                ?? throw new LabException($"{folder}: there is no trained adapter under runs/");
            _model = new(_lab.Model!, _lab.LoadAdapter(adapter.DirectoryName!));
            var library = _lab.LoadLibrary([Path.Combine(data, "private-library", "bin", "Fenmark.dll")]);
            _evaluator = new(library.Judge);
            var code = Suite.Load(Path.Combine(data, "private-library", "tasks")).Where(split).Code;
            _suite = new([.. code.Where((_, i) => i % every == 0)], []);
            _prompts = [.. Tasks.Select(t => _lab.Wordings.Code.Messages(AnswerFormat.CodeInputs(t.Instruction, t.Signature, t.Context,
                t.GoldSymbols.Count > 0 ? library.Name : ".NET")))];
        }

        public IReadOnlyList<CodeTask> Tasks => _suite.Code;

        public List<Written> Guided(double budget)
        {
            var guides = Tasks.Select(t => (IAnswerGuide)new AnswerGuide(new CodeGuide(_lab.Library!.Judge,
                GuideFrame.Body(t.Signature, t.Usings, t.Context)))).ToList();
            // How fast the machine is must not matter.
            var most = new GuideBudget { Tokens = budget, Time = TimeSpan.FromDays(1) };
            return Judged(_model.Generate(_prompts, guides, new(_options.MaxCodeTokens), most));
        }

        // Without a guide, by the same code: so tokens are counted alike.
        public List<Written> Drawn(int number)
        {
            var sampling = new SamplingOptions(_options.MaxCodeTokens, number == 1 ? 0 : _options.Temperature, _options.TopP, number);
            return Judged(_model.Generate(_prompts, [.. Tasks.Select(_ => (IAnswerGuide?)null)], sampling, new()));
        }

        private List<Written> Judged(IReadOnlyList<GuidedText> answers)
        {
            StoredAnswer[] stored = [.. answers.Select((a, i) => new StoredAnswer(Tasks[i].Id, TaskKind.Code, 0, a.Text))];
            var results = _evaluator.Score("model", _suite, stored, [], _options).Code.ToDictionary(r => r.Task, StringComparer.Ordinal);
            return [.. answers.Select((a, i) => new Written(Tasks[i].Id, a, results[Tasks[i].Id]))];
        }

        public void Dispose() => _lab.Dispose();
    }
}

using System.Text.Json.Serialization;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Statistics;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;

namespace DocTuneLab.Evaluation.Metrics;

/// <summary>Names of the metrics, as in files.</summary>
public static class MetricNames
{
    /// <summary>Answers in which the extraction rule finds code.</summary>
    public const string ExtractionRate = "extraction_rate";
    /// <summary>Answers without a syntax error.</summary>
    public const string ParseRate = "parse_rate";
    /// <summary>Answers that compile against the library.</summary>
    public const string CompileRate = "compile_rate";
    /// <summary>Missing over resolved, misused and missing library names.</summary>
    public const string HallucinationRate = "hallucination_rate";
    /// <summary>Answers with code that invent at least one name.</summary>
    public const string HallucinatingAnswers = "hallucinating_answers";
    /// <summary>Misused over resolved, misused and missing library names.</summary>
    public const string MisuseRate = "misuse_rate";
    /// <summary>Mean share of a task's gold symbols that the answer uses.</summary>
    public const string ApiRecall = "api_recall";
    /// <summary>Greedy answers that pass the hidden tests.</summary>
    public const string Pass1 = "pass@1";
    /// <summary>Unbiased pass@1 of sampled answers.</summary>
    public const string SampledPass1 = "pass@1_sampled";
    /// <summary>Unbiased pass@5 of sampled answers.</summary>
    public const string Pass5 = "pass@5";
    /// <summary>Closed questions answered right.</summary>
    public const string QaAccuracy = "qa_accuracy";
    /// <summary>Bits per byte of the reference code given the prompt.</summary>
    public const string CodeBitsPerByte = "code_bits_per_byte";
    /// <summary>Bits per byte of the accepted answers given the prompt.</summary>
    public const string QaBitsPerByte = "qa_bits_per_byte";
    /// <summary>Mean share of a rubric's facts that an open answer states, by the judge.</summary>
    public const string OpenScore = "open_score";
    /// <summary>Gaps filled with what stood there.</summary>
    public const string CompletionExact = "completion_exact";
    /// <summary>Gaps filled so that the code compiles.</summary>
    public const string CompletionCompiles = "completion_compiles";
    /// <summary>Mean edit similarity of gaps.</summary>
    public const string CompletionSimilarity = "completion_similarity";
    /// <summary>Bits per byte of what stood in the gaps.</summary>
    public const string CompletionBitsPerByte = "completion_bits_per_byte";
    /// <summary>Tasks in plain C# whose greedy answer passes.</summary>
    public const string GeneralPass1 = "general_pass@1";
    /// <summary>Bits per byte of frozen prose.</summary>
    public const string TextBitsPerByte = "text_bits_per_byte";
    /// <summary>Bits per byte of frozen C#.</summary>
    public const string CSharpBitsPerByte = "csharp_bits_per_byte";
}

/// <summary>A metric of one arm.</summary>
/// <param name="Name">One of <see cref="MetricNames"/>.</param>
/// <param name="Title">For people.</param>
/// <param name="Value">A share in 0..1, or bits per byte; NaN where nothing could be divided.</param>
/// <param name="Interval">95% cluster bootstrap; NaN with fewer than two documents.</param>
/// <param name="HigherIsBetter">Direction.</param>
/// <param name="Primary">Whether verdicts on it are corrected for several looks.</param>
/// <param name="Binary">Whether each task either passes or fails, so that McNemar's test applies.</param>
/// <param name="Observations">What each task contributes.</param>
public sealed record MetricValue(
    string Name, string Title, double Value, Interval Interval, bool HigherIsBetter, bool Primary, bool Binary, IReadOnlyList<Observation> Observations)
{
    /// <summary>Number of tasks that contribute.</summary>
    [JsonIgnore]
    public int Tasks => Observations.Count(o => o.Denominator > 0);

    /// <summary>Whether the value is a share, shown as per cent.</summary>
    [JsonIgnore]
    public bool IsShare => !Name.EndsWith("bits_per_byte", StringComparison.Ordinal);
}

/// <summary>
/// Computes the metrics from verdicts. An answer without code does not parse, compile or pass, and recalls nothing; to the symbol rates, which are
/// about names that were written, it adds nothing.
/// </summary>
internal static class MetricSet
{
    public static IReadOnlyList<MetricValue> Compute(Suite suite, EvaluationResult result)
    {
        var (code, qa, references, options) = (result.Code, result.Qa, result.References, result.Options);
        var clusters = suite.Code.Concat(suite.General).Select(t => (t.Id, t.Documents[0])).Concat(suite.Qa.Select(t => (t.Id, t.Documents[0])))
            .Concat(suite.Open.Select(t => (t.Id, t.Documents[0]))).Concat(suite.Completion.Select(t => (t.Id, t.Documents[0]))).Concat(suite.Retention.Select(t => (t.Id, t.Source)))
            .ToDictionary(p => p.Item1, p => p.Item2, StringComparer.Ordinal);
        List<MetricValue> metrics = [];

        void Add(string name, string title, bool higher, IEnumerable<Observation> observations, bool primary = false, bool binary = false)
        {
            var list = observations.ToList();
            if (list.Count > 0)
                metrics.Add(new(name, title, Bootstrap.Estimate(list), Bootstrap.Interval(list, options.Seed, options.BootstrapDraws), higher, primary, binary, list));
        }

        Observation One(string task, double numerator, double denominator = 1) => new(task, clusters[task], numerator, denominator);
        double Bit(bool b) => b ? 1 : 0;
        int Names(CodeResult r) => r.Count(SymbolUseKind.Resolved) + r.Count(SymbolUseKind.Misuse) + r.Count(SymbolUseKind.Missing);

        var greedy = code.Where(c => c.Sample == 0).ToList();
        Add(MetricNames.ExtractionRate, "Code found in the answer", true, greedy.Select(r => One(r.Task, Bit(r.Code is not null))), binary: true);
        Add(MetricNames.ParseRate, "Parses", true, greedy.Select(r => One(r.Task, Bit(r.Parses))), binary: true);
        Add(MetricNames.CompileRate, "Compiles", true, greedy.Select(r => One(r.Task, Bit(r.Compiles))), primary: true, binary: true);
        Add(MetricNames.ApiRecall, "API recall", true, greedy.Select(r => One(r.Task, r.ApiRecall)), primary: true);
        Add(MetricNames.HallucinationRate, "Invented names", false, greedy.Select(r => One(r.Task, r.Count(SymbolUseKind.Missing), Names(r))), primary: true);
        Add(MetricNames.HallucinatingAnswers, "Answers with an invented name", false,
            greedy.Select(r => One(r.Task, Bit(r.Count(SymbolUseKind.Missing) > 0), Bit(r.Code is not null))));
        Add(MetricNames.MisuseRate, "Misused names", false, greedy.Select(r => One(r.Task, r.Count(SymbolUseKind.Misuse), Names(r))));
        Add(MetricNames.Pass1, "Passes the hidden tests (pass@1)", true, greedy.Where(r => r.Status is not null).Select(r => One(r.Task, Bit(r.Passes))), primary: true, binary: true);

        var sampled = code.Where(c => c.Sample > 0 && c.Status is not null).GroupBy(c => c.Task, StringComparer.Ordinal)
            .Select(g => (Task: g.Key, N: g.Count(), C: g.Count(r => r.Passes))).ToList();
        Add(MetricNames.SampledPass1, "pass@1, sampled", true, sampled.Select(s => One(s.Task, PassAtK.Estimate(s.N, s.C, 1))));
        Add(MetricNames.Pass5, "pass@5, sampled", true, sampled.Where(s => s.N >= 5).Select(s => One(s.Task, PassAtK.Estimate(s.N, s.C, 5))));

        Add(MetricNames.QaAccuracy, "Closed questions right", true, qa.Select(r => One(r.Task, Bit(r.Correct))), primary: true, binary: true);
        Add(MetricNames.OpenScore, "Open questions, share of facts stated", true, result.Open.Select(r => One(r.Task, r.Score)));
        Add(MetricNames.CompletionExact, "Gaps filled exactly", true, result.Completion.Select(r => One(r.Task, Bit(r.Exact))), binary: true);
        Add(MetricNames.CompletionCompiles, "Gaps filled so that it compiles", true, result.Completion.Select(r => One(r.Task, Bit(r.Compiles))), binary: true);
        Add(MetricNames.CompletionSimilarity, "Edit similarity of gaps", true, result.Completion.Select(r => One(r.Task, r.Similarity)));
        Add(MetricNames.GeneralPass1, "Retention: plain C# tasks (pass@1)", true, result.General.Where(r => r.Status is not null).Select(r => One(r.Task, Bit(r.Passes))), binary: true);
        void AddBits(string name, string title, Func<ReferenceScore, bool> which) =>
            Add(name, title, false, references.Where(r => r.Bytes > 0 && which(r)).Select(r => One(r.Task, r.Bits, r.Bytes)));
        var prose = suite.Retention.Where(t => t.Kind == RetentionKind.Text).Select(t => t.Id).ToHashSet(StringComparer.Ordinal);
        AddBits(MetricNames.CodeBitsPerByte, "Bits per byte of reference code", r => r.Kind == TaskKind.Code);
        AddBits(MetricNames.QaBitsPerByte, "Bits per byte of reference answers", r => r.Kind == TaskKind.Qa);
        AddBits(MetricNames.CompletionBitsPerByte, "Bits per byte of gaps", r => r.Kind == TaskKind.Completion);
        AddBits(MetricNames.TextBitsPerByte, "Retention: bits per byte of prose", r => r.Kind == TaskKind.Retention && prose.Contains(r.Task));
        AddBits(MetricNames.CSharpBitsPerByte, "Retention: bits per byte of C#", r => r.Kind == TaskKind.Retention && !prose.Contains(r.Task));
        return metrics;
    }
}

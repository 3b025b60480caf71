using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Statistics;
using DocTuneLab.Evaluation.Suites;

namespace DocTuneLab.Evaluation.Metrics;

/// <summary>Bits per byte of texts that the model was shown, not asked for: how likely it finds them.</summary>
internal sealed class BitsPerByte(string name, string title, string question, TaskKind kind, RetentionKind? frozen = null) : IMetric
{
    public string Name => name;
    public string Title => title;
    public string Question => question;
    public bool HigherIsBetter => false;
    public MetricUnit Unit => MetricUnit.BitsPerByte;

    public IEnumerable<Observation> Observe(MetricInput input)
    {
        var ids = input.Suite.Retention.Where(t => t.Kind == frozen).Select(t => t.Id).ToHashSet(StringComparer.Ordinal);
        return input.Result.References.Where(r => r.Kind == kind && r.Bytes > 0 && (frozen is null || ids.Contains(r.Task)))
            .Select(r => input.Of(r.Task, r.Bits, r.Bytes));
    }

    /// <summary>One of each kind of text.</summary>
    public static IReadOnlyList<BitsPerByte> OfEveryKind { get; } =
    [
        new(MetricNames.CodeBitsPerByte, "Bits per byte of reference code", "How unlikely is the reference code, given the prompt?",
            TaskKind.Code),
        new(MetricNames.QaBitsPerByte, "Bits per byte of reference answers", "How unlikely are the accepted answers, given the prompt?",
            TaskKind.Qa),
        new(MetricNames.CompletionBitsPerByte, "Bits per byte of gaps", "How unlikely is what stood in the gaps, given the prompt?",
            TaskKind.Completion),
        new(MetricNames.TextBitsPerByte, "Retention: bits per byte of prose",
            "How unlikely is frozen prose that has nothing to do with the library?", TaskKind.Retention, RetentionKind.Text),
        new(MetricNames.CSharpBitsPerByte, "Retention: bits per byte of C#",
            "How unlikely is frozen C# that has nothing to do with the library?", TaskKind.Retention, RetentionKind.CSharp),
    ];
}

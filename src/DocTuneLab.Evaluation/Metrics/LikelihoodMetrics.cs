using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Statistics;
using DocTuneLab.Evaluation.Suites;

namespace DocTuneLab.Evaluation.Metrics;

/// <summary>Bits per byte of texts that the model was shown, not asked for: how likely it finds them.</summary>
internal abstract class BitsPerByte : IMetric
{
    public abstract string Name { get; }
    public abstract string Title { get; }
    public abstract string Question { get; }
    public bool HigherIsBetter => false;
    public MetricUnit Unit => MetricUnit.BitsPerByte;
    public IEnumerable<Observation> Observe(MetricInput input) =>
        Texts(input).Where(r => r.Bytes > 0).Select(r => input.Of(r.Task, r.Bits, r.Bytes));

    protected abstract IEnumerable<ReferenceScore> Texts(MetricInput input);

    protected static IEnumerable<ReferenceScore> OfKind(MetricInput input, TaskKind kind) =>
        input.Result.References.Where(r => r.Kind == kind);

    protected static IEnumerable<ReferenceScore> Frozen(MetricInput input, RetentionKind kind)
    {
        var ids = input.Suite.Retention.Where(t => t.Kind == kind).Select(t => t.Id).ToHashSet(StringComparer.Ordinal);
        return OfKind(input, TaskKind.Retention).Where(r => ids.Contains(r.Task));
    }
}

internal sealed class CodeBitsPerByte : BitsPerByte
{
    public override string Name => MetricNames.CodeBitsPerByte;
    public override string Title => "Bits per byte of reference code";
    public override string Question => "How unlikely is the reference code, given the prompt?";
    protected override IEnumerable<ReferenceScore> Texts(MetricInput input) => OfKind(input, TaskKind.Code);
}

internal sealed class QaBitsPerByte : BitsPerByte
{
    public override string Name => MetricNames.QaBitsPerByte;
    public override string Title => "Bits per byte of reference answers";
    public override string Question => "How unlikely are the accepted answers, given the prompt?";
    protected override IEnumerable<ReferenceScore> Texts(MetricInput input) => OfKind(input, TaskKind.Qa);
}

internal sealed class CompletionBitsPerByte : BitsPerByte
{
    public override string Name => MetricNames.CompletionBitsPerByte;
    public override string Title => "Bits per byte of gaps";
    public override string Question => "How unlikely is what stood in the gaps, given the prompt?";
    protected override IEnumerable<ReferenceScore> Texts(MetricInput input) => OfKind(input, TaskKind.Completion);
}

internal sealed class TextBitsPerByte : BitsPerByte
{
    public override string Name => MetricNames.TextBitsPerByte;
    public override string Title => "Retention: bits per byte of prose";
    public override string Question => "How unlikely is frozen prose that has nothing to do with the library?";
    protected override IEnumerable<ReferenceScore> Texts(MetricInput input) => Frozen(input, RetentionKind.Text);
}

internal sealed class CSharpBitsPerByte : BitsPerByte
{
    public override string Name => MetricNames.CSharpBitsPerByte;
    public override string Title => "Retention: bits per byte of C#";
    public override string Question => "How unlikely is frozen C# that has nothing to do with the library?";
    protected override IEnumerable<ReferenceScore> Texts(MetricInput input) => Frozen(input, RetentionKind.CSharp);
}

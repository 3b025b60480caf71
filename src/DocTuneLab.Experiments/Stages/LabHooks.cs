using DocTuneLab.Corpus.Kinds;
using DocTuneLab.Documents.Chunking;
using DocTuneLab.Documents.Dialects;
using DocTuneLab.Documents.Parsing;
using DocTuneLab.Evaluation.Metrics;

namespace DocTuneLab.Experiments.Stages;

/// <summary>
/// Parts of an experiment that a program or a notebook can add to or put its own in the place of. What a whole process shares is added
/// elsewhere: families of decoders, quantisations, export formats, charts.
/// </summary>
public sealed class LabHooks
{
    /// <summary>Ways of writing documentation that pages are read with; where several know a thing, the first decides.</summary>
    public Registry<Dialect> Dialects { get; } = new("dialect", d => d.Name, BuiltInDialects.All);

    /// <summary>What an evaluation measures, in the order of the reports.</summary>
    public Registry<IMetric> Metrics { get; } = new("metric", m => m.Name, MetricSet.Default.Metrics);

    /// <summary>What samples teach, in the order of the definitions; the share of each in a corpus is what its definition says.</summary>
    public Registry<SampleKindDefinition> Kinds { get; } = new("kind of sample", k => k.Kind.FieldName, SampleKinds.BuiltIn);

    /// <summary>Makes what cuts pages into chunks. Default <see cref="Documents.Chunking.Chunker"/>: along sections.</summary>
    public Func<ChunkingContext, IChunker> Chunker { get; set; } = context => new Chunker(context);
}

using DocTuneLab.Corpus.Hosted;
using DocTuneLab.Endpoints.Accounting;
using DocTuneLab.Endpoints.Exchange;
using DocTuneLab.Endpoints.Transport;

namespace DocTuneLab.Experiments.Stages;

/// <summary>How a corpus is written by hosted models.</summary>
/// <param name="Endpoints">Who is asked.</param>
/// <param name="Engine">Attempts, deadlines, ceiling.</param>
/// <param name="Options">What is written.</param>
/// <param name="DryRun">Only estimate.</param>
/// <param name="Batch">Whether and how requests go as batches; null where each goes by itself.</param>
public sealed record GenerationSettings(IReadOnlyList<EndpointOptions> Endpoints, EngineOptions Engine, GenerationOptions Options,
    bool DryRun = false, BatchOptions? Batch = null);

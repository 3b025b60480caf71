using DocTuneLab.Corpus.Grounding;
using DocTuneLab.Corpus.Kinds;
using DocTuneLab.Documents.Model;
using DocTuneLab.Endpoints.Exchange;
using DocTuneLab.Library;

namespace DocTuneLab.Corpus.Hosted;

/// <summary>What a generation would ask and cost.</summary>
/// <param name="Samples">Samples planned, if every one is accepted.</param>
/// <param name="Requests">Requests, without repairs.</param>
/// <param name="PromptTokens">Tokens sent, estimated at four bytes each.</param>
/// <param name="CompletionTokens">Tokens received at most.</param>
/// <param name="Cost">At most, by the prices given; null where an endpoint has none.</param>
public sealed record GenerationEstimate(int Samples, long Requests, long PromptTokens, long CompletionTokens, double? Cost)
{
    /// <summary>What the first <see cref="GenerationOptions.Count"/> samples would ask; nothing is sent.</summary>
    /// <param name="api">The library.</param>
    /// <param name="chunks">Chunks of the train split.</param>
    /// <param name="options">What would be written.</param>
    /// <param name="endpoints">For prices.</param>
    public static GenerationEstimate Of(ApiModel api, IReadOnlyList<Chunk> chunks, GenerationOptions options,
        IReadOnlyList<EndpointOptions> endpoints)
    {
        var evidence = new EvidenceAssembler(api.Symbols, chunks);
        var (requests, prompt, completion) = (0L, 0L, 0L);
        var reasoning = endpoints.Select(e => e.ReasoningTokens).DefaultIfEmpty(0).Max();
        foreach (var sample in new GenerationPlan(api, options).Next(options.Count))
        {
            var names = options.Kinds.Find(sample.Kind)?.AskedWith(options.StructuralQuestions ? options.CodeTemplate : null) ?? [];
            if (options.Judge) names = [.. names, "generate.judge"];
            var tokens = (evidence.For(sample.Symbols, options.EvidenceTokens, new Random(sample.Seed)).Text.Length + 3) / 4;
            foreach (var template in names.Select(n => options.Templates[n]))
            {
                requests++;
                prompt += tokens + template.Source.Length / 4;
                completion += (options.AnswerTokens ?? template.Sampling.MaxTokens) + reasoning;
            }
        }
        var total = endpoints.Sum(e => e.Weight);
        double? cost = endpoints.Any(e => e.InputPrice is null || e.OutputPrice is null)
            ? null
            : endpoints.Sum(e => e.Cost(prompt, completion) * e.Weight / total);
        return new GenerationEstimate(options.Count, requests, prompt, completion, cost);
    }
}

using DocTuneLab.Conversations;
using DocTuneLab.Endpoints;
using DocTuneLab.Endpoints.Accounting;
using DocTuneLab.Endpoints.Exchange;
using DocTuneLab.Endpoints.Retrying;
using DocTuneLab.Endpoints.Transport;
using Microsoft.Extensions.AI;

namespace DocTuneLab.Evaluation.Subjects;

/// <summary>
/// A model behind an endpoint as a subject of an evaluation or as a judge. Requests go through a <see cref="RequestEngine"/>:
/// transient failures are tried
/// again, and an answer that was paid for is in the journal before it is used, so that a repeated evaluation asks nothing twice.
/// It answers; it tells no
/// likelihoods.
/// </summary>
public sealed class HostedModel : ILanguageModel, IDisposable
{
    // Part of every request's key in the journal: another word would ask again for what was paid for.
    private const string Purpose = "Evaluator";

    private readonly RequestEngine _engine;
    private readonly string _model;

    /// <summary>A model that a server offers.</summary>
    /// <param name="endpoint">Where it is, and its limits and prices.</param>
    /// <param name="journal">Where answers are kept.</param>
    /// <param name="options">Attempts, deadlines, cost ceiling.</param>
    public HostedModel(EndpointOptions endpoint, IAnswerJournal journal, EngineOptions? options = null)
        : this(endpoint, ChatClients.Create(endpoint), journal, options) { }

    /// <summary>A model behind any client.</summary>
    /// <param name="endpoint">Its name, limits and prices; the address is not used.</param>
    /// <param name="client">The client; disposed of with this.</param>
    /// <param name="journal">Where answers are kept.</param>
    /// <param name="options">Attempts, deadlines, cost ceiling.</param>
    public HostedModel(EndpointOptions endpoint, IChatClient client, IAnswerJournal journal, EngineOptions? options = null)
    {
        (Name, _model) = (endpoint.Name, endpoint.Model);
        // A long answer that is cut off is an answer here, so the share of failures says nothing; the first true failure stops the
        // run below.
        _engine = new([(endpoint, client)], journal, (options ?? new EngineOptions()) with { EarlyStopShare = 1 });
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public bool CanScore => false;

    /// <summary>Requests, tokens and cost so far.</summary>
    public EngineStatus Status => _engine.Status;

    /// <inheritdoc/>
    /// <exception cref="LabException">A request failed for good; the message names the model and says why.</exception>
    public IReadOnlyList<string> Generate(
        IReadOnlyList<IReadOnlyList<Message>> prompts, SamplingOptions options, IProgress<int>? progress = null,
        CancellationToken cancel = default)
    {
        var answers = new string[prompts.Count];
        var done = 0;
        LabException? failure = null;
        var settings = new ParallelOptions { MaxDegreeOfParallelism = _engine.Askers, CancellationToken = cancel };
        // The interface is synchronous, and cells run under a synchronisation context that must not be waited on.
        Task.Run(() => Parallel.ForEachAsync(Enumerable.Range(0, prompts.Count), settings, async (i, token) =>
        {
            var outcome = await _engine.AskAsync(ChatRequest.Create("", Purpose, _model, prompts[i], options), token).ConfigureAwait(false);
            if (outcome.Answer is { } answer
                && outcome.Failure is FailureKind.None or FailureKind.TruncatedAtMaxTokens or FailureKind.Filtered)
            {
                answers[i] = answer.Text;
                progress?.Report(Interlocked.Increment(ref done));
                return;
            }
            var what = new LabException(
                $"{Name}: prompt {i + 1} of {prompts.Count} was not answered: {outcome.Detail} "
                + "Run again to go on: answers that were given are kept.");
            if (Interlocked.CompareExchange(ref failure, what, null) is null) _engine.Stop(outcome.Detail ?? outcome.Failure.Name());
        }), cancel).GetAwaiter().GetResult();
        return failure is null ? answers : throw failure;
    }

    /// <inheritdoc/>
    /// <exception cref="LabException">Always.</exception>
    public IReadOnlyList<AnswerScore> Score(IReadOnlyList<IReadOnlyList<Message>> conversations, CancellationToken cancel = default) =>
        throw NoScores();

    /// <inheritdoc/>
    /// <exception cref="LabException">Always.</exception>
    public IReadOnlyList<AnswerScore> ScoreText(IReadOnlyList<string> texts, CancellationToken cancel = default) => throw NoScores();

    /// <inheritdoc/>
    public void Dispose() => _engine.Dispose();

    private LabException NoScores() => new(
        $"{Name} is asked over an endpoint and tells no likelihoods. Leave out what needs them (bits per byte, retention texts).");
}

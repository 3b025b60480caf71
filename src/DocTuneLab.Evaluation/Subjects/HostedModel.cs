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
        _engine = new([(endpoint, client)], journal, options ?? new EngineOptions());
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public bool CanScore => false;

    /// <summary>Requests, tokens and cost so far.</summary>
    public EngineStatus Status => _engine.Status;

    /// <inheritdoc/>
    /// <exception cref="LabException">The server failed, or answered nothing at all; the message names the model and says why.</exception>
    public IReadOnlyList<string> Generate(
        IReadOnlyList<IReadOnlyList<Message>> prompts, SamplingOptions options, IProgress<int>? progress = null,
        CancellationToken cancel = default) => [.. Ask(prompts, options, progress, cancel).Select(r => r.Text)];

    /// <summary>Answers each conversation, as <see cref="Generate"/>, and says what became of each. A prompt that the server refuses (a
    /// filter, a context that is too small) is one without an answer; a server that fails ends the work, and what was answered is
    /// kept.</summary>
    /// <exception cref="LabException">The server failed, or answered nothing at all; the message names the model and says why.</exception>
    internal IReadOnlyList<Reply> Ask(IReadOnlyList<IReadOnlyList<Message>> prompts, SamplingOptions options, IProgress<int>? progress,
        CancellationToken cancel)
    {
        var answers = new Reply[prompts.Count];
        var done = 0;
        LabException? failure = null;
        var settings = new ParallelOptions { MaxDegreeOfParallelism = _engine.Askers, CancellationToken = cancel };
        // The interface is synchronous, and cells run under a synchronisation context that must not be waited on.
        Task.Run(() => Parallel.ForEachAsync(Enumerable.Range(0, prompts.Count), settings, async (i, token) =>
        {
            var request = ChatRequest.Create("", Purpose, _model, prompts[i], options) with { TakesCutOff = true };
            var outcome = await _engine.AskAsync(request, token).ConfigureAwait(false);
            if (outcome.Answer is { } answer && outcome.Failure is FailureKind.None or FailureKind.TruncatedAtMaxTokens)
                answers[i] = new(answer.Text, outcome.IsCutOff, null);
            else if (outcome.Failure.IsOfRequest())
                answers[i] = new("", false, outcome.Detail is { Length: > 0 } said && said != outcome.Failure.Name()
                    ? $"{outcome.Failure.Name()}: {said}" : outcome.Failure.Name());
            else
            {
                var what = new LabException(
                    $"{Name}: prompt {i + 1} of {prompts.Count} was not answered: {outcome.Detail} "
                    + "Run again to go on: answers that were given are kept.");
                if (Interlocked.CompareExchange(ref failure, what, null) is null) _engine.Stop(outcome.Detail ?? outcome.Failure.Name());
                return;
            }
            progress?.Report(Interlocked.Increment(ref done));
        }), cancel).GetAwaiter().GetResult();
        if (failure is not null) throw failure;
        // That is no matter of single prompts: a wrong model name, a field that the server does not know.
        return answers.Length > 0 && answers.All(a => a.Unanswered is not null)
            ? throw new LabException($"{Name}: none of {answers.Length} prompts was answered: {answers[0].Unanswered}")
            : answers;
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

    /// <summary>What became of a prompt.</summary>
    /// <param name="Text">The answer; empty where there is none.</param>
    /// <param name="IsCutOff">Whether it ended at the limit of tokens.</param>
    /// <param name="Unanswered">Why there is none; null where there is one.</param>
    internal sealed record Reply(string Text, bool IsCutOff, string? Unanswered);

    private LabException NoScores() => new(
        $"{Name} is asked over an endpoint and tells no likelihoods. Leave out what needs them (bits per byte, retention texts).");
}

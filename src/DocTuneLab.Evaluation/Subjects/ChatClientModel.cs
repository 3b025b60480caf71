using DocTuneLab.Corpus;
using DocTuneLab.Prompts;
using Microsoft.Extensions.AI;

namespace DocTuneLab.Evaluation.Subjects;

/// <summary>Any <see cref="IChatClient"/>, hosted or local, as a subject of an evaluation or as a judge. It answers; it cannot tell likelihoods.</summary>
/// <param name="client">The client; its own retries apply.</param>
/// <param name="name">Name for reports.</param>
/// <param name="parallelism">Requests at once. Default 4.</param>
public sealed class ChatClientModel(IChatClient client, string name, int parallelism = 4) : ILanguageModel
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public bool CanScore => false;

    /// <inheritdoc/>
    /// <exception cref="LabException">A request failed; the message names the model and says why.</exception>
    public IReadOnlyList<string> Generate(IReadOnlyList<IReadOnlyList<Message>> prompts, SamplingOptions options, IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        var answers = new string[prompts.Count];
        var done = 0;
        var settings = new ParallelOptions { MaxDegreeOfParallelism = parallelism, CancellationToken = cancel };
        // The interface is synchronous, and cells run under a synchronisation context that must not be waited on.
        Task.Run(() => Parallel.ForEachAsync(Enumerable.Range(0, prompts.Count), settings, async (i, token) =>
        {
            var chat = new ChatOptions { MaxOutputTokens = options.MaxTokens, Temperature = (float)options.Temperature, TopP = options.Temperature > 0 ? (float)options.TopP : null, Seed = options.Seed + i };
            try
            {
                var reply = await client.GetResponseAsync(prompts[i].Select(m => new ChatMessage(new ChatRole(m.Role), m.Content)), chat, token).ConfigureAwait(false);
                answers[i] = reply.Text;
            }
            catch (Exception e) when (e is not OperationCanceledException || !token.IsCancellationRequested)
            {
                throw new LabException($"{name}: prompt {i + 1} of {prompts.Count} was not answered: {e.Message} Run again to go on: answers that were given are kept.", e);
            }
            progress?.Report(Interlocked.Increment(ref done));
        }), cancel).GetAwaiter().GetResult();
        return answers;
    }

    /// <inheritdoc/>
    /// <exception cref="LabException">Always.</exception>
    public IReadOnlyList<AnswerScore> Score(IReadOnlyList<IReadOnlyList<Message>> conversations, CancellationToken cancel = default) => throw NoScores();

    /// <inheritdoc/>
    /// <exception cref="LabException">Always.</exception>
    public IReadOnlyList<AnswerScore> ScoreText(IReadOnlyList<string> texts, CancellationToken cancel = default) => throw NoScores();

    private LabException NoScores() => new($"{name} is asked over an endpoint and tells no likelihoods. Leave out what needs them (bits per byte, retention texts).");
}

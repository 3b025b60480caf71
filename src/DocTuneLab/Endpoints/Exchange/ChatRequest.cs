using System.Globalization;
using DocTuneLab.Conversations;
using DocTuneLab.Endpoints.Retrying;
using DocTuneLab.Text;

namespace DocTuneLab.Endpoints.Exchange;

/// <summary>A question to a hosted model.</summary>
public sealed record ChatRequest
{
    /// <summary>Content hash of all that decides the answer: see <see cref="Create"/>.
    /// The same key is asked once in a lab's life.</summary>
    public required string Key { get; init; }

    /// <summary>Model asked.</summary>
    public required string Model { get; init; }

    /// <summary>Turns up to the user's.</summary>
    public required IReadOnlyList<Message> Messages { get; init; }

    /// <summary>Sampling, with the seed.</summary>
    public required SamplingOptions Sampling { get; init; }

    /// <summary>JSON schema of the answer; null for free text.</summary>
    public string? Schema { get; init; }

    /// <summary>Whether an answer that was cut off at the limit of tokens is an answer all the same; default false.</summary>
    public bool TakesCutOff { get; init; }

    /// <summary>A request whose key follows from chunk, template, messages, model, sampling and seed.</summary>
    /// <param name="chunk">Id of what the question is about.</param>
    /// <param name="template">Hash of the template that rendered it.</param>
    /// <param name="model">Model asked.</param>
    /// <param name="messages">Rendered turns.</param>
    /// <param name="sampling">Sampling, with the seed.</param>
    /// <param name="schema">JSON schema of the answer, or null.</param>
    public static ChatRequest Create(string chunk, string template, string model, IReadOnlyList<Message> messages, SamplingOptions sampling,
        string? schema = null) => new()
        {
            Key = ContentHash.Of(
        [
            chunk, template, model,
            string.Create(CultureInfo.InvariantCulture, $"{sampling.MaxTokens} {sampling.Temperature:R} {sampling.TopP:R} {sampling.Seed}"),
            schema ?? "", .. messages.SelectMany(m => (string[])[m.Role, m.Content])
        ]),
            Model = model,
            Messages = messages,
            Sampling = sampling,
            Schema = schema,
        };

    /// <summary>Tokens sent, estimated at four bytes each, as budgets and estimates count before the server has counted.</summary>
    public int EstimatedPromptTokens =>
        Messages.Sum(m => 4 + (System.Text.Encoding.UTF8.GetByteCount(m.Content) + 3) / 4) + (Schema?.Length ?? 0) / 4;

    /// <summary>Tokens of the whole call at most, by the same estimate.</summary>
    public int EstimatedTokens => EstimatedPromptTokens + Sampling.MaxTokens;
}

/// <summary>What became of a request.</summary>
/// <param name="Key">The request's key.</param>
/// <param name="Answer">The answer; null where there is none.</param>
/// <param name="Failure">Why it is not usable; <see cref="FailureKind.None"/> where it is.</param>
/// <param name="Detail">The failure in words, without keys.</param>
/// <param name="Attempts">Calls made now.</param>
/// <param name="Reused">Whether the answer was kept from an earlier run and cost nothing now.</param>
public sealed record ChatOutcome(string Key, RawAnswer? Answer, FailureKind Failure, string? Detail, int Attempts, bool Reused)
{
    /// <summary>Whether the answer was cut off at the limit of tokens.</summary>
    public bool IsCutOff => Answer?.FinishReason == "length";

    /// <summary>The answer's text; null where it is not usable.</summary>
    public string? Text => Failure == FailureKind.None ? Answer!.Text : null;
}

/// <summary>An answer as it is kept.</summary>
public sealed record KeptAnswer
{
    /// <summary>The request's key.</summary>
    public required string Key { get; init; }

    /// <summary>Model asked.</summary>
    public required string Model { get; init; }

    /// <summary>Endpoint that answered.</summary>
    public required string Endpoint { get; init; }

    /// <summary>Calls that it took.</summary>
    public required int Attempts { get; init; }

    /// <summary>Tokens sent.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Tokens received.</summary>
    public required int CompletionTokens { get; init; }

    /// <summary>By the endpoint's prices; 0 where they are unknown.</summary>
    public required double Cost { get; init; }

    /// <summary>The response, byte for byte but for keys.</summary>
    public required string Raw { get; init; }
}

/// <summary>A failed call as it is kept.</summary>
/// <param name="Key">The request's key.</param>
/// <param name="Endpoint">Endpoint asked.</param>
/// <param name="Failure">What happened.</param>
/// <param name="Detail">In words, without keys.</param>
/// <param name="Raw">What had come of a response that was paid for and is not usable; null where nothing was paid.</param>
public sealed record FailedCall(string Key, string Endpoint, FailureKind Failure, string Detail, string? Raw);

/// <summary>Where answers are kept before they are used.</summary>
public interface IAnswerJournal
{
    /// <summary>The raw response to a request asked before, or null.</summary>
    string? Find(string key);

    /// <summary>Keeps an answer; when the task ends, it survives the death of this process.</summary>
    ValueTask KeepAsync(KeptAnswer answer);

    /// <summary>Notes a failed call.</summary>
    void Note(FailedCall failed);

    /// <summary>Notes that a kept answer cannot be used: it stays with what was paid for; <see cref="Find"/> gives it no more.</summary>
    void Discard(FailedCall failed);
}

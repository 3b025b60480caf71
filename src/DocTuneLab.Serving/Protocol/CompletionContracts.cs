using System.Text.Json;
using System.Text.Json.Serialization;

namespace DocTuneLab.Serving.Protocol;

/// <summary>A request to go on from a text.</summary>
internal sealed record CompletionRequest : SamplingFields
{
    public JsonElement? Prompt { get; init; }

    public string? Suffix { get; init; }

    public bool? Echo { get; init; }

    public int? Logprobs { get; init; }

    public int? BestOf { get; init; }
}

/// <summary>A completion, whole or a piece of a stream.</summary>
internal sealed record CompletionAnswer(string Id, string Object, long Created, string Model, IReadOnlyList<CompletionChoice> Choices)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Usage? Usage { get; init; }
}

/// <summary>One of the texts.</summary>
internal sealed record CompletionChoice(int Index, string Text, string? FinishReason, CompletionLogprobs? Logprobs);

/// <summary>Log-probabilities of a text's tokens.</summary>
/// <param name="Tokens">Their texts.</param>
/// <param name="TokenLogprobs">Theirs, in nats; null of the first token of a prompt.</param>
/// <param name="TopLogprobs">The likeliest at each place.</param>
/// <param name="TextOffset">Characters before each.</param>
internal sealed record CompletionLogprobs(IReadOnlyList<string> Tokens, IReadOnlyList<double?> TokenLogprobs,
    IReadOnlyList<IReadOnlyDictionary<string, double>?> TopLogprobs, IReadOnlyList<int> TextOffset);

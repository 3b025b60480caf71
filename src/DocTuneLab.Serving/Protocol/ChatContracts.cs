using System.Text.Json;
using System.Text.Json.Serialization;

namespace DocTuneLab.Serving.Protocol;

/// <summary>What every request may say of how tokens are chosen.</summary>
internal abstract record SamplingFields
{
    public string? Model { get; init; }

    public int? MaxTokens { get; init; }

    /// <summary>The newer name of the same.</summary>
    public int? MaxCompletionTokens { get; init; }

    public double? Temperature { get; init; }

    public double? TopP { get; init; }

    public int? TopK { get; init; }

    public double? MinP { get; init; }

    public long? Seed { get; init; }

    public JsonElement? Stop { get; init; }

    public int? N { get; init; }

    public bool? Stream { get; init; }

    public StreamOptions? StreamOptions { get; init; }

    public double? PresencePenalty { get; init; }

    public double? FrequencyPenalty { get; init; }

    public Dictionary<string, double>? LogitBias { get; init; }
}

/// <summary>What a stream brings besides text.</summary>
internal sealed record StreamOptions(bool? IncludeUsage);

/// <summary>A request for a chat completion.</summary>
internal sealed record ChatRequest : SamplingFields
{
    public List<ChatTurn>? Messages { get; init; }

    public bool? Logprobs { get; init; }

    public int? TopLogprobs { get; init; }

    public JsonElement? ResponseFormat { get; init; }

    public JsonElement? Tools { get; init; }

    public JsonElement? ToolChoice { get; init; }

    public JsonElement? Functions { get; init; }

    public JsonElement? Audio { get; init; }

    public List<string>? Modalities { get; init; }

    /// <summary>An extension: whether passages of the library's pages stand before the last turn.</summary>
    public bool? Docs { get; init; }

    /// <summary>An extension: the compiler guides the answer.</summary>
    public GuideFields? Guide { get; init; }
}

/// <summary>A turn of a conversation.</summary>
internal sealed record ChatTurn
{
    public string? Role { get; init; }

    public JsonElement? Content { get; init; }

    public JsonElement? ToolCalls { get; init; }

    public string? ToolCallId { get; init; }

    public string? Name { get; init; }
}

/// <summary>A chat completion, whole or a piece of a stream.</summary>
internal sealed record ChatAnswer(string Id, string Object, long Created, string Model, IReadOnlyList<ChatChoice> Choices)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Usage? Usage { get; init; }

    /// <summary>An extension: the passages that stood in the prompt.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<PromptSource>? Sources { get; init; }
}

/// <summary>One of the answers.</summary>
internal sealed record ChatChoice(int Index, string? FinishReason)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ChatText? Message { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ChatText? Delta { get; init; }

    public ChatLogprobs? Logprobs { get; init; }
}

/// <summary>What the assistant says.</summary>
internal sealed record ChatText
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Role { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Content { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ToolCall>? ToolCalls { get; init; }
}

/// <summary>A call of a tool.</summary>
internal sealed record ToolCall(int Index, string Id, string Type, ToolFunction Function);

/// <summary>The function that is called.</summary>
internal sealed record ToolFunction(string Name, string Arguments);

/// <summary>Log-probabilities of a chat completion's tokens.</summary>
internal sealed record ChatLogprobs(IReadOnlyList<TokenLogprob> Content);

/// <summary>A token with its log-probability.</summary>
internal sealed record TokenLogprob(string Token, double Logprob, int[] Bytes)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<TokenLogprob>? TopLogprobs { get; init; }
}

/// <summary>Tokens that were read and chosen.</summary>
internal sealed record Usage(int PromptTokens, int CompletionTokens, int TotalTokens)
{
    /// <summary>Of a prompt and what came of it.</summary>
    public static Usage Of(int prompt, int completion) => new(prompt, completion, prompt + completion);
}

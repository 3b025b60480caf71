using System.Text.Json;
using System.Text.Json.Serialization;

namespace DocTuneLab.Serving.Protocol;

/// <summary>A request for a response.</summary>
internal sealed record ResponseRequest
{
    public string? Model { get; init; }

    public JsonElement? Input { get; init; }

    public string? Instructions { get; init; }

    public int? MaxOutputTokens { get; init; }

    public double? Temperature { get; init; }

    public double? TopP { get; init; }

    public bool? Stream { get; init; }

    public string? PreviousResponseId { get; init; }

    public JsonElement? Conversation { get; init; }

    public bool? Background { get; init; }

    public JsonElement? Text { get; init; }

    public JsonElement? Tools { get; init; }

    public Dictionary<string, string>? Metadata { get; init; }
}

/// <summary>A response, whole or while it is written.</summary>
internal sealed record ResponseAnswer(string Id, long CreatedAt, string Model, string Status, IReadOnlyList<ResponseItem> Output)
{
    public string Object { get; } = "response";

    public string? Instructions { get; init; }

    public int? MaxOutputTokens { get; init; }

    public double? Temperature { get; init; }

    public double? TopP { get; init; }

    public Dictionary<string, string> Metadata { get; init; } = [];

    public IncompleteDetails? IncompleteDetails { get; init; }

    public ErrorDetail? Error { get; init; }

    public bool ParallelToolCalls { get; } = true;

    public string ToolChoice { get; } = "auto";

    public IReadOnlyList<string> Tools { get; } = [];

    public bool Store { get; }

    public string? PreviousResponseId { get; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ResponseUsage? Usage { get; init; }
}

/// <summary>Why a response is not whole.</summary>
internal sealed record IncompleteDetails(string Reason);

/// <summary>What the assistant says.</summary>
internal sealed record ResponseItem(string Id, string Status, IReadOnlyList<ResponsePart> Content)
{
    public string Type { get; } = "message";

    public string Role { get; } = "assistant";
}

/// <summary>A part of it.</summary>
internal sealed record ResponsePart(string Text)
{
    public string Type { get; } = "output_text";

    public IReadOnlyList<string> Annotations { get; } = [];

    public IReadOnlyList<string> Logprobs { get; } = [];
}

/// <summary>Tokens that were read and chosen.</summary>
internal sealed record ResponseUsage(int InputTokens, int OutputTokens, int TotalTokens)
{
    public TokenDetails InputTokensDetails { get; } = new() { CachedTokens = 0 };

    public TokenDetails OutputTokensDetails { get; } = new() { ReasoningTokens = 0 };
}

/// <summary>What some of the tokens were for.</summary>
internal sealed record TokenDetails
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? CachedTokens { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? ReasoningTokens { get; init; }
}

/// <summary>An event of a response that is written.</summary>
internal sealed record ResponseEvent(string Type, int SequenceNumber)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ResponseAnswer? Response { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ItemId { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? OutputIndex { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? ContentIndex { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ResponseItem? Item { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ResponsePart? Part { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Delta { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Text { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Logprobs { get; init; }
}

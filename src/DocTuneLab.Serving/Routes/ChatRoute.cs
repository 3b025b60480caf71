using System.Text.Json;
using DocTuneLab.Conversations;
using DocTuneLab.Serving.Limits;
using DocTuneLab.Serving.Models;
using DocTuneLab.Serving.Protocol;
using DocTuneLab.Training.Inference;
using Microsoft.AspNetCore.Http;

namespace DocTuneLab.Serving.Routes;

/// <summary><c>POST /v1/chat/completions</c>.</summary>
/// <param name="answering">Asks the batch.</param>
/// <param name="library">Passages and guides.</param>
internal sealed class ChatRoute(Answering answering, LibraryPrompt library)
{
    // Tokens of a guided answer where the request does not say.
    private const int GuidedTokens = 256;

    /// <summary>Answers a conversation.</summary>
    public async Task<IResult> AnswerAsync(HttpContext http)
    {
        var cancel = http.RequestAborted;
        var request = await ApiJson.ReadAsync<ChatRequest>(http.Request, cancel);
        var tools = Tools(request);
        Refuse(request);
        var guide = library.Guide(request.Guide);
        var (turns, pages) = library.WithPages(request.Messages ?? [], request.Docs);
        var prompt = ChatPrompt.Of(answering.Models, turns, tools);
        if (request is { TopLogprobs: > 0, Logprobs: not true })
            throw ApiException.Invalid("top_logprobs", "'top_logprobs' needs 'logprobs': true.");
        var isTold = request.Logprobs == true;
        var requests = Sampling.Requests(answering.Models, prompt, request, guide is null ? null : GuidedTokens, request.TopLogprobs ?? 0);
        if (guide is not null && (isTold || tools is not null))
            throw ApiException.Unsupported("guide", "it goes with neither 'logprobs' nor 'tools'.");
        if (guide is not null) requests = [.. requests.Select(r => Guided(r, guide))];
        return await new ChatAnswers(answering).AnswerAsync(http.Response, requests, request, new()
        {
            Logprobs = isTold,
            ReadsCalls = tools is not null,
            Sources = request.Docs == true ? PromptSource.Of(pages) : null,
        }, cancel);
    }

    // What was written freely may be stopped by a text and shown with its probabilities; what the compiler chose among is neither.
    private static DecodingRequest Guided(DecodingRequest request, IAnswerGuide guide) =>
        request.Sampling.Stop.Count > 0 ? throw ApiException.Unsupported("stop", "guided code ends where it is whole.")
        : request.Bias.Count > 0 || request.PresencePenalty != 0 || request.FrequencyPenalty != 0
            ? throw ApiException.Unsupported("guide", "it goes with neither 'logit_bias' nor penalties: the compiler chooses among tokens.")
        : request.Sampling.Temperature > 0 ? request with { Guide = guide, Budget = request.Budget with { Beams = 1 } }
        : request with { Guide = guide };

    private JsonElement? Tools(ChatRequest request)
    {
        var tools = request.Tools is { ValueKind: JsonValueKind.Array } given && given.GetArrayLength() > 0 ? given : (JsonElement?)null;
        if (request.Tools is { ValueKind: not (JsonValueKind.Array or JsonValueKind.Null) })
            throw ApiException.Invalid("tools", "'tools' must be a list.");
        switch (request.ToolChoice)
        {
            case null or { ValueKind: JsonValueKind.Null }: break;
            case { ValueKind: JsonValueKind.String } word when word.GetString() == "none": return null;
            case { ValueKind: JsonValueKind.String } word when word.GetString() == "auto": break;
            default: throw ApiException.Unsupported("tool_choice", "the model chooses: expected 'auto' or 'none'.");
        }
        if (tools is null) return null;
        var template = answering.Models.Base.ChatTemplate.Source;
        return ToolCalls.AreUnderstood(template) ? tools
            : throw ApiException.Unsupported("tools", "this model's chat template does not say how a tool is called.");
    }

    private static void Refuse(ChatRequest request)
    {
        if (request.ResponseFormat is { ValueKind: JsonValueKind.Object } format)
        {
            var kind = format.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String ? type.GetString() : null;
            if (kind != "text")
                throw ApiException.Unsupported("response_format", $"answers are not held to {kind ?? "a format"}: expected type text.");
        }
        else if (request.ResponseFormat is { ValueKind: not JsonValueKind.Null })
            throw ApiException.Invalid("response_format", "'response_format' must be an object with a type.");
        if (request.Functions is { ValueKind: not JsonValueKind.Null })
            throw ApiException.Unsupported("functions", "say 'tools' instead.");
        if (request.Audio is { ValueKind: not JsonValueKind.Null } || request.Modalities?.Exists(m => m != "text") == true)
            throw ApiException.Unsupported(request.Modalities is null ? "audio" : "modalities", "this model writes text.");
    }
}

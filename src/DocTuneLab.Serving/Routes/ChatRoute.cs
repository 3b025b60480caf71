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
        var (turns, _) = library.WithPages(request.Messages ?? [], request.Docs);
        var prompt = ChatPrompt.Of(answering.Models, turns, tools);
        if (request is { TopLogprobs: > 0, Logprobs: not true })
            throw ApiException.Invalid("top_logprobs", "'top_logprobs' needs 'logprobs': true.");
        var isTold = request.Logprobs == true;
        var requests = Sampling.Requests(answering.Models, prompt,
            request with { MaxTokens = request.MaxCompletionTokens ?? request.MaxTokens }, guide is null ? null : GuidedTokens,
            request.TopLogprobs ?? 0);
        if (guide is not null && (isTold || tools is not null))
            throw ApiException.Unsupported("guide", "it goes with neither 'logprobs' nor 'tools'.");
        if (guide is not null) requests = [.. requests.Select(r => Guided(r, guide))];
        var id = $"chatcmpl-{Guid.NewGuid():N}";
        var name = Sampling.NameOf(answering.Models, request.Model);
        if (request.Stream == true)
        {
            await StreamAsync(http.Response, requests, new(id, "chat.completion.chunk", answering.Now, name, []),
                new(isTold, tools is not null, request.StreamOptions?.IncludeUsage == true), cancel);
            return Results.Empty;
        }
        var answers = await answering.AllAsync(requests, cancel);
        var tokens = new TokenTexts(answering.Models.Base.Tokenizer);
        return Results.Json(new ChatAnswer(id, "chat.completion", answering.Now, name, [.. answers.Select((answer, i) =>
        {
            var (text, calls) = tools is null ? (answer.Text, []) : ToolCalls.Read(answer.Text);
            return new ChatChoice(i, calls.Count > 0 ? "tool_calls" : End(answer))
            {
                Message = new() { Role = "assistant", Content = text, ToolCalls = calls.Count > 0 ? calls : null },
                Logprobs = isTold ? new([.. answer.Tokens.Select(tokens.Chat)]) : null,
            };
        })])
        {
            Usage = Usage.Of(prompt.Count, answers.Sum(a => a.Decoded)),
        }, ApiJson.Options);
    }

    private async Task StreamAsync(HttpResponse response, IReadOnlyList<DecodingRequest> requests, ChatAnswer frame, Telling telling,
        CancellationToken cancel)
    {
        var stream = new EventStream(response);
        var tokens = new TokenTexts(answering.Models.Base.Tokenizer);
        var begun = new bool[requests.Count];
        var decoded = 0;
        async Task Send(ChatChoice choice)
        {
            if (!begun[choice.Index])
            {
                begun[choice.Index] = true;
                await stream.SendAsync(frame with
                {
                    Choices = [new(choice.Index, null) { Delta = new() { Role = "assistant", Content = "" } }],
                }, null, cancel);
            }
            await stream.SendAsync(frame with { Choices = [choice] }, null, cancel);
        }
        await foreach (var (index, piece, whole) in answering.StreamAsync(requests, cancel))
        {
            // A call is told once it is whole, and until then nobody knows whether a text is one.
            if (piece is not null && !telling.ReadsCalls)
                await Send(new(index, null)
                {
                    Delta = new() { Content = piece.Text },
                    Logprobs = telling.Logprobs ? new([.. piece.Tokens.Select(tokens.Chat)]) : null,
                });
            if (whole is null) continue;
            decoded += whole.Decoded;
            var (text, calls) = telling.ReadsCalls ? ToolCalls.Read(whole.Text) : ("", []);
            if (telling.ReadsCalls)
                await Send(new(index, null)
                {
                    Delta = new() { Content = text.Length > 0 ? text : null, ToolCalls = calls.Count > 0 ? calls : null },
                });
            await Send(new(index, calls.Count > 0 ? "tool_calls" : End(whole)) { Delta = new() });
        }
        if (telling.Usage)
            await stream.SendAsync(frame with { Usage = Usage.Of(requests[0].Prompt.Count, decoded) }, null, cancel);
        await stream.DoneAsync(cancel);
    }

    /// <summary>Why an answer ended, in the protocol's words.</summary>
    public static string End(DecodedAnswer answer) => answer.End == DecodingEnd.Length ? "length" : "stop";

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

    // What a stream tells besides text.
    private sealed record Telling(bool Logprobs, bool ReadsCalls, bool Usage);
}

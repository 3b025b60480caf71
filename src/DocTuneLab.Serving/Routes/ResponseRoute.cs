using System.Text;
using System.Text.Json;
using DocTuneLab.Serving.Limits;
using DocTuneLab.Serving.Models;
using DocTuneLab.Serving.Protocol;
using DocTuneLab.Training.Inference;
using Microsoft.AspNetCore.Http;

namespace DocTuneLab.Serving.Routes;

/// <summary><c>POST /v1/responses</c>: text, whole or as events. Nothing is kept of it.</summary>
/// <param name="answering">Asks the batch.</param>
internal sealed class ResponseRoute(Answering answering)
{
    /// <summary>Answers.</summary>
    public async Task<IResult> AnswerAsync(HttpContext http)
    {
        var cancel = http.RequestAborted;
        var request = await ApiJson.ReadAsync<ResponseRequest>(http.Request, cancel);
        Refuse(request);
        var prompt = ChatPrompt.Of(answering.Models, Turns(request), null);
        var fields = new ChatRequest
        {
            Model = request.Model,
            MaxTokens = request.MaxOutputTokens,
            Temperature = request.Temperature,
            TopP = request.TopP,
        };
        var asked = Sampling.Requests(answering.Models, prompt, fields, null, 0);
        var frame = new ResponseAnswer($"resp_{Guid.NewGuid():N}", answering.Now, Sampling.NameOf(answering.Models, request.Model),
            "in_progress", [])
        {
            Instructions = request.Instructions,
            MaxOutputTokens = request.MaxOutputTokens,
            Temperature = request.Temperature ?? 1,
            TopP = request.TopP ?? 1,
            Metadata = request.Metadata ?? [],
        };
        var item = new ResponseItem($"msg_{Guid.NewGuid():N}", "in_progress", []);
        if (request.Stream == true)
        {
            await StreamAsync(http.Response, asked, frame, item, cancel);
            return Results.Empty;
        }
        var answers = await answering.AllAsync(asked, cancel);
        return Results.Json(Whole(frame, item, answers[0], prompt.Count), ApiJson.Options);
    }

    private async Task StreamAsync(HttpResponse response, IReadOnlyList<DecodingRequest> asked, ResponseAnswer frame, ResponseItem item,
        CancellationToken cancel)
    {
        var (stream, number, text) = (new EventStream(response), 0, new StringBuilder());
        Task Send(ResponseEvent what) => stream.SendAsync(what, what.Type, cancel);
        ResponseEvent Event(string type) => new($"response.{type}", number++);
        ResponseEvent OfItem(string type) => Event(type) with { OutputIndex = 0 };
        ResponseEvent OfPart(string type) => OfItem(type) with { ItemId = item.Id, ContentIndex = 0 };
        async Task Begin()
        {
            await Send(Event("created") with { Response = frame });
            await Send(Event("in_progress") with { Response = frame });
            await Send(OfItem("output_item.added") with { Item = item });
            await Send(OfPart("content_part.added") with { Part = new("") });
        }
        await foreach (var news in answering.StreamAsync(asked, cancel))
        {
            var (piece, whole) = (news.Piece, news.Whole);
            if (number == 0) await Begin();
            if (piece is { Text.Length: > 0 })
            {
                text.Append(piece.Text);
                await Send(OfPart("output_text.delta") with { Delta = piece.Text, Logprobs = [] });
            }
            if (whole is null) continue;
            var all = Whole(frame, item, whole, asked[0].Prompt.Count);
            await Send(OfPart("output_text.done") with { Text = text.ToString(), Logprobs = [] });
            await Send(OfPart("content_part.done") with { Part = all.Output[0].Content[0] });
            await Send(OfItem("output_item.done") with { Item = all.Output[0] });
            await Send(Event(all.Status) with { Response = all });
        }
    }

    private static ResponseAnswer Whole(ResponseAnswer frame, ResponseItem item, DecodedAnswer answer, int prompt)
    {
        var status = answer.End == DecodingEnd.Length ? "incomplete" : "completed";
        return frame with
        {
            Status = status,
            Output = [item with { Status = status, Content = [new(answer.Text)] }],
            IncompleteDetails = answer.End == DecodingEnd.Length ? new("max_output_tokens") : null,
            Usage = new(prompt, answer.Decoded, prompt + answer.Decoded),
        };
    }

    private static List<ChatTurn> Turns(ResponseRequest request)
    {
        List<ChatTurn> turns = request.Instructions is { } told
            ? [new() { Role = "system", Content = JsonSerializer.SerializeToElement(told) }] : [];
        switch (request.Input)
        {
            case { ValueKind: JsonValueKind.String } text: turns.Add(new() { Role = "user", Content = text }); break;
            case { ValueKind: JsonValueKind.Array } all:
                foreach (var (item, i) in all.EnumerateArray().Select((t, i) => (t, i)))
                {
                    if (item.ValueKind != JsonValueKind.Object || (item.TryGetProperty("type", out var type)
                        && type.ValueKind == JsonValueKind.String && type.GetString() != "message"))
                        throw ApiException.Unsupported($"input[{i}].type", "only messages are read here, and nothing is kept.");
                    turns.Add(new()
                    {
                        Role = item.TryGetProperty("role", out var role) && role.ValueKind == JsonValueKind.String
                            ? role.GetString() : null,
                        Content = item.TryGetProperty("content", out var content) ? content : null,
                    });
                }
                break;
            default: throw ApiException.Invalid("input", "'input' must be a text or a list of messages.");
        }
        return turns;
    }

    private static void Refuse(ResponseRequest request)
    {
        if (request.PreviousResponseId is not null)
            // By the word at which editors send the conversation again by themselves.
            throw new ApiException(StatusCodes.Status400BadRequest,
                "'previous_response_id' is not supported: nothing is kept here: send the conversation as 'input'.",
                "previous_response_id", "previous_response_not_found");
        if (request.Conversation is { ValueKind: not JsonValueKind.Null })
            throw ApiException.Unsupported("conversation", "nothing is kept here: send the conversation as 'input'.");
        if (request.Background == true) throw ApiException.Unsupported("background", "nothing is kept here: wait for the answer.");
        if (request.Tools is { ValueKind: JsonValueKind.Array } tools && tools.GetArrayLength() > 0)
            throw ApiException.Unsupported("tools", "ask POST /v1/chat/completions.");
        if (request.Text is { ValueKind: JsonValueKind.Object } text && text.TryGetProperty("format", out var format)
            && format.ValueKind == JsonValueKind.Object
            && !(format.TryGetProperty("type", out var type) && type.ValueEquals("text")))
            throw ApiException.Unsupported("text.format", "answers are not held to a format: expected type text.");
    }
}

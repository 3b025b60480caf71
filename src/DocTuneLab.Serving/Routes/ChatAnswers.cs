using DocTuneLab.Serving.Limits;
using DocTuneLab.Serving.Models;
using DocTuneLab.Serving.Protocol;
using DocTuneLab.Training.Inference;
using Microsoft.AspNetCore.Http;

namespace DocTuneLab.Serving.Routes;

/// <summary>Answers in the shape of a chat completion, whole or as a stream.</summary>
/// <param name="answering">Asks the batch.</param>
internal sealed class ChatAnswers(Answering answering)
{
    /// <summary>What an answer tells besides text.</summary>
    public sealed record Telling
    {
        /// <summary>Log-probabilities of tokens.</summary>
        public bool Logprobs { get; init; }

        /// <summary>Calls of tools in the text.</summary>
        public bool ReadsCalls { get; init; }

        /// <summary>Passages that stood in the prompt; null where none were wanted.</summary>
        public IReadOnlyList<PromptSource>? Sources { get; init; }
    }

    /// <summary>Answers.</summary>
    /// <param name="response">Where a stream goes.</param>
    /// <param name="requests">What the batch is asked: the same prompt each time.</param>
    /// <param name="fields">What the client said of the model and of streaming.</param>
    /// <param name="telling">What is told besides.</param>
    /// <param name="cancel">The client has gone.</param>
    public async Task<IResult> AnswerAsync(HttpResponse response, IReadOnlyList<DecodingRequest> requests, SamplingFields fields,
        Telling telling, CancellationToken cancel)
    {
        var frame = new ChatAnswer($"chatcmpl-{Guid.NewGuid():N}", "chat.completion", answering.Now,
            Sampling.NameOf(answering.Models, fields.Model), []);
        if (fields.Stream == true)
        {
            await StreamAsync(new(response), requests, frame with { Object = "chat.completion.chunk" }, telling,
                fields.StreamOptions?.IncludeUsage == true, cancel);
            return Results.Empty;
        }
        var answers = await answering.AllAsync(requests, cancel);
        var tokens = new TokenTexts(answering.Models.Base.Tokenizer);
        return Results.Json(frame with
        {
            Choices = [.. answers.Select((answer, i) =>
            {
                var (text, calls) = telling.ReadsCalls ? ToolCalls.Read(answer.Text) : (answer.Text, []);
                return new ChatChoice(i, calls.Count > 0 ? "tool_calls" : End(answer))
                {
                    Message = new() { Role = "assistant", Content = text, ToolCalls = calls.Count > 0 ? calls : null },
                    Logprobs = telling.Logprobs ? new([.. answer.Tokens.Select(tokens.Chat)]) : null,
                };
            })],
            Usage = Usage.Of(requests[0].Prompt.Count, answers.Sum(a => a.Decoded)),
            Sources = telling.Sources,
        }, ApiJson.Options);
    }

    /// <summary>Why an answer ended, in the protocol's words.</summary>
    public static string End(DecodedAnswer answer) => answer.End == DecodingEnd.Length ? "length" : "stop";

    private async Task StreamAsync(EventStream stream, IReadOnlyList<DecodingRequest> requests, ChatAnswer frame, Telling telling,
        bool hasUsage, CancellationToken cancel)
    {
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
                    Sources = telling.Sources,
                }, null, cancel);
            }
            await stream.SendAsync(frame with { Choices = [choice] }, null, cancel);
        }
        await foreach (var news in answering.StreamAsync(requests, cancel))
        {
            var (index, piece, whole) = (news.Index, news.Piece, news.Whole);
            if (news.Decoded > 0) await stream.CommentAsync($"{{\"decoded_tokens\":{news.Decoded}}}", cancel);
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
        if (hasUsage) await stream.SendAsync(frame with { Usage = Usage.Of(requests[0].Prompt.Count, decoded) }, null, cancel);
        await stream.DoneAsync(cancel);
    }
}

using System.Text.Json;
using DocTuneLab.Serving.Limits;
using DocTuneLab.Serving.Models;
using DocTuneLab.Serving.Protocol;
using DocTuneLab.Training.Inference;
using Microsoft.AspNetCore.Http;

namespace DocTuneLab.Serving.Routes;

/// <summary><c>POST /v1/completions</c>: going on from a text, filling a gap, and telling how likely a text is.</summary>
/// <param name="answering">Asks the batch.</param>
internal sealed class CompletionRoute(Answering answering)
{
    private const int DefaultTokens = 16, MostAlternatives = 20;

    /// <summary>Goes on from each prompt.</summary>
    public async Task<IResult> AnswerAsync(HttpContext http)
    {
        var cancel = http.RequestAborted;
        var request = await ApiJson.ReadAsync<CompletionRequest>(http.Request, cancel);
        if (request.BestOf is { } best && best != (request.N ?? 1))
            throw ApiException.Unsupported("best_of", "all that is written is answered: say 'n'.");
        if (request.Logprobs is { } many && many is < 0 or > MostAlternatives)
            throw ApiException.Invalid("logprobs", $"'logprobs' must be from 0 to {MostAlternatives}, not {many}.");
        var prompts = Prompts(request);
        var isEcho = request.Echo == true;
        if (isEcho && request.Stream == true) throw ApiException.Unsupported("echo", "a stream tells what is new.");
        if (isEcho && request.Suffix is not null) throw ApiException.Unsupported("echo", "it does not go with 'suffix'.");
        // With an echo, nothing need be written.
        var isScored = isEcho && request.MaxTokens == 0;
        var asked = request with { MaxTokens = isScored ? 1 : request.MaxTokens };
        var requests = prompts.SelectMany(p => Sampling.Requests(answering.Models, p, asked, DefaultTokens, request.Logprobs ?? 0)
            .Select(r => r with { Continues = true })).ToList();
        var frame = new CompletionAnswer($"cmpl-{Guid.NewGuid():N}", "text_completion", answering.Now,
            Sampling.NameOf(answering.Models, request.Model), []);
        if (request.Stream == true)
        {
            await StreamAsync(http.Response, requests, frame, request, cancel);
            return Results.Empty;
        }
        IReadOnlyList<DecodedAnswer> answers = isScored ? [.. requests.Select(_ => new DecodedAnswer("", DecodingEnd.Length, [], 0))]
            : await answering.AllAsync(requests, cancel);
        var choices = new List<CompletionChoice>();
        foreach (var (answer, i) in answers.Select((a, i) => (a, i)))
        {
            var tokens = new TokenTexts(answering.Models.Base.Tokenizer);
            var told = new TextLogprobs(tokens);
            var echo = isEcho ? answering.Models.Base.Tokenizer.Decode(requests[i].Prompt, skipSpecialTokens: false) : "";
            if (request.Logprobs is not null && isEcho)
                told.AddPrompt(requests[i].Prompt, await answering.Models.Batch.ScoreAsync(requests[i].Prompt, requests[i].Adapter,
                    requests[i].Alternatives, cancel));
            foreach (var token in answer.Tokens) told.Add(token);
            choices.Add(new(i, echo + answer.Text, ChatAnswers.End(answer), request.Logprobs is null ? null : told.All));
        }
        return Results.Json(frame with
        {
            Choices = choices,
            Usage = Usage.Of(prompts.Sum(p => p.Count), answers.Sum(a => a.Decoded)),
        }, ApiJson.Options);
    }

    private async Task StreamAsync(HttpResponse response, IReadOnlyList<DecodingRequest> requests, CompletionAnswer frame,
        CompletionRequest request, CancellationToken cancel)
    {
        var stream = new EventStream(response);
        var tokens = new TokenTexts(answering.Models.Base.Tokenizer);
        var told = requests.Select(_ => new TextLogprobs(tokens)).ToList();
        var decoded = 0;
        await foreach (var news in answering.StreamAsync(requests, cancel))
        {
            var (index, piece, whole) = (news.Index, news.Piece, news.Whole);
            decoded += whole?.Decoded ?? 0;
            CompletionLogprobs? logprobs = null;
            if (request.Logprobs is not null && piece is not null)
            {
                foreach (var token in piece.Tokens) told[index].Add(token);
                logprobs = told[index].Last(piece.Tokens.Count);
            }
            await stream.SendAsync(frame with
            {
                Choices = [new(index, piece?.Text ?? "", whole is null ? null : ChatAnswers.End(whole), logprobs)],
            }, null, cancel);
        }
        if (request.StreamOptions?.IncludeUsage == true)
            await stream.SendAsync(frame with { Usage = Usage.Of(requests.Sum(r => r.Prompt.Count), decoded) }, null, cancel);
        await stream.DoneAsync(cancel);
    }

    private List<IReadOnlyList<int>> Prompts(CompletionRequest request)
    {
        var prompts = request.Prompt switch
        {
            { ValueKind: JsonValueKind.String } text => [Text(text.GetString()!, request.Suffix)],
            { ValueKind: JsonValueKind.Array } all when all.GetArrayLength() > 0 => Several(all, request.Suffix),
            _ => throw Wrong(),
        };
        return prompts.Exists(p => p.Count == 0)
            ? throw ApiException.Invalid("prompt", "'prompt' is empty: a model goes on from at least one token.") : prompts;
    }

    private List<IReadOnlyList<int>> Several(JsonElement all, string? suffix) => all[0].ValueKind switch
    {
        JsonValueKind.Number => [Ids(all)],
        JsonValueKind.String => [.. all.EnumerateArray().Select(t => t.ValueKind == JsonValueKind.String
            ? Text(t.GetString()!, suffix) : throw Wrong())],
        JsonValueKind.Array => [.. all.EnumerateArray().Select(a => a.ValueKind == JsonValueKind.Array ? Ids(a) : throw Wrong())],
        _ => throw Wrong(),
    };

    private IReadOnlyList<int> Text(string text, string? suffix) => suffix is null ? answering.Models.Base.Tokenizer.EncodeDocument(text)
        : GapRoute.Prompt(answering.Models, text, suffix);

    private int[] Ids(JsonElement ids)
    {
        var size = answering.Models.Base.Config.VocabularySize;
        return [.. ids.EnumerateArray().Select(i => i.ValueKind == JsonValueKind.Number && i.TryGetInt32(out var id) && id >= 0 && id < size
            ? id : throw ApiException.Invalid("prompt", $"'prompt' has {i.GetRawText()}: the ids of this model's tokens go from 0 to "
                + $"{size - 1}."))];
    }

    private static ApiException Wrong() =>
        ApiException.Invalid("prompt", "'prompt' must be a text, a list of texts, a list of token ids, or a list of such lists.");
}

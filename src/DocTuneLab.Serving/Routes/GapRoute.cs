using System.Text.Json;
using DocTuneLab.Serving.Limits;
using DocTuneLab.Serving.Models;
using DocTuneLab.Serving.Protocol;
using DocTuneLab.Training.Inference;
using Microsoft.AspNetCore.Http;

namespace DocTuneLab.Serving.Routes;

/// <summary><c>POST /v1/fim/completions</c>: fills the gap between <c>prompt</c> and <c>suffix</c>, answered in the shape of a chat
/// completion: Mistral's protocol, in which editors ask for what stands at the cursor.</summary>
/// <param name="answering">Asks the batch.</param>
internal sealed class GapRoute(Answering answering)
{
    /// <summary>Fills a gap.</summary>
    public async Task<IResult> AnswerAsync(HttpContext http)
    {
        var cancel = http.RequestAborted;
        var request = await ApiJson.ReadAsync<CompletionRequest>(http.Request, cancel);
        if (request.Prompt is not { ValueKind: JsonValueKind.String } before)
            throw ApiException.Invalid("prompt", "'prompt' must be the text before the gap.");
        if (request.Echo == true || request.Logprobs is not null)
            throw ApiException.Unsupported(request.Echo == true ? "echo" : "logprobs", "ask POST /v1/completions.");
        var prompt = Prompt(answering.Models, before.GetString()!, request.Suffix ?? "");
        var requests = Sampling.Requests(answering.Models, prompt, request, null, 0);
        return await new ChatAnswers(answering).AnswerAsync(http.Response, [.. requests.Select(r => r with { Continues = true })], request,
            new(), cancel);
    }

    /// <summary>What a model reads to fill a gap.</summary>
    /// <exception cref="ApiException">It has no marks for that.</exception>
    public static IReadOnlyList<int> Prompt(ServedModels models, string before, string after)
    {
        try
        {
            return new LocalModel(models.Base).FillInMiddle(before, after);
        }
        catch (LabException e)
        {
            throw ApiException.Unsupported("suffix", e.Message);
        }
    }
}

using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using DocTuneLab.Serving.Protocol;
using DocTuneLab.Training.Inference;

namespace DocTuneLab.Serving.Models;

/// <summary>What a request says of how tokens are chosen.</summary>
internal static class Sampling
{
    private const int MostStops = 16, MostAnswers = 16, MostAlternatives = 20;

    /// <summary>A request to the batch for each of the answers that are wanted.</summary>
    /// <param name="models">The models.</param>
    /// <param name="prompt">Token ids.</param>
    /// <param name="fields">What was asked.</param>
    /// <param name="tokens">Tokens of an answer where the request does not say; all that the context has room for where that is null.
    /// </param>
    /// <param name="alternatives">Likeliest tokens that are told beside each.</param>
    /// <exception cref="ApiException">A value is out of range, the model is not served, or the context is too small.</exception>
    public static IReadOnlyList<DecodingRequest> Requests(
        ServedModels models, IReadOnlyList<int> prompt, SamplingFields fields, int? tokens, int alternatives)
    {
        if (!models.TryGet(NameOf(models, fields.Model), out var adapter)) throw Unknown(fields.Model!);
        var room = models.Base.Config.Layout.Context - prompt.Count;
        if (room < 1)
            throw new ApiException(400, $"This model's context is {models.Base.Config.Layout.Context} tokens, and the conversation has "
                + $"{prompt.Count}. Shorten it.", "messages", "context_length_exceeded");
        var most = fields.MaxCompletionTokens ?? fields.MaxTokens;
        var field = fields.MaxCompletionTokens is null ? "max_tokens" : "max_completion_tokens";
        if (most < 1) throw ApiException.Invalid(field, $"'{field}' must be 1 or more, not {most}.");
        Within("logit_bias", fields.LogitBias?.Values.Select(Math.Abs).DefaultIfEmpty(0).Max(), 0, 100);
        Within("top_logprobs", alternatives, 0, MostAlternatives);
        var one = new DecodingRequest
        {
            Prompt = prompt,
            Adapter = adapter,
            Alternatives = alternatives,
            PresencePenalty = Within("presence_penalty", fields.PresencePenalty, -2, 2) ?? 0,
            FrequencyPenalty = Within("frequency_penalty", fields.FrequencyPenalty, -2, 2) ?? 0,
            Bias = Bias(fields.LogitBias),
            Sampling = new(Math.Min(most ?? tokens ?? room, room), Within("temperature", fields.Temperature, 0, 2) ?? 1,
                Within("top_p", fields.TopP, double.Epsilon, 1) ?? 1,
                (int)((fields.Seed ?? RandomNumberGenerator.GetInt32(int.MaxValue)) & int.MaxValue))
            {
                TopK = (int)(Within("top_k", fields.TopK, 0, int.MaxValue) ?? 0),
                MinP = Within("min_p", fields.MinP, 0, 1) ?? 0,
                Stop = Stops(fields.Stop),
            },
        };
        var count = (int)(Within("n", fields.N, 1, MostAnswers) ?? 1);
        return [.. Enumerable.Range(0, count).Select(i => one with
        {
            Sampling = one.Sampling with { Seed = unchecked(one.Sampling.Seed + i) & int.MaxValue },
        })];
    }

    /// <summary>The name of the model that answers.</summary>
    public static string NameOf(ServedModels models, string? asked) => string.IsNullOrEmpty(asked) ? models.Default : asked;

    /// <summary>A model that is not served.</summary>
    public static ApiException Unknown(string name) =>
        new(404, $"The model '{name}' is not served here; GET /v1/models lists those that are.", "model", "model_not_found");

    private static Dictionary<int, double> Bias(Dictionary<string, double>? given)
    {
        Dictionary<int, double> bias = [];
        foreach (var (id, value) in given ?? [])
            bias[int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
                : throw ApiException.Invalid($"logit_bias.{id}", $"'logit_bias' is by the ids of tokens; '{id}' is none.")] = value;
        return bias;
    }

    private static IReadOnlyList<string> Stops(JsonElement? stop)
    {
        var stops = stop switch
        {
            null or { ValueKind: JsonValueKind.Null } => [],
            { ValueKind: JsonValueKind.String } one => [one.GetString()!],
            { ValueKind: JsonValueKind.Array } several => several.EnumerateArray()
                .Select(s => s.ValueKind == JsonValueKind.String ? s.GetString()! : throw Wrong()).ToList(),
            _ => throw Wrong(),
        };
        return stops.Count <= MostStops ? [.. stops.Where(s => s.Length > 0)]
            : throw ApiException.Invalid("stop", $"'stop' must have at most {MostStops} texts.");

        static ApiException Wrong() => ApiException.Invalid("stop", "'stop' must be a text or a list of texts.");
    }

    private static double? Within(string name, double? value, double low, double high)
    {
        if (value is not { } given || (given >= low && given <= high)) return value;
        throw ApiException.Invalid(name, string.Create(CultureInfo.InvariantCulture,
            $"'{name}' must be {(low == double.Epsilon ? "above 0" : $"{low} or more")} and at most {high}, not {given}."));
    }
}

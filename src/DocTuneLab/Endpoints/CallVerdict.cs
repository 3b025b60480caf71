using System.Text.Json;
using DocTuneLab.Endpoints.Exchange;
using DocTuneLab.Endpoints.Retrying;
using DocTuneLab.Endpoints.Transport;

namespace DocTuneLab.Endpoints;

/// <summary>What a call came to: an answer that can be used, or why there is none.</summary>
internal static class CallVerdict
{
    /// <summary>Whether an answer that came can be used.</summary>
    public static FailureKind Judge(RawAnswer answer) => answer switch
    {
        { RepeatsChunks: true } => FailureKind.RepeatedChunks,
        { FinishReason: "length" } => FailureKind.TruncatedAtMaxTokens,
        { FinishReason: "content_filter" } => FailureKind.Filtered,
        { FinishReason: null } => FailureKind.EndedEarly,
        _ => FailureKind.None,
    };

    /// <summary>The answer in a response that a client stumbled over; null where there is none.</summary>
    public static RawAnswer? Complete(string raw)
    {
        try
        {
            return RawAnswer.Parse(raw);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Why a call brought no answer, in the server's own words where it says any.</summary>
    public static (FailureKind, string) Classify(Exception e, ChatExchange exchange, bool timedOut)
    {
        var words = ApiKeys.Redact(e.Message.ReplaceLineEndings(" "));
        if (words.Length > 400) words = words[..400] + "…";
        if (timedOut) return (FailureKind.TimedOut, "no answer within the deadline");
        if (exchange.Failure is { } known) return (known, words);
        if (Find<AnswerTooLargeException>(e) is { } large) return (FailureKind.TooLarge, large.Message);
        if (exchange.Status == 0) return (FailureKind.ConnectionLost, words);
        if (Refusal.Of(exchange.Status, ApiKeys.Redact(exchange.Body)) is { } refusal)
            return (refusal.Kind, $"HTTP {exchange.Status}{(refusal.Words.Length > 0 ? $": {refusal.Words}" : "")}");
        return Find<HttpRequestException>(e) is not null || Find<IOException>(e) is not null
            ? (FailureKind.EndedEarly, words)
            : (FailureKind.Malformed, words);
    }

    private static T? Find<T>(Exception? e) where T : Exception
    {
        for (; e is not null; e = e.InnerException)
            if (e is T found) return found;
        return null;
    }

    /// <summary>A wait as people say it.</summary>
    public static string Words(TimeSpan wait) => wait switch
    {
        { TotalHours: >= 2 } => $"{wait.TotalHours:0.#} hours",
        { TotalMinutes: >= 2 } => $"{wait.TotalMinutes:0.#} minutes",
        _ => $"{wait.TotalSeconds:0.###} seconds",
    };
}
